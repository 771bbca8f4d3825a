"""CSAF 2.0 security advisories, such as those of CISA on industrial control systems.

One record is one advisory in the revision received: a report of kind `advisory`, and beside it one
row for each CVE with its score and the products affected. Sectors stand in a note of prose.

For a historical import a revision counts as known since its own release date, not since the
first revision's: the content in hand was not known before.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from pipeline.errors import DeliveryError
from pipeline.sources.archive import documents
from pipeline.sources.base import Delivery, Row, Rows, Source
from pipeline.sources.csaf_products import Products
from pipeline.sources.fields import (
    TLP,
    Cells,
    at,
    fact,
    mappings,
    sector_facts,
    split_labels,
    strings,
    unique,
)
from pipeline.sources.parsing import ROWS_AT_ONCE, as_json, json_object, unreadable

REPORTS, VULNERABILITIES = "reports", "vulnerabilities"
CVSS = ("cvss_v4", "cvss_v3", "cvss_v2")
MAX_ADVICE = 5


def read(delivery: Delivery) -> Iterator[Rows]:
    """Every advisory of the file or archive, then what each says of its CVEs."""
    reports: list[Row] = []
    vulnerabilities: list[Row] = []
    n_vulnerabilities = 0
    for number, document in enumerate(documents(delivery, (".json",)), 1):
        try:
            report, rows = _rows(number, _advisory(document.name, document.data))
        except DeliveryError as error:
            if document.name == delivery.name:
                raise
            reports.append(unreadable(number, document.name, document.data, error))
            continue
        reports.append(report)
        for row in rows:
            n_vulnerabilities += 1
            vulnerabilities.append(row | {"source_row": n_vulnerabilities})
        if len(reports) + len(vulnerabilities) > ROWS_AT_ONCE:
            yield from _parts(reports, vulnerabilities)
            reports, vulnerabilities = [], []
    yield from _parts(reports, vulnerabilities)


def _parts(reports: list[Row], vulnerabilities: list[Row]) -> Iterator[Rows]:
    if reports:
        yield Rows(REPORTS, reports)
    if vulnerabilities:
        yield Rows(VULNERABILITIES, vulnerabilities)


def _advisory(name: str, data: bytes) -> dict[str, Any]:
    advisory = json_object(name, data)
    if not isinstance(at(advisory, "document.tracking"), dict):
        raise DeliveryError(
            name,
            "has no object `document.tracking`.",
            "Check that it is a CSAF advisory.",
        )
    return advisory


def _rows(number: int, advisory: dict[str, Any]) -> tuple[Row, list[Row]]:
    """The report, and the rows of the vulnerabilities that have a CVE."""
    vulnerabilities = mappings(advisory.get("vulnerabilities"))
    products = Products(advisory)
    stated = [_vulnerability(vulnerability, products) for vulnerability in vulnerabilities]
    report = _report(number, advisory, stated)
    shared = {
        "published_date": Cells.day_of(report["published_at"]),
        "disclosed_at": report["disclosed_at"],
        "statement_key": report["report_key"],
        "is_withdrawn": report["is_withdrawn"],
    }
    return report, [
        row | shared | {"record": as_json({"advisory": report["report_key"], **vulnerability})}
        for vulnerability, row in zip(vulnerabilities, stated, strict=True)
        if strings(vulnerability.get("cve"))
    ]


def _report(number: int, advisory: dict[str, Any], stated: list[Row]) -> Row:
    """The report; an unreadable score is the matter of its vulnerability's row."""
    cells, notes = Cells(advisory), _notes(advisory)
    scores = [row["cvss_base_0_10"] for row in stated if row["cvss_base_0_10"] is not None]
    cves = unique(row["cve_id"] for row in stated if row["cve_id"])
    key = cells.text("document.tracking.id", required=True)
    released = cells.moment("document.tracking.current_release_date", required=True)
    return {
        "source_row": number,
        "report_key": key,
        "kind": "advisory",
        "title": cells.text("document.title", required=True),
        "publisher": cells.text("document.publisher.name"),
        "url": _own_page(advisory),
        "published_at": cells.moment("document.tracking.initial_release_date", required=True),
        "modified_at": released,
        "disclosed_at": released,
        "is_withdrawn": _is_withdrawn(advisory),
        "severity_0_10": max(scores, default=None),
        "tlp": cells.choice("document.distribution.tlp.label", TLP),
        "refs": [key.upper()] if key else [],
        "facts": [
            *_sectors(notes),
            *(fact("cve", cve, "affected") for cve in cves),
            *_advice(mappings(advisory.get("vulnerabilities"))),
        ],
        "body": _body(notes),
        "record": as_json(advisory),
        "problems": cells.problems,
    }


