"""Putting a computed backfill in place of what is stored, and bringing that back."""

import logging
import shutil
from typing import Any

from pipeline.backfill import PATIENCE_S, Staged, clear
from pipeline.backfill_plan import Request, plan, state_sha256
from pipeline.engine import engine_for
from pipeline.errors import SectorRiskError
from pipeline.facts import refresh_facts
from pipeline.method import installed_method
from pipeline.raw import utc_now
from pipeline.replacing import replace_days, replaced_tables
from pipeline.score import tell
from pipeline.settings import Settings
from pipeline.warehouse import Connection, open_warehouse, query, quoted, transaction

logger = logging.getLogger(__name__)


def swap(settings: Settings, staged: Staged) -> bool:
    """Put the staged days in place of the stored ones, all or nothing; False if it was done before.

    Raises:
        SectorRiskError: the days or their inputs have changed since the plan.
    """
    request = staged.plan.request
    with open_warehouse(settings, patience_s=PATIENCE_S) as con, engine_for(settings) as engine:
        if _recorded(con, staged.backfill_id):
            clear(staged.folder)
            return False
        if plan(con, request).basis != staged.plan.basis:
            raise SectorRiskError(
                f"The days {request.start} to {request.end} or their inputs have changed since "
                f"backfill {staged.backfill_id} was planned; nothing was swapped in. Ask for it "
                "again: it starts anew from what is stored now."
            )
        _keep(con, staged)
        con.execute(f"attach '{quoted(staged.file)}' as backfill (read_only)")
        with transaction(con):
            replace_days(con, lambda table: f"backfill.{table}", request)
            _record(con, staged)
            if installed_method(con) == staged.plan.method_version:
                refresh_facts(con, request.knowledge, engine)
            tell(con, request.start, request.end, engine)
        con.execute("detach backfill")
    clear(staged.folder)
    logger.info("backfill %s swapped in: %s", staged.backfill_id, request.reason)
    return True


def rollback(settings: Settings, backfill_id: str, *, reason: str, requested_by: str) -> None:
    """Bring back the scores that a backfill took the place of.

    Raises:
        SectorRiskError: it is not known, not the newest of its days, or what it replaced is gone.
    """
    with open_warehouse(settings, patience_s=PATIENCE_S) as con:
        found = _recorded(con, backfill_id)
        if found is None or found["rolled_back_at"]:
            raise SectorRiskError(
                f"No backfill {backfill_id} stands. 'sector-risk backfill list' names them."
            )
        start, end = found["start_date"], found["end_date"]
        if state_sha256(con, start, end) != found["state_sha256"]:
            raise SectorRiskError(
                f"Days of backfill {backfill_id} have been scored anew since: roll back what came "
                "after it first ('sector-risk backfill list'), or backfill these days again."
            )
        kept = settings.backfills_folder / backfill_id / "replaced"
        if not kept.is_dir():
            raise SectorRiskError(
                f"What backfill {backfill_id} replaced is no longer kept in {kept}. Backfill "
                f"{start} to {end} with the earlier method instead."
            )
        request = Request(start, end, reason, requested_by)
        with transaction(con):
            replace_days(
                con, lambda table: f"read_parquet('{quoted(kept / table)}.parquet')", request
            )
            tell(con, start, end)
            con.execute(
                "update quality.backfills set rolled_back_at = ?, rolled_back_by = ?, "
                "rollback_reason = ? where backfill_id = ?",
                [utc_now(), requested_by, reason, backfill_id],
            )
    logger.info("backfill %s rolled back: %s", backfill_id, reason)


def _keep(con: Connection, staged: Staged) -> None:
    """Write the rows that will be replaced beside the staged ones."""
    aside = staged.folder / ".replaced"
    shutil.rmtree(aside, ignore_errors=True)
    shutil.rmtree(staged.replaced, ignore_errors=True)
    aside.mkdir()
    request = staged.plan.request
    for table, rows in replaced_tables(con, request.start, request.end):
        con.execute(
            f"copy ({rows}) to '{quoted(aside / table)}.parquet' (format parquet, compression zstd)"
        )
    aside.rename(staged.replaced)


def _record(con: Connection, staged: Staged) -> None:
    request, planned = staged.plan.request, staged.plan
    n_days, seconds = con.execute(
        "select coalesce(sum(n_days), 0), coalesce(sum(seconds), 0) from backfill.computed"
    ).fetchall()[0]
    con.execute(
        "update quality.scored_days as d set backfill_id = $id "
        "where score_date between $start and $end and not exists ("
        f"select 1 from read_parquet('{quoted(staged.replaced)}/quality.scored_days.parquet') as b "
        "where b.score_date = d.score_date and b.run_id = d.run_id)",
        {"id": staged.backfill_id, "start": request.start, "end": request.end},
    )
    con.execute(
        "insert into quality.backfills by name select $backfill_id as backfill_id, "
        "$start::date as start_date, $end::date as end_date, $knowledge as knowledge, "
        "$method_version as method_version, $sectors::varchar[] as sectors, $reason as reason, "
        "$requested_by as requested_by, $n_days as n_days, $n_rows as n_rows, "
        "$seconds as seconds, $inputs_sha256 as inputs_sha256, $state_sha256 as state_sha256, "
        "$swapped_at::timestamp as swapped_at",
        {
            "backfill_id": staged.backfill_id,
            "start": request.start,
            "end": request.end,
            "knowledge": request.knowledge,
            "method_version": planned.method_version,
            "sectors": list(request.sectors),
            "reason": request.reason,
            "requested_by": request.requested_by,
            "n_days": n_days,
            "n_rows": n_days * planned.n_suppliers,
            "seconds": seconds,
            "inputs_sha256": planned.inputs_sha256,
            "state_sha256": state_sha256(con, request.start, request.end),
            "swapped_at": utc_now(),
        },
    )


def _recorded(con: Connection, backfill_id: str) -> dict[str, Any] | None:
    rows = query(con, "backfills", backfill_id=backfill_id)
    return rows[0] if rows else None
