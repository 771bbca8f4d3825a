"""Rows of a reader as Arrow tables with exactly the columns of their staged table.

Grain in: `Rows` of any size; grain out: tables of at most `CHUNK_ROWS` rows. A cell that does not
fit its column becomes NULL and a problem of its row, never a fault of the delivery.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.sources.base import Row, Rows

CHUNK_ROWS = 200_000
PROVENANCE = (
    "source_id",
    "delivery_id",
    "source_row",
    "known_at",
    "disclosed_at",
    "record",
    "record_md5",
    "is_repeat",
)
CARRIED = pa.schema(
    [
        pa.field("source_row", pa.int64(), nullable=False),
        pa.field("disclosed_at", pa.timestamp("us")),
        pa.field("record", pa.string()),
        pa.field("problems", pa.list_(pa.string())),
    ]
)
MISFITS = (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError)


def content_columns(staged: pa.Schema) -> list[str]:
    """Columns of a staged table that readers fill: all but the provenance."""
    return [name for name in staged.names if name not in PROVENANCE]


def batches(rows: Iterable[Rows], schemas: dict[str, pa.Schema]) -> Iterator[tuple[str, pa.Table]]:
    """Tables of a bounded number of rows, small `Rows` gathered and large ones cut."""
    waiting: dict[str, list[pa.Table]] = defaultdict(list)
    for part in rows:
        if part.table not in schemas:
            raise ValueError(f"the reader yields rows for {part.table}, which it does not declare")
        for chunk in _chunks(part.rows):
            waiting[part.table].append(as_table(chunk, schemas[part.table]))
            if sum(map(len, waiting[part.table])) >= CHUNK_ROWS:
                yield from _cut(part.table, waiting.pop(part.table))
    for name, tables in waiting.items():
        yield from _cut(name, tables)


def _chunks(rows: "list[Row] | pa.Table") -> Iterator["list[Row] | pa.Table"]:
    for start in range(0, len(rows), CHUNK_ROWS):
        if isinstance(rows, list):
            yield rows[start : start + CHUNK_ROWS]
        else:
            yield rows.slice(start, CHUNK_ROWS)


def _cut(name: str, tables: list[pa.Table]) -> Iterator[tuple[str, pa.Table]]:
    whole = pa.concat_tables(tables)
    for start in range(0, len(whole), CHUNK_ROWS):
        yield name, whole.slice(start, CHUNK_ROWS)


def as_table(rows: "list[Row] | pa.Table", staged: pa.Schema) -> pa.Table:
    """The rows with the carried columns and the content columns of the staged table."""
    fields = [*CARRIED, *(staged.field(name) for name in content_columns(staged))]
    schema = pa.schema([*fields])
    if isinstance(rows, pa.Table):
        table = _conform(rows, schema)
        if table is not None:
            return table
        rows = rows.to_pylist()
    _refuse_unknown(set().union(*rows), schema)
    problems = [list(row.get("problems") or ()) for row in rows]
    columns = [
        _column([row.get(field.name) for row in rows], field, problems)
        for field in schema
        if field.name != "problems"
    ]
    position = schema.get_field_index("problems")
    columns.insert(position, pa.array(problems, schema.field(position).type))
    return pa.Table.from_arrays(columns, schema=schema)


def _refuse_unknown(names: set[str], schema: pa.Schema) -> None:
    unknown = sorted(names - set(schema.names))
    if unknown:
        raise ValueError(f"the reader fills columns that the table does not have: {unknown}")


def _conform(table: pa.Table, schema: pa.Schema) -> pa.Table | None:
    """The table cast column by column; None where a value does not fit."""
    _refuse_unknown(set(table.column_names), schema)
    try:
        columns = [
            table[field.name].cast(field.type)
            if field.name in table.column_names
            else pa.nulls(len(table), field.type)
            for field in schema
        ]
    except MISFITS:
        return None
    if any(pa.types.is_floating(c.type) and _has_nan(c) for c in columns):
        return None
    return pa.Table.from_arrays(columns, schema=schema)


def _has_nan(column: pa.Array) -> bool:
    return bool(pc.any(pc.is_nan(column)).as_py())


def _column(values: list[Any], field: pa.Field, problems: list[list[str]]) -> pa.Array:
    try:
        column = pa.array(values, field.type)
    except (*MISFITS, UnicodeError):
        column = None
    is_clean = column is not None and not (pa.types.is_floating(field.type) and _has_nan(column))
    if not is_clean:
        column = pa.array(_cells(values, field, problems), field.type)
    if not field.nullable and column.null_count:
        raise ValueError(f"the reader leaves {field.name} blank in {column.null_count} rows")
    return column


def _cells(values: list[Any], field: pa.Field, problems: list[list[str]]) -> Iterator[Any]:
    for value, found in zip(values, problems, strict=True):
        if _fits(value, field.type):
            yield value
        else:
            written = ascii(value)[:80]
            found.append(f"{field.name} is {written}, which is not {_wanted(field.type)}.")
            yield None


def _fits(value: Any, kind: pa.DataType) -> bool:
    try:
        cell = pa.array([value], kind)
    except (*MISFITS, UnicodeError):
        return False
    return not (pa.types.is_floating(kind) and _has_nan(cell))


def _wanted(kind: pa.DataType) -> str:
    if pa.types.is_integer(kind):
        return f"a whole number of at most {kind.bit_width} bits"
    if pa.types.is_floating(kind):
        return "a number"
    return {"string": "text", "bool": "true or false"}.get(str(kind), f"a value of type {kind}")
