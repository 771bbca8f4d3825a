"""What a sheet is: one SQL file whose head declares it, its blocks and their columns.

The head is a comment of `key: value` lines (`print` and `freeze` name the last column that is
printed and the first that scrolls); each block of the sheet is a SELECT that is preceded by
`-- table: Name`, `-- list:` or `-- charts: Sheet`, and by one line for each column:

    -- | name | Header (unit) | width | style | meaning | what a blank means |

A meaning `= schema.table.column` is that column's comment in the schema. The name `*thing` stands
for all columns that a pivot adds, one for each thing. An undeclared column `x_url` is the link of
`x`, `x_name` its defined name.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.settings import ROOT

SHEETS_FOLDER = ROOT / "warehouse" / "sheets"
SELECTION_FOLDER = SHEETS_FOLDER / "selection"

_KEY = re.compile(r"-- (\w+):(?: (.*))?$")


@dataclass(frozen=True)
class Column:
    """One column as declared: how it is written and what it means."""

    name: str
    header: str
    width: float
    style: str
    meaning: str
    blank: str

    @property
    def is_pivoted(self) -> bool:
        """Whether it stands for all columns that a pivot adds."""
        return self.name.startswith("*")


@dataclass(frozen=True)
class Block:
    """One SELECT and how its rows are shown: as a table, a list without header, or charts."""

    kind: str
    name: str
    heading: str
    columns: tuple[Column, ...]
    sql: str

    @property
    def is_filtered(self) -> bool:
        """Whether the table carries filter buttons."""
        return self.kind == "filtered_table"

    @property
    def file_name(self) -> str:
        """Name of the table as a flat file: `SectorSummary` is `sector_summary`."""
        return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", self.name).lower()

    @property
    def has_header(self) -> bool:
        """Whether a header row names the columns."""
        return self.kind in ("table", "filtered_table")


@dataclass(frozen=True)
class Sheet:
    """One sheet as declared in its file."""

    title: str
    workbooks: tuple[str, ...]
    heading: str
    note: str
    question: str
    tab: str
    page: str
    printed: str
    freeze: str
    blocks: tuple[Block, ...]


def sheets(workbook: str, folder: Path = SHEETS_FOLDER) -> tuple[Sheet, ...]:
    """The sheets of one kind of workbook, in the order of their file names."""
    every = (_read(path) for path in sorted(folder.glob("[0-9]*.sql")))
    return tuple(sheet for sheet in every if workbook in sheet.workbooks)


def resolve(column: Column, actual: str, comments: Mapping[str, str]) -> Column:
    """The declaration for one column of a result: pivoted name filled in, meaning looked up."""
    meaning = column.meaning
    if meaning.startswith("= "):
        meaning = comments[meaning.removeprefix("= ")]
    if not column.is_pivoted:
        return replace(column, meaning=meaning)
    header, meaning = column.header.replace("*", actual), meaning.replace("*", actual)
    return replace(column, name=actual, header=header, meaning=meaning)


def _read(path: Path) -> Sheet:
    head: dict[str, str] = {}
    blocks: list[Block] = []
    for lines in _statements(path):
        keys, columns = _declarations(lines)
        kind = next(key for key in ("table", "filtered_table", "list", "charts") if key in keys)
        sql = "\n".join(line for line in lines if not line.startswith("--"))
        blocks.append(
            Block(kind, keys.pop(kind), keys.pop("heading", ""), columns, sql.strip("; \n"))
        )
        head |= keys
    return Sheet(
        title=head["sheet"],
        workbooks=tuple(head["workbooks"].split()),
        heading=head["title"],
        note=head["note"],
        question=head["question"],
        tab=head["tab"],
        page=head["page"],
        printed=head.get("print", ""),
        freeze=head.get("freeze", ""),
        blocks=tuple(blocks),
    )


def _statements(path: Path) -> list[list[str]]:
    statements: list[list[str]] = [[]]
    for line in path.read_text(encoding="utf-8").splitlines():
        statements[-1].append(line)
        if line.endswith(";") and not line.startswith("--"):
            statements.append([])
    return [lines for lines in statements if any(lines)]


def _declarations(lines: list[str]) -> tuple[dict[str, str], tuple[Column, ...]]:
    keys: dict[str, str] = {}
    columns: list[Column] = []
    for line in lines:
        if line.startswith("-- |"):
            columns.append(_column(line))
        elif found := _KEY.match(line):
            keys[found[1]] = found[2] or ""
        elif line.startswith("--   "):
            keys[list(keys)[-1]] += " " + line[5:]
    return keys, tuple(columns)


def _column(line: str) -> Column:
    name, header, width, style, meaning, blank = (cell.strip() for cell in line[4:].split("|")[:6])
    return Column(name, header, float(width), style, meaning, blank)
