"""Our register of suppliers: one row per supplier, the whole list with each delivery."""

from collections.abc import Iterator

from pipeline.sources import cells
from pipeline.sources.base import Delivery, Rows, Source
from pipeline.sources.tabular import Column, Table, read_table

TABLE = Table(
    "suppliers",
    (
        Column("supplier_id", cells.identifier, is_required=True),
        Column("supplier_name", cells.text, is_required=True),
        Column("aliases", cells.words),
        Column("lei", cells.lei),
        Column("cage_code", cells.cage_code),
        Column("uei", cells.uei),
        Column("duns", cells.duns),
        Column("parent_id", cells.identifier),
        Column("country", cells.text),
        Column("sites", cells.text),
        Column("sectors", cells.sectors, is_required=True),
        Column("criticality_1_5", cells.criticality),
        Column("dependency_0_1", cells.share),
        Column("spend_eur", cells.amount),
        Column("contact_group", cells.text),
        Column("valid_from", cells.day),
        Column("valid_to", cells.day),
    ),
    key="supplier_id",
)


def read(delivery: Delivery) -> Iterator[Rows]:
    """Rows of `suppliers`, columns as the mapping of the source names them."""
    return read_table(delivery, TABLE)


SOURCE = Source(
    source_id="supplier_register",
    title="Supplier register",
    group="sector_exposure",
    read=read,
    tables=("suppliers",),
    reliability="B",
    reliability_reason="Kept by our own purchasing; corrected a few weeks late at times",
    licence="Own records",
    is_snapshot=True,
    expected_every_days=45,
    suffixes=(".csv", ".tsv", ".txt", ".xlsx", ".parquet"),
    tlp="AMBER",
)
