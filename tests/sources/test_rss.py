from datetime import datetime

import pytest
from reader_helpers import (
    DATA,
    DELIVERED,
    facts,
    only,
    problems,
    received,
    received_bytes,
)

from pipeline.errors import DeliveryError
from pipeline.sources import rss

FEED, ATOM = DATA / "rss" / "feed.xml", DATA / "rss" / "feed.atom"


def test_an_item_is_a_report():
    first = only(received("rss", FEED))[0]
    assert first["title"] == "Hospital & port hit"
    assert first["report_key"] == first["url"] == "https://grid.example/1"
    assert first["published_at"] == first["disclosed_at"] == datetime(2020, 1, 6, 13, 30)
    assert first["publisher"] == "The Daily Grid"
    assert "Ransomware hit a hospital on Sunday." in first["body"]
    assert "alert" not in first["body"]
    assert "hospital" in facts(first, "sector")


def test_atom_is_read_like_rss():
    (row,) = only(received("rss", ATOM))
    assert row["published_at"] == datetime(2020, 1, 6, 9)
    assert row["modified_at"] == datetime(2020, 1, 7, 10)
    assert "electric utility" in facts(row, "sector")


def test_an_undated_item_was_published_when_delivered():
    second = only(received("rss", FEED))[1]
    assert (second["report_key"], second["published_at"]) == ("g-2", DELIVERED)
    assert not problems(second)


def test_a_bad_date_and_a_missing_identity_are_named():
    third = only(received("rss", FEED))[2]
    assert third["url"] is None
    assert "Its date is 'soon'" in problems(third)[0]
    assert "neither a link nor an id" in problems(third)[1]


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ('<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">', "declares entities"),
        ('<!ENTITY a SYSTEM "file:///etc/passwd">', "declares entities"),
    ],
)
def test_entities_are_refused(declared, message, tmp_path):
    data = f"<!DOCTYPE rss [{declared}]><rss><channel><title>&a;</title></channel></rss>"
    with pytest.raises(DeliveryError, match=message):
        received_bytes("rss", data.encode(), tmp_path)


def test_a_torn_feed_is_refused_with_the_place(tmp_path):
    with pytest.raises(DeliveryError, match=r"not well-formed XML: .*line 7"):
        received_bytes("rss", FEED.read_bytes()[:600], tmp_path)


def test_deep_and_large_feeds_are_refused(tmp_path, monkeypatch):
    with pytest.raises(DeliveryError, match="nests deeper than 64 levels"):
        received_bytes("rss", b"<a>" * 100 + b"</a>" * 100, tmp_path)
    monkeypatch.setattr(rss, "MAX_BYTES", 100)
    with pytest.raises(DeliveryError, match="has more than 100 bytes"):
        received("rss", FEED)


def test_too_many_items_are_refused_not_left_out(monkeypatch):
    monkeypatch.setattr(rss, "MAX_ITEMS", 2)
    with pytest.raises(DeliveryError, match="has 3 items, more than 2"):
        received("rss", FEED)


def test_another_xml_is_refused(tmp_path):
    with pytest.raises(DeliveryError, match="no RSS or Atom feed"):
        received_bytes("rss", b"<suppliers/>", tmp_path)
