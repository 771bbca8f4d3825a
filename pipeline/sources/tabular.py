"""Tables that people send: find the header, read the rows, say what is wrong with which cell."""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, islice
from typing import Any

import orjson

from pipeline.errors import DeliveryError
from pipeline.sources import delimited
from pipeline.sources.base import Delivery, Row, Rows
from pipeline.sources.cells import Cell, CellError, clean, text
from pipeline.sources.mapping import Mapping, load_mapping, plain

ROWS_SEARCHED_FOR_HEADER = 15
ROWS_PER_BATCH = 10_000
FIRST_WORDS_OF_TOTALS = {"total", "totals", "sum", "subtotal", "gesamt", "summe", "grand"}

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Column:
    """A column of a staged table: how its cells are read, and whether every row needs one."""

    name: str
    parse: Callable[[Cell, str], Any] = text
    is_required: bool = False


def _no_complaint(_row: Row, _delivery: Delivery) -> list[str]:
    return []


@dataclass(frozen=True)
class Table:
    """A staged table as a reader sees it; `check` finds what is wrong between cells of a row."""

    name: str
    columns: tuple[Column, ...]
    check: Callable[[Row, Delivery], list[str]] = _no_complaint

    @property
    def required(self) -> list[str]:
        """Names of the columns that every file must have."""
        return [column.name for column in self.columns if column.is_required]


@dataclass(frozen=True)
class Sheet:
    """One table of a file: its rows from the first, numbered as a person sees them."""

    title: str
    rows: Callable[[], Iterator[Sequence[Cell]]]


@dataclass
class Reading:
    """A table found in a delivery, ready to be read.

    Attributes:
        header_row: number of the header's row; 0 = the file has none.
        headers: the headers as written.
        positions: index of the cell of each staged column found.
        notes: what was left out, and why.
    """

    delivery: Delivery
    table: Table
    mapping: Mapping
    sheet: Sheet
    header_row: int
    headers: list[str]
    positions: dict[str, int]
    notes: list[str] = field(default_factory=list)

    def records(self) -> Iterator[Row]:
        """Every record below the header, once; totals at the foot are left out with a note."""
        above: dict[str, Cell] = {}
        waiting: list[Row] = []
        rows = enumerate(self.sheet.rows(), 1)
        for number, cells in islice(rows, self.header_row, None):
            if not any(clean(cell) for cell in cells):
                continue
            row = self._record(number, cells, above)
            if self._looks_like_foot(cells):
                waiting.append(row)
                continue
            yield from chain(waiting, (row,))
            waiting = []
        self._note_foot(waiting)

    def _looks_like_foot(self, cells: Sequence[Cell]) -> bool:
        """A row without identifier that begins with a word for a sum, or holds one cell only."""
        filled = [clean(cell) for cell in cells if clean(cell)]
        key = self.positions.get(self.table.columns[0].name)
        first_word = filled[0].casefold().rstrip(":").split()[0].rstrip(":")
        has_key = key is not None and key < len(cells) and clean(cells[key]) != ""
        is_total = first_word in FIRST_WORDS_OF_TOTALS and (
            not has_key or clean(cells[key or 0]) == filled[0]
        )
        return is_total or (len(filled) == 1 and len(self.positions) > 1 and " " in filled[0])

    def _note_foot(self, rows: list[Row]) -> None:
        for row in rows:
            note = f"row {row['source_row']} left out: a total or a footnote under the table"
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
                problems.append(f"{self._header_of(column.name)} {error}")
        return row | {"problems": problems or self.table.check(row, self.delivery)}

    def _value(self, column: Column, cells: Sequence[Cell], above: dict[str, Cell]) -> object:
        cell = self._cell(column.name, cells, above)
        value = column.parse(cell, self.mapping.forms.get(column.name, ""))
        if column.is_required and value is None:
            raise CellError("is empty. Every row needs one.")
        return value

    def _cell(self, column: str, cells: Sequence[Cell], above: dict[str, Cell]) -> Cell:
        position = self.positions.get(column)
        stated = self.mapping.values.get(column)
        if position is None:
            return None if stated == "(above)" else stated
        cell = cells[position] if position < len(cells) else None
        if clean(cell) in self.mapping.blanks:
            cell = None
        if stated == "(above)":
            above[column] = cell if clean(cell) else above.get(column)
            return above[column]
        return cell if clean(cell) else stated

    def _header_of(self, column: str) -> str:
        position = self.positions.get(column)
        return f"Column '{self.headers[position]}'" if position is not None else f"'{column}'"

    def _width_problems(self, cells: Sequence[Cell]) -> list[str]:
        width = len(self.headers)
        surplus = len(cells) > width and any(clean(cell) for cell in cells[width:])
        if not surplus:
            return []
        return [
            f"The row has {len(cells)} cells, the header has {width}. A separator inside a text "
            "or number needs quotes."
        ]

    def _as_received(self, cells: Sequence[Cell]) -> str:
        named = {
            (self.headers[i] if i < len(self.headers) else "") or f"#{i + 1}": cell
            for i, cell in enumerate(cells)
        }
        return orjson.dumps(named, default=str).decode()


