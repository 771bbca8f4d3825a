import json
from datetime import date, datetime

import pytest
from reader_helpers import (
    DATA,
    DELIVERED,
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
from pipeline.sources import news

WARNING = DATA / "news" / "grid-warning.txt"
PAGE = DATA / "news" / "page.html"
STORY = b"Ransomware hit a hospital on Monday.\n"


def one(source, tmp_path=None, name="story.txt", **stated):
    rows = (
        received_bytes("news", source, tmp_path, name, **stated)
        if tmp_path
        else received("news", source, **stated)
    )
    (row,) = only(rows)
    return row


def test_the_head_of_a_text_is_read():
    row = one(WARNING)
    assert row["title"] == "Agency warns grid operators of attacks"
    assert row["published_at"] == row["disclosed_at"] == datetime(2020, 1, 6, 13, 30)
    assert row["report_key"] == row["url"] == "https://news.example/grid"
    assert (row["publisher"], row["tlp"]) == ("The Daily Grid", "GREEN")
    assert row["body"].startswith("The agency warned")


def test_what_a_text_says_becomes_facts():
    row = one(WARNING)
    assert "hospital" in facts(row, "sector")
    assert facts(row, "cve") == ["CVE-2019-19781"]
    assert "iran" in facts(row, "actor")
    assert all(fact["sentence"] for fact in row["facts"] if fact["fact_type"] == "sector")


def test_a_page_is_its_story_and_its_head():
    row = one(PAGE)
    assert (row["title"], row["publisher"]) == ("Ransomware stops a port", "Harbour News")
    assert row["published_at"] == datetime(2019, 12, 17, 9)
    assert row["url"] == "https://harbour.example/ports?id=1"
    assert "A port terminal was stopped by ransomware on Monday." in row["body"]
    assert not {"Banks", "secret", "Contact"} & set(row["body"].split())


def test_the_stated_publication_date_goes_first():
    assert one(WARNING, published_on=date(2020, 1, 9))["published_at"] == datetime(2020, 1, 9)


def test_else_a_line_that_is_only_a_date(tmp_path):
    row = one(b"Title line\nMay 14, 2020\n" + STORY, tmp_path)
    assert row["published_at"] == datetime(2020, 5, 14)


def test_else_the_date_in_the_name(tmp_path):
    row = one(STORY, tmp_path, "maker_2020-05-14_story.txt")
    assert row["published_at"] == datetime(2020, 5, 14)


def test_else_the_day_of_delivery(tmp_path):
    row = one(STORY, tmp_path)
    assert row["published_at"] == datetime(2026, 1, 2)
    assert row["disclosed_at"] == DELIVERED


def test_the_same_text_is_the_same_report_however_it_is_set(tmp_path):
    other = b"\xef\xbb\xbf  RANSOMWARE hit\r\na hospital   on Monday."
    assert one(STORY, tmp_path)["report_key"] == one(other, tmp_path)["report_key"]


def test_an_annotated_document_is_read_for_its_text(tmp_path):
    signal = "title: Port hit\nurl: https://a.example/port\n\nA port was hit."
    row = one(json.dumps({"signal": signal}).encode(), tmp_path, "a.mjson")
    assert (row["title"], row["url"]) == ("Port hit", "https://a.example/port")


def test_an_empty_document_is_refused(tmp_path):
    with pytest.raises(DeliveryError, match="holds no text"):
        one(b" \n", tmp_path)


def test_an_empty_member_of_an_archive_costs_only_itself(tmp_path):
    packed = tar({"a.txt": b"", "LICENSE.txt": b"terms", "b.txt": STORY})
    empty, good = only(received_bytes("news", packed, tmp_path))
    assert "holds no text" in problems(empty)[0]
    assert (good["source_row"], facts(good, "sector")) == (2, ["hospital"])


def test_a_text_too_long_to_read_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(news, "MAX_PROSE", 10)
    assert "split it to 10" in problems(one(STORY, tmp_path))[0]


@pytest.mark.parametrize("url", ["javascript:alert(1)", "file:///etc/passwd", "http://[", "words"])
def test_only_web_addresses_are_addresses(url, tmp_path):
    row = one(f"URL: {url}\n".encode() + STORY, tmp_path)
    assert row["url"] is None
    assert row["report_key"].startswith("sha256:")


def sound(archive):
    """The reports of an archive; what is no report there is set aside with its reason."""
    rows = only(received("news", SHARED / "reports" / archive))
    aside = [row for row in rows if problems(row)]
    assert all("takes none of these" in problems(row)[0] for row in aside), problems(aside[0])
    return [row for row in rows if not problems(row)]


class TestRealData:
    pytestmark = realdata

    def test_the_article_that_the_project_started_from(self):
        row = one(SHARED / "reports" / "news_2020-01-06_iran_retaliation.txt")
        assert row["published_at"] == datetime(2020, 1, 6)
        assert not problems(row)

    def test_eighty_six_dated_reports_load(self):
        rows = sound("annoctr_train_dev.tar.xz")
        assert len(rows) == 86
        assert {row["published_at"].year for row in rows} == set(range(2016, 2022)) - {2017}

    def test_a_hundred_and_fifty_one_reports_load(self):
        rows = sound("tram_reports.tar.xz")
        assert len(rows) == 151
        assert len({row["report_key"] for row in rows}) == 151
