import json
from contextlib import nullcontext
from datetime import datetime
from itertools import islice

import duckdb
import pytest
from fuzz import mutations
from reader_helpers import (
    DATA,
    SHARED,
    only,
    realdata,
    received,
    received_bytes,
)

from pipeline.errors import DeliveryError
from pipeline.sources import stix

BUNDLE = DATA / "stix" / "bundle.json"
ABSENT = {"problems": []}


@pytest.fixture
def in_bulk(monkeypatch):
    monkeypatch.setattr(stix, "BULK_FROM", 1)


def comparable(rows):
    """Rows in order of the file; facts without order, absent and empty alike."""
    for row in sorted(rows, key=lambda row: row["source_row"]):
        told = {name: value for name, value in row.items() if value not in (None, [])}
        told["facts"] = sorted(json.dumps(one, sort_keys=True) for one in row.get("facts") or [])
        yield told


@pytest.fixture(scope="module", autouse=True)
def one_parser():
    """Opening a database takes longer than all that these small bundles need of it."""
    with duckdb.connect() as con, pytest.MonkeyPatch.context() as patch:
        patch.setattr(duckdb, "connect", lambda: nullcontext(con))
        yield


def both_ways(read, monkeypatch):
    monkeypatch.setattr(stix, "BULK_FROM", 10**9)
    one_by_one = list(comparable(only(read())))
    monkeypatch.setattr(stix, "BULK_FROM", 1)
    return one_by_one, list(comparable(only(read())))


def thing(number, **properties):
    named = {"type": "indicator", "id": f"indicator--{number}", "name": f"I {number}"}
    return (
        named
        | {"created": "2020-01-06T08:00:00Z", "modified": "2020-01-07T08:00:00.5Z"}
        | properties
    )


ODD = [
    thing(1, valid_until="2020-02-01T00:00:00+05:30", confidence=50),
    thing(2, revoked=True, description="  told  ", external_references=[{}, {"url": "https://a.example/"}]),
    thing(3, name=" ", published="2020-01-06T09:00:00Z"),
    thing(4, name=" spaced "),
    thing(5, confidence=101),
    thing(6, created="1066-01-01T00:00:00Z"),
    thing(7, object_marking_refs=["marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed", "x"]),
    thing(7, modified="2020-01-09T08:00:00Z"),
    {"type": "relationship", "id": "relationship--1", "relationship_type": "indicates",
     "source_ref": "indicator--7", "target_ref": "threat-actor--1"},
    {"type": "relationship", "id": "relationship--2", "relationship_type": "indicates",
     "source_ref": "indicator--7", "target_ref": "identity--1"},
    {"type": "relationship", "id": "relationship--3", "relationship_type": "targets",
     "source_ref": "malware--1", "target_ref": "identity--1"},
    {"type": "threat-actor", "id": "threat-actor--1", "name": "Quiet Otter"},
    {"type": "identity", "id": "identity--1", "name": "Grid", "sectors": ["energy", "utilities"]},
    {"type": "malware", "id": "malware--1", "name": "Melt", "created_by_ref": "identity--1"},
    {"type": "report", "id": "report--1", "object_refs": ["indicator--7", "malware--1"]},
    {"type": "file", "id": "file--1", "name": "line\nbreak"},
    {"id": "file--2"},
    {"type": " file", "id": "file--3"},
    thing(8, name=2020),
    thing(9, name="[7]"),
    thing(10, external_references=[{"url": 7}, {"url": ["https://b.example/"]}]),
    thing(11, revoked="true"),
    thing(12, granular_markings=[{"marking_ref": "marking-definition--x", "selectors": ["name"]}]),
    thing(13, object_marking_refs="marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da"),
]  # fmt: skip


@pytest.mark.parametrize(
    "beside",
    [
        [],
        [thing(20, external_references={"url": "https://c.example/"})],
        [thing(21, external_references=["x"])],
        [thing(22, confidence="50")],
    ],
)
def test_odd_objects_give_the_same_rows_both_ways(beside, tmp_path, monkeypatch):
    objects = [*ODD, *beside]
    data = json.dumps({"type": "bundle", "objects": objects}).encode()
    one_by_one, in_bulk = both_ways(lambda: received_bytes("stix", data, tmp_path), monkeypatch)
    assert in_bulk == one_by_one
    assert len(in_bulk) == len(objects)


def test_a_property_stated_twice_is_read_the_same_both_ways(tmp_path, monkeypatch):
    twice = json.dumps(thing(1)).replace('"name":', '"name": "first", "name":')
    data = f'{{"objects": [{twice}]}}'.encode()
    one_by_one, in_bulk = both_ways(lambda: received_bytes("stix", data, tmp_path), monkeypatch)
    assert in_bulk == one_by_one


def test_a_bundle_set_over_many_lines_gives_the_same_rows(tmp_path, monkeypatch):
    data = json.dumps({"type": "bundle", "objects": ODD}, indent=2).encode()
    one_by_one, in_bulk = both_ways(lambda: received_bytes("stix", data, tmp_path), monkeypatch)
    assert in_bulk == one_by_one


def test_what_columns_cannot_hold_is_read_one_by_one(in_bulk, monkeypatch):
    one_by_one, by_columns = both_ways(lambda: received("stix", BUNDLE), monkeypatch)
    assert by_columns == one_by_one


def test_the_plain_objects_come_as_a_table(in_bulk, tmp_path):
    data = json.dumps({"objects": ODD}).encode()
    (tmp_path / "b.json").write_bytes(data)
    bulk = stix.in_bulk(stix._raw_objects(stix.Document("b", data)), 1, datetime(2026, 1, 1))
    assert bulk.table.num_rows == 14
    assert bulk.left_over == [2, 4, 5, 11, 14, 16, 17, 18, 19, 22]


def outcome(data, folder):
    try:
        return list(comparable(only(received_bytes("stix", data, folder) or {"reports": []})))
    except DeliveryError as error:
        return str(error)


def check_that_mutated_bundles_give_the_same_rows(n, folder, monkeypatch):
    seed = [("b.json", json.dumps({"objects": ODD}).encode())]
    for _, data in islice(mutations(seed, 3), n):
        monkeypatch.setattr(stix, "BULK_FROM", 10**9)
        one_by_one = outcome(data, folder)
        monkeypatch.setattr(stix, "BULK_FROM", 1)
        assert outcome(data, folder) == one_by_one, data


def test_mutated_bundles_give_the_same_rows_both_ways(tmp_path, monkeypatch):
    check_that_mutated_bundles_give_the_same_rows(60, tmp_path, monkeypatch)


@pytest.mark.slow
def test_many_mutated_bundles(tmp_path, monkeypatch, request):
    n = request.config.getoption("--fuzz")
    check_that_mutated_bundles_give_the_same_rows(n, tmp_path, monkeypatch)


class TestRealData:
    pytestmark = realdata

    @pytest.mark.parametrize(
        "path",
        [
            "attack/ics-attack-13.1.json",
            "attack/enterprise-attack_mitre-cti-421deac_stix20.json.gz",
            "stix/oasis_cti_documentation_examples.tar.xz",
        ],
    )
    def test_public_bundles_give_the_same_rows_both_ways(self, path, monkeypatch):
        one_by_one, in_bulk = both_ways(lambda: received("stix", SHARED / path), monkeypatch)
        assert in_bulk == one_by_one
