"""RSS and Atom feeds; one record is one item.

A feed must be well-formed XML without entities of its own: what is torn or made to swell is
refused as a whole, with the line. An item is known by its address, else by its id, so that it is
one report however often the feed repeats it.
"""

import io
import re
from collections.abc import Iterator
from datetime import datetime
from time import struct_time
from typing import Any
from xml.etree.ElementTree import ParseError

import feedparser
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from pipeline.errors import DeliveryError
from pipeline.sources.archive import Document, documents
from pipeline.sources.base import Delivery, Row, Rows, Source
from pipeline.sources.fields import mappings, strings
from pipeline.sources.html import text_of
from pipeline.sources.parsing import as_json, chunked
from pipeline.sources.prose import told

TABLE = "reports"
MAX_BYTES = 32 * 2**20
MAX_DEPTH = 64
MAX_ITEMS = 10_000
KEPT = ("id", "link", "title", "summary", "published", "updated", "author", "content", "tags")


def read(delivery: Delivery) -> Iterator[Rows]:
    """Every item of the feed."""
    yield from chunked(TABLE, _rows(delivery), 500)


def _rows(delivery: Delivery) -> Iterator[Row]:
    number = 0
    for document in documents(delivery, (".xml", ".rss", ".atom")):
        _check(document)
        feed = feedparser.parse(io.BytesIO(document.data), sanitize_html=True)
        if not feed.get("version") and not feed.entries:
            raise DeliveryError(
                document.name, "is XML, but no RSS or Atom feed.", "Check its address."
            )
        if len(feed.entries) > MAX_ITEMS:
            raise DeliveryError(
                document.name,
                f"has {len(feed.entries):,} items, more than {MAX_ITEMS:,}.",
                "Split it.",
            )
        publisher = feed.feed.get("title")
        for item in feed.entries:
            number += 1
            yield _row(number, dict(item), publisher, delivery)


def _check(document: Document) -> None:
    problem = _problem(document.data)
    if problem:
        raise DeliveryError(document.name, problem, "Fetch it again or look at its address.")


def _problem(data: bytes) -> str | None:
    if len(data) > MAX_BYTES:
        return f"has more than {MAX_BYTES:,} bytes."
    depth = 0
    try:
        for event, element in iterparse(io.BytesIO(data), events=("start", "end")):
            depth += 1 if event == "start" else -1
            if depth > MAX_DEPTH:
                return f"nests deeper than {MAX_DEPTH} levels."
            if event == "end":
                element.clear()
    except ParseError as error:
        return f"is not well-formed XML: {error}."
    except DefusedXmlException as error:
        return f"declares entities or refers to other files ({type(error).__name__})."
    except (ValueError, LookupError) as error:
        return f"has an encoding that cannot be read ({error})."
    return None


def _row(number: int, item: dict[str, Any], publisher: str | None, delivery: Delivery) -> Row:
    problems = []
    published_at = _moment(item, "published_parsed") or _moment(item, "updated_parsed")
    stated = item.get("published") or item.get("updated")
    if stated and not published_at:
        problems.append(f"Its date is {stated[:60]!r}: it must be a date of RFC 822 or RFC 3339.")
    title = text_of(item.get("title") or "").replace("\n", " ")
    key = _address(item) or next(iter(strings(item.get("id"))), None)
    if not key:
        problems.append("The item has neither a link nor an id: nothing tells it from others.")
    text = "\n\n".join(part for part in (title, _text(item)) if part)
    row = told(text, published_at or delivery.delivered_at, title or None)
    return row | {
        "source_row": number,
        "report_key": key,
        "publisher": publisher or None,
        "url": _address(item),
        "published_at": published_at or delivery.delivered_at,
        "modified_at": _moment(item, "updated_parsed"),
        "disclosed_at": published_at or delivery.delivered_at,
        "refs": strings([_address(item)]),
        "record": as_json({name: item[name] for name in KEPT if name in item}),
        "problems": problems,
    }


def _text(item: dict[str, Any]) -> str:
    contents = [part.get("value") for part in mappings(item.get("content"))]
    longest = max(strings([*contents, item.get("summary")]), key=len, default="")
    return text_of(longest)


def _address(item: dict[str, Any]) -> str | None:
    link = item.get("link")
    return link if isinstance(link, str) and re.match(r"https?://\S+$", link) else None


def _moment(item: dict[str, Any], name: str) -> datetime | None:
    parsed = item.get(name)
    if not isinstance(parsed, struct_time):
        return None
    try:
        return datetime(*parsed[:6])  # noqa: DTZ001 - feedparser gives UTC
    except ValueError:
        return None


SOURCE = Source(
    source_id="rss",
    title="News feeds in RSS or Atom",
    group="threat_reports",
    read=read,
    tables=(TABLE,),
    reliability="C",
    reliability_reason="Press and blogs of many hands: fairly reliable, second hand",
    licence="As stated by the publisher; for analysis only",
    expected_every_days=2,
    suffixes=(".xml", ".rss", ".atom"),
)
