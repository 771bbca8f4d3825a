"""Victims that extortionists name on their leak sites, as collectors list them in JSON.

One record is one post, in the layout of ransomwatch (`post_title, group_name, discovered`), of
ransomware.live (with `published, website, country, activity, description`) or of its API
(`victim, group, attackdate, domain`). What a post says is the attackers' claim: their name is
`claimed`, and the statement possibly true (3) at best. A list is the whole history, so that most
of it repeats the list before.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from pipeline.errors import DeliveryError
from pipeline.sources.archive import Document, documents
from pipeline.sources.base import Delivery, Row, Rows, Source
from pipeline.sources.fields import Cells, cves_in, fact, label_key, sector_facts, strings
from pipeline.sources.parsing import Record, as_json, chunked, json_value
from pipeline.sources.prose import actor_fact

TABLE = "reports"
NAMES = {
    "post_title": "victim",
    "group_name": "group",
    "attackdate": "published",
    "domain": "website",
    "claim_url": "post_url",
}
NO_SECTOR = frozenset({"not found", "unknown", "other", "n/a", "none"})
POSSIBLY_TRUE = 3


def read(delivery: Delivery) -> Iterator[Rows]:
    """Every post of the list."""
    yield from chunked(TABLE, _rows(delivery))


def _rows(delivery: Delivery) -> Iterator[Row]:
    number = 0
    for document in documents(delivery, (".json",)):
        for record in _records(document):
            number += 1
            yield _row(number, record)


def _records(document: Document) -> Iterator[Record]:
    posts = json_value(document.name, document.data)
    if not isinstance(posts, list):
        raise DeliveryError(
            document.name, "is no list of posts.", "Check that it was handed to the right source."
        )
    for number, post in enumerate(posts, 1):
        if isinstance(post, dict):
            yield Record(number, post)
        else:
            yield Record(number, {"post": post}, [f"Post {number} is not a JSON object."])


def _row(number: int, record: Record) -> Row:
    post = {NAMES.get(name, name): value for name, value in record.fields.items()}
    cells = Cells(post)
    victim, group = (cells.text(name, required=True) for name in ("victim", "group"))
    discovered = cells.moment("discovered", required=True)
    published = cells.moment("published")
    body = cells.text("description")
    row = {
        "source_row": number,
        "report_key": _key(group, victim, discovered),
        "kind": "incident",
        "title": f"{group} claims to have attacked {victim}",
        "publisher": group,
        "published_at": min(filter(None, (published, discovered)), default=None),
        "disclosed_at": discovered,
        "information_credibility_1_6": POSSIBLY_TRUE,
        "facts": _facts(post, group, body),
        "body": body,
        "record": as_json(record.fields),
    }
    return row | {"problems": record.problems + cells.problems}


def _key(group: str | None, victim: str | None, discovered: datetime | None) -> str | None:
    """Groups name a victim again after months: then it is another post."""
    if not (group and victim and discovered):
        return None
    return f"{group}/{victim}/{discovered.date()}".lower()


def _facts(post: dict[str, Any], group: str | None, body: str | None) -> list[dict[str, Any]]:
    labels = [each for each in strings(post.get("activity")) if label_key(each) not in NO_SECTOR]
    return [
        *sector_facts(labels, "leaksites", "attacked"),
        *([actor_fact(group, "claimed", [group.rstrip("0123456789")])] if group else []),
        *(fact("cve", cve, "mentioned") for cve in cves_in(body or "")),
    ]


SOURCE = Source(
    source_id="leaksites",
    title="Victims named on leak sites (ransomwatch, ransomware.live)",
    group="threat_reports",
    read=read,
    tables=(TABLE,),
    reliability="D",
    reliability_reason="Collected faithfully, but attackers often claim what is old or false",
    licence="As stated by the collector (ransomwatch: public domain)",
    suffixes=(".json", ".json.gz", ".zip"),
)
