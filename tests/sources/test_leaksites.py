from datetime import datetime

import pytest
from reader_helpers import DATA, facts, only, problems, received, received_bytes

from pipeline.errors import DeliveryError


@pytest.fixture(scope="module")
def rows():
    return only(received("leaksites", DATA / "leaksites" / "posts.json"))


def test_a_post_is_an_incident_that_its_attackers_claim(rows):
    first = rows[0]
    assert first["title"] == "lockbit3 claims to have attacked Harrow Valley Hospital"
    assert (first["kind"], first["information_credibility_1_6"]) == ("incident", 3)
    assert first["published_at"] == datetime(2023, 1, 9)
    assert first["disclosed_at"] == datetime(2023, 1, 10, 6, 11, 12, 123456)
    assert first["report_key"] == "lockbit3/harrow valley hospital/2023-01-10"
    told = {(one["fact_type"], one["value"], one["stance"]) for one in first["facts"]}
    assert told == {
        ("sector", "healthcare", "attacked"),
        ("actor", "lockbit", "claimed"),
        ("cve", "CVE-2019-19781", "mentioned"),
    }


def test_the_short_layout_and_that_of_the_api_are_read(rows):
    assert [row["publisher"] for row in rows[1:3]] == ["quietotter", "alphv"]
    assert facts(rows[1], "sector") == facts(rows[2], "sector") == []
    assert not problems(rows[1])
    assert not problems(rows[2])


def test_a_post_is_not_published_after_it_was_found(rows):
    assert rows[2]["published_at"] == datetime(2023, 2, 1, 10)


def test_bad_posts_are_named(rows):
    assert [problem.split(":")[0] for problem in problems(rows[3])] == [
        "`victim` is missing",
        "`discovered` is 'yesterday'",
    ]
    assert "Post 5 is not a JSON object." in problems(rows[4])


def test_another_file_is_refused(tmp_path):
    with pytest.raises(DeliveryError, match="is no list of posts"):
        received_bytes("leaksites", b"{}", tmp_path)
