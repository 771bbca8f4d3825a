"""CVE records in CVE JSON 5, as CISA's Vulnrichment completes them with SSVC and CVSS.

One record is one CVE. The score is the one of the authority that assigned the CVE; where it gave
none, the one CISA added. A record counts as known since CISA's decision was made.
"""

from collections.abc import Iterator
from typing import Any

from pipeline.errors import DeliveryError
from pipeline.sources.affected import (
    all_versions,
    statement,
    unknown_versions,
    version_range,
    versions_of,
)
from pipeline.sources.archive import Document, documents
from pipeline.sources.base import Delivery, Row, Rows, Source
from pipeline.sources.fields import Cells, at, mappings, strings, unique
from pipeline.sources.parsing import as_json, chunked, json_object, unreadable

TABLE = "vulnerabilities"
CVSS = ("cvssV4_0", "cvssV3_1", "cvssV3_0", "cvssV2_0")
EXPLOITATION = {"none": "none", "poc": "poc", "public poc": "poc", "active": "active"}
AUTOMATABLE = {"yes": True, "no": False}
NOT_NAMED = frozenset({"n/a", "-", "unknown"})


def read(delivery: Delivery) -> Iterator[Rows]:
    """Every CVE record of the file or archive."""
    yield from chunked(TABLE, _rows(delivery))


def _rows(delivery: Delivery) -> Iterator[Row]:
    for number, document in enumerate(documents(delivery, (".json",)), 1):
        try:
            record = _record(document)
        except DeliveryError as error:
            if document.name == delivery.name:
                raise
            yield unreadable(number, document.name, document.data, error)
        else:
            yield _row(number, record)


def _record(document: Document) -> dict[str, Any]:
    record = json_object(document.name, document.data)
    if not isinstance(record.get("cveMetadata"), dict):
        raise DeliveryError(
            document.name,
            "has no object `cveMetadata`.",
            "Check that it is a CVE record.",
        )
    return record


def _row(number: int, record: dict[str, Any]) -> Row:
    cells = Cells(record)
    cvss, ssvc = Cells(_cvss(record)), Cells(_ssvc(record))
    vendors, products = _affected(record)
    return {
        "source_row": number,
        "cve_id": cells.cve("cveMetadata.cveId", required=True),
        "published_date": cells.day("cveMetadata.datePublished"),
        "disclosed_at": ssvc.moment("timestamp") or cells.moment("cveMetadata.dateUpdated"),
        "cvss_version": cvss.text("version"),
        "cvss_vector": cvss.text("vectorString"),
        "cvss_base_0_10": cvss.number("baseScore", 0, 10),
        "ssvc_exploitation": ssvc.choice("Exploitation", EXPLOITATION),
        "ssvc_automatable": ssvc.choice("Automatable", AUTOMATABLE),
        "vendor": "; ".join(vendors) or None,
        "product": "; ".join(products) or None,
        "statement_key": cells.text("cveMetadata.cveId"),
        "is_withdrawn": at(record, "cveMetadata.state") == "REJECTED",
        "affected": list(_statements(record)),
        "record": as_json(record),
        "problems": cells.problems + cvss.problems + ssvc.problems,
    }


def _containers(record: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        *mappings(at(record, "containers.cna")),
        *mappings(at(record, "containers.adp")),
    ]


def _cvss(record: dict[str, Any]) -> dict[str, Any]:
    for container in _containers(record):
        metrics = mappings(container.get("metrics"))
        for version in CVSS:
            for metric in metrics:
                if isinstance(metric.get(version), dict):
                    return dict(metric[version])
    return {}


def _ssvc(record: dict[str, Any]) -> dict[str, Any]:
    """The last SSVC decision, its options as one mapping."""
    others = [
        metric["other"]
        for container in _containers(record)
        for metric in mappings(container.get("metrics"))
        if at(metric, "other.type") == "ssvc"
    ]
    decisions = [other["content"] for other in others if isinstance(other.get("content"), dict)]
    if not decisions:
        return {}
    decision = {"timestamp": decisions[-1].get("timestamp")}
    for option in mappings(decisions[-1].get("options")):
        decision |= option
    return decision


def _affected(record: dict[str, Any]) -> tuple[list[str], list[str]]:
    for container in _containers(record):
        affected = mappings(container.get("affected"))
        vendors = unique(name for one in affected for name in strings(one.get("vendor")))
        products = unique(name for one in affected for name in strings(one.get("product")))
        if any(name.lower() not in NOT_NAMED for name in vendors + products):
            return vendors[:20], products[:20]
    return [], []


def _statements(record: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What the record says of each product and span of versions."""
    for container in _containers(record):
        for one in mappings(container.get("affected")):
            vendor, product = Cells(one).text("vendor"), Cells(one).text("product")
            if not vendor or not product or {vendor.lower(), product.lower()} & NOT_NAMED:
                continue
            spans = mappings(one.get("versions"))
            if not spans:
                everything = one.get("defaultStatus") == "affected"
                yield statement(
                    vendor, product, all_versions() if everything else unknown_versions()
                )
            for span in spans:
                if span.get("status") == "affected":
                    yield statement(vendor, product, _span(span))


def _span(span: dict[str, Any]) -> dict[str, Any]:
    cells = Cells(span)
    first, below, last = (cells.text(name) for name in ("version", "lessThan", "lessThanOrEqual"))
    high = below or last
    if high is None:
        return versions_of(first)
    low = first if first and first[0].isdecimal() else None
    if high == "*":
        return version_range(low, None) if low else all_versions()
    return version_range(low, high, is_high_open=below is not None)


SOURCE = Source(
    source_id="vulnrichment",
    title="CISA Vulnrichment: CVE records with SSVC",
    group="threat_reports",
    read=read,
    tables=(TABLE,),
    reliability="A",
    reliability_reason="A government agency's assessment with a published decision procedure",
    licence="CC0-1.0",
    suffixes=(".json", ".tar.xz", ".tar.gz", ".zip"),
)
