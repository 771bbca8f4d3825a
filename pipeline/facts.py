"""Tables of facts: what the method reads, derived from all that is validated.

They follow from the deliveries, the method and the knowledge alone. After new deliveries only the
models are run again that read what these fill, or what has changed by them. New deliveries concern
some suppliers: of the tables that name a supplier only the rows of those are made anew, since a
supplier's rows follow from what is said of it, and from tables that are made anew as a whole and
compared with what they were. If anything else has changed, everything is made anew; the rows are
the same.
"""

import re

from pipeline.engine import DUCKDB, Engine
from pipeline.events import assign_events
from pipeline.identity import assign_identities
from pipeline.method import Model, installed_method, models_for
from pipeline.warehouse import Connection, content, query

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


def refresh_facts(con: Connection, knowledge: str, engine: Engine = DUCKDB) -> None:
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
    changed = {"facts.report_events"} if assign_events(con) else set()
    assign_identities(con)
    after = con.execute("from facts.supplier_identities").fetchall()
    if engine.extends_facts and knowledge == "then" and stored and set(stored) <= set(wanted):
        moved = {name for span in set(before) ^ set(after) for name in (span[0], span[3])}
        changed |= {"facts.supplier_identities"} if moved else set()
        deliveries = {row[1] for row in set(wanted) - set(stored)}
        _extend(con, sorted(deliveries), sorted(moved), changed)
    else:
        replace_facts(con, engine)
    con.execute("delete from quality.facts_inputs")
    if wanted:
        con.execute(
            "insert into quality.facts_inputs select ?, unnest(?::varchar[]), unnest(?::varchar[])",
            [basis, [row[1] for row in wanted], [row[2] for row in wanted]],
        )


def replace_facts(con: Connection, engine: Engine = DUCKDB) -> None:
    """Make every table of facts anew from what is validated; the caller owns the transaction."""
    engine.forget()
    for model in models_for(con):
        if model.is_fact:
            rows, _ = engine.rows(con, model)
            con.execute(f"create or replace table {model.name} as {rows}")


def _extend(con: Connection, deliveries: list[str], joined: list[str], changed: set[str]) -> None:
    """Add what these deliveries say to the facts that all the others gave.

    Args:
        con: the writing connection.
        deliveries: those that are new.
        joined: supplier ids that came to count as one with others, or no longer do.
        changed: tables of facts that have changed already. A model that reads none of the tables
            that these deliveries fill or that have changed gives what it gave.
    """
    changed |= _filled(con, deliveries)
    con.execute("create or replace temp table concerned (supplier_id varchar)")
    _concern(con, "select unnest($ids)", ids=joined)
    for table in ("findings", "assets"):
        _concern(
            con,
            f"select supplier_id from staged.{table} "
            "where supplier_id is not null and list_contains($ids, delivery_id)",
            ids=deliveries,
        )
    if "staged.suppliers" in changed:
        found = query(con, "changed_suppliers", ids=deliveries)
        _concern(con, "select unnest($ids)", ids=[row["supplier_id"] for row in found])
    by_supplier = _tables_by_supplier(con)
    for model in models_for(con):
        if model.is_fact and model.references() & changed:
            if model.name in by_supplier - CONCERNS.keys():
                is_changed = _replace_concerned(con, model, model.references() & by_supplier)
            else:
                is_changed = _replace_whole(con, model)
            changed |= {model.name} if is_changed else set()


def _filled(con: Connection, deliveries: list[str]) -> set[str]:
    """Tables, and views of them, that hold rows of these deliveries."""
    rows = con.execute(
        "select distinct table_name from quality.ledger where list_contains($ids, delivery_id)",
        {"ids": deliveries},
    ).fetchall()
    return {f"{view}.{name}" for (name,) in rows for view in ("staged", "validated", "quarantine")}


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


def _replace_concerned(con: Connection, model: Model, tables: set[str]) -> bool:
    """Replace the rows of the suppliers concerned by what the model makes of their rows alone.

    Returns whether that changed anything; if not, nothing is written.
    """
    sql = model.sql
    for name in tables:
        view = "concerned_" + name.replace(".", "_")
        con.execute(
            f"create or replace temp view {view} as "
            f"from {name} semi join concerned using (supplier_id)"
        )
        sql = re.sub(rf"\b{re.escape(name)}\b", view, sql)
    con.execute(f"create or replace temp table fresh as {sql}")
    theirs = f"from {model.name} semi join concerned using (supplier_id)"
    if content(con, theirs) == content(con, "from fresh"):
        return False
    con.execute(f"delete from {model.name} where supplier_id in (from concerned)")
    con.execute(f"insert into {model.name} by name from fresh")
    return True


def _replace_whole(con: Connection, model: Model) -> bool:
    """Replace all rows of a model and note the suppliers whom that concerns.

    Returns whether that changed anything; if not, nothing is written.
    """
    con.execute(f"create or replace temp table fresh as {model.sql}")
    if content(con, f"from {model.name}") == content(con, "from fresh"):
        return False
    if model.name in CONCERNS:
        keys, owners = CONCERNS[model.name]
        gone, new = f"from {model.name} except from fresh", f"from fresh except from {model.name}"
        changed = f"(({gone}) union ({new}))"
        reached = f"{owners} semi join {changed} using ({keys})" if owners else changed
        _concern(con, f"select supplier_id from {reached}")
    con.execute(f"create or replace table {model.name} as from fresh")
    return True
