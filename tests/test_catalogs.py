import csv
import io
import json
import zipfile
from datetime import datetime

import pytest
from http_server import serving

from pipeline import catalogs, http
from pipeline.catalogs import collect, document_key
from pipeline.errors import FetchError
from pipeline.fetch import fetch
from pipeline.http import Guard
from pipeline.settings import Settings
from pipeline.sources import get_source
from pipeline.stage import load
from pipeline.warehouse import open_warehouse

LOOPBACK = frozenset({"127.0.0.1"})
GUARD = Guard(LOOPBACK, LOOPBACK)
ONE, TWO = ("5e0f9a4a-0000-4000-8000-00000000000" + n for n in "12")


@pytest.fixture(autouse=True)
def _hurried(monkeypatch):
    monkeypatch.setattr(http, "FIRST_WAIT_SECONDS", 0.001)
    monkeypatch.setattr(http, "LONGEST_WAIT_SECONDS", 0.01)


def event(uuid, seconds):
    about = {"uuid": uuid, "info": f"Event {uuid[-1]}", "date": "2020-01-06"}
    return {"Event": about | {"timestamp": str(seconds), "Orgc": {"name": "Grid CERT"}}}


def misp_feed(**seconds_by_uuid):
    manifest = {
        uuid: {"info": "Event", "timestamp": seconds, "Orgc": {"name": "Grid CERT"}}
        for uuid, seconds in seconds_by_uuid.items()
    }
    etag = str(sorted(seconds_by_uuid.items()))
    answers = {
        f"/feed/{uuid}.json": (200, {}, json.dumps(event(uuid, seconds)).encode())
        for uuid, seconds in seconds_by_uuid.items()
    }

    def answer(asked):
        if asked["If-None-Match"] == etag:
            return 304, {}, b""
        return 200, {"ETag": etag}, json.dumps(manifest).encode()

    return answers | {"/feed/manifest.json": answer}


def advisory(key, released):
    tracking = {"id": key, "initial_release_date": released, "current_release_date": released}
    document = {"title": key, "tracking": tracking, "publisher": {"name": "Valve PSIRT"}}
    return json.dumps({"document": document}).encode()


def members(collected):
    with zipfile.ZipFile(collected.path) as archive:
        return archive.namelist()


@pytest.mark.gx
def test_of_a_misp_feed_only_new_and_revised_events_are_fetched(tmp_path):
    answers = misp_feed(**{ONE: 1578300000, TWO: 1578300000})
    with serving(answers) as (url, requests):
        settings = Settings(
            home=tmp_path, private_hosts=LOOPBACK, feeds={"misp": [f"misp+{url}/feed/"]}
        )
        with open_warehouse(settings) as con:
            (first,) = fetch(con, settings, get_source("misp"))
            assert first.name == "misp.zip"
            assert [line.n_loaded for line in load(con, settings, first)] == [2]
            assert fetch(con, settings, get_source("misp")) == []  # 304
            answers.clear()
            answers.update(misp_feed(**{ONE: 1578300000, TWO: 1578400000}))
            requests.clear()
            (second,) = fetch(con, settings, get_source("misp"))
            assert [line.n_loaded for line in load(con, settings, second)] == [1]
    assert [path for path, _ in requests] == ["/feed/manifest.json", f"/feed/{TWO}.json"]


def test_an_entry_that_would_leave_the_feed_is_left_out(tmp_path, caplog):
    answers = misp_feed(**{"../../admin": 1578300000, ONE: 1578300000})
    with serving(answers) as (url, requests):
        found = collect("misp", f"{url}/feed", tmp_path / "a.zip", guard=GUARD, known={})
    assert members(found) == [f"{ONE}.json"]
    assert [path for path, _ in requests] == ["/feed/manifest.json", f"/feed/{ONE}.json"]
    assert "'../../admin'" in caplog.text


def csaf_provider(url):
    rolie = {
        "feed": {
            "entry": [
                {
                    "id": "VALVE-2020-1",
                    "updated": "2020-01-06T12:00:00Z",
                    "content": {"type": "application/json", "src": f"{url}/w/valve-2020-1.json"},
                },
                {
                    "id": "VALVE-2020-2",
                    "updated": "2020-01-07T12:00:00Z",
                    "link": [{"rel": "self", "href": "/w/valve-2020-2.json"}],
                },
                {"id": "VALVE-2020-3", "updated": "yesterday", "content": {"src": "/w/3.json"}},
            ]
        }
    }
    feeds = [
        {"tlp_label": "WHITE", "url": f"{url}/w/feed.json"},
        {"tlp_label": "AMBER", "url": f"{url}/amber/feed.json"},
    ]
    distributions = [{"rolie": {"feeds": feeds}}, {"directory_url": f"{url}/w"}]
    changes = io.StringIO()
    csv.writer(changes).writerows(
        [
            ["valve-2020-2.json", "2020-01-07T12:00:00Z"],
            ["valve-2020-1.json", "2020-01-06T12:00:00Z"],
        ]
    )
    return {
        "/provider-metadata.json": (200, {}, json.dumps({"distributions": distributions}).encode()),
        "/w/feed.json": (200, {}, json.dumps(rolie).encode()),
        "/w/changes.csv": (200, {}, changes.getvalue().encode()),
        "/w/valve-2020-1.json": (200, {}, advisory("VALVE-2020-1", "2020-01-06T12:00:00Z")),
        "/w/valve-2020-2.json": (200, {}, advisory("VALVE-2020-2", "2020-01-07T12:00:00Z")),
    }


