import json
import threading
from contextlib import contextmanager

import pytest
from http_server import serving

from pipeline import http, taxii
from pipeline.errors import FetchError
from pipeline.http import Guard, authorization
from pipeline.taxii import poll

LOOPBACK = frozenset({"127.0.0.1"})
COLLECTION = "91a7b528-80eb-42ed-a74d-c6fbd5a26116"
ROOT = "/root/"


def thing(number):
    moment = f"2020-01-06T08:00:{number:02d}.000Z"
    return {"type": "indicator", "spec_version": "2.1", "id": f"indicator--{number:08d}",
            "created": moment, "modified": moment}  # fmt: skip


def manifest_entry(number):
    media_type = "application/stix+json;version=2.1"
    return {"id": f"indicator--{number:08d}", "version": thing(number)["modified"],
            "date_added": f"2020-01-07T09:00:{number:02d}.000000Z",
            "media_type": media_type}  # fmt: skip


def contents(numbers):
    collection = {"id": COLLECTION, "title": "c", "can_read": True, "can_write": False,
                  "media_types": [], "objects": [thing(n) for n in numbers],
                  "manifest": [manifest_entry(n) for n in numbers]}  # fmt: skip
    information = {"title": "r", "versions": ["application/taxii+json;version=2.1"],
                   "max_content_length": 10**7}  # fmt: skip
    root = {"information": information, "status": [], "collections": [collection]}
    return {"/discovery": {"title": "d"}, "root": root}


@contextmanager
def taxii_server(numbers):
    """The reference server of TAXII 2.1 on loopback: a collection's address and the backend."""
    import medallion
    from werkzeug.serving import make_server

    app = medallion.application_instance
    if "objects" not in app.blueprints:
        medallion.register_blueprints(app)
    medallion.set_config(app, "users", {"users": {"user": "pass"}})
    medallion.set_config(app, "taxii", {"taxii": {"max_page_size": 1_000}})
    backend = {"module": "medallion.backends.memory_backend", "module_class": "MemoryBackend"}
    medallion.set_config(app, "backend", {"backend": backend})
    app.medallion_backend.data = contents(numbers)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        address = f"http://127.0.0.1:{server.server_port}{ROOT}collections/{COLLECTION}/"
        yield address, app.medallion_backend
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def guard(monkeypatch):
    monkeypatch.setenv("SECTOR_RISK_STIX_USER", "user")
    monkeypatch.setenv("SECTOR_RISK_STIX_PASSWORD", "pass")
    return Guard(LOOPBACK, LOOPBACK, "127.0.0.1", authorization("stix"))


def ids(polled):
    return [one["id"] for one in json.loads(polled.path.read_bytes())["objects"]]


def test_all_pages_become_one_envelope(guard, tmp_path, monkeypatch):
    monkeypatch.setattr(taxii, "PAGE_SIZE", 3)
    with taxii_server(range(10)) as (collection, _):
        polled = poll(collection, tmp_path / "a.json", guard, None)
    assert ids(polled) == [thing(number)["id"] for number in range(10)]
    assert polled.resume_after == "2020-01-07T09:00:09.000000Z"


def test_the_next_poll_begins_where_the_last_one_ended(guard, tmp_path):
    with taxii_server(range(4)) as (collection, backend):
        first = poll(collection, tmp_path / "a.json", guard, None)
        assert poll(collection, tmp_path / "b.json", guard, first.resume_after) is None
        backend.data = contents(range(6))
        second = poll(collection, tmp_path / "c.json", guard, first.resume_after)
    assert ids(second) == [thing(4)["id"], thing(5)["id"]]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.json", "c.json"]


def test_without_credentials_nothing_is_given(tmp_path):
    with (
        taxii_server(range(1)) as (collection, _),
        pytest.raises(FetchError, match="answered 401"),
    ):
        poll(collection, tmp_path / "a.json", Guard(LOOPBACK, LOOPBACK), None)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"objects": 3}', b'{"objects": [{]}'])
def test_what_is_no_envelope_is_refused(body, guard, tmp_path, monkeypatch):
    monkeypatch.setattr(http, "FIRST_WAIT_SECONDS", 0.001)
    with (
        serving({"/objects/": (200, {}, body)}) as (url, _),
        pytest.raises(FetchError, match=r"no TAXII 2\.1 envelope"),
    ):
        poll(f"{url}/", tmp_path / "a.json", guard, None)
    assert list(tmp_path.iterdir()) == []


def test_a_server_without_a_last_page_is_left(guard, tmp_path, monkeypatch):
    monkeypatch.setattr(taxii, "MAX_PAGES", 3)
    page = json.dumps({"more": True, "next": "x", "objects": [thing(1)]}).encode()
    with (
        serving({"/objects/": (200, {}, page)}) as (url, requests),
        pytest.raises(FetchError, match="no last page"),
    ):
        poll(f"{url}/", tmp_path / "a.json", guard, None)
    assert len(requests) == 3
