"""Why a score is what it is, from the published snapshot: every day's parts down to files and rows.

Nothing is estimated: the facts that the score was computed from are shared out by
`pipeline.attribution`. Where they no longer give the stored score, that is an error.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from pipeline.errors import SectorRiskError, UnknownNameError
from pipeline.explain.exposure import supplier
from pipeline.explain.rows import Row, parameters
from pipeline.explain.sector import sector
from pipeline.explanation import SupplierExplanation
from pipeline.explanation_sector import SectorExplanation
from pipeline.method import models_for
from pipeline.warehouse import Connection, query, replace_range


def explain_supplier(con: Connection, supplier_id: str, day: date) -> SupplierExplanation:
    """A supplier's score on a stored day, down to files and rows.

    Raises:
        SectorRiskError: the day is not scored, or its inputs have changed since.
    """
    with _day(con, day) as reading:
        rows = query(reading, "explain_score", day=day, supplier_id=supplier_id)
        row = _one(reading, day, f"supplier {supplier_id}", rows)
        explained = supplier(reading, day, row)
        _check(explained, explained.recomputed(parameters(reading)))
        return explained


def explain_sector(con: Connection, sector_id: str, day: date) -> SectorExplanation:
    """A sector's score on a stored day: its events, CVEs and suppliers.

    Raises:
        SectorRiskError: the day is not scored, or its inputs have changed since.
    """
    with _day(con, day) as reading:
        rows = query(reading, "explain_sector_score", day=day, sector_id=sector_id)
        row = _one(reading, day, f"sector {sector_id}", rows)
        explained = sector(reading, day, row)
        _check(explained, explained.recomputed(parameters(reading)))
        return explained


def resolve(con: Connection, name: str, day: date) -> tuple[str, str]:
    """('sector' or 'supplier', id) for an id or name in any case.

    Raises:
        UnknownNameError: with the nearest names.
    """
    rows = query(con, "names_on_day", day=day, wanted=name)
    if not rows:
        raise SectorRiskError(_not_scored(con, day))
    if rows[0]["is_meant"]:
        return rows[0]["what"], rows[0]["id"]
    ids = [row["id"] for row in rows if row["what"] == "supplier"]
    raise UnknownNameError("Sector or supplier", name, [*(row["name"] for row in rows), *ids])


@contextmanager
def _day(con: Connection, day: date) -> Iterator[Connection]:
    """A cursor of its own, with the day's events as the day knew them in a temporary table."""
    with con.cursor() as reading:
        row = reading.execute(
            "select knowledge from quality.scored_days where score_date = ?", [day]
        ).fetchone()
        reading.execute(f"set variable knowledge = '{row[0] if row else 'then'}'")
        for model in models_for(con):
            if model.name == "temp.event_sector_daily":
                replace_range(reading, model, day, day)
        yield reading


def _one(reading: Connection, day: date, what: str, rows: list[Row]) -> Row:
    if not rows:
        raise SectorRiskError(f"There is no score of {what} on {day}. {_not_scored(reading, day)}")
    return rows[0]


def _check(one: SupplierExplanation | SectorExplanation, parts: dict[str, float]) -> None:
    """What is explained must be what is stored."""
    stored = {name: value for name, value in one.score.parts.items() if name in parts}
    if one.score.score_0_100 is None:
        return
    worst = max(stored, key=lambda name: abs(stored[name] - parts[name]))
    if abs(stored[worst] - parts[worst]) > 1e-9:
        day = one.score.score_date
        raise SectorRiskError(
            f"The {worst} points of {one.id} on {day} were computed from other data or with "
            f"another method ({stored[worst]:.6f}) than are published now ({parts[worst]:.6f}). "
            f"Score the day again: sector-risk score --from {day} --to {day} --force."
        )


def _not_scored(con: Connection, day: date) -> str:
    row = con.execute("select min(score_date), max(score_date) from quality.scored_days").fetchone()
    first, last = row or (None, None)
    if first is None:
        return "No day is scored yet: sector-risk run --date DAY."
    return f"Published days run from {first} to {last}; {day} has no such score."
