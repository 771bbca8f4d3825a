"""The staged tables: writing the rows of one delivery with their provenance, and removing them."""

import pyarrow as pa

from pipeline.batch import content_columns
from pipeline.sources.base import Delivery
from pipeline.warehouse import Connection


def schema(con: Connection, table: str) -> pa.Schema:
    """Columns and types of a staged table."""
    with con.cursor() as other:  # con itself may have rows left to fetch
        return other.sql(f"from staged.{table} limit 0").to_arrow_table().schema


def insert(con: Connection, delivery: Delivery, table: str, rows: pa.Table) -> None:
    """Append rows with their provenance; without a record of its own a row is its record."""
    columns = content_columns(rows.schema.remove(rows.schema.get_field_index("problems")))
    named = ", ".join(f'"{name}"' for name in columns)
    row_as_json = "json_object(" + ", ".join(f"'{name}', \"{name}\"" for name in columns) + ")"
    known_at = "least(disclosed, $delivered_at)" if delivery.is_historical else "$delivered_at"
    con.register("incoming_rows", rows)
    try:
        con.execute(
            f"insert into staged.{table} by name select $source_id as source_id, "
            f"$delivery_id as delivery_id, source_row, {known_at}::timestamp as known_at, "
            f"disclosed as disclosed_at, {named}, written as record, "
            "md5(written) as record_md5, false as is_repeat from ("
            "select *, coalesce(disclosed_at, $delivered_at::timestamp) as disclosed, "
            f"coalesce(record, cast({row_as_json} as varchar)) as written from incoming_rows)",
            {
                "source_id": delivery.source_id,
                "delivery_id": delivery.delivery_id,
                "delivered_at": delivery.delivered_at,
            },
        )
    finally:
        con.unregister("incoming_rows")


def drop_copies(con: Connection, table: str, delivery_id: str) -> None:
    """Keep the first of the delivery's records that are identical in every column."""
    same = ", ".join(f'"{name}"' for name in ["record_md5", *content_columns(schema(con, table))])
    con.execute(
        f"delete from staged.{table} where delivery_id = $delivery_id and rowid in ("
        "select id from (select rowid as id, row_number() over ("
        f"partition by {same} order by source_row, rowid) as n "
        f"from staged.{table} where delivery_id = $delivery_id and record_md5 in ("
        f"select record_md5 from staged.{table} where delivery_id = $delivery_id "
        "group by all having count(*) > 1)) where n > 1)",
        {"delivery_id": delivery_id},
    )
    con.execute(
        "delete from quality.verdicts as v where v.delivery_id = $delivery_id "
        f"and v.table_name = $table_name and not exists (select 1 from staged.{table} as s "
        "where s.delivery_id = v.delivery_id and s.source_row = v.source_row)",
        {"delivery_id": delivery_id, "table_name": table},
    )


def flag_repeats(con: Connection, table: str, delivery_id: str, earlier: list[str]) -> None:
    """Mark the records that one of the earlier deliveries held already.

    All of history is looked through, and kept in memory only where it is like this delivery.
    """
    con.execute(
        f"update staged.{table} set is_repeat = not is_repeat where delivery_id = $delivery_id "
        f"and is_repeat <> (record_md5 in (select e.record_md5 from staged.{table} as e semi join ("
        f"select record_md5 from staged.{table} where delivery_id = $delivery_id) as n "
        "using (record_md5) where list_contains($earlier::varchar[], e.delivery_id)))",
        {"delivery_id": delivery_id, "earlier": earlier},
    )


def discard(con: Connection, delivery_id: str) -> None:
    """Remove all that was made of a delivery; its archived file stays."""
    tables = con.execute(
        "select table_name from quality.ledger where delivery_id = ?", [delivery_id]
    ).fetchall()
    for (table,) in tables:
        con.execute(f"delete from staged.{table} where delivery_id = ?", [delivery_id])
    for table in ("verdicts", "ledger", "gates"):
        con.execute(f"delete from quality.{table} where delivery_id = ?", [delivery_id])
