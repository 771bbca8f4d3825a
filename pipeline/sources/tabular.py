"""Tables that people send: read the rows below the header, say what is wrong with which cell."""

import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from itertools import islice
from typing import Any

import orjson

from pipeline.errors import DeliveryError
from pipeline.sources.base import Delivery, Row, Rows, Source
from pipeline.sources.cells import Cell, CellError, clean, refuse_error
from pipeline.sources.header import Column, Header, Table, find_header
from pipeline.sources.mapping import ABOVE, Mapping, load_mapping
from pipeline.sources.parsing import CUT_OFF, with_last

__all__ = ["Column", "Reading", "Table", "TableReader", "source_of_table"]

ROWS_PER_BATCH = 10_000
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

    def read(self, cells: Sequence[Cell]) -> tuple[Any, str]:
        """The value, and what is wrong with the cell ("" = nothing)."""
        cell = cells[self.position] if 0 <= self.position < len(cells) else None
        if self.stated == ABOVE:
            self.above = cell = cell if self._is_filled(cell) else self.above
        if not isinstance(cell, str | None):
            return self._parsed(cell)
        found = self.known.get(cell)
        if found is None:
            if len(self.known) >= TEXTS_KEPT:
                self.known.clear()
            found = self.known[cell] = self._parsed(cell)
        return found

    def _is_filled(self, cell: Cell) -> bool:
        written = clean(cell)
        return written != "" and written not in self.blanks

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
        columns = [_ColumnReader(one, self.header, self.mapping) for one in self.table.columns]
        waiting: list[Row] = []
        n_rows = 0
        rows = islice(enumerate(self.header.sheet.rows(), 1), self.header.row, None)
        for (number, cells), is_last in with_last(rows):
            if not any(clean(cell) for cell in cells):
                continue
            n_rows += 1
            row = self._record(number, cells, columns)
            if is_last and self.header.sheet.is_cut_off:
                row["problems"] = [*row["problems"], CUT_OFF]
            if self._looks_like_foot(cells):
                waiting.append(row)
                continue
            yield from waiting
            yield row
            waiting = []
        if n_rows == len(waiting):
            raise DeliveryError(
                self.delivery.name, "It has a header but no rows.", "Send the full list."
            )
        self._note_foot(waiting)

    def _looks_like_foot(self, cells: Sequence[Cell]) -> bool:
        """A row that begins with a word for a sum and has no identifier, or is one sentence."""
        first = next(filled for cell in cells if (filled := clean(cell)))
        if _TOTAL.fullmatch(first):
            key = self.header.positions.get(self.table.key, len(cells))
            return key >= len(cells) or clean(cells[key]) in {"", first}
        if " " not in first or len(self.header.positions) < 2:
            return False
        return sum(clean(cell) != "" for cell in cells) == 1

    def _note_foot(self, rows: list[Row]) -> None:
        for row in rows:
            note = f"Row {row['source_row']} is a total or a footnote below the table: left out."
            self.notes.append(note)
            log.info("%s: %s", self.delivery.name, note)

    def _record(self, number: int, cells: Sequence[Cell], columns: list[_ColumnReader]) -> Row:
        row: Row = {"source_row": number, "record": self._as_received(cells)}
        if self.delivery.published_on:
            row["disclosed_at"] = datetime.combine(self.delivery.published_on, time())
        problems = self._width_problems(cells)
        for column in columns:
            row[column.column.name], problem = column.read(cells)
            if problem:
                problems.append(problem)
        row["problems"] = problems or self.table.check(row, self.delivery)
        return row

    def _width_problems(self, cells: Sequence[Cell]) -> list[str]:
        width = len(self.header.names)
        if not any(clean(cell) for cell in cells[width:]):
            return []
        return [
            f"The row has {len(cells)} cells, the header has {width}. A separator inside a text "
            "or number needs quotes."
        ]

    def _as_received(self, cells: Sequence[Cell]) -> str:
        names = self.header.names
        named = {
            (names[i] if i < len(names) else "") or f"#{i + 1}": cell
            for i, cell in enumerate(cells)
        }
        return orjson.dumps(named, default=str).decode()


@dataclass(frozen=True)
class TableReader:
    """Reads the rows of the one table in a delivered file, in batches."""

    table: Table

    def __call__(self, delivery: Delivery) -> Iterator[Rows]:
        """Rows of the staged table; columns as the mapping of the source names them."""
        records = Reading.of(delivery, self.table).records()
        while batch := list(islice(records, ROWS_PER_BATCH)):
            yield Rows(self.table.name, batch)


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