def read_table(delivery: Delivery, table: Table, mapping: Mapping | None = None) -> Iterator[Rows]:
    """The rows of the one table in a delivered file, in batches."""
    reading = open_table(delivery, table, mapping or load_mapping(delivery.source_id))
    records = reading.records()
    n_rows = 0
    while batch := list(islice(records, ROWS_PER_BATCH)):
        n_rows += len(batch)
        yield Rows(table.name, batch)
    if n_rows == 0:
        raise DeliveryError(delivery.name, "It has a header but no rows.", "Send the full list.")


def open_table(delivery: Delivery, table: Table, mapping: Mapping) -> Reading:
    """Find the sheet and the header that hold the table; DeliveryError where none or several do."""
    if delivery.path.stat().st_size == 0:
        raise DeliveryError(delivery.name, "The file is empty.", "Send it again.")
    candidates = [
        _find_header(sheet, table, mapping, delivery) for sheet in _sheets(delivery, mapping)
    ]
    found = [reading for reading in candidates if not _missing(reading)]
    if len(found) > 1:
        titles = ", ".join(f"'{reading.sheet.title}'" for reading in found)
        raise DeliveryError(delivery.name, f"Sheets {titles} all look like the table.", "Send one.")
    if not found:
        raise _no_header(max(candidates, key=lambda reading: len(reading.positions)))
    return found[0]


def _sheets(delivery: Delivery, mapping: Mapping) -> list[Sheet]:
    encoding = delimited.encoding_of(delivery.path, mapping.values.get("(encoding)"))
    stated = mapping.values.get("(separator)")
    return [
        Sheet(
            f"separated by '{separator}'",
            partial(delimited.read_lines, delivery.path, delivery.name, encoding, separator),
        )
        for separator in ([stated] if stated else delimited.SEPARATORS)
    ]


def _find_header(sheet: Sheet, table: Table, mapping: Mapping, delivery: Delivery) -> Reading:
    """The first row that holds every required column, else the row that holds most."""
    rows: list[Sequence[Cell]] = list(islice(sheet.rows(), ROWS_SEARCHED_FOR_HEADER))
    if mapping.is_positional:
        width = max((len(row) for row in rows), default=0)
        rows = [[f"#{i}" for i in range(1, width + 1)]]
    best = Reading(delivery, table, mapping, sheet, 0, [], {})
    for number, cells in enumerate(rows, 1):
        positions = _positions(cells, table, mapping, delivery)
        if len(positions) > len(best.positions):
            headers = [clean(cell) for cell in cells]
            row = 0 if mapping.is_positional else number
            best = Reading(delivery, table, mapping, sheet, row, headers, positions)
        if not _missing(best):
            break
    return best


def _positions(
    cells: Sequence[Cell], table: Table, mapping: Mapping, delivery: Delivery
) -> dict[str, int]:
    names = {plain(column.name): column.name for column in table.columns} | mapping.columns
    found: dict[str, int] = {}
    for position, cell in enumerate(cells):
        column = names.get(plain(cell))
        if column is None:
            continue
        if column in found:
            raise DeliveryError(
                delivery.name,
                f"Columns '{clean(cells[found[column]])}' and '{clean(cell)}' both give {column}.",
                "Rename or remove one of them.",
            )
        found[column] = position
    return found


def _missing(reading: Reading) -> list[str]:
    given = reading.positions.keys() | reading.mapping.values.keys()
    return [column for column in reading.table.required if column not in given]


def _no_header(best: Reading) -> DeliveryError:
    needed = ", ".join(best.table.required)
    if not best.positions:
        problem = (
            f"No header row: none of the first {ROWS_SEARCHED_FOR_HEADER} rows holds {needed}."
        )
    else:
        found = ", ".join(header for header in best.headers if header)
        problem = f"Missing column {', '.join(_missing(best))}. Found: {found}."
    return DeliveryError(
        best.delivery.name, problem, "Name the columns so, or add their headers to the mapping."
    )
