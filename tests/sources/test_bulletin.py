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
)

BULLETINS = DATA / "bulletin" / "bulletins.jsonl"


@pytest.fixture(scope="module")
def rows():
    return only(received("bulletin", BULLETINS))


def test_a_bulletin_is_a_report_in_force_until_it_expires(rows):
    first = rows[0]
    assert (first["report_key"], first["kind"], first["publisher"]) == ("B-1", "bulletin", "Agency")
    assert first["published_at"] == first["disclosed_at"] == datetime(2020, 1, 4)
    assert first["valid_until"] == datetime(2020, 1, 18, 18)
    assert "electric utility" in facts(first, "sector")


def test_a_renewal_names_what_it_replaces(rows):
    second = rows[1]
    assert (second["supersedes_key"], second["kind"]) == ("B-1", "alert")
    assert second["published_at"] == datetime(2020, 1, 18, 15)
    assert second["refs"] == ["B-2", "https://agency.example/b-2"]
    assert (second["tlp"], second["severity_0_10"]) == ("GREEN", 7.5)
    assert second["information_credibility_1_6"] == 2


def test_an_expiry_told_in_the_text_counts_where_none_is_stated(rows):
    assert rows[1]["valid_until"] == datetime(2020, 3, 18, 18)


def test_bad_cells_and_lines_are_named(rows):
    assert [problem.split(" ")[0] for problem in problems(rows[2])] == ["`published`", "`doc_type`"]
    missing = [problem.split(" ")[0] for problem in problems(rows[3])]
    assert missing == ["`title`", "`published`", "`doc_id`"]
    assert "Line 5 is not valid JSON" in problems(rows[4])[0]


class TestRealData:
    pytestmark = realdata

    def test_the_alerts_of_january_2020(self):
        rows = only(received("bulletin", SHARED / "reports" / "us_gov_alerts_iran_2020.jsonl"))
        assert not any(problems(row) for row in rows)
        assert [(row["report_key"], row["kind"]) for row in rows] == [
            ("AA20-006A", "alert"),
            ("NTAS-2020-01-04", "bulletin"),
            ("NTAS-2020-01-18", "bulletin"),
        ]
        assert rows[0]["published_at"] == datetime(2020, 1, 6, 20, 1)
        assert rows[2]["supersedes_key"] == "NTAS-2020-01-04"
