"""Tables that people send: read the rows below the header, say what is wrong with which cell."""

import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from itertools import islice, takewhile
from typing import Any

import orjson
import pyarrow as pa

from pipeline.errors import DeliveryError
from pipeline.sources.base import Delivery, Row, Rows, Source
from pipeline.sources.cells import Cell, CellError, clean, refuse_error
from pipeline.sources.header import Column, Header, Table, find_header
from pipeline.sources.mapping import ABOVE, Mapping, load_mapping
from pipeline.sources.parsing import CUT_OFF, with_last

__all__ = ["Column", "Reading", "Table", "TableReader", "source_of_table"]

Lists = dict[str, list[Any]]
Line = tuple[int, Sequence[Cell]]
TEXT = {str, type(None)}
ROWS_PER_BATCH = 5_000
TEXTS_KEPT = 50_000
_TOTAL = re.compile(r"(grand |sub)?-?\s?(totals?|sum|gesamt|summe)\b.*", re.IGNORECASE)

log = logging.getLogger(__name__)


class _ColumnReader:
    """Reads one column, each different text only once."""

    def __init__(self, column: Column, header: Header, mapping: Mapping) -> None:
        self.column = column
        self.position = header.positions.get(column.name, -1)
        self.name = header.name_of(column.name)
        self.form = mapping.forms.get(column.name, "")
        self.stated = mapping.values.get(column.name)
        self.blanks = mapping.blanks
        self.above: Cell = None
        self.known: dict[Cell, tuple[Any, str]] = {}

    def read(self, rows: Sequence[Sequence[Cell]]) -> tuple[list[Any], dict[int, str]]:
        """The value of each row, and by the place of a row what is wrong with its cell."""
        at = self.position
        cells = [row[at] if 0 <= at < len(row) else None for row in rows]
        if self.stated == ABOVE:
            cells = [self._carried_down(cell) for cell in cells]
        if set(map(type, cells)) <= TEXT:
            self._remember(cells)
            found = [self.known[cell] for cell in cells]
        else:
            found = [self._parsed(cell) for cell in cells]
        return [value for value, _ in found], {n: each for n, (_, each) in enumerate(found) if each}

    def _carried_down(self, cell: Cell) -> Cell:
        self.above = cell if self._is_filled(cell) else self.above
        return self.above

    def _is_filled(self, cell: Cell) -> bool:
        written = clean(cell)
        return written != "" and written not in self.blanks

    def _remember(self, cells: list[Cell]) -> None:
        if len(self.known) >= TEXTS_KEPT:
            self.known.clear()
        new = {cell for cell in cells if cell not in self.known}
        self.known |= {cell: self._parsed(cell) for cell in new}

    def _parsed(self, cell: Cell) -> tuple[Any, str]:
        if not self._is_filled(cell):
            cell = None if self.stated == ABOVE else self.stated
        try:
            refuse_error(cell)
            value = self.column.parse(cell, self.form)
        except CellError as error:
            return None, f"{self.name} {error}"
        if self.column.is_required and value is None:
            return None, f"{self.name} is empty. Every row needs one."
        return value, ""


