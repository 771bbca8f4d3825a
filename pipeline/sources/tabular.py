"""Tables that people send: read the rows below the header, say what is wrong with which cell."""

import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice

import orjson

from pipeline.errors import DeliveryError
from pipeline.sources.base import Delivery, Row, Rows
from pipeline.sources.cells import Cell, CellError, clean, refuse_error
from pipeline.sources.header import Column, Header, Table, find_header
from pipeline.sources.mapping import ABOVE, Mapping, load_mapping

__all__ = ["Column", "Reading", "Table", "read_table"]

ROWS_PER_BATCH = 10_000
_TOTAL = re.compile(r"(grand |sub)?-?\s?(totals?|sum|gesamt|summe)\b.*", re.IGNORECASE)

log = logging.getLogger(__name__)


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
        above: dict[str, Cell] = {}
        waiting: list[Row] = []
        n_rows = 0
        rows = enumerate(self.header.sheet.rows(), 1)
        for number, cells in islice(rows, self.header.row, None):
            if not any(clean(cell) for cell in cells):
                continue
            n_rows += 1
            row = self._record(number, cells, above)
            if self._looks_like_foot(cells):
                waiting.append(row)
                continue
            yield from chain(waiting, (row,))
            waiting = []
        if n_rows == len(waiting):
            raise DeliveryError(
                self.delivery.name, "It has a header but no rows.", "Send the full list."
            )
        self._note_foot(waiting)

    def _looks_like_foot(self, cells: Sequence[Cell]) -> bool:
        """A row that begins with a word for a sum and has no identifier, or is one sentence."""
        filled = [clean(cell) for cell in cells if clean(cell)]
        key = self.header.positions.get(self.table.key, len(cells))
        identifier = clean(cells[key]) if key < len(cells) else ""
        is_total = _TOTAL.fullmatch(filled[0]) is not None and identifier in {"", filled[0]}
        is_footnote = len(filled) == 1 and len(self.header.positions) > 1 and " " in filled[0]
        return is_total or is_footnote

    def _note_foot(self, rows: list[Row]) -> None:
        for row in rows:
            note = f"Row {row['source_row']} is a total or a footnote below the table: left out."
            self.notes.append(note)
            log.info("%s: %s", self.delivery.name, note)

    def _record(self, number: int, cells: Sequence[Cell], above: dict[str, Cell]) -> Row:
        row: Row = {"source_row": number, "record": self._as_received(cells)}
        problems = self._width_problems(cells)
        for column in self.table.columns:
            try:
                row[column.name] = self._value(column, cells, above)
            except CellError as error:
                row[column.name] = None
                problems.append(f"{self.header.name_of(column.name)} {error}")
        return row | {"problems": problems or self.table.check(row, self.delivery)}

    def _value(self, column: Column, cells: Sequence[Cell], above: dict[str, Cell]) -> object:
        cell = self._cell(column.name, cells, above)
        refuse_error(cell)
        value = column.parse(cell, self.mapping.forms.get(column.name, ""))
        if column.is_required and value is None:
            raise CellError("is empty. Every row needs one.")
        return value

    def _cell(self, column: str, cells: Sequence[Cell], above: dict[str, Cell]) -> Cell:
        position = self.header.positions.get(column, len(cells))
        cell = cells[position] if position < len(cells) else None
        if clean(cell) in self.mapping.blanks:
            cell = None
        stated = self.mapping.values.get(column)
        if stated == ABOVE:
            above[column] = cell if clean(cell) else above.get(column)
            return above[column]
        return cell if clean(cell) else stated

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


def read_table(delivery: Delivery, table: Table) -> Iterator[Rows]:
    """The rows of the one table in a delivered file, in batches."""
    records = Reading.of(delivery, table).records()
    while batch := list(islice(records, ROWS_PER_BATCH)):
        yield Rows(table.name, batch)
