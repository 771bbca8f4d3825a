"""Backfills: days computed in a copy of the warehouse, checked, and swapped in at once.

The copy is `backfills/<id>/staging.duckdb`: the warehouse is free while it fills, and whatever
interrupts it, the same request takes it up again. The swap is one transaction; the rows that it
replaces are kept beside it as Parquet, so that one command brings them back.
"""

import logging
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

import orjson

from pipeline import validate
from pipeline.backfill_plan import Plan, Request, plan, state_sha256
from pipeline.errors import GateError, MethodError, NothingPublishedError, SectorRiskError
from pipeline.facts import refresh_facts
from pipeline.method import installed_method, stored_method
from pipeline.raw import utc_now
from pipeline.replacing import replace_days, replaced_tables
from pipeline.sandbox import Comparison, compared
from pipeline.score import score_range, tell
from pipeline.settings import Settings
from pipeline.warehouse import (
    Connection,
    DatabaseError,
    copy_warehouse,
    install,
    open_copy,
    open_memory,
    open_warehouse,
    query,
    quoted,
    transaction,
)

logger = logging.getLogger(__name__)

PATIENCE_S = 60.0
ROWS_PER_CHUNK = 5_000_000
SUITES = ("scores_supplier_daily", "scores_sector_daily")

Progress = Callable[[int, int], None]
"""Called with the days done and the days to do."""


@dataclass(frozen=True)
class Staged:
    """A backfill that is computed and not swapped in yet."""

    backfill_id: str
    plan: Plan
    folder: Path
    n_scored: int = 0

    @property
    def file(self) -> Path:
        """The copy of the warehouse in which its days are computed."""
        return self.folder / "staging.duckdb"

    @property
    def replaced(self) -> Path:
        """Rows that it has taken the place of, a Parquet file each table."""
        return self.folder / "replaced"


def plan_only(settings: Settings, request: Request) -> Plan:
    """What the request would do; changes nothing."""
    with open_warehouse(settings, patience_s=PATIENCE_S) as con:
        return plan(con, request)


def stage(settings: Settings, request: Request, progress: Progress | None = None) -> Staged:
    """Compute the days in a copy and check them; taken up where it was interrupted.

    Raises:
        WarehouseLockedError: somebody writes to the warehouse, or to this very backfill.
        GateError: the scores break a rule; they stay staged and are not swapped in.
        MethodError: the method cannot be computed into today's tables.
    """
    staged = _prepare(settings, request)
    if not staged.plan.n_due:
        return staged
    with open_copy(staged.file, settings) as con:
        installed = stored_method(con, staged.plan.method_version)
        try:
            install(con, installed)
            n_scored = _compute(con, staged.plan, progress)
        except DatabaseError as error:
            raise _explained(error, staged.plan, installed_method(con)) from error
        _check(con, request)
    return replace(staged, n_scored=n_scored)


def swap(settings: Settings, staged: Staged) -> bool:
    """Put the staged days in place of the stored ones, all or nothing; False if it was done before.

    Raises:
        SectorRiskError: the days or their inputs have changed since the plan.
    """
    request = staged.plan.request
    with open_warehouse(settings, patience_s=PATIENCE_S) as con:
        if _recorded(con, staged.backfill_id):
            _clear(staged.folder)
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
                refresh_facts(con, request.knowledge)
            tell(con, request.start, request.end)
        con.execute("detach backfill")
    _clear(staged.folder)
    logger.info("backfill %s swapped in: %s", staged.backfill_id, request.reason)
    return True


def compare(settings: Settings, staged: Staged, *, n: int = 20) -> Comparison:
    """What the swap would move against what is published now."""
    if not settings.snapshot_file.exists():
        raise NothingPublishedError("Nothing is published yet: there is nothing to compare with.")
    request = staged.plan.request
    with open_memory(settings) as box:
        for alias, schema, file in (
            ("published", "before", settings.snapshot_file),
            ("backfill", "after", staged.file),
        ):
            box.execute(f"attach '{quoted(file)}' as {alias} (read_only)")
            box.execute(f"create schema {schema}")
            for table in ("sector_daily", "sector_driver_daily", "supplier_daily"):
                box.execute(
                    f"create table {schema}.{table} as from {alias}.scores.{table} "
                    "where score_date between $start and $end",
                    {"start": request.start, "end": request.end},
                )
        box.execute("create schema method")
        box.execute("create view method.sectors as from backfill.method.sectors")
        return compared(box, request.start, request.end, reasons(staged.plan), n)


def reasons(found: Plan) -> tuple[str, ...]:
    """Why days are computed, a line each."""
    lines = [f"{days:,} days: {reason}" for reason, days in found.reasons.items()]
    lines += [
        f"{one.delivery_id} {one.what}: {one.n_days:,} days from {one.first_date} to "
        f"{one.last_date}"
        for one in found.late
    ]
    return tuple(lines)


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


def unfinished(settings: Settings) -> dict[str, Request]:
    """Backfills that were begun and neither swapped in nor discarded."""
    found = {}
    for file in sorted(settings.backfills_folder.glob("*/request.json")):
        if not (file.parent / "replaced").exists() or (file.parent / "staging.duckdb").exists():
            found[file.parent.name] = _read_request(file)
    return found


_LISTED = ("start_date", "end_date", "knowledge", "method_version", "reason", "requested_by")