def _is_withdrawn(advisory: dict[str, Any]) -> bool:
    """By the category of CSAF 2.1, or by its title, as publishers of CSAF 2.0 do."""
    title = " ".join(strings(at(advisory, "document.title"))).lower()
    return at(advisory, "document.category") == "csaf_withdrawn" or "(withdrawn)" in title


def _own_page(advisory: dict[str, Any]) -> str | None:
    references = mappings(at(advisory, "document.references"))
    own = [url for r in references if r.get("category") == "self" for url in strings(r.get("url"))]
    return next((url for url in own if not url.endswith(".json")), own[0] if own else None)


def _score(vulnerability: dict[str, Any]) -> dict[str, Any]:
    """The highest score stated for a vulnerability, by the newest version of CVSS."""
    scores = mappings(vulnerability.get("scores"))
    for version in CVSS:
        stated = [score[version] for score in scores if isinstance(score.get(version), dict)]
        if stated:
            return max(stated, key=_base)
    return {}


def _base(cvss: dict[str, Any]) -> float:
    score = cvss.get("baseScore")
    return float(score) if isinstance(score, int | float) else -1.0


def _notes(advisory: dict[str, Any]) -> list[tuple[str, str]]:
    notes = mappings(at(advisory, "document.notes"))
    return [
        (" ".join(strings(note.get("title"))), text)
        for note in notes
        for text in strings(note.get("text"))
    ]


def _sectors(notes: Iterable[tuple[str, str]]) -> Iterator[dict[str, Any]]:
    for title, text in notes:
        if "sector" in title.lower():
            yield from sector_facts(split_labels(text), "csaf", "affected", text)


def _advice(vulnerabilities: list[dict[str, Any]]) -> list[dict[str, Any]]:
    remedies = [remedy for v in vulnerabilities for remedy in mappings(v.get("remediations"))]
    advice = unique(text for remedy in remedies for text in strings(remedy.get("details")))
    return [fact("action", "remediation", None, label=text) for text in advice[:MAX_ADVICE]]


def _body(notes: Iterable[tuple[str, str]]) -> str:
    told = ("risk evaluation", "summary", "details", "exploitability", "update summary")
    return "\n\n".join(text for title, text in notes if title.lower() in told)


def _vulnerability(vulnerability: dict[str, Any], products: Products) -> Row:
    cells, score = Cells(vulnerability), Cells(_score(vulnerability))
    about = products.of(vulnerability)
    return {
        "cve_id": cells.cve("cve"),
        "cvss_version": score.text("version"),
        "cvss_vector": score.text("vectorString"),
        "cvss_base_0_10": score.number("baseScore", 0, 10),
        "vendor": "; ".join(about.vendors) or None,
        "product": "; ".join(about.names) or None,
        "affected": about.statements,
        "problems": cells.problems + score.problems,
    }


SOURCE = Source(
    source_id="csaf",
    title="Security advisories in CSAF 2.0 (CISA, industrial control systems)",
    group="threat_reports",
    read=read,
    tables=(REPORTS, VULNERABILITIES),
    reliability="A",
    reliability_reason="Advisories of a coordinating agency, agreed with vendor and finder",
    licence="US government work (public domain)",
    suffixes=(".json", ".tar.xz", ".tar.gz", ".zip"),
)
