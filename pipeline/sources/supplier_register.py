"""Our register of suppliers: one row per supplier, the whole list with each delivery."""

from pipeline.sources import cells
from pipeline.sources.tabular import Column, Table, source_of_table

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


SOURCE = source_of_table(
    "supplier_register",
    TABLE,
    title="Supplier register",
    reliability="B",
    reliability_reason="Kept by our own purchasing; corrected a few weeks late at times",
    is_snapshot=True,
    expected_every_days=45,
)
