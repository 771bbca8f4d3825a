"""Putting stored days in place of others: every table of days, by days or by spans of days."""

import hashlib
from collections.abc import Callable, Iterator
from datetime import date

from pipeline.backfill_plan import Request
from pipeline.method import models_for
from pipeline.warehouse import Connection, columns, replace_spans

BOOKS = ("quality.scored_days", "quality.inputs", "quality.gates")


def tables_of_days(con: Connection) -> list[str]:
    """Tables that hold what was computed for days, and the books on it."""
    daily = [model.name for model in models_for(con) if model.is_daily and model.schema != "temp"]
    return [*daily, *BOOKS]


def replaced_tables(con: Connection, start: date, end: date) -> Iterator[tuple[str, str]]:
    """Every table of days with the SELECT of its rows of the days start…end."""
    for table in tables_of_days(con):
        yield table, _rows(table, columns(con, table), start, end)


def replace_days(con: Connection, source: Callable[[str], str], request: Request) -> None:
    """Replace the request's days and sectors by those of `source`; the caller's transaction.

    Args:
        con: the writing connection.
        source: the relation that holds a table's new rows, by the table's name.
        request: days and sectors.
    """
    start, end = request.start, request.end
    own = _own_mixes(request)
    for table in tables_of_days(con):
        names = columns(con, table)
        chosen = _chosen(names, request, own)
        if request.sectors and table == "quality.inputs":
            continue
        if request.sectors and table == "quality.scored_days":
            _note_partial(con, source(table), request)
            continue
        rows = _rows(source(table), names, start, end)
        if "first_date" in names:
            kept = _rows(table, names, start, end)
            con.execute(
                f"create or replace temp table fresh as select * from ({rows}) where {chosen} "
                f"union all by name select * from ({kept}) where not ({chosen})"
            )
            replace_spans(con, table, start, end)
        else:
            con.execute(
                f"delete from {table} where score_date between '{start}' and '{end}' and {chosen}"
            )
            con.execute(f"insert into {table} by name select * from ({rows}) where {chosen}")


def _rows(relation: str, names: list[str], start: date, end: date) -> str:
    if "first_date" not in names:
        return f"select * from {relation} where score_date between '{start}' and '{end}'"
    return (
        f"select * replace (greatest(first_date, date '{start}') as first_date, "
        f"least(last_date, date '{end}') as last_date) from {relation} "
        f"where first_date <= '{end}' and last_date >= '{start}'"
    )


def _own_mixes(request: Request) -> str:
    """Mixes of sectors in which the chosen ones have a share: they have no other, by the plan."""
    listed = ", ".join(f"'{sector}'" for sector in request.sectors)
    return f"select mix_id from facts.sector_mixes where sector_id in ({listed})"


def _chosen(names: list[str], request: Request, own_mixes: str) -> str:
    """Condition on the rows that belong to the request's sectors."""
    if not request.sectors:
        return "true"
    listed = ", ".join(f"'{sector}'" for sector in request.sectors)
    if "sector_id" in names:
        return f"sector_id in ({listed})"
    if "mix_id" in names:
        return f"mix_id in ({own_mixes})"
    if "supplier_id" in names:
        return (
            "supplier_id in (select supplier_id from facts.supplier_mixes "
            f"where mix_id in ({own_mixes}))"
        )
    return "true"


def _note_partial(con: Connection, source: str, request: Request) -> None:
    """A day of which some sectors are newer is a run of its own, and stays due for the others."""
    part = hashlib.sha256(repr(request.sectors).encode()).hexdigest()[:8]
    con.execute(
        "update quality.scored_days as d set "
        f"inputs_sha256 = sha256(concat_ws(' ', d.inputs_sha256, n.inputs_sha256, '{part}')), "
        "run_id = concat(d.score_date, '-', "
        f"left(sha256(concat_ws(' ', d.run_id, n.run_id, '{part}')), 8)) "
        f"from {source} as n where n.score_date = d.score_date "
        f"and n.score_date between '{request.start}' and '{request.end}' "
        "and n.run_id <> d.run_id"
    )
