"""Nessus scans (.nessus, XML version 2): which CVEs each scanned host has.

The name of the report begins with our id of the supplier (`S-0042 weekly scan`). Each host whose
scan came to its end yields a row with the status `scanned`, and covers itself alone: the findings
of a host that was not scanned, or whose scan broke off, stay as they were.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from xml.etree.ElementTree import Element, ParseError

from pipeline.errors import DeliveryError
from pipeline.sources.base import Delivery, Row, Rows, Source
from pipeline.sources.cells import CellError, cve, identifier
from pipeline.sources.parsing import as_json, chunked

NAMES_OF_HOST = ("host-fqdn", "netbios-name", "hostname")


def read(delivery: Delivery) -> Iterator[Rows]:
    """Rows of `findings`: one per host scanned, and one per host and CVE found."""
    yield from chunked("findings", _numbered(delivery))


def _numbered(delivery: Delivery) -> Iterator[Row]:
    number = 0
    for supplier, host in _hosts(delivery):
        for row in _rows(supplier, host):
            number += 1
            yield row | {"source_row": number}
    if number == 0:
        raise DeliveryError(delivery.name, "No host was scanned.", "Export the scan again.")


def _hosts(delivery: Delivery) -> Iterator[tuple[str, Element]]:
    """Each host with the name of its report, one at a time in memory."""
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import iterparse

    report = ""
    try:
        for event, element in iterparse(delivery.path, events=("start", "end"), forbid_dtd=True):
            if event == "start" and element.tag == "Report":
                report = element.get("name", "")
            elif event == "end" and element.tag == "ReportHost":
                yield report, element
                element.clear()
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise DeliveryError(
            delivery.name, f"It is not a whole Nessus file ({error}).", "Export the scan again."
        ) from error


def _rows(report: str, host: Element) -> Iterator[Row]:
    tags = {tag.get("name", ""): (tag.text or "").strip() for tag in host.iter("tag")}
    found = _found(host)
    ended = _ended(tags)
    shared = _named(report, host, tags) | {"is_inferred": False}
    if ended is None:
        problem = f"The scan of {host.get('name')} did not end. Scan the host again."
        record = as_json({**tags, "found": found})
        yield shared | {"record": record, "problems": [*shared["problems"], problem]}
        return
    yield shared | {"status": "scanned", "last_seen": ended, "record": as_json(tags)}
    for cve_id, plugins in found.items():
        record = as_json({"host": host.get("name"), "cve": cve_id, "plugins": plugins})
        seen = {"status": "open", "first_seen": ended, "last_seen": ended, "record": record}
        yield shared | seen | _cell("cve_id", cve, cve_id, shared["problems"])


def _named(report: str, host: Element, tags: dict[str, str]) -> Row:
    """Supplier and asset, with what is wrong about their names."""
    supplier = next(iter(report.split()), "")
    names = (*(tags.get(name) for name in NAMES_OF_HOST), host.get("name"))
    row = _cell("supplier_id", identifier, supplier, [])
    if not row["supplier_id"]:
        row["problems"].append("The report names no supplier. Begin its name with our id.")
    return row | _cell("asset_id", identifier, next(filter(None, names), ""), row["problems"])


def _cell(
    column: str, parse: Callable[[str], str | None], written: str, problems: list[str]
) -> Row:
    try:
        return {column: parse(written), "problems": problems}
    except CellError as error:
        return {column: None, "problems": [*problems, f"{column} {error}"]}


def _found(host: Element) -> dict[str, list[str]]:
    """CVEs with the plugins that found them; plugins that only inform are left aside."""
    found: dict[str, list[str]] = defaultdict(list)
    for item in host.iter("ReportItem"):
        if item.get("severity", "0") != "0":
            for element in item.iter("cve"):
                found[(element.text or "").strip()].append(item.get("pluginID", ""))
    return dict(found)


def _ended(tags: dict[str, str]) -> date | None:
    try:
        if "HOST_END_TIMESTAMP" in tags:
            return datetime.fromtimestamp(int(tags["HOST_END_TIMESTAMP"]), UTC).date()
        return datetime.strptime(tags["HOST_END"], "%a %b %d %H:%M:%S %Y").date()  # noqa: DTZ007
    except (KeyError, ValueError, OverflowError, OSError):
        return None


SOURCE = Source(
    source_id="nessus",
    title="Nessus scans",
    group="sector_exposure",
    read=read,
    tables=("findings",),
    reliability="B",
    reliability_reason="Authenticated scans see installed versions; others read banners",
    licence="Own records",
    suffixes=(".nessus", ".xml"),
    tlp="AMBER",
)
