"""Backfills: days computed in a copy of the warehouse, checked, and swapped in at once.

The copy is `backfills/<id>/staging.duckdb`: the warehouse is free while it fills
(`pipeline.backfill_stage`), and whatever interrupts it, the same request takes it up again. The
swap is one transaction (`pipeline.backfill_swap`); the rows that it replaces are kept beside it as
Parquet, so that one command brings them back. Here stands what a backfill is, and what is asked
about it in between.
"""

import shutil
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import orjson

from pipeline.backfill_plan import Plan, Request, plan
from pipeline.errors import NothingPublishedError, SectorRiskError
from pipeline.sandbox import Comparison, compared
from pipeline.settings import Settings
from pipeline.warehouse import open_memory, open_warehouse, query, quoted

PATIENCE_S = 60.0


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


def clear(folder: Path) -> None:
    """Remove the copy of a backfill that has been swapped in."""
    for name in ("staging.duckdb", "staging.duckdb.wal"):
        (folder / name).unlink(missing_ok=True)


def plan_only(settings: Settings, request: Request) -> Plan:
    """What the request would do; changes nothing."""
    with open_warehouse(settings, patience_s=PATIENCE_S) as con:
        return plan(con, request)


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


def _read_request(file: Path) -> Request:
    stored = orjson.loads(file.read_bytes())
    days = {name: date.fromisoformat(stored[name]) for name in ("start", "end")}
    return Request(**{**stored, **days, "sectors": tuple(stored["sectors"])})
