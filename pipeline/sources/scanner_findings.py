"""Findings of a vulnerability scanner as CSV.

A delivery covers the suppliers that it names, no others. A supplier whose scan ran has at least one
row: its findings, or a row with the status `scanned` and without CVE where the scan found nothing.
So a finding that a later delivery no longer lists for a supplier it names is closed by that
delivery, and a supplier that a delivery does not name keeps its findings.
"""

from pipeline.sources import cells
from pipeline.sources.base import Delivery, Row
from pipeline.sources.tabular import Column, Table, source_of_table


def _complaints(row: Row, delivery: Delivery) -> list[str]:
    """What only this format can get wrong; dates among themselves are judged by the suite."""
    problems = []
    if row["status"] == "scanned" and row["cve_id"]:
        problems.append("A row with the status 'scanned' names no CVE. Use open or fixed.")
    if row["status"] != "scanned" and row["cve_id"] is None:
        problems.append("cve_id is missing. Only a row with the status 'scanned' goes without.")
    delivered = delivery.delivered_at.date()
    for name in ("last_seen", "fixed_on"):
        if row[name] and row[name] > delivered:
            after = f"{name} {row[name]} is after the delivery of {delivered}."
            problems.append(f"{after} Check the year.")
    return problems


TABLE = Table(
    "findings",
    (
        Column("supplier_id", cells.identifier, is_required=True),
        Column("asset_id", cells.identifier),
        Column("cve_id", cells.cve),
        Column(
            "status",
            cells.choice("open", "fixed", "not_affected", "scanned"),
            is_required=True,
        ),
        Column("first_seen", cells.day),
        Column("last_seen", cells.day),
        Column("fixed_on", cells.day),
        Column("is_inferred", cells.flag),
        Column("justification", cells.text),
    ),
    check=_complaints,
)


SOURCE = source_of_table(
    "scanner_findings",
    TABLE,
    title="Vulnerability scanner",
    reliability="B",
    reliability_reason="Authenticated scans where suppliers allow them, banners elsewhere",
    expected_every_days=7,
)
