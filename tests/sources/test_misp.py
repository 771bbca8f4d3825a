from datetime import datetime

import pytest
from reader_helpers import (
    DATA,
    SHARED,
    facts,
    only,
    problems,
    realdata,
    received,
    received_bytes,
    tar,
)

from pipeline.errors import DeliveryError
from pipeline.sources.misp_tags import Tags

EVENTS = DATA / "misp" / "event.json"


@pytest.fixture(scope="module")
def rows():
    return only(received("misp", EVENTS))


def test_an_event_is_a_report(rows):
    first = rows[0]
    assert first["report_key"] == "11111111-1111-4111-8111-111111111111"
    assert (first["kind"], first["publisher"]) == ("analysis", "Watchers")
    assert first["severity_0_10"] == 5.5
    assert first["refs"] == ["https://example.org/otter"]
    assert first["body"].startswith("The group scans gateways")


def test_published_known_and_modified(rows):
    assert rows[0]["published_at"] == datetime(2020, 1, 6)
    assert rows[0]["modified_at"] == datetime(2020, 1, 7, 12, 26, 40)
    assert rows[0]["disclosed_at"] == datetime(2020, 1, 8, 16, 13, 20)
    assert rows[1]["disclosed_at"] == rows[1]["modified_at"]


def test_tags_give_marking_credibility_and_confidence(rows):
    first = rows[0]
    assert (first["tlp"], first["information_credibility_1_6"]) == ("AMBER", 2)
    assert (first["reliability"], first["confidence_0_1"]) == ("B", 0.95)


def test_tags_and_clusters_give_facts(rows):
    stances = {
        (one["vocabulary"], one["value"]): one["stance"]
        for one in rows[0]["facts"]
        if one["fact_type"] == "sector"
    }
    assert stances == {
        ("misp", "energy"): "attacked",
        ("dhs", "transport"): "attacked",
        ("misp", "government"): "mentioned",
        ("misp", "private sector"): "mentioned",
        ("misp", "finance"): "mentioned",
    }
    assert set(facts(rows[0], "actor")) == {"quiet-otter"}
    assert facts(rows[0], "technique") == ["T1190"]
    assert facts(rows[0], "cve") == ["CVE-2019-11510", "CVE-2019-19781"]


def test_what_is_undefined_or_unknown_stays_blank(rows):
    second = rows[1]
    assert (second["severity_0_10"], second["tlp"], second["confidence_0_1"]) == (None, None, None)
    assert second["facts"] == []
    assert not problems(second)


def test_bad_cells_and_entries_are_named(rows):
    assert [problem.split(" ")[0] for problem in problems(rows[2])] == [
        "`timestamp`",
        "`date`",
        "`info`",
        "`threat_level_id`",
    ]
    assert problems(rows[3])[0] == "Entry 4 holds no `Event`."


@pytest.mark.parametrize(
    ("tag", "confidence"),
    [
        ('misp:confidence-level="usually-confident"', 0.75),
        ('estimative-language:likelihood-probability="very-likely"', 0.8),
        ('admiralty-scale:source-reliability="a"', None),
    ],
)
def test_every_scale_of_confidence(tag, confidence):
    assert Tags({"Tag": [{"name": tag}]}).confidence() == confidence


@pytest.mark.parametrize(
    ("letter", "reliability"), [("a", "A"), ("F", "F"), ("g", "E"), ("z", None), ("ab", None)]
)
def test_the_reliability_of_the_author_is_kept_with_the_event(letter, reliability):
    tag = f'admiralty-scale:source-reliability="{letter}"'
    assert Tags({"Tag": [{"name": tag}]}).reliability() == reliability


def test_incidents_and_campaigns_are_told_by_their_tags():
    tags = {'circl:incident-classification="malware"': "incident", "ours": "analysis"}
    assert {tag: Tags({"Tag": [{"name": tag}]}).kind() for tag in tags} == tags


def test_a_feed_is_its_events_without_the_manifest(tmp_path):
    event = b'{"Event": {"uuid": "u", "info": "i", "date": "2020-01-01"}}'
    packed = tar({"feed/manifest.json": b'{"u": {"info": "i"}}', "feed/u.json": event})
    (row,) = only(received_bytes("misp", packed, tmp_path))
    assert row["report_key"] == "u"


def test_a_manifest_alone_is_refused(tmp_path):
    with pytest.raises(DeliveryError, match="a manifest alone names events but holds none"):
        received_bytes("misp", b'{"u": {"info": "i"}}', tmp_path, "index.json")


class TestRealData:
    pytestmark = realdata

    def test_every_event_of_the_vendor_is_received(self):
        rows = only(received("misp", SHARED / "misp" / "eset_misp_events.tar.xz"))
        assert len(rows) == 27
        (bad,) = [row for row in rows if problems(row)]
        assert "is not valid JSON at line 37373" in problems(bad)[0]
        assert len(bad["record"]) > 1_000_000
