"""Inventory of the suppliers' assets by product, the whole list with each delivery."""

from collections.abc import Iterator

from pipeline.sources import cells
from pipeline.sources.base import Delivery, Row, Rows, Source
from pipeline.sources.tabular import Column, Table, read_table


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


def read(delivery: Delivery) -> Iterator[Rows]:
    """Rows of `assets`."""
    return read_table(delivery, TABLE)


SOURCE = Source(
    source_id="assets",
    title="Asset inventory of suppliers",
    group="sector_exposure",
    read=read,
    tables=("assets",),
    reliability="C",
    reliability_reason="Declared by the suppliers themselves, seldom verified",
    licence="Own records",
    is_snapshot=True,
    expected_every_days=45,
    suffixes=(".csv", ".tsv", ".txt", ".xlsx", ".parquet"),
    tlp="AMBER",
)