@dataclass
class Reading:
    """A table found in a delivery, ready to be read.

    Attributes:
        notes: what was left out, and why; complete once the records have been read.
    """

    delivery: Delivery
    table: Table
    mapping: Mapping
    header: Header
    notes: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, delivery: Delivery, table: Table, mapping: Mapping | None = None) -> "Reading":
        """Find the table in the delivered file."""
        mapping = mapping or load_mapping(delivery.source_id)
        return cls(delivery, table, mapping, find_header(delivery, table, mapping))

    def records(self) -> Iterator[Row]:
        """Every record below the header, once; totals at the foot are left out with a note."""
        for columns in self.batches():
            yield from as_rows(columns)

    def batches(self) -> Iterator[Lists]:
        """The same records as columns, a bounded number of rows at once."""
        readers = [_ColumnReader(one, self.header, self.mapping) for one in self.table.columns]
        waiting, is_empty = list[Line](), True
        for batch, is_last in with_last(self._lines()):
            lines = [line for line in batch if any(map(clean, line[1]))]
            foot = list(takewhile(self._looks_like_foot, reversed(lines)))[::-1]
            if body := lines[: len(lines) - len(foot)]:
                columns = self._columns([*waiting, *body], readers)
                if is_last and self.header.sheet.is_cut_off and body[-1] is batch[-1]:
                    columns["problems"][-1] = [*columns["problems"][-1], CUT_OFF]
                yield columns
                waiting, is_empty = [], False
            waiting += foot
        if is_empty:
            raise DeliveryError(
                self.delivery.name, "It has a header but no rows.", "Send the full list."
            )
        self._note_foot(waiting)

    def _lines(self) -> Iterator[list[Line]]:
        rows = islice(enumerate(self.header.sheet.rows(), 1), self.header.row, None)
        while batch := list(islice(rows, ROWS_PER_BATCH)):
            yield batch

    def _looks_like_foot(self, line: Line) -> bool:
        """A row that begins with a word for a sum and has no identifier, or is one sentence."""
        _, cells = line
        first = next(filled for cell in cells if (filled := clean(cell)))
        if _TOTAL.fullmatch(first):
            key = self.header.positions.get(self.table.key, len(cells))
            return key >= len(cells) or clean(cells[key]) in {"", first}
        if " " not in first or len(self.header.positions) < 2:
            return False
        return sum(clean(cell) != "" for cell in cells) == 1

    def _note_foot(self, lines: list[Line]) -> None:
        for number, _ in lines:
            note = f"Row {number} is a total or a footnote below the table: left out."
            self.notes.append(note)
            log.info("%s: %s", self.delivery.name, note)

    def _columns(self, lines: list[Line], readers: list[_ColumnReader]) -> Lists:
        rows = [cells for _, cells in lines]
        problems = [self._width_problems(cells) for cells in rows]
        columns: Lists = {
            "source_row": [number for number, _ in lines],
            "record": self._as_received(rows),
        }
        if self.delivery.published_on:
            columns["disclosed_at"] = [datetime.combine(self.delivery.published_on, time())]
            columns["disclosed_at"] *= len(lines)
        for reader in readers:
            columns[reader.column.name], wrong = reader.read(rows)
            for place, problem in wrong.items():
                problems[place].append(problem)
        self._check(columns, problems)
        return columns | {"problems": problems}

    def _check(self, columns: Lists, problems: list[list[str]]) -> None:
        """Look at the cells of a row together, where each by itself is right."""
        if self.table.check:
            for place, row in enumerate(as_rows(columns)):
                problems[place] = problems[place] or self.table.check(row, self.delivery)

    def _width_problems(self, cells: Sequence[Cell]) -> list[str]:
        width = len(self.header.names)
        if len(cells) <= width or not any(map(clean, cells[width:])):
            return []
        return [
            f"The row has {len(cells)} cells, the header has {width}. A separator inside a text "
            "or number needs quotes."
        ]

    def _as_received(self, rows: list[Sequence[Cell]]) -> list[str]:
        names = [name or f"#{n}" for n, name in enumerate(self.header.names, 1)]
        widest = max(map(len, rows))
        names += [f"#{n}" for n in range(len(names) + 1, widest + 1)]
        named = (dict(zip(names, cells, strict=False)) for cells in rows)
        return [orjson.dumps(each, default=str).decode() for each in named]


def as_rows(columns: Lists) -> Iterator[Row]:
    """The same records one by one."""
    for values in zip(*columns.values(), strict=True):
        yield dict(zip(columns, values, strict=True))


def _as_arrow(columns: Lists) -> pa.Table | list[Row]:
    """The columns as an Arrow table; as rows where a column holds what Arrow has no type for."""
    try:
        return pa.table(columns)
    except (pa.ArrowException, OverflowError, UnicodeError):
        return list(as_rows(columns))


@dataclass(frozen=True)
class TableReader:
    """Reads the rows of the one table in a delivered file, in batches."""

    table: Table

    def __call__(self, delivery: Delivery) -> Iterator[Rows]:
        """Rows of the staged table; columns as the mapping of the source names them."""
        for columns in Reading.of(delivery, self.table).batches():
            yield Rows(self.table.name, _as_arrow(columns))


def source_of_table(source_id: str, table: Table, **about: Any) -> Source:
    """A source of tables that people send: CSV, Excel or Parquet, our own records."""
    return Source(
        source_id=source_id,
        group="sector_exposure",
        read=TableReader(table),
        tables=(table.name,),
        licence="Own records",
        suffixes=(".csv", ".tsv", ".txt", ".xlsx", ".parquet"),
        tlp="AMBER",
        **about,
    )
