"""CISA's catalog of Known Exploited Vulnerabilities, as JSON or CSV.

One record is one entry. Both layouts give the same record, so that an entry received in one is a
repetition in the other. The catalog is revised in place (due dates, ransomware use), without a
date of revision: for a historical import an entry counts as known since it was added.
"""

from collections.abc import Iterator
from typing import Any

from pipeline.errors import DeliveryError
from pipeline.sources.archive import documents
from pipeline.sources.base import Delivery, Row, Rows, Source
from pipeline.sources.fields import Cells, mappings
from pipeline.sources.parsing import (
    Record,
    as_json,
    chunked,
    csv_records,
    decoded,
    json_object,
)

TABLE = "exploited_vulnerabilities"
COLUMNS = (
    "cveID",
    "vendorProject",
    "product",
    "vulnerabilityName",
    "dateAdded",
    "shortDescription",
    "requiredAction",
    "dueDate",
)
RANSOMWARE = {"known": True, "unknown": False}


def read(delivery: Delivery) -> Iterator[Rows]:
    """Every entry of the catalog."""
    yield from chunked(TABLE, _rows(delivery))


def _rows(delivery: Delivery) -> Iterator[Row]:
    number = 0
    for document in documents(delivery, (".json", ".csv")):
        is_json = document.data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")
        for record in (_json_records if is_json else _csv_records)(document.name, document.data):
            number += 1
            yield _row(number, record)


def _json_records(name: str, data: bytes) -> Iterator[Record]:
    catalog = json_object(name, data)
    entries = catalog.get("vulnerabilities")
    if not isinstance(entries, list):
        raise DeliveryError(
            name,
            "holds no list `vulnerabilities`.",
            "Check that it is the KEV catalog.",
        )
    if catalog.get("count", len(entries)) != len(entries):
        raise DeliveryError(
            name,
            f"`count` is {catalog['count']!r} but the catalog holds {len(entries)} entries.",
            "Deliver it again; it is not whole.",
        )
    for number, entry in enumerate(entries, 1):
        if mappings(entry):
            yield Record(number, entry)
        else:
            yield Record(number, {"entry": entry}, [f"Entry {number} is not a JSON object."])


def _csv_records(name: str, data: bytes) -> Iterator[Record]:
    for record in csv_records(name, decoded(data), COLUMNS):
        cwes = record.fields.get("cwes")
        if isinstance(cwes, str):
            listed: list[Any] = [cwe.strip() for cwe in cwes.split(",") if cwe.strip()]
            record.fields["cwes"] = listed
        yield record


def _row(number: int, record: Record) -> Row:
    cells = Cells(record.fields)
    added_at = cells.moment("dateAdded", required=True)
    row = {
        "source_row": number,
        "cve_id": cells.cve("cveID", required=True),
        "vendor": cells.text("vendorProject"),
        "product": cells.text("product"),
        "vulnerability_name": cells.text("vulnerabilityName"),
        "added_date": added_at.date() if added_at else None,
        "due_date": cells.day("dueDate"),
        "is_ransomware": cells.choice("knownRansomwareCampaignUse", RANSOMWARE),
        "required_action": cells.text("requiredAction"),
        "disclosed_at": added_at,
        "record": as_json(record.fields),
    }
    return row | {"problems": record.problems + cells.problems}


SOURCE = Source(
    source_id="kev",
    title="CISA Known Exploited Vulnerabilities catalog",
    group="threat_reports",
    read=read,
    tables=(TABLE,),
    reliability="A",
    reliability_reason="A government agency lists a CVE only on reliable evidence of exploitation",
    licence="CC0-1.0",
    is_snapshot=True,
    expected_every_days=7,
    suffixes=(".json", ".csv"),
    url="https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json",
    hosts=("www.cisa.gov",),
)
