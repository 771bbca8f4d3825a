"""News, alerts and analyses as plain text or HTML pages; one document is one record.

A text may begin with lines `Title:`, `Published:`, `URL:`, `Source:` or `TLP:`. Published is what
whoever handed it in states, else what the document says (such a line, the page's head, a line
that is only a date), else the date in its name, else the day it was delivered. Documents of an
annotated corpus (`.mjson`) are read for their text alone.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, time
from urllib.parse import urlsplit

from pipeline.errors import DeliveryError
from pipeline.sources.archive import Document, documents
from pipeline.sources.base import Delivery, Row, Rows, Source
from pipeline.sources.fields import marking, utc
from pipeline.sources.html import page
from pipeline.sources.parsing import (
    as_json,
    chunked,
    day_in_name,
    decoded,
    json_object,
    unreadable,
)
from pipeline.sources.prose import MAX_PROSE, told

TABLE = "reports"
SUFFIXES = (".txt", ".md", ".html", ".htm", ".mjson")
HEADER = re.compile(
    r"(title|published|date|url|link|source|publisher|tlp)[ \t]*:[ \t]*(\S.*)", re.IGNORECASE
)
MARKUP = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*)?<(?:!doctype html|html|head|body|article|div|p)\b", re.IGNORECASE
)
HEAD_LINES = 8
ROWS_AT_ONCE = 200


@dataclass(frozen=True)
class Article:
    """A document as far as it could be understood."""

    text: str
    title: str | None = None
    url: str | None = None
    publisher: str | None = None
    tlp: str | None = None
    dates: list[str] = field(default_factory=list)


def read(delivery: Delivery) -> Iterator[Rows]:
    """Every document of the file or archive."""
    yield from chunked(TABLE, _rows(delivery), ROWS_AT_ONCE)


def _rows(delivery: Delivery) -> Iterator[Row]:
    for number, document in enumerate(documents(delivery, SUFFIXES), 1):
        try:
            article = _article(document)
        except DeliveryError as error:
            if document.name == delivery.name:
                raise
            yield unreadable(number, document.name, document.data, error)
        else:
            yield _row(number, article, document, delivery)


def _article(document: Document) -> Article:
    written = decoded(document.data)
    if document.name.endswith(".mjson"):
        signal = json_object(document.name, document.data).get("signal")
        written = signal if isinstance(signal, str) else ""
    if MARKUP.match(written) and (found := page(written)):
        article = Article(found.text, found.title, found.url, found.publisher, None, found.dates)
    else:
        article = _plain(written)
    if not article.text.strip():
        raise DeliveryError(document.name, "holds no text.", "Deliver the report itself.")
    return article


def _plain(written: str) -> Article:
    lines = written.strip().splitlines()
    stated: dict[str, str] = {}
    while lines and len(stated) < HEAD_LINES and (found := HEADER.fullmatch(lines[0].strip())):
        stated.setdefault(found[1].lower(), found[2].strip())
        lines.pop(0)
    dates = [stated[name] for name in ("published", "date") if name in stated]
    return Article(
        text="\n".join(lines).strip(),
        title=stated.get("title"),
        url=stated.get("url") or stated.get("link"),
        publisher=stated.get("source") or stated.get("publisher"),
        tlp=marking(stated.get("tlp", "")),
        dates=dates + [line.strip() for line in lines[:HEAD_LINES] if len(line.strip()) < 40],
    )


def _row(number: int, article: Article, document: Document, delivery: Delivery) -> Row:
    published_at = _published_at(article, document, delivery)
    article = replace(article, url=_canonical(article.url or delivery.url))
    row = told(article.text, published_at or delivery.delivered_at, article.title)
    return row | {
        "source_row": number,
        "report_key": article.url or _fingerprint(article.text),
        "publisher": article.publisher or _host(article.url),
        "url": article.url,
        "published_at": published_at or datetime.combine(delivery.delivered_at.date(), time()),
        "disclosed_at": published_at or delivery.delivered_at,
        "tlp": article.tlp or row["tlp"],
        "refs": [article.url] if article.url else [],
        "record": as_json({"text": decoded(document.data)[:MAX_PROSE]}),
        "problems": _problems(article),
    }


def _published_at(article: Article, document: Document, delivery: Delivery) -> datetime | None:
    if delivery.published_on:
        return datetime.combine(delivery.published_on, time())
    for written in article.dates:
        try:
            return utc(written)
        except (ValueError, OverflowError):
            continue
    named = day_in_name(document.name)
    return datetime.combine(named, time()) if named else None


def _problems(article: Article) -> list[str]:
    n = len(article.text)
    return [f"The text has {n:,} characters: split it to {MAX_PROSE:,}."] if n > MAX_PROSE else []


def _canonical(url: str | None) -> str | None:
    """An address without its fragment; None for what is no web address."""
    try:
        parts = urlsplit(url or "")
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        return None
    return parts._replace(netloc=parts.netloc.lower(), fragment="").geturl()


def _host(url: str | None) -> str | None:
    return urlsplit(url).netloc.removeprefix("www.") if url else None


def _fingerprint(text: str) -> str:
    return "sha256:" + hashlib.sha256(" ".join(text.lower().split()).encode()).hexdigest()


SOURCE = Source(
    source_id="news",
    title="News, alerts and analyses as text or HTML",
    group="threat_reports",
    read=read,
    tables=(TABLE,),
    reliability="C",
    reliability_reason="Press and blogs of many hands: fairly reliable, second hand",
    licence="As stated by the publisher; for analysis only",
    suffixes=(*SUFFIXES, ".tar.xz", ".tar.gz", ".zip"),
)
