"""The order of the stages. The DAGs and the command line call these functions and nothing else."""

import logging
from dataclasses import dataclass
from datetime import date, timedelta
from getpass import getuser
from pathlib import Path

from pipeline import backfill_stage, backfill_swap, lake, publication, raw, score, stage
from pipeline import publish as publishing
from pipeline.backfill import PATIENCE_S, Staged
from pipeline.backfill_plan import Request
from pipeline.engine import engine_for
from pipeline.errors import GateError
from pipeline.fetch import fetch
from pipeline.ledger import LedgerLine
from pipeline.publication import Check, Decision
from pipeline.publish import Published
from pipeline.score import Knowledge, ScoreSummary
from pipeline.settings import Settings, get_settings
from pipeline.sources import all_sources, get_source
from pipeline.warehouse import Connection, open_warehouse

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Readiness:
    """Which sources had arrived by the end of a day; late and missing ones widen the interval."""

    score_date: date
    current: tuple[str, ...]
    late: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def is_complete(self) -> bool:
        """Whether every source that has a cadence kept it."""
        return not (self.late or self.missing)


def collect(
    source_id: str, *, until: date | None = None, settings: Settings | None = None
) -> list[LedgerLine]:
    """Archive, stage and validate what is new from one source; nothing new, nothing done.

    Its addresses are fetched too where the settings say so, but never for a day long past: a
    backfill reads the archive alone.

    Args:
        source_id: the source, as `sector-risk sources` lists it.
        until: leave what arrived after that day; None = take all.
        settings: where and how much; default = this process's settings.
    """
    settings = settings or get_settings()
    source = get_source(source_id)
    with open_warehouse(settings) as con:
        deliveries = raw.archive(con, settings, source, until=until)
        lines = [line for one in deliveries for line in stage.load(con, settings, one)]
        if settings.fetch and (until is None or until >= raw.utc_now().date() - timedelta(days=1)):
            fetched = fetch(con, settings, source)
            lines += [line for one in fetched for line in stage.load(con, settings, one)]
        return lines


def ingest_file(
    path: Path,
    source_id: str,
    *,
    published_on: date | None = None,
    delivered_on: date | None = None,
    is_historical: bool = False,
    settings: Settings | None = None,
) -> list[LedgerLine]:
    """Take in one file handed over by a person; the same stages as a delivery."""
    settings = settings or get_settings()
    with open_warehouse(settings) as con:
        delivery = raw.archive_file(
            con,
            settings,
            get_source(source_id),
            path,
            published_on=published_on,
            delivered_on=delivered_on,
            is_historical=is_historical,
        )
        return stage.load(con, settings, delivery)


def readiness(day: date, *, settings: Settings | None = None) -> Readiness:
    """Which sources are in, late or missing at the end of `day`."""
    with open_warehouse(settings) as con:
        by_state = score.coverage(con, day)
    return Readiness(
        day, *(tuple(by_state.get(state, ())) for state in ("current", "late", "missing"))
    )


def score_range(
    start: date,
    end: date,
    *,
    knowledge: Knowledge = "then",
    force: bool = False,
    settings: Settings | None = None,
) -> ScoreSummary:
    """Score the days start…end that are not current, on the engine that the settings name."""
    settings = settings or get_settings()
    with open_warehouse(settings) as con, engine_for(settings) as engine:
        return score.score_range(con, start, end, knowledge=knowledge, force=force, engine=engine)


def check(day: date, *, settings: Settings | None = None) -> Check:
    """Run the gates of a scored day; what holds it back is said beside what is published."""
    settings = settings or get_settings()
    with open_warehouse(settings) as con:
        if publishing.current(con, settings, day):
            return Check(day, "", "open")
        return _checked(con, settings, day)


def changes_as_markdown(found: Check, *, settings: Settings | None = None) -> str:
    """Why a day is held back and what publishing it would change for readers."""
    settings = settings or get_settings()
    with open_warehouse(settings) as con:
        return publication.changes_as_markdown(con, settings, found)


