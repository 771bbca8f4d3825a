import json
from datetime import date, datetime

import pytest
from deliveries import settings_in, warehouse
from reader_helpers import (
    DATA,
    DELIVERED,
    SHARED,
    only,
    problems,
    realdata,
    received,
    received_bytes,
)

from pipeline import raw, stage
from pipeline.errors import DeliveryError
from pipeline.score import refresh_facts
from pipeline.sources import get_source, stix

BUNDLE = DATA / "stix" / "bundle.json"


@pytest.fixture(scope="module")
def rows():
    return only(received("stix", BUNDLE))


def by_key(rows, key):
    return next(row for row in rows if row.get("report_key") == key)


def said(row):
    return {(one["fact_type"], one["value"], one["stance"]) for one in row["facts"]}


def test_every_object_is_a_row_in_order(rows):
    assert [row["source_row"] for row in rows] == list(range(1, 18))
    assert sum(row.get("kind") == "context" for row in rows) == 11


def test_a_report_tells_what_its_objects_say(rows):
    report = by_key(rows, "report--1")
    assert (report["kind"], report["publisher"], report["confidence_0_1"]) == (
        "campaign",
        "Watchers",
        0.85,
    )
    assert said(report) == {
        ("actor", "quiet-otter", "named"),
        ("cve", "CVE-2019-19781", "mentioned"),
        ("sector", "energy", "attacked"),
        ("sector", "infrastructure", "attacked"),
        ("sector", "financial-services", "mentioned"),
        ("technique", "T1190", "mentioned"),
    }
    assert report["refs"] == ["https://example.org/otter"]


def test_the_three_times_of_a_report(rows):
    report = by_key(rows, "report--1")
    assert report["published_at"] == datetime(2020, 1, 6, 9)
    assert report["modified_at"] == report["disclosed_at"] == datetime(2020, 1, 7, 8)


def test_the_strictest_marking_holds(rows):
    assert by_key(rows, "report--1")["tlp"] == "AMBER"
    assert by_key(rows, "indicator--1")["tlp"] is None


TLP2_AMBER = "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421"
TLP1_GREEN = "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da"
COPYRIGHT = {
    "type": "marking-definition",
    "id": "marking-definition--c",
    "definition_type": "statement",
    "definition": {"statement": "Copyright"},
}
HOUSE_RULE = {
    "type": "marking-definition",
    "id": "marking-definition--h",
    "definition": {"tlp": "purple"},
}


@pytest.mark.parametrize("bulk_from", [1, 10**9])
@pytest.mark.parametrize(
    ("marked", "tlp"),
    [
        ({}, None),
        ({"object_marking_refs": []}, None),
        ({"object_marking_refs": [COPYRIGHT["id"]]}, None),
        ({"object_marking_refs": [TLP1_GREEN, COPYRIGHT["id"]]}, "GREEN"),
        ({"object_marking_refs": [TLP2_AMBER, TLP1_GREEN]}, "AMBER"),
        ({"object_marking_refs": [TLP1_GREEN, "marking-definition--elsewhere"]}, "RED"),
        ({"object_marking_refs": [HOUSE_RULE["id"]]}, "RED"),
        ({"granular_markings": [{"marking_ref": TLP2_AMBER, "selectors": ["name"]}]}, "AMBER"),
    ],
)
def test_a_marking_that_is_nowhere_defined_is_the_strictest(
    marked, tlp, bulk_from, tmp_path, monkeypatch
):
    monkeypatch.setattr(stix, "BULK_FROM", bulk_from)
    thing = {"type": "indicator", "id": "indicator--m", "name": "Beacon", **marked}
    data = json.dumps({"objects": [COPYRIGHT, HOUSE_RULE, thing]}).encode()
    rows = only(received_bytes("stix", data, tmp_path, "bundle.json"))
    assert by_key(rows, "indicator--m")["tlp"] == tlp


def test_an_intrusion_set_attacks_what_it_targets(rows):
    assert ("sector", "energy", "attacked") in said(by_key(rows, "intrusion-set--1"))


def test_a_sighting_is_an_attack_where_it_was_seen(rows):
    sighting = by_key(rows, "sighting--1")
    assert sighting["title"] == "sighting: Quiet  Otter"
    assert ("sector", "financial-services", "attacked") in said(sighting)


