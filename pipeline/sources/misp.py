"""MISP events, by file, as the answer of a search, or as a feed (manifest and events).

One record is one event. What it is about stands in its tags: galaxy clusters name actors, sectors
and techniques; taxonomies give TLP, Admiralty code and estimative words. The manifest of a feed
is only its index. Threat levels 1 to 3 (high, medium, low) give severities 8, 5.5 and 3; level 4
is "undefined" and gives none.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from pipeline.errors import DeliveryError
from pipeline.sources.archive import Document, documents
from pipeline.sources.base import Delivery, Row, Rows, Source
from pipeline.sources.fields import (
    Cells,
    cves_in,
    fact,
    mappings,
    strings,
    unique,
)
from pipeline.sources.misp_tags import Tags
from pipeline.sources.parsing import Record, as_json, chunked, json_value, unreadable
from pipeline.sources.prose import facts_in

TABLE = "reports"
SEVERITY = {"1": 8.0, "2": 5.5, "3": 3.0, "4": None}
MAX_REFERENCES = 5
LEAST_PROSE, MOST_PROSE = 60, 100_000


def read(delivery: Delivery) -> Iterator[Rows]:
    """Every event of the file or archive."""
    yield from chunked(TABLE, _rows(delivery))


def _rows(delivery: Delivery) -> Iterator[Row]:
    number = 0
    for document in documents(delivery, (".json",)):
        if document.name.rsplit("/", 1)[-1] == "manifest.json":
            continue
        try:
            records = list(_records(document))
        except DeliveryError as error:
            if document.name == delivery.name:
                raise
            number += 1
            yield unreadable(number, document.name, document.data, error)
            continue
        for record in records:
            number += 1
            yield _row(number, record, delivery.delivered_at)


def _records(document: Document) -> Iterator[Record]:
    value = json_value(document.name, document.data)
    wrapped = value.get("response", value) if isinstance(value, dict) else value
    for number, entry in enumerate(wrapped if isinstance(wrapped, list) else [wrapped], 1):
        event = entry.get("Event") if isinstance(entry, dict) else None
        if isinstance(event, dict):
            yield Record(number, event)
        elif isinstance(wrapped, list):
            yield Record(number, {"entry": entry}, [f"Entry {number} holds no `Event`."])
        else:
            raise DeliveryError(
                document.name,
                "has neither `Event` nor `response` at its top level.",
                "Check that it is a MISP event; a manifest alone names events but holds none.",
            )


def _row(number: int, record: Record, delivered_at: datetime) -> Row:
    event = record.fields
    cells = Cells(event)
    tags = Tags(event)
    modified = _unix(cells, "timestamp")
    published_at = cells.moment("date", required=True)
    body = _told(event)
    row = {
        "source_row": number,
        "report_key": cells.text("uuid", required=True),
        "kind": tags.kind(),
        "title": cells.text("info", required=True),
        "publisher": cells.text("Orgc.name"),
        "published_at": published_at,
        "modified_at": modified,
        "disclosed_at": _unix(cells, "publish_timestamp") or modified,
        "severity_0_10": cells.choice("threat_level_id", SEVERITY),
        "reliability": tags.reliability(),
        "information_credibility_1_6": tags.information_credibility(),
        "confidence_0_1": tags.confidence(),
        "tlp": tags.tlp(),
        "refs": _links(event),
        "facts": [
            *tags.facts(),
            *(fact("cve", cve, "mentioned") for cve in _cves(event)),
            *facts_in(body, published_at or delivered_at),
        ],
        "body": body,
        "record": as_json(event),
    }
    return row | {"problems": record.problems + cells.problems}


def _unix(cells: Cells, name: str) -> datetime | None:
    seconds = cells.number(name, 0, 4_102_444_799)
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None) if seconds else None


def _attributes(event: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from mappings(event.get("Attribute"))
    for thing in mappings(event.get("Object")):
        yield from mappings(thing.get("Attribute"))


def _values(event: dict[str, Any], *types: str) -> list[str]:
    found = [each for each in _attributes(event) if each.get("type") in types]
    return unique(text for each in found for text in strings(each.get("value")))


def _links(event: dict[str, Any]) -> list[str]:
    """Published reports that the event rests on; links of single observations say nothing here."""
    external = [
        each
        for each in _attributes(event)
        if each.get("type") in ("link", "url") and each.get("category") == "External analysis"
    ]
    return unique(url for each in external for url in strings(each.get("value")))[:MAX_REFERENCES]


def _cves(event: dict[str, Any]) -> list[str]:
    tags = strings([tag.get("name") for tag in mappings(event.get("Tag"))])
    told = [*_values(event, "vulnerability"), *tags, *strings(event.get("info"))]
    return cves_in(" ".join(told))


def _told(event: dict[str, Any]) -> str | None:
    """Prose of the event: its reports, and comments long enough to say something."""
    reports = [each.get("content") for each in mappings(event.get("EventReport"))]
    comments = [text for text in _values(event, "comment", "text") if len(text) >= LEAST_PROSE]
    return "\n\n".join([*strings(reports), *comments])[:MOST_PROSE] or None


SOURCE = Source(
    source_id="misp",
    title="MISP events",
    group="threat_reports",
    read=read,
    tables=(TABLE,),
    reliability="B",
    reliability_reason="Shared by vendors and response teams under their name, seldom reviewed",
    licence="As stated by the sharing organisation",
    suffixes=(".json", ".tar.xz", ".tar.gz", ".zip"),
)
