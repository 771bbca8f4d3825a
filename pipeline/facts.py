"""Tables of facts: what the method reads, derived from all that is validated.

They follow from the deliveries, the method and the knowledge alone. New deliveries concern some
suppliers: of the tables that name a supplier only the rows of those are made anew, since a
supplier's rows follow from what is said of it, and from tables that are made anew as a whole and
compared with what they were. If anything else has changed, everything is made anew; the rows are
the same.
"""

import re

from pipeline.events import assign_events
from pipeline.identity import assign_identities
from pipeline.method import Model, installed_method, models_for
from pipeline.warehouse import Connection, query

INPUTS = """
    select
        d.delivery_id,
        case when d.is_historical then null else cast(d.delivered_at as date) end as known_date,
        md5(concat_ws('|', d.delivery_id, d.is_historical, (
            select string_agg(concat_ws(' ', l.table_name, l.content_hash), ','
                              order by l.table_name)
            from quality.ledger as l where l.delivery_id = d.delivery_id
        ))) as content_hash
    from raw.deliveries as d
    where d.status <> 'failed'
    order by known_date nulls first, content_hash
"""

CONCERNS = {
    "facts.asset_versions": ("supplier_id", None),
    "facts.affected_products": ("vendor_key, product_key", "facts.asset_products"),
    "facts.exploitation_probability": ("cve_id", "facts.open_findings"),
}
"""Tables made anew as a whole: the columns, and the table, by which changes reach suppliers."""


def refresh_facts(con: Connection, knowledge: str) -> None:
    """Bring the tables of facts up to date; the caller owns the transaction."""
    con.execute(f"set variable knowledge = '{knowledge}'")
    basis = f"{installed_method(con)} {knowledge}"
    stored = con.execute("select * from quality.facts_inputs").fetchall()
    wanted = [
        (basis, delivery_id, content) for delivery_id, _, content in con.execute(INPUTS).fetchall()
    ]
    if stored and sorted(stored) == sorted(wanted):
        return
    before = con.execute("from facts.supplier_identities").fetchall()
    assign_events(con)
    assign_identities(con)
    after = con.execute("from facts.supplier_identities").fetchall()
    if knowledge == "then" and stored and set(stored) <= set(wanted):
        joined = {name for span in set(before) ^ set(after) for name in (span[0], span[3])}
        _extend(con, sorted({row[1] for row in set(wanted) - set(stored)}), sorted(joined))
    else:
        replace_facts(con)
    con.execute("delete from quality.facts_inputs")
    if wanted:
        con.execute(
            "insert into quality.facts_inputs select ?, unnest(?::varchar[]), unnest(?::varchar[])",
            [basis, [row[1] for row in wanted], [row[2] for row in wanted]],
        )


def replace_facts(con: Connection) -> None:
    """Make every table of facts anew from what is validated; the caller owns the transaction."""
    for model in models_for(con):
        if model.is_fact:
            con.execute(f"create or replace table {model.name} as {model.sql}")


def _extend(con: Connection, deliveries: list[str], joined: list[str]) -> None:
    """Add what these deliveries say to the facts that all the others gave."""
    con.execute("create or replace temp table concerned (supplier_id varchar)")
    _concern(con, "select unnest($ids)", ids=joined)
    for table in ("findings", "assets"):
        _concern(
            con,
            f"select supplier_id from staged.{table} "
            "where supplier_id is not null and list_contains($ids, delivery_id)",
            ids=deliveries,
        )
    changed = [row["supplier_id"] for row in query(con, "changed_suppliers", ids=deliveries)]
    _concern(con, "select unnest($ids)", ids=changed)
    by_supplier = _tables_by_supplier(con)
    for model in models_for(con):
        if model.is_fact and model.name in by_supplier - CONCERNS.keys():
            _replace_concerned(con, model, model.references() & by_supplier)
        elif model.is_fact:
            _replace_whole(con, model)


def _concern(con: Connection, suppliers: str, **parameters: list[str]) -> None:
    """Note suppliers, and all ids that ever counted as one with theirs."""
    found = suppliers
    while con.execute(
        f"insert into concerned ({found}) except from concerned", parameters
    ).fetchone() != (0,):
        parameters = {}
        found = (
            "select unnest([supplier_id, identity_id]) from facts.supplier_identities "
            "where supplier_id in (from concerned) or identity_id in (from concerned)"
        )


def _tables_by_supplier(con: Connection) -> set[str]:
    rows = con.execute(
        "select schema_name || '.' || table_name from duckdb_columns() "
        "where column_name = 'supplier_id' and database_name = current_database()"
    ).fetchall()
    return {name for (name,) in rows}


def _replace_concerned(con: Connection, model: Model, tables: set[str]) -> None:
    """Replace the rows of the suppliers concerned by what the model makes of their rows alone."""
    sql = model.sql
    for name in tables:
        view = "concerned_" + name.replace(".", "_")
        con.execute(
            f"create or replace temp view {view} as "
            f"from {name} semi join concerned using (supplier_id)"
        )
        sql = re.sub(rf"\b{re.escape(name)}\b", view, sql)
    con.execute(f"create or replace temp table fresh as {sql}")
    con.execute(f"delete from {model.name} where supplier_id in (from concerned)")
    con.execute(f"insert into {model.name} by name from fresh")


def _replace_whole(con: Connection, model: Model) -> None:
    keys, owners = CONCERNS.get(model.name, (None, None))
    if keys:
        con.execute(f"create or replace temp table before as from {model.name}")
    con.execute(f"create or replace table {model.name} as {model.sql}")
    if keys:
        gone, new = f"from before except from {model.name}", f"from {model.name} except from before"
        changed = f"(({gone}) union ({new}))"
        reached = f"{owners} semi join {changed} using ({keys})" if owners else changed
        _concern(con, f"select supplier_id from {reached}")
