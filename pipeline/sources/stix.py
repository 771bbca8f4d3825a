"""STIX 2.0 and 2.1: bundles, TAXII envelopes, or single objects.

One record is one object, and each becomes one row of reports. Objects that tell of a threat get
the kind of what they tell; all others (identities, relationships, markings, observables, …) are
rows of kind `context`, which has no weight: they are received, kept and accounted for, and what
they say (sectors, names, markings, relationships) is told by the objects that refer to them.
References are resolved within the delivery.

For a historical import an object counts as known since its version was made (`modified`).
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec

from pipeline.errors import DeliveryError
from pipeline.sources.archive import Document, documents
from pipeline.sources.base import Delivery, Row, Rows, Source
from pipeline.sources.fields import Cells, mappings, strings
from pipeline.sources.parsing import as_json, chunked, unreadable
from pipeline.sources.prose import facts_in
from pipeline.sources.stix_bulk import in_bulk
from pipeline.sources.stix_objects import Context, StixObject, decoded

TABLE = "reports"
CONTEXT = "context"
KINDS = {
    "report": "analysis",
    "grouping": "analysis",
    "campaign": "campaign",
    "incident": "incident",
    "intrusion-set": "analysis",
    "threat-actor": "analysis",
    "malware": "analysis",
    "indicator": "sighting",
    "sighting": "sighting",
}
TOLD_IN_PROSE = frozenset(KINDS) - {"malware", "indicator", "sighting"}
KINDS_OF_REPORTS = {"campaign": "campaign", "vulnerability": "advisory"}
WITH_SHARED_REFERENCES = ("report", "grouping", "incident")
BULK_FROM = 5_000


def read(delivery: Delivery) -> Iterator[Rows]:
    """Every object of every bundle of the delivery."""
    number = 0
    for document in documents(delivery, (".json", ".stix")):
        try:
            raws = _raw_objects(document)
        except DeliveryError as error:
            if document.name == delivery.name:
                raise
            number += 1
            yield Rows(TABLE, [unreadable(number, document.name, document.data, error)])
            continue
        yield from _bundle(raws, number + 1, delivery.delivered_at)
        number += len(raws)


def _bundle(raws: Sequence[msgspec.Raw], first: int, delivered_at: datetime) -> Iterator[Rows]:
    left_over: Sequence[int] = range(len(raws))
    context = None
    if len(raws) >= BULK_FROM:
        bulk = in_bulk(raws, first, delivered_at)
        left_over, context = bulk.left_over, bulk.context
        yield from (Rows(TABLE, part) for part in bulk.parts(raws))
    things = {number: decoded(raws[number]) for number in left_over}
    context = context or Context(things.values())
    rows = (
        _row(first + number, raws[number], thing, context, delivered_at)
        for number, thing in things.items()
    )
    yield from chunked(TABLE, rows)


class _Top(msgspec.Struct):
    """The top level of a bundle, an envelope or a single object; objects are left as they are."""

    objects: list[msgspec.Raw] | None = None
    type: Any = None
    id: Any = None


def _raw_objects(document: Document) -> Sequence[msgspec.Raw]:
    data = document.data.removeprefix(b"\xef\xbb\xbf")
    try:
        top = _top.decode(data)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise DeliveryError(
            document.name,
            f"is not a STIX bundle: {error}.",
            "Deliver it again; it was torn or is another format.",
        ) from error
    if top.objects is not None:
        return top.objects
    if top.type is None or top.id is None:
        raise DeliveryError(
            document.name,
            "has neither a list `objects` nor a `type` and `id`.",
            "Check that it is a STIX bundle.",
        )
    return [] if top.type == "bundle" else [msgspec.Raw(data)]


_top = msgspec.json.Decoder(_Top)


def _row(
    number: int,
    raw: msgspec.Raw,
    thing: StixObject | None,
    context: Context,
    delivered_at: datetime,
) -> Row:
    record = bytes(raw).decode("utf-8", errors="replace")
    if thing is None:
        problem = f"Object {number} is no readable JSON object: deliver it again."
        return {"source_row": number, "record": as_json({"object": record}), "problems": [problem]}
    cells = Cells(msgspec.structs.asdict(thing))
    description = cells.text("description")
    created = cells.moment("created")
    modified = cells.moment("modified") or created
    return {
        "source_row": number,
        "report_key": cells.text("id", required=True),
        "kind": _kind(cells),
        "title": _title(thing, context, cells),
        "publisher": context.name_of(thing.created_by_ref),
        "url": _urls(thing)[0] if _urls(thing) else None,
        "published_at": cells.moment("published") or created or delivered_at,
        "modified_at": modified,
        "disclosed_at": modified or delivered_at,
        "valid_until": cells.moment("valid_until"),
        "is_withdrawn": thing.revoked is True or thing.x_mitre_deprecated is True,
        "confidence_0_1": _confidence(cells),
        "tlp": context.tlp_of(thing),
        "refs": _urls(thing) if thing.type in WITH_SHARED_REFERENCES else [],
        "facts": _facts(thing, context, description, created or delivered_at),
        "body": description,
        "record": record,
        "problems": cells.problems,
    }


def _facts(
    thing: StixObject, context: Context, description: str | None, told_at: datetime
) -> list[dict[str, Any]]:
    if thing.type not in KINDS:
        return []
    prose = facts_in(description, told_at) if thing.type in TOLD_IN_PROSE else []
    return [*context.facts_of(thing), *prose]


def _kind(cells: Cells) -> str:
    kind = KINDS.get(cells.text("type", required=True) or "", CONTEXT)
    if cells.record["type"] != "report":
        return kind
    stated = strings(cells.record["report_types"]) + strings(cells.record["labels"])
    return next((KINDS_OF_REPORTS[word] for word in stated if word in KINDS_OF_REPORTS), kind)


def _title(thing: StixObject, context: Context, cells: Cells) -> str:
    name = cells.text("name")
    if name:
        return name
    stated = thing.relationship_type if isinstance(thing.relationship_type, str) else thing.id
    return f"{thing.type}: {context.name_of(thing.sighting_of_ref) or stated}"


def _confidence(cells: Cells) -> float | None:
    confidence = cells.number("confidence", 0, 100)
    return None if confidence is None else confidence / 100


def _urls(thing: StixObject) -> list[str]:
    listed = thing.external_references if isinstance(thing.external_references, list) else []
    urls = [reference.get("url") for reference in mappings(listed)]
    return strings(urls)


SOURCE = Source(
    source_id="stix",
    title="Threat intelligence in STIX 2.0 and 2.1",
    group="threat_reports",
    read=read,
    tables=(TABLE,),
    reliability="C",
    reliability_reason="Feeds of many makers; fairly reliable until a feed is known better",
    licence="As stated by the sender",
    suffixes=(".json", ".stix", ".tar.xz", ".tar.gz", ".zip", ".json.gz"),
)
