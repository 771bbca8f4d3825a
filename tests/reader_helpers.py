"""Files and bytes as deliveries, and what readers make of them."""

import io
import tarfile
import zipfile
from datetime import datetime
from pathlib import Path

import pytest

from pipeline.sources import get_source, records
from pipeline.sources.base import Delivery

DATA = Path(__file__).resolve().parent / "data"
SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
DELIVERED = datetime(2026, 1, 2, 3, 4, 5)

realdata = [
    pytest.mark.realdata,
    pytest.mark.skipif(not SHARED.is_dir(), reason="the public data is not beside the checkout"),
]


def delivery(source_id, path, delivered_at=DELIVERED, **stated):
    """A file as a delivery of the source."""
    path = Path(path)
    delivery_id = f"{source_id}/{delivered_at.date()}/{path.name}"
    return Delivery(delivery_id, source_id, path, path.name, delivered_at, **stated)


def received(source_id, path, **stated):
    """Rows by table, as plain dictionaries."""
    tables = {}
    for rows in records(get_source(source_id), delivery(source_id, path, **stated)):
        found = rows.rows if isinstance(rows.rows, list) else rows.rows.to_pylist()
        tables.setdefault(rows.table, []).extend(found)
    return tables


def received_bytes(source_id, data, folder, name="file", **stated):
    path = Path(folder) / name
    path.write_bytes(data)
    return received(source_id, path, **stated)


def only(tables):
    """The rows of the one table that was filled."""
    assert len(tables) == 1
    return next(iter(tables.values()))


def tar(members, mode="w:xz"):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode=mode) as file:
        for name, data in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            file.addfile(member, io.BytesIO(data))
    return packed.getvalue()


def zipped(members):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return packed.getvalue()


def facts(row, fact_type):
    return [one["value"] for one in row["facts"] if one["fact_type"] == fact_type]


def problems(row):
    return row.get("problems") or []
