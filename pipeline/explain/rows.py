"""What every level of an explanation reads: rows, the method's numbers, origins."""

from typing import Any

from pipeline.explanation import Origin, Score
from pipeline.warehouse import Connection

Row = dict[str, Any]


def parameters(con: Connection) -> dict[str, float]:
    """The method's numbers by name."""
    return dict(con.execute("select name, value from method.parameters").fetchall())


def origin(row: Row) -> Origin:
    """Where the statement of a row stands."""
    return Origin(row["delivery_id"], row["file"], row["source_row"])


def score_of(row: Row) -> Score:
    """The stored score of a row."""
    published = row["published_score"]
    return Score(
        **{
            name: row[name]
            for name in Score.__dataclass_fields__
            if name not in ("published_score",)
        },
        published_score=None if published is None else float(published),
    )
