"""Which columns of a file fill which columns of a staged table: data, one CSV file per source.

Rows of `warehouse/mappings/<source_id>.csv` say, for a staged `column`: the `header` under which it
is found (several rows = several spellings; `#3` = the third column of a file without header), the
`form` in which it is written (`dmy`, `comma`, `digits:6` …), or a `value` that holds for every row.
An empty cell of a column with the value `(above)` repeats the one above it, as merged cells do.
The column names `(blank)`, `(encoding)` and `(separator)` say, by their value, which texts mean
"empty", in which encoding the file is written and what separates its columns; `(like)`, that this
is a source of its own which gives the same table as the source named.
"""

import csv
import re
from dataclasses import dataclass, field
from functools import cache

from pipeline.settings import ROOT
from pipeline.sources.cells import Cell, clean

MAPPINGS = ROOT / "warehouse" / "mappings"
ABOVE = "(above)"
LIKE = "(like)"


@dataclass(frozen=True)
class Mapping:
    """The mapping of one source.

    Attributes:
        columns: staged column by header, headers as `plain` writes them.
        forms: the form in which a staged column is written.
        values: what holds for every row.
        blanks: texts that mean "empty".
    """

    columns: dict[str, str] = field(default_factory=dict)
    forms: dict[str, str] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)
    blanks: frozenset[str] = frozenset()

    @property
    def is_positional(self) -> bool:
        """The file has no header; columns go by their number."""
        return any(header.startswith("#") for header in self.columns)


def plain(header: Cell) -> str:
    """A header without capitals, punctuation and repeated blanks, for comparing."""
    written = clean(header).casefold()
    if re.fullmatch(r"#\d+", written):
        return written
    return " ".join(re.findall(r"\w+", written.replace("_", " ")))


@cache
def load_mapping(source_id: str) -> Mapping:
    """The mapping of a source, or an empty one: then headers are the staged columns' own names."""
    path = MAPPINGS / f"{source_id}.csv"
    if not path.exists():
        return Mapping()
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return Mapping(
        columns={plain(row["header"]): row["column"] for row in rows if row["header"]},
        forms={row["column"]: row["form"] for row in rows if row["form"]},
        values={
            row["column"]: row["value"]
            for row in rows
            if row["value"] and row["column"] != "(blank)"
        },
        blanks=frozenset(row["value"] for row in rows if row["column"] == "(blank)"),
    )
