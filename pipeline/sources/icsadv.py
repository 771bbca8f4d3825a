"""The ICS Advisory Project's table of CISA's advisories on industrial control systems.

One record is one row; an advisory on two products or vendors has two. Both rows, and the same
advisory as CSAF, share the advisory's number in `refs`, and so become one event. `icsad_ID`
changes between releases of the table and identifies nothing. Dates are month/day/year.
"""

import re
from collections.abc import Iterator
from datetime import datetime

from pipeline.sources.archive import documents
from pipeline.sources.base import Delivery, Row, Rows, Source
from pipeline.sources.fields import (
    Cells,
    cves_in,
    fact,
    label_key,
    sector_facts,
    split_labels,
)
from pipeline.sources.parsing import Record, as_json, chunked, csv_records, decoded

TABLE = "reports"
COLUMNS = (
    "Original_Release_Date",
    "Last_Updated",
    "ICS-CERT_Number",
    "ICS-CERT_Advisory_Title",
    "Vendor",
    "CVE_Number",
    "Cumulative_CVSS",
    "Critical_Infrastructure_Sector",
)
ADVISORY = re.compile(r"ICS[A-Z]{0,2}-\d{2}-\d{3}-\d{2}")
NOT_SCORED = frozenset({"not applicable", "not assigned", "n/a", "na"})
NO_CVE = frozenset({"", "cve-na", "na", "n/a", "not applicable", "not assigned", "none"})


def read(delivery: Delivery) -> Iterator[Rows]:
    """Every row of the table."""
    yield from chunked(TABLE, _rows(delivery))


def _rows(delivery: Delivery) -> Iterator[Row]:
    number = 0
    for document in documents(delivery, (".csv",)):
        for record in csv_records(document.name, decoded(document.data), COLUMNS):
            number += 1
            yield _row(number, record)


def _row(number: int, record: Record) -> Row:
    cells = Cells(record.fields)
    advisory = cells.text("ICS-CERT_Number", required=True)
    released, updated = _day(cells, "Original_Release_Date"), _day(cells, "Last_Updated")
    row = {
        "source_row": number,
        "report_key": _key(advisory, cells.text("Vendor"), cells.text("Product")),
        "kind": "advisory",
        "title": cells.text("ICS-CERT_Advisory_Title", required=True),
        "publisher": "CISA",
        "published_at": released,
        "modified_at": updated,
        "disclosed_at": updated or released,
        "severity_0_10": _severity(cells),
        "refs": [base.group()] if advisory and (base := ADVISORY.match(advisory)) else [],
        "facts": _facts(cells),
        "body": cells.text("Products_Affected"),
        "record": as_json(record.fields),
    }
    return row | {"problems": record.problems + cells.problems}


def _key(advisory: str | None, *named: str | None) -> str | None:
    return " ".join([advisory, *(label_key(name) for name in named if name)]) if advisory else None


def _day(cells: Cells, name: str) -> datetime | None:
    text = cells.text(name, required=True)
    if text is None:
        return None
    try:
        return datetime.strptime(text, "%m/%d/%Y")  # noqa: DTZ007 - a day, not an instant
    except ValueError:
        cells.bad(name, text, "a date as month/day/year")
        return None


def _severity(cells: Cells) -> float | None:
    text = cells.text("Cumulative_CVSS")
    if text is None or text.lower() in NOT_SCORED:
        return None
    return cells.number("Cumulative_CVSS", 0, 10)


def _facts(cells: Cells) -> list[dict[str, object]]:
    cves = cells.text("CVE_Number") or ""
    found = cves_in(cves)
    if not found and cves.lower() not in NO_CVE:
        cells.bad("CVE_Number", cves, "a list of CVE ids or CVE-NA")
    sectors = cells.text("Critical_Infrastructure_Sector") or ""
    return [
        *sector_facts(split_labels(sectors), "cisa", "affected", sectors),
        *(fact("cve", cve, "affected") for cve in found),
    ]


SOURCE = Source(
    source_id="icsadv",
    title="ICS Advisory Project: CISA's advisories as a table",
    group="threat_reports",
    read=read,
    tables=(TABLE,),
    reliability="B",
    reliability_reason="Copied by hand from CISA's advisories; spelling and separators vary",
    licence="ODbL-1.0",
    suffixes=(".csv",),
)
