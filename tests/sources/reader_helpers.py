"""Delivers bytes to a reader and mutates them."""

import contextlib
import io
import tarfile
import zipfile
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.errors import DeliveryError
from pipeline.sources import get_source
from pipeline.sources.base import Delivery

DATA = Path(__file__).resolve().parent.parent / "data"
SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
DELIVERED = datetime(2026, 1, 2, 3, 4, 5)

realdata = [
    pytest.mark.realdata,
    pytest.mark.skipif(not SHARED.is_dir(), reason="the public data is not beside the checkout"),
]


def delivery(source_id, path, **stated):
    path = Path(path)
    return Delivery(f"{source_id}/2026-01-02/0", source_id, path, path.name, DELIVERED, **stated)


def received(source_id, path, **stated):
    """Rows by table, as plain dictionaries."""
    tables = {}
    for rows in get_source(source_id).read(delivery(source_id, path, **stated)):
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


@st.composite
def mutated(draw, seed):
    """The seed with a few cuts, copies and replaced bytes."""
    data = bytearray(seed)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(len(data) - 1, 0)))
        length = draw(st.integers(0, 40))
        change = draw(st.sampled_from(["cut", "copy", "replace", "truncate", "type"]))
        if change == "cut":
            del data[at : at + length]
        elif change == "copy":
            data[at:at] = data[at : at + length]
        elif change == "truncate":
            del data[at:]
        elif change == "type":
            values = [
                b"null",
                b"[]",
                b"{}",
                b"-1",
                b'""',
                b"1e999",
                b'"\\u0000"',
                b"[[{}]]",
                b"true",
            ]
            quote = data.find(b'"', at)
            end = data.find(b'"', quote + 1)
            if 0 <= quote < end:
                data[quote : end + 1] = draw(st.sampled_from(values))
        else:
            data[at : at + length] = draw(st.binary(max_size=40))
    return bytes(data)


def assert_contract(source_id, tables):
    """What every reader promises for whatever it yields."""
    for table, rows in tables.items():
        assert table in get_source(source_id).tables
        numbers = [row["source_row"] for row in rows]
        assert len(set(numbers)) == len(numbers)
        for row in rows:
            assert all(isinstance(problem, str) for problem in problems(row))
            assert isinstance(row.get("record", ""), str)
            assert "\ud800" not in row.get("record", "")


def survives_mutation(source_id, seed, folder, examples, **stated):
    """Mutated bytes in: rows or a DeliveryError out, nothing else."""

    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(mutated(seed))
    def check(data):
        with contextlib.suppress(DeliveryError):
            assert_contract(source_id, received_bytes(source_id, data, folder, **stated))

    check()
