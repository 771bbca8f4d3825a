"""Quarantine: what is in it and why, and the ways out of it."""

from dataclasses import dataclass

from pipeline import manifest, stage
from pipeline.ledger import LedgerLine
from pipeline.settings import Settings
from pipeline.warehouse import Connection, staged_tables, transaction


@dataclass(frozen=True)
class QuarantinedRow:
    """One record that is held back, with every reason and what to do."""

    source_id: str
    delivery_id: str
    name: str
    table: str
    source_row: int
    reasons: list[str]
    remedies: list[str]
    record: str


def list_rows(
    con: Connection, *, delivery_id: str | None = None, limit: int = 1000
) -> list[QuarantinedRow]:
    """Records in quarantine, latest deliveries first."""
    parts = [
        "select q.source_id, q.delivery_id, q.source_row, q.record, "
        f"'{table}' as table_name from quarantine.{table} as q"
        for table in staged_tables(con)
    ]
    rows = con.execute(
        "select q.source_id, q.delivery_id, d.name, q.table_name, q.source_row, "
        "list(v.reason order by v.rule_id, v.reason), "
        "list(distinct v.remedy order by v.remedy), q.record "
        f"from ({' union all '.join(parts)}) as q "
        "inner join raw.deliveries as d on q.delivery_id = d.delivery_id "
        "inner join quality.verdicts as v on v.severity = 'critical' "
        "and q.delivery_id = v.delivery_id and q.table_name = v.table_name "
        "and q.source_row = v.source_row "
        "where $delivery_id is null or q.delivery_id = $delivery_id "
        "group by q.source_id, q.delivery_id, d.name, q.table_name, q.source_row, q.record, "
        "d.delivered_at "
        "order by d.delivered_at desc, q.delivery_id, q.table_name, q.source_row limit $limit",
        {"delivery_id": delivery_id, "limit": limit},
    ).fetchall()
    return [QuarantinedRow(*row) for row in rows]


def replay(con: Connection, settings: Settings, delivery_id: str | None = None) -> list[LedgerLine]:
    """Read deliveries again with today's readers, corrections, aliases and rules.

    Args:
        con: the warehouse.
        settings: where the archive is.
        delivery_id: one delivery; default all that failed, are held or have records in quarantine.
    """
    if delivery_id is not None:
        manifest.source_id(con, delivery_id)
        return stage.reload(con, settings, delivery_id)
    waiting = con.execute(
        "select d.delivery_id from raw.deliveries as d where d.status in ('failed', 'held') "
        "or d.delivery_id in (select l.delivery_id from quality.ledger as l "
        "where l.n_quarantined > 0) order by d.delivered_at, d.delivery_id"
    ).fetchall()
    return [line for (each,) in waiting for line in stage.reload(con, settings, each)]


def release(con: Connection, settings: Settings, delivery_id: str, reason: str) -> list[LedgerLine]:
    """Let a held delivery through, because a person says that it is right as it is."""
    manifest.source_id(con, delivery_id)
    with transaction(con):
        con.execute("insert or replace into quality.releases values (?, ?)", [delivery_id, reason])
    manifest.write_out(con, settings)
    return stage.reload(con, settings, delivery_id)
