import json
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
)

from pipeline.errors import DeliveryError

INCIDENTS = DATA / "veris" / "incidents.jsonl"


@pytest.fixture(scope="module")
def rows():
    return only(received("veris", INCIDENTS))


def test_an_incident_is_a_report(rows):
    first = rows[0]
    assert (first["report_key"], first["kind"]) == ("A-1", "incident")
    assert first["title"] == "hacking and error: Lakeside Clinic"
    assert first["refs"] == ["https://example.org/a", "https://example.org/b"]
    assert facts(first, "sector") == ["622110"]
    assert facts(first, "cve") == ["CVE-2019-11510"]
    assert facts(first, "actor") == ["iran"]


def test_known_when_its_record_was_made_and_fading_since_it_happened(rows):
    first = rows[0]
    assert first["disclosed_at"] == datetime(2020, 2, 3, 10, 0, 0, 500000)
    assert first["published_at"] == datetime(2020, 1, 4)
    assert facts(first, "date") == ["2020-01-04"]


def test_an_incomplete_date_means_its_last_possible_day(rows):
    assert rows[1]["published_at"] == datetime(2019, 2, 28)
    assert rows[2]["published_at"] == rows[2]["disclosed_at"]
    assert facts(rows[1], "date") == []


def test_severity_follows_the_actions(rows):
    assert [row["severity_0_10"] for row in rows[:4]] == [6, 0, 6, 3]


def test_a_suspected_incident_is_doubtful(rows):
    assert [row["information_credibility_1_6"] for row in rows[:3]] == [2, 4, None]


def test_unknown_industries_are_no_sector(rows):
    assert facts(rows[1], "sector") == []
    assert facts(rows[2], "sector") == ["4841", "48"]


def test_bad_cells_and_lines_are_named(rows):
    assert ["plus.created" in problems(rows[3])[0], "month" in problems(rows[3])[1]] == [True, True]
    assert "Line 5 is not valid JSON" in problems(rows[4])[0]


def test_one_object_and_a_list_are_read_like_lines(rows, tmp_path):
    first = json.loads(INCIDENTS.read_text().splitlines()[0])
    for data in (json.dumps(first, indent=2), json.dumps([first]), json.dumps(first)):
        assert only(received_bytes("veris", data.encode(), tmp_path)) == rows[:1]


def test_another_file_is_refused(tmp_path):
    with pytest.raises(DeliveryError, match="not valid JSON"):
        received_bytes("veris", b"<html>", tmp_path)


class TestRealData:
    pytestmark = realdata

    def test_the_community_database_loads(self):
        rows = only(received("veris", SHARED / "vcdb" / "vcdb_dev.jsonl.xz"))
        assert len(rows) == 6_533
        assert not any(problems(row) for row in rows)
        assert len({row["report_key"] for row in rows}) == 6_529
        assert all(row["published_at"] <= row["disclosed_at"] for row in rows)
