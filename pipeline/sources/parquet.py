"""Parquet files as rows of cells, the first of them the column names."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from pipeline.errors import DeliveryError
from pipeline.sources.cells import Cell


def rows(path: Path, name: str) -> Iterator[list[Cell]]:
    """The rows, batch by batch."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            yield list(file.schema_arrow.names)
            for batch in file.iter_batches(batch_size=10_000):
                columns = [column.to_pylist() for column in batch.columns]
                for values in zip(*columns, strict=True):
                    yield [_cell(value) for value in values]
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        raise DeliveryError(
            name, f"The Parquet file is damaged ({error}).", "Send it again."
        ) from error


def _cell(value: Any) -> Cell:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, list):
        return ";".join(str(part) for part in value)
    if value is None or isinstance(value, str | int | float | bool) or hasattr(value, "year"):
        cell: Cell = value
        return cell
    return str(value)