def decide(day: date, decision: Decision, *, settings: Settings | None = None) -> Check:
    """Record that a person approves or rejects a day that is held back."""
    settings = settings or get_settings()
    with open_warehouse(settings) as con:
        publication.decide(con, settings, day, decision)
        return _checked(con, settings, day)


def publish(day: date, *, settings: Settings | None = None) -> Published:
    """Check the scores of `day` and swap in what consumers read, with the workbook of the day.

    The Parquet tables are then copied to the lake, where the settings name one.

    Raises:
        GateError: a gate holds or stops it; what was published before stays as it is.
    """
    settings = settings or get_settings()
    published = _publish(day, settings)
    lake.put(settings)
    return published


def _publish(day: date, settings: Settings) -> Published:
    with open_warehouse(settings) as con:
        if current := publishing.current(con, settings, day):
            return current
        found = _checked(con, settings, day)
        if found.outcome != "open":
            raise GateError(found.sentence)
        publication.note(con, settings, found, "published")
        return publishing.publish(con, settings, found)


def _checked(con: Connection, settings: Settings, day: date) -> Check:
    found = publication.check(con, settings, day)
    if found.outcome != "open":
        publication.note(con, settings, found)
        publishing.hold(con, settings, found)
    return found


def run_day(day: date, *, settings: Settings | None = None) -> Published:
    """One whole daily run: take in what arrived by the end of `day`, score it, publish it."""
    for source_id in all_sources():
        collect(source_id, until=day, settings=settings)
    score_range(day, day, settings=settings)
    return publish(day, settings=settings)


@dataclass(frozen=True)
class Backfilled:
    """What a backfill did; `n_scored` = 0 where every day was current.

    Attributes:
        held: why the newest day is not published yet; None = it is.
    """

    backfill_id: str
    start: date
    end: date
    method_version: str
    n_scored: int
    n_current: int
    held: str | None


def backfill(
    start: date,
    end: date,
    *,
    reason: str,
    knowledge: Knowledge = "then",
    method: str | None = None,
    sectors: tuple[str, ...] = (),
    force: bool = False,
    requested_by: str | None = None,
    progress: backfill_stage.Progress | None = None,
    settings: Settings | None = None,
) -> Backfilled:
    """Compute past days aside, check them, swap them in at once and publish the newest day.

    Interrupted, the same call takes it up again. See `pipeline.backfill_plan.Request` for the
    arguments, `pipeline.backfill_stage` for the errors.
    """
    who = requested_by or getuser()
    request = Request(start, end, reason, who, knowledge, method, sectors, force)
    return backfill_as_asked(request, progress=progress, settings=settings)


def backfill_as_asked(
    request: Request,
    *,
    progress: backfill_stage.Progress | None = None,
    settings: Settings | None = None,
) -> Backfilled:
    """As `backfill`, for a request put together elsewhere."""
    settings = settings or get_settings()
    staged = backfill_stage.stage(settings, request, progress)
    return swap_backfill(staged, settings=settings)


def swap_backfill(staged: Staged, *, settings: Settings | None = None) -> Backfilled:
    """Swap in what is staged, and publish the newest day."""
    settings = settings or get_settings()
    planned = staged.plan
    if planned.n_due:
        backfill_swap.swap(settings, staged)
    held = publish_newest(settings=settings)
    return Backfilled(
        staged.backfill_id,
        planned.request.start,
        planned.request.end,
        planned.method_version,
        staged.n_scored,
        planned.n_current,
        held,
    )


def rollback_backfill(
    backfill_id: str,
    *,
    reason: str,
    requested_by: str | None = None,
    settings: Settings | None = None,
) -> str | None:
    """Bring back the scores before a backfill, and publish the newest day; why not, if held."""
    settings = settings or get_settings()
    who = requested_by or getuser()
    backfill_swap.rollback(settings, backfill_id, reason=reason, requested_by=who)
    return publish_newest(settings=settings)


def publish_newest(*, settings: Settings | None = None) -> str | None:
    """Publish the newest scored day, where there is one; why not, if a gate holds it back."""
    with open_warehouse(settings, patience_s=PATIENCE_S) as con:
        newest = score.newest_day(con)
    try:
        if newest:
            publish(newest, settings=settings)
    except GateError as error:
        return str(error)
    return None
