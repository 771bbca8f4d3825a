"""Inventory of the suppliers' assets by product, the whole list with each delivery."""

from pipeline.sources import cells
from pipeline.sources.base import Delivery, Row
from pipeline.sources.tabular import Column, Table, source_of_table


def _product(row: Row, _delivery: Delivery) -> list[str]:
    if row["product"] is None and row["cpe"] is None:
        return ["Neither product nor cpe is given. State what the asset runs."]
    return []


TABLE = Table(
    "assets",
    (
        Column("asset_id", cells.identifier, is_required=True),
        Column("supplier_id", cells.identifier, is_required=True),
        Column("reach", cells.choice("internet", "ics", "internal"), is_required=True),
        Column("vendor", cells.text),
        Column("product", cells.text),
        Column("product_version", cells.text),
        Column("cpe", cells.text),
        Column("valid_from", cells.day),
        Column("valid_to", cells.day),
    ),
    key="asset_id",
    check=_product,
)


SOURCE = source_of_table(
    "assets",
    TABLE,
    title="Asset inventory of suppliers",
    reliability="C",
    reliability_reason="Declared by the suppliers themselves, seldom verified",
    is_snapshot=True,
    expected_every_days=45,
)