def listed(settings: Settings) -> list[dict[str, Any]]:
    """Every backfill with its state: waiting, stands or rolled back."""
    with open_warehouse(settings, patience_s=PATIENCE_S) as con:
        done = query(con, "backfills", backfill_id=None)
    waiting = [
        {
            **asdict(request),
            "backfill_id": name,
            "start_date": request.start,
            "end_date": request.end,
            "state": "waiting",
        }
        for name, request in unfinished(settings).items()
    ]
    for row in done:
        row["state"] = "rolled back" if row["rolled_back_at"] else "stands"
    names = ("backfill_id", "state", *_LISTED, "swapped_at", "rolled_back_at", "rollback_reason")
    return [{name: row.get(name) for name in names} for row in [*waiting, *done]]


def discard(settings: Settings, backfill_id: str) -> None:
    """Forget a backfill that was not swapped in."""
    if backfill_id not in unfinished(settings):
        raise SectorRiskError(f"No backfill {backfill_id} is waiting.")
    shutil.rmtree(settings.backfills_folder / backfill_id)


def _prepare(settings: Settings, request: Request) -> Staged:
    """The folder with the copy, made anew unless there is one of the same state."""
    with open_warehouse(settings, patience_s=PATIENCE_S) as con:
        planned = plan(con, request)
        backfill_id = _free_id(con, settings, request)
        staged = Staged(backfill_id, planned, settings.backfills_folder / backfill_id)
        mark = staged.folder / "basis"
        if not planned.n_due or (mark.exists() and mark.read_text() == planned.basis):
            return staged
        _need_space(settings)
        shutil.rmtree(staged.folder, ignore_errors=True)
        staged.folder.mkdir(parents=True)
        (staged.folder / "request.json").write_bytes(orjson.dumps(asdict(request)))
        copy_warehouse(con, settings, staged.file)
    if request.force:
        with open_copy(staged.file, settings) as con:
            con.execute(
                "delete from quality.scored_days where score_date between ? and ?",
                [request.start, request.end],
            )
    mark.write_text(planned.basis)
    return staged


def _need_space(settings: Settings) -> None:
    """Twice the warehouse: the copy, and what is computed in it."""
    needed = 2 * settings.warehouse_file.stat().st_size
    free = shutil.disk_usage(settings.home).free
    if free < needed:
        raise SectorRiskError(
            f"The backfill needs {needed / 1e6:,.0f} MB in {settings.home}, and {free / 1e6:,.0f} "
            "MB are free. Nothing was changed. Free some space, then run it again."
        )


def _free_id(con: Connection, settings: Settings, request: Request) -> str:
    """The request's name, with a number where it was done before.

    What a kill right after a swap has left of the copy is removed on the way.
    """
    taken = {
        name for (name,) in con.execute("select backfill_id from quality.backfills").fetchall()
    }
    for name in taken:
        _clear(settings.backfills_folder / name)
    names = (request.name if n == 1 else f"{request.name}-{n}" for n in range(1, len(taken) + 2))
    return next(name for name in names if name not in taken)


def _compute(con: Connection, planned: Plan, progress: Progress | None) -> int:
    request = planned.request
    con.execute("create table if not exists computed (n_days integer, seconds double)")
    n_all = (request.end - request.start).days + 1
    for first, last in _chunks(request.start, request.end, planned.n_suppliers):
        started = perf_counter()
        summary = score_range(con, first, last, knowledge=request.knowledge)
        con.execute("insert into computed values (?, ?)", [summary.n_scored, _since(started)])
        if progress:
            progress((last - request.start).days + 1, n_all)
    row = con.execute("select sum(n_days) from computed").fetchone()
    return int(row[0]) if row else 0


def _since(started: float) -> float:
    return perf_counter() - started


def _chunks(start: date, end: date, n_suppliers: int) -> Iterator[tuple[date, date]]:
    days = max(28, min(366, ROWS_PER_CHUNK // max(1, n_suppliers)))
    first = start
    while first <= end:
        last = min(end, first + timedelta(days=days - 1))
        yield first, last
        first = last + timedelta(days=1)


def _explained(error: Exception, planned: Plan, version: str | None) -> Exception:
    """An earlier method that does not fit today's tables is the reader's to know, not a fault."""
    if planned.request.method_version is None or version is None:
        return error
    return MethodError(
        f"Method {planned.method_version} cannot be computed by this version of Sector Risk: "
        f"{str(error).splitlines()[0]}. Install the release that it belongs to."
    )


def _check(con: Connection, request: Request) -> None:
    days = {"start_date": request.start, "end_date": request.end}
    results = [
        result
        for name in SUITES
        for result in validate.gates(name, validate.summary(con, name, days))
    ]
    with transaction(con):
        con.execute(
            "delete from quality.gates where score_date between $start_date and $end_date", days
        )
        validate.write_gates(con, results)
    failed = [one for one in results if one.policy == "stop" and not one.is_passed]
    if failed:
        told = "; ".join(
            f"{one.score_date}: {one.gate}: expected {one.expected}, found {one.found}"
            for one in failed[:3]
        )
        raise GateError(
            f"The backfill is not swapped in: {len(failed)} checks failed. {told}. What is "
            "published stays."
        )


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


def _clear(folder: Path) -> None:
    for name in ("staging.duckdb", "staging.duckdb.wal"):
        (folder / name).unlink(missing_ok=True)


def _read_request(file: Path) -> Request:
    stored = orjson.loads(file.read_bytes())
    days = {name: date.fromisoformat(stored[name]) for name in ("start", "end")}
    return Request(**{**stored, **days, "sectors": tuple(stored["sectors"])})
