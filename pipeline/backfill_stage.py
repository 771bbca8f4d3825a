"""Computing a backfill aside: the days in a copy of the warehouse, and their checks."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from datetime import date, timedelta
from time import perf_counter

import orjson

from pipeline import storage, validate
from pipeline.backfill import PATIENCE_S, Staged, clear
from pipeline.backfill_plan import Plan, Request, plan
from pipeline.engine import Engine, engine_for
from pipeline.errors import GateError, MethodError, SectorRiskError
from pipeline.method import installed_method, stored_method
from pipeline.score import score_range
from pipeline.settings import Settings
from pipeline.warehouse import (
    Connection,
    DatabaseError,
    copy_warehouse,
    install,
    open_copy,
    open_warehouse,
    transaction,
)

ROWS_PER_CHUNK = 5_000_000
SUITES = ("scores_supplier_daily", "scores_sector_daily")

Progress = Callable[[int, int], None]
"""Called with the days done and the days to do."""


def stage(settings: Settings, request: Request, progress: Progress | None = None) -> Staged:
    """Compute the days in a copy and check them; taken up where it was interrupted.

    Raises:
        WarehouseLockedError: somebody writes to the warehouse, or to this very backfill.
        GateError: the scores break a rule; they stay staged and are not swapped in.
        MethodError: the method cannot be computed into today's tables.
    """
    with storage.faults_explained(settings):
        staged = _prepare(settings, request)
    if not staged.plan.n_due:
        return staged
    with open_copy(staged.file, settings) as con, engine_for(settings) as engine:
        installed = stored_method(con, staged.plan.method_version)
        try:
            install(con, installed)
            n_scored = _compute(con, staged.plan, progress, engine)
        except DatabaseError as error:
            storage.refuse(error, settings)
            raise _explained(error, staged.plan, installed_method(con)) from error
        _check(con, request)
    return replace(staged, n_scored=n_scored)


def _prepare(settings: Settings, request: Request) -> Staged:
    """The folder with the copy, made anew unless there is one of the same state."""
    with open_warehouse(settings, patience_s=PATIENCE_S) as con:
        planned = plan(con, request)
        backfill_id = _free_id(con, settings, request)
        staged = Staged(backfill_id, planned, settings.backfills_folder / backfill_id)
        mark = staged.folder / "basis"
        if mark.exists() and mark.read_text() == planned.basis:
            return staged
        shutil.rmtree(staged.folder, ignore_errors=True)
        if not planned.n_due:
            return staged
        _need_space(settings)
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
    free = storage.free_bytes(settings)
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
        clear(settings.backfills_folder / name)
    names = (request.name if n == 1 else f"{request.name}-{n}" for n in range(1, len(taken) + 2))
    return next(name for name in names if name not in taken)


def _compute(con: Connection, planned: Plan, progress: Progress | None, engine: Engine) -> int:
    request = planned.request
    con.execute("create table if not exists computed (n_days integer, seconds double)")
    n_all = (request.end - request.start).days + 1
    for first, last in _chunks(request.start, request.end, planned.n_suppliers):
        started = perf_counter()
        summary = score_range(con, first, last, knowledge=request.knowledge, engine=engine)
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
