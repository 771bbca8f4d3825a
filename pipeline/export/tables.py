"""The tables of the workbook as CSV and Parquet, for those who load them elsewhere."""

import csv
from typing import TYPE_CHECKING

from pipeline.export.place import placed
from pipeline.export.text import for_csv

if TYPE_CHECKING:
    import pyarrow as pa


def write_tables(stem: str, table: "pa.Table") -> list[str]:
    """Write one table as `<stem>.csv` and `<stem>.parquet`; the addresses of both."""
    import pyarrow.parquet as pq

    addresses = [f"{stem}.{suffix}" for suffix in ("csv", "parquet")]
    with placed(addresses[0]) as path:
        _write_csv(table, str(path))
    with placed(addresses[1]) as path:
        pq.write_table(table, path, compression="zstd")
    return addresses


def _write_csv(table: "pa.Table", path: str) -> None:
    with open(path, "w", encoding="utf-8", newline="") as file:  # noqa: PTH123 (csv needs newline)
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(table.column_names)
        for batch in table.to_batches(10_000):
            for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                writer.writerow([for_csv(v) if isinstance(v, str) else v for v in row])
