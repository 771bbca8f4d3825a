"""Where a table is in a delivered file: which sheet, which header row, which column is which."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from pipeline.errors import DeliveryError
from pipeline.sources.base import Delivery, Row
from pipeline.sources.cells import Cell, clean, text
from pipeline.sources.mapping import Mapping, plain
from pipeline.sources.sheets import Sheet, sheets_of

ROWS_SEARCHED = 15


@dataclass(frozen=True)
class Column:
    """A column of a staged table: how its cells are read, and whether every row needs one."""

    name: str
    parse: Callable[[Cell, str], Any] = text
    is_required: bool = False


@dataclass(frozen=True)
class Table:
    """A staged table as a reader sees it.

    Attributes:
        key: the column that identifies a row; empty where a row has no identifier of its own.
        check: what is wrong between the cells of one row, each of which is right by itself.
    """

    name: str
    columns: tuple[Column, ...]
    key: str = ""
    check: Callable[[Row, Delivery], list[str]] | None = None

    @property
    def required(self) -> list[str]:
        """Names of the columns that every file must have."""
        return [column.name for column in self.columns if column.is_required]


@dataclass(frozen=True)
class Header:
    """A header found, or the row that comes nearest to one.

    Attributes:
        row: its number; 0 = the file has none.
        names: the headers as written.
        positions: index of the cell of each staged column found.
        missing: required columns that neither the header nor the mapping gives.
    """

    sheet: Sheet
    row: int = 0
    names: list[str] = field(default_factory=list)
    positions: dict[str, int] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)

    def name_of(self, column: str) -> str:
        """A staged column as whoever keeps the file knows it."""
        position = self.positions.get(column)
        return f"'{column}'" if position is None else f"Column '{self.names[position]}'"


def find_header(delivery: Delivery, table: Table, mapping: Mapping) -> Header:
    """The one header of the file; DeliveryError where no sheet has it, or several have."""
    nearest = [_nearest(sheet, delivery, table, mapping) for sheet in sheets_of(delivery, mapping)]
    found = [header for header in nearest if not header.missing]
    if len(found) > 1:
        titles = ", ".join(f"'{header.sheet.title}'" for header in found)
        raise DeliveryError(delivery.name, f"Sheets {titles} all look like the table.", "Send one.")
    if not found:
        raise _not_found(delivery, table, max(nearest, key=lambda header: len(header.positions)))
    return found[0]


def _nearest(sheet: Sheet, delivery: Delivery, table: Table, mapping: Mapping) -> Header:
    """The first row that holds every required column, else the row that holds most."""
    rows: list[Sequence[Cell]] = list(islice(sheet.rows(), ROWS_SEARCHED))
    if mapping.is_positional:
        width = max((len(row) for row in rows), default=0)
        rows = [[f"#{i}" for i in range(1, width + 1)]]
    best = Header(sheet, missing=table.required)
    for number, cells in enumerate(rows, 1):
        positions = _positions(cells, delivery, table, mapping)
        if len(positions) > len(best.positions):
            given = positions.keys() | mapping.values.keys()
            best = Header(
                sheet,
                0 if mapping.is_positional else number,
                [clean(cell) for cell in cells],
                positions,
                [column for column in table.required if column not in given],
            )
        if not best.missing:
            break
    return best


def _positions(
    cells: Sequence[Cell], delivery: Delivery, table: Table, mapping: Mapping
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


def _not_found(delivery: Delivery, table: Table, best: Header) -> DeliveryError:
    if not best.positions:
        needed = ", ".join(table.required)
        problem = f"No header row: none of the first {ROWS_SEARCHED} rows holds {needed}."
    else:
        found = ", ".join(name for name in best.names if name)
        problem = f"Missing column {', '.join(best.missing)}. Found: {found}."
    return DeliveryError(
        delivery.name, problem, "Name the columns so, or add their headers to the mapping."
    )
