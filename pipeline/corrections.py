"""Corrections of single delivered values, applied at staging and checked against the source.

A correction holds as long as the source delivers the value that it expects; from then on it fails
a gate, so that nobody carries it on unawares.
"""

import csv
import json
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.batch import CARRIED
from pipeline.errors import SectorRiskError, UnknownNameError
from pipeline.settings import ROOT

FILE = ROOT / "warehouse" / "corrections.csv"


@dataclass(frozen=True)
class Correction:
    """One value of one record: what is delivered, what holds instead, and why."""

    source_id: str
    table_name: str
    key_column: str
    key_value: str
    column_name: str
    expected_value: str
    new_value: str
    reason: str

    def __str__(self) -> str:
        return f"{self.column_name} of {self.key_column} {self.key_value}"


def load(source_id: str, file: Path | None = None) -> list[Correction]:
    """The corrections of one source."""
    with (file or FILE).open(encoding="utf-8", newline="") as lines:
        corrections = [Correction(**row) for row in csv.DictReader(lines)]
    return [each for each in corrections if each.source_id == source_id]


@dataclass
class Tally:
    """What became of one correction in one delivery."""

    correction: Correction
    found: str | None = None
    is_applied: bool = False


def apply(table: pa.Table, tally: Tally) -> pa.Table:
    """The table with the value corrected; rows keep their record as received."""
    correction = tally.correction
    _refuse_unknown(table, correction)
    keys = table[correction.key_column].cast(pa.string())
    is_record = pc.fill_null(pc.equal(keys, correction.key_value), False)
    if not pc.any(is_record).as_py():
        return table
    values = table[correction.column_name]
    is_expected = _is_expected(table, correction)
    tally.found = _first(pc.filter(values, is_record))
    is_hit = pc.and_(is_record, is_expected)
    if not pc.any(is_hit).as_py():
        return table
    tally.is_applied = True
    table = _keep_record(table, is_hit)
    new = _new_value(correction, values.type)
    table = _replace(table, correction.column_name, pc.if_else(is_hit, new, values))
    return _replace(
        table, "problems", _without(table["problems"], is_hit, correction.expected_value)
    )


def _refuse_unknown(table: pa.Table, correction: Correction) -> None:
    known = [name for name in table.column_names if name not in CARRIED.names]
    for name in (correction.key_column, correction.column_name):
        if name not in known:
            raise UnknownNameError(f"{FILE.name}: column of {correction.table_name}", name, known)


def _new_value(correction: Correction, kind: pa.DataType) -> pa.Scalar:
    try:
        return pa.scalar(correction.new_value or None, pa.string()).cast(kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise SectorRiskError(
            f"{FILE.name}: the new {correction} is '{correction.new_value}', which does not fit "
            f"the column ({kind}). Correct the file, then try again."
        ) from error


def _keep_record(table: pa.Table, is_hit: pa.ChunkedArray) -> pa.Table:
    """Rows without a record of their own keep what they said before the correction."""
    is_bare = pc.and_(is_hit, pc.is_null(table["record"]))
    content = table.drop_columns(CARRIED.names)
    said = [
        json.dumps(row, default=str, ensure_ascii=False) if is_one else None
        for row, is_one in zip(content.to_pylist(), is_bare.to_pylist(), strict=True)
    ]
    records = pc.if_else(is_bare, pa.array(said, pa.string()), table["record"])
    return _replace(table, "record", records)


def _is_expected(table: pa.Table, correction: Correction) -> pa.ChunkedArray:
    """Rows that have the expected value, or where it could not even be read."""
    values, expected = table[correction.column_name], correction.expected_value
    wanted = pa.scalar(expected or None, pa.string())
    try:
        equal = pc.equal(values, wanted.cast(values.type))
    except pa.ArrowInvalid:
        equal = pa.nulls(len(table), pa.bool_())
    is_named = pa.chunked_array(
        [
            [
                any(expected in each for each in found or ())
                for found in table["problems"].to_pylist()
            ]
        ],
        pa.bool_(),
    )
    is_blank_as_expected = pc.and_(pc.is_null(values), pc.or_(is_named, pa.scalar(not expected)))
    return pc.or_(pc.fill_null(equal, False), is_blank_as_expected)


def _without(problems: pa.ChunkedArray, is_hit: pa.ChunkedArray, expected: str) -> pa.Array:
    kept = [
        [each for each in found or () if not (hit and expected and expected in each)]
        for found, hit in zip(problems.to_pylist(), is_hit.to_pylist(), strict=True)
    ]
    return pa.array(kept, problems.type)


def _first(values: pa.ChunkedArray) -> str:
    value = values[0].as_py()
    return "blank" if value is None else str(value)


def _replace(table: pa.Table, name: str, column: pa.ChunkedArray | pa.Array) -> pa.Table:
    position = table.schema.get_field_index(name)
    return table.set_column(position, table.schema.field(position), column)
