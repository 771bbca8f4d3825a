"""What a file would give before anything is loaded: columns, rows, and what is wrong with them."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from pipeline.sources import get_source, records
from pipeline.sources.base import Delivery, Row
from pipeline.sources.mapping import Mapping, load_mapping, plain
from pipeline.sources.tabular import Reading, TableReader


@dataclass
class Preview:
    """What a file would give.

    Attributes:
        place: sheet and header row; empty for formats without.
        columns: staged column and what fills it.
        unused: headers that fill no column.
        n_rows: records of each staged table.
        problems: number of the record and what is wrong with it; it would be quarantined.
        repeated: identifier and the records that share it.
        notes: what was left out, and why.
    """

    name: str
    source_id: str
    place: str = ""
    columns: list[tuple[str, str]] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)
    n_rows: dict[str, int] = field(default_factory=dict)
    problems: list[tuple[int, str]] = field(default_factory=list)
    repeated: list[tuple[str, list[int]]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def preview(path: Path, source_id: str, mapping: Mapping | None = None) -> Preview:
    """Read the file as a delivery of that source would be read; DeliveryError if it cannot be."""
    source = get_source(source_id)
    now = datetime.now(UTC).replace(tzinfo=None)
    delivery = Delivery(f"{source_id}/preview", source_id, path, path.name, now)
    found = Preview(path.name, source_id)
    if not isinstance(source.read, TableReader):
        for rows in records(source, delivery):
            plain_rows = rows.rows if isinstance(rows.rows, list) else rows.rows.to_pylist()
            _count(found, rows.table, plain_rows)
        return found
    table = source.read.table
    reading = Reading.of(delivery, table, mapping or load_mapping(source_id))
    _describe(found, reading)
    _count(found, table.name, reading.records(), table.key)
    found.notes = reading.notes
    return found


def _describe(found: Preview, reading: Reading) -> None:
    header, mapping = reading.header, reading.mapping
    found.place = f"{header.sheet.title}, header in row {header.row}"
    if header.row == 0:
        found.place = f"{header.sheet.title}, without a header"
    for column in reading.table.columns:
        if column.name in header.positions:
            form = mapping.forms.get(column.name)
            written = header.names[header.positions[column.name]] + (f" ({form})" if form else "")
            found.columns.append((column.name, written))
        elif column.name in mapping.values:
            found.columns.append((column.name, f"always {mapping.values[column.name]}"))
    used = {plain(header.names[position]) for position in header.positions.values()}
    found.unused = [name for name in header.names if name and plain(name) not in used]


def _count(found: Preview, table: str, records: Iterable[Row], key: str = "") -> None:
    places: dict[str, list[int]] = defaultdict(list)
    for record in records:
        found.n_rows[table] = found.n_rows.get(table, 0) + 1
        number = record["source_row"]
        found.problems.extend((number, problem) for problem in record.get("problems") or [])
        if key and record[key] is not None:
            places[record[key]].append(number)
    found.repeated = [(value, rows) for value, rows in places.items() if len(rows) > 1]