@pytest.mark.slow
@pytest.mark.parametrize("address", ["/provider-metadata.json", "/w/feed.json", "/w/"])
def test_a_csaf_provider_is_read_by_its_metadata_feed_or_folder(address, tmp_path):
    answers = {}
    with serving(answers) as (url, requests):
        answers.update(csaf_provider(url))
        known = {document_key("VALVE-2020-1"): datetime(2020, 1, 6, 12)}
        first = collect("csaf", url + address, tmp_path / "a.zip", guard=GUARD, known={})
        second = collect("csaf", url + address, tmp_path / "b.zip", guard=GUARD, known=known)
    assert members(first) == ["valve-2020-1.json", "valve-2020-2.json"]
    assert members(second) == ["valve-2020-2.json"]
    assert not any("amber" in path for path, _ in requests)


@pytest.mark.gx
def test_advisories_of_a_provider_are_loaded_once(tmp_path):
    answers = {}
    with serving(answers) as (url, _):
        answers.update(csaf_provider(url))
        feeds = {"csaf": [f"csaf+{url}/provider-metadata.json"]}
        settings = Settings(home=tmp_path, private_hosts=LOOPBACK, feeds=feeds)
        with open_warehouse(settings) as con:
            (arrival,) = fetch(con, settings, get_source("csaf"))
            assert load(con, settings, arrival)[0].n_loaded == 2
            assert fetch(con, settings, get_source("csaf")) == []


def test_a_document_that_fails_is_left_to_the_next_poll(tmp_path):
    answers = misp_feed(**{ONE: 1578300000, TWO: 1578300000})
    answers[f"/feed/{ONE}.json"] = (404, {}, b"")
    with serving(answers) as (url, _):
        found = collect("misp", f"{url}/feed/", tmp_path / "a.zip", guard=GUARD, known={})
    assert (members(found), found.etag) == ([f"{TWO}.json"], None)


def test_where_no_document_can_be_fetched_nothing_is_delivered(tmp_path):
    answers = misp_feed(**{ONE: 1578300000})
    del answers[f"/feed/{ONE}.json"]
    with serving(answers) as (url, _), pytest.raises(FetchError, match="answered 404"):
        collect("misp", f"{url}/feed/", tmp_path / "a.zip", guard=GUARD, known={})
    assert list(tmp_path.iterdir()) == []


def test_a_poll_takes_no_more_than_its_budget_and_the_oldest_first(tmp_path, monkeypatch):
    monkeypatch.setattr(catalogs, "MAX_DOCUMENTS", 1)
    answers = misp_feed(**{ONE: 1578400000, TWO: 1578300000})
    with serving(answers) as (url, _):
        found = collect("misp", f"{url}/feed/", tmp_path / "a.zip", guard=GUARD, known={})
    assert (members(found), found.etag) == ([f"{TWO}.json"], None)


@pytest.mark.parametrize("limit", ["MAX_BYTES", "MAX_POLL_SECONDS"])
def test_a_poll_ends_at_its_limits_with_what_it_has(limit, tmp_path, monkeypatch):
    monkeypatch.setattr(catalogs, limit, 0)
    answers = misp_feed(**{ONE: 1578300000})
    with serving(answers) as (url, _):
        assert collect("misp", f"{url}/feed/", tmp_path / "a.zip", guard=GUARD, known={}) is None


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"<html>", "is not JSON"),
        (b"[]", "manifest.json is no object"),
        (b" " * 2_000, "an index of more than 1,000 bytes"),
    ],
)
def test_what_is_no_index_is_refused(body, message, tmp_path, monkeypatch):
    monkeypatch.setattr(catalogs, "MAX_INDEX_BYTES", 1_000)
    with (
        serving({"/feed/manifest.json": (200, {}, body)}) as (url, _),
        pytest.raises(FetchError, match=message),
    ):
        collect("misp", f"{url}/feed/", tmp_path / "a.zip", guard=GUARD, known={})


def test_metadata_without_a_public_distribution_is_refused(tmp_path):
    feeds = [{"tlp_label": "AMBER", "url": "https://a.example/feed.json"}]
    body = json.dumps({"distributions": [{"rolie": {"feeds": feeds}}]}).encode()
    with (
        serving({"/p.json": (200, {}, body)}) as (url, _),
        pytest.raises(FetchError, match="neither CSAF provider metadata"),
    ):
        collect("csaf", f"{url}/p.json", tmp_path / "a.zip", guard=GUARD, known={})


def test_a_document_on_another_host_is_not_fetched(tmp_path):
    entry = {
        "updated": "2020-01-06T12:00:00Z",
        "content": {"src": "https://evil.example/valve-1.json"},
    }
    body = json.dumps({"feed": {"entry": [entry]}}).encode()
    with (
        serving({"/feed.json": (200, {}, body)}) as (url, _),
        pytest.raises(FetchError, match="its host is not among those allowed"),
    ):
        collect("csaf", f"{url}/feed.json", tmp_path / "a.zip", guard=GUARD, known={})
