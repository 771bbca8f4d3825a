from datetime import date

import pytest
from http_server import serving

from pipeline.errors import FetchError
from pipeline.fetch import addresses, fetch
from pipeline.flow import collect
from pipeline.settings import Settings
from pipeline.sources import get_source
from pipeline.stage import load
from pipeline.warehouse import open_warehouse

FEED = b"""<rss version="2.0"><channel><title>Grid</title><item><title>%s</title>
<link>https://grid.example/1</link><pubDate>Mon, 06 Jan 2020 08:30:00 GMT</pubDate></item>
</channel></rss>"""


def polling(tmp_path, *urls):
    return Settings(
        home=tmp_path / "home", feeds={"rss": list(urls)}, private_hosts=frozenset({"127.0.0.1"})
    )


def test_a_source_has_its_own_address_unless_feeds_are_set(tmp_path):
    assert addresses(Settings(), get_source("kev")) == [get_source("kev").url]
    assert addresses(Settings(), get_source("csaf")) == []
    assert addresses(polling(tmp_path, "https://a.example/"), get_source("rss")) == [
        "https://a.example/"
    ]


@pytest.mark.gx
def test_only_what_has_changed_is_fetched_and_loaded(tmp_path):
    version = {"now": b"first"}

    def answer(asked):
        etag = version["now"].decode()
        if asked["If-None-Match"] == etag:
            return 304, {}, b""
        return (
            200,
            {"ETag": etag, "Last-Modified": "Mon, 06 Jan 2020 09:00:00 GMT"},
            FEED % version["now"],
        )

    with serving({"/news.xml": answer}) as (url, _):
        settings = polling(tmp_path, f"{url}/news.xml")
        with open_warehouse(settings) as con:
            (first,) = fetch(con, settings, get_source("rss"))
            assert (first.name, first.url, first.etag) == ("news.xml", f"{url}/news.xml", "first")
            assert [line.n_loaded for line in load(con, settings, first)] == [1]
            assert fetch(con, settings, get_source("rss")) == []
            version["now"] = b"second"
            (second,) = fetch(con, settings, get_source("rss"))
            assert second.delivery_id != first.delivery_id


@pytest.mark.gx
def test_collecting_fetches_where_the_settings_say_so_but_not_for_the_past(tmp_path):
    with serving({"/news.xml": (200, {}, FEED % b"x")}) as (url, requests):
        offline = polling(tmp_path, f"{url}/news.xml")
        online = offline.model_copy(update={"fetch": True})
        assert collect("rss", settings=offline) == []
        assert collect("rss", until=date(2020, 1, 6), settings=online) == []
        assert requests == []
        assert [line.n_loaded for line in collect("rss", settings=online)] == [1]


@pytest.mark.slow
def test_one_failing_address_does_not_stop_the_others(tmp_path):
    answers = {"/bad.xml": (404, {}, b""), "/good.xml": (200, {}, FEED % b"x")}
    with serving(answers) as (url, _):
        settings = polling(tmp_path, f"{url}/bad.xml", f"{url}/good.xml")
        with open_warehouse(settings) as con:
            assert [one.name for one in fetch(con, settings, get_source("rss"))] == ["good.xml"]


@pytest.mark.slow
def test_a_source_that_delivers_nothing_says_why(tmp_path):
    with serving({"/bad.xml": (404, {}, b"")}) as (url, _):
        settings = polling(tmp_path, f"{url}/bad.xml")
        with open_warehouse(settings) as con, pytest.raises(FetchError, match="answered 404"):
            fetch(con, settings, get_source("rss"))


@pytest.mark.slow
def test_a_private_address_must_be_allowed(tmp_path):
    settings = Settings(home=tmp_path, feeds={"rss": ["https://127.0.0.1:1/feed"]})
    with open_warehouse(settings) as con, pytest.raises(FetchError, match="private address"):
        fetch(con, settings, get_source("rss"))
