"""What the sheets read: the chosen days and suppliers under the export's marking."""

from collections.abc import Collection
from datetime import date
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from pipeline.errors import ExportError
from pipeline.export.sheets import SELECTION_FOLDER
from pipeline.marking import mark
from pipeline.settings import Settings

if TYPE_CHECKING:
    from pipeline.warehouse import Connection

MAX_NAMED = 10


def select(
    con: "Connection",
    days: tuple[date, date],
    supplier_ids: Collection[str] | None,
    settings: Settings,
    *,
    compared_days: Collection[int],
    max_suppliers: int,
    beside: str,
) -> None:
    """Make the temporary tables and views that the sheets read.

    Args:
        con: a connection of its own, whose temporary tables nobody else uses.
        days: the first and the last day.
        supplier_ids: the portfolio; None = all suppliers.
        settings: marking and contact.
        compared_days: how many days before the last one lie those that it is compared with.
        max_suppliers: how many suppliers a sheet lists.
        beside: name of the flat file that holds those beyond.

    Raises:
        ExportError: a day is not scored, or a supplier is unknown.
    """
    start, end = days
    con.execute("set variable start_date = ?::date", [start])
    con.execute("set variable end_date = ?::date", [end])
    con.execute("set variable compared_days = ?::integer[]", [list(compared_days)])
    con.execute(
        "set variable compared_dates = list_prepend(getvariable('end_date'), "
        "list_transform(getvariable('compared_days'), lambda days: getvariable('end_date') - days))"
    )
    con.execute(
        "create or replace temp table chosen as select ?::date as start_date, ?::date as end_date, "
        "?::boolean as is_portfolio, ?::integer as max_suppliers, ?::varchar as tlp, "
        "?::varchar as contact, ?::varchar as beside",
        [
            *(start, end, supplier_ids is not None, max_suppliers),
            *(settings.tlp, settings.contact, beside),
        ],
    )
    con.execute(
        "create or replace temp table portfolio as select unnest(?::varchar[]) as supplier_id",
        [sorted(supplier_ids or [])],
    )
    _check_days(con, start, end)
    _check_suppliers(con, end)
    mark(con, settings.tlp)
    for path in sorted(SELECTION_FOLDER.glob("*.sql")):
        con.execute(path.read_text(encoding="utf-8"))


def list_suppliers_up_to(con: "Connection", number: int) -> None:
    """Change how many suppliers a sheet lists."""
    con.execute("update chosen set max_suppliers = ?", [number])


def _check_days(con: "Connection", start: date, end: date) -> None:
    scored = {day for (day,) in _rows(con, "select score_date from quality.scored_days")}
    missing = [day for day in sorted({start, end}) if day not in scored]
    if start > end:
        raise ExportError(f"The range ends before it starts: {start} to {end}. Swap the two days.")
    if missing and scored:
        raise ExportError(
            f"{' and '.join(map(str, missing))}: no published score. Scored are days from "
            f"{min(scored)} to {max(scored)}: choose among them, or run 'sector-risk run --date "
            f"{missing[-1]}' first."
        )
    if missing:
        raise ExportError("There is no published score yet. Run 'sector-risk run --date …' first.")


def _check_suppliers(con: "Connection", end: date) -> None:
    on_file = (
        "select distinct supplier_id from scores.supplier_spans "
        "where getvariable('end_date') between first_date and last_date"
    )
    unknown = [
        supplier_id
        for (supplier_id,) in _rows(
            con, f"from portfolio where supplier_id not in ({on_file}) order by all"
        )
    ]
    if not unknown:
        return
    known = [supplier_id for (supplier_id,) in _rows(con, f"{on_file} order by all")]
    named = [_with_nearest(one, known) for one in unknown[:MAX_NAMED]]
    more = f" and {len(unknown) - MAX_NAMED:,} more" if len(unknown) > MAX_NAMED else ""
    raise ExportError(
        f"{end}: no such suppliers in the register: {', '.join(named)}{more}. "
        "Give ids as in the column Supplier id of the sheet Suppliers."
    )


def _with_nearest(supplier_id: str, known: list[str]) -> str:
    nearest = get_close_matches(supplier_id, known, n=3, cutoff=0.5)
    return f"{supplier_id} (nearest: {', '.join(nearest)})" if nearest else supplier_id


def _rows(con: "Connection", query: str) -> list[tuple[Any, ...]]:
    return con.execute(query).fetchall()
