"""The ledger: what became of every received record.

received = loaded + quarantined + duplicate, per delivery and table; the table's own constraint
refuses anything else.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from pipeline import manifest
from pipeline.sources import Source, get_source
from pipeline.warehouse import Connection, staged_tables


@dataclass(frozen=True)
class LedgerLine:
    """One delivery and table; a delivery that could not be read has one line of zeros."""

    source_id: str
    delivery_id: str
    name: str
    table: str
    n_received: int
    n_loaded: int
    n_quarantined: int
    n_duplicate: int
    status: str
    problem: str | None = None


def lines(con: Connection, delivery_ids: Iterable[str]) -> list[LedgerLine]:
    """The lines of these deliveries, in order of arrival."""
    rows = con.execute(
        "select d.source_id, d.delivery_id, d.name, coalesce(l.table_name, ''), "
        "coalesce(l.n_received, 0), coalesce(l.n_loaded, 0), coalesce(l.n_quarantined, 0), "
        "coalesce(l.n_duplicate, 0), d.status, d.problem "
        "from raw.deliveries as d left join quality.ledger as l using (delivery_id) "
        "where d.delivery_id in (select unnest(?)) order by d.delivered_at, d.delivery_id, 4",
        [list(delivery_ids)],
    ).fetchall()
    return [LedgerLine(*row) for row in rows]


def open_line(con: Connection, delivery_id: str, table: str, n_received: int) -> None:
    """Enter what was received; `balance` then says what became of it."""
    con.execute(
        "insert into quality.ledger values (?, ?, ?, 0, 0, ?, '')",
        [delivery_id, table, n_received, n_received],
    )


def balance(con: Connection, delivery_id: str) -> None:
    """Count anew what became of a delivery's records."""
    source = get_source(manifest.source_id(con, delivery_id))
    tables = con.execute(
        "select table_name from quality.ledger where delivery_id = ?", [delivery_id]
    ).fetchall()
    for (table,) in tables:
        _balance(con, source, delivery_id, table)


def _balance(con: Connection, source: Source, delivery_id: str, table: str) -> None:
    """Count; a row of a series that is new in hindsight alone does not change what was said."""
    repeated = "0" if source.is_snapshot else "count(*) filter (where v.is_repeat)"
    hashed = "where not v.is_repeat" if source.is_series else "where true"
    con.execute(
        f"update quality.ledger as l set "
        "n_loaded = valid.n - valid.n_repeated, "
        "n_quarantined = refused.n, "
        "n_duplicate = l.n_received - valid.n - refused.n + valid.n_repeated, "
        "content_hash = valid.content_hash "
        f"from (select count(*) as n, {repeated} as n_repeated, "
        "coalesce(cast(sum(hash(v.known_at, v.source_row, v.content)) "
        f"filter ({hashed}) as varchar), '') "
        "as content_hash from (select known_at, source_row, is_repeat, hash("
        "struct_pack(*columns(* exclude (is_repeat, known_date)))) as content "
        f"from validated.{table} where delivery_id = $delivery_id) as v) as valid, "
        f"(select count(*) as n from quarantine.{table} where delivery_id = $delivery_id) "
        "as refused where l.delivery_id = $delivery_id and l.table_name = $table_name",
        {"delivery_id": delivery_id, "table_name": table},
    )


def mismatches(con: Connection) -> list[str]:
    """Deliveries and tables of which the rows that are there are not those that were counted."""
    found = (
        row for table in staged_tables(con) for row in con.execute(_mismatches(table)).fetchall()
    )
    return [f"{delivery_id} {table}" for delivery_id, table in found]


def _mismatches(table: str) -> str:
    return (
        f"select delivery_id, '{table}' from "
        f"(from quality.ledger where table_name = '{table}') as l full join (select delivery_id, "
        "count(*) filter (is_valid) as n_valid, "
        "count(*) filter (is_valid and not is_repeat) as n_new, "
        "count(*) filter (not is_valid) as n_refused from ("
        f"select delivery_id, is_repeat, true as is_valid from validated.{table} union all "
        f"select delivery_id, is_repeat, false from quarantine.{table}) group by delivery_id) as r "
        "using (delivery_id) where coalesce(n_quarantined, 0) <> coalesce(n_refused, 0) "
        "or coalesce(n_loaded, 0) not in (coalesce(n_valid, 0), coalesce(n_new, 0)) order by all"
    )


def copy_as_duplicate(con: Connection, delivery_id: str, original_id: str) -> None:
    """A file received before: every record of it is a duplicate."""
    con.execute("delete from quality.ledger where delivery_id = ?", [delivery_id])
    con.execute(
        "insert into quality.ledger select ?, table_name, n_received, 0, 0, n_received, '' "
        "from quality.ledger where delivery_id = ?",
        [delivery_id, original_id],
    )