def test_expiry_and_revocation(rows):
    indicator = by_key(rows, "indicator--1")
    assert indicator["valid_until"] == datetime(2020, 2, 6, 8)
    assert indicator["is_withdrawn"] is True


def test_an_observable_without_times_was_published_when_delivered(rows):
    assert by_key(rows, "ipv4-addr--1")["published_at"] == DELIVERED


def test_bad_objects_are_named(rows):
    assert [problem.split(":")[0] for problem in problems(by_key(rows, "campaign--1"))] == [
        "`created` is '2020-01-32T08",
        "`confidence` is '300'",
    ]
    assert "Object 16 is no readable JSON object" in problems(rows[15])[0]
    assert problems(rows[16]) == ["`type` is missing: every record must state it."]


def test_the_record_is_the_object_as_received(rows):
    objects = json.loads(BUNDLE.read_text())["objects"]
    assert [json.loads(row["record"]) for row in rows[:15]] == objects[:15]


def test_a_taxii_envelope_and_a_single_object_are_read(tmp_path):
    objects = json.loads(BUNDLE.read_text())["objects"]
    envelope = json.dumps({"more": False, "objects": objects}).encode()
    assert len(only(received_bytes("stix", envelope, tmp_path))) == 17
    assert len(only(received_bytes("stix", json.dumps(objects[9]).encode(), tmp_path))) == 1


def test_an_empty_bundle_holds_no_record(tmp_path):
    assert received_bytes("stix", b'{"type": "bundle", "id": "bundle--1"}', tmp_path) == {}


@pytest.mark.parametrize("data", [b'{"objects": 3}', b"[]", b'{"a": 1}', BUNDLE.read_bytes()[:900]])
def test_other_json_and_torn_bundles_are_refused(data, tmp_path):
    with pytest.raises(DeliveryError):
        received_bytes("stix", data, tmp_path)


def report_of(day, **properties):
    """One version of the same report, made on a day of January 2020."""
    made = {"created": "2020-01-06T08:00:00Z", "modified": f"2020-01-{day:02d}T08:00:00Z"}
    return {"type": "report", "id": "report--1", "name": f"As of {day}"} | made | properties


@pytest.mark.gx
def test_the_newest_version_by_modified_holds_until_it_is_revoked(tmp_path):
    bundles = {
        7: [report_of(6), report_of(7, confidence=60)],  # two versions in one bundle
        8: [report_of(5)],  # an old one that comes late
        9: [report_of(9, revoked=True)],
    }
    settings = settings_in(tmp_path)
    with warehouse(tmp_path) as con:
        for day, objects in bundles.items():
            path = tmp_path / f"{day}.json"
            path.write_text(json.dumps({"type": "bundle", "id": "bundle--1", "objects": objects}))
            arrival = raw.archive_file(
                con, settings, get_source("stix"), path, delivered_on=date(2020, 1, day)
            )
            lines = stage.load(con, settings, arrival)
            assert [line.n_loaded for line in lines] == [len(objects)]
        refresh_facts(con, "then")
        spans = con.execute(
            "select title, is_withdrawn, known_date, until_date from facts.report_versions "
            "order by known_date"
        ).fetchall()
    assert spans == [
        ("As of 7", False, date(2020, 1, 7), date(2020, 1, 9)),
        ("As of 9", True, date(2020, 1, 9), date(9999, 12, 31)),
    ]


class TestRealData:
    pytestmark = realdata

    @pytest.mark.parametrize(
        ("path", "n_objects"),
        [
            ("stix/oasis_cti_documentation_examples.tar.xz", 293),
            ("stix/oasis_stix2_json_schemas_examples.tar.xz", 260),
            ("attack/enterprise-attack_mitre-cti-421deac_stix20.json.gz", 21_925),
            ("attack/ics-attack-13.1.json", 1_258),
            ("attack/ics-attack-8.0.json", 683),
        ],
    )
    def test_every_object_is_received_without_a_problem(self, path, n_objects):
        rows = only(received("stix", SHARED / path))
        assert len(rows) == n_objects
        assert not any(problems(row) for row in rows)
