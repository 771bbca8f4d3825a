"""Scores for a range of days: the SQL models run in order, in one transaction.

A day is a range of one. The same inputs give the same rows, whatever the range, the order of days
and the number of threads.
"""

import hashlib
import logging
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from pipeline.engine import DUCKDB, Engine
from pipeline.facts import INPUTS, refresh_facts
from pipeline.method import installed_method, models, models_for
from pipeline.warehouse import (
    Connection,
    replace_range,
    replace_spans,
    transaction,
)

logger = logging.getLogger(__name__)

Knowledge = Literal["then", "now"]


@dataclass(frozen=True)
class ScoreSummary:
    """What a scoring run did: `n_scored` days computed, `n_current` left as they were."""

    start: date
    end: date
    method_version: str
    n_scored: int
    n_current: int


def score_range(
    con: Connection,
    start: date,
    end: date,
    *,
    knowledge: Knowledge = "then",
    force: bool = False,
    engine: Engine = DUCKDB,
) -> ScoreSummary:
    """Score the days start…end whose inputs or method have changed since they were stored.

    Args:
        con: the writing connection.
        start: first day scored (UTC).
        end: last day scored, included.
        knowledge: `then` = only what could be known by the end of each day; `now` = hindsight.
        force: score even the days that are current.
        engine: where the models run.
    """
    version = installed_method(con) or ""
    wanted = inputs_by_day(con, start, end, knowledge)
    stored = _stored_inputs(con, start, end)
    due = [day for day in wanted if force or stored.get(day) != (version, wanted[day])]
    for first, last in _spans(due):
        rows: list[list[object]] = [
            [day, knowledge, version, wanted[day], run_id(day, version, wanted[day])]
            for day in _days(first, last)
        ]
        _score_span(con, first, last, knowledge, scored_days=rows, engine=engine)
    return ScoreSummary(start, end, version, len(due), len(wanted) - len(due))


def _score_span(
    con: Connection,
    first: date,
    last: date,
    knowledge: Knowledge,
    *,
    scored_days: list[list[object]],
    engine: Engine,
) -> None:
    with transaction(con):
        refresh_facts(con, knowledge, engine)
        for model in models_for(con):
            if model.is_daily and not model.is_alert:
                n = replace_range(con, model, first, last, engine)
                logger.debug("%s: %d rows", model.name, n)
        tell(con, first, last, engine)
        con.execute(
            "delete from quality.scored_days where score_date between ? and ?", [first, last]
        )
        con.executemany(
            "insert into quality.scored_days (score_date, knowledge, method_version, "
            "inputs_sha256, run_id) values (?, ?, ?, ?, ?)",
            scored_days,
        )
        _note_inputs(con, first, last, knowledge)
    logger.info("scored %s … %s, knowledge %s", first, last, knowledge)


def tell(con: Connection, first: date, last: date, engine: Engine = DUCKDB) -> None:
    """Tell anew what the stored scores of the days first…last decide; the caller's transaction.

    That is the alerts of these days and of those after them that remember them.
    """
    for model in models_for(con):
        if model.is_daily and model.is_alert:
            row = con.execute("select method.parameter('alert_memory_days')").fetchone()
            memory = timedelta(days=int(row[0]) if row else 0)
            replace_range(con, model, first, last + memory, engine)


def _note_inputs(con: Connection, first: date, last: date, knowledge: Knowledge) -> None:
    """Which deliveries, and with which content, each of the days was computed from."""
    con.execute(
        "create or replace temp table fresh as select delivery_id, content_hash, "
        "greatest($first, if($knowledge = 'now', null, known_date)) as first_date, "
        f"$last as last_date from ({INPUTS}) where $knowledge = 'now' "
        "or coalesce(known_date <= $last, true)",
        {"first": first, "last": last, "knowledge": knowledge},
    )
    replace_spans(con, "quality.inputs", first, last)


def inputs_by_day(con: Connection, start: date, end: date, knowledge: Knowledge) -> dict[date, str]:
    """SHA-256 over what each day may use: the deliveries in by its end and their verdicts."""
    rows: list[tuple[date | None, str]] = [
        (None if knowledge == "now" else known_date, content)
        for _, known_date, content in con.execute(INPUTS).fetchall()
    ]
    digest = hashlib.sha256(knowledge.encode())
    result, position = {}, 0
    for day in _days(start, end):
        while position < len(rows) and (rows[position][0] or day) <= day:
            digest.update(rows[position][1].encode())
            position += 1
        result[day] = digest.hexdigest()
    return result


def newest_day(con: Connection) -> date | None:
    """The last day that is scored; None where none is."""
    row = con.execute("select max(score_date) from quality.scored_days").fetchone()
    return row[0] if row else None


def coverage(con: Connection, day: date) -> dict[str, list[str]]:
    """Sources that had delivered by `day`, by state: current, late or missing."""
    model = next(model for model in models() if model.name == "facts.source_coverage_daily")
    rows = con.execute(
        f"select coverage_state, source_id from ({model.sql}) order by all",
        {"start_date": day, "end_date": day},
    ).fetchall()
    states: dict[str, list[str]] = {}
    for state, source_id in rows:
        states.setdefault(state, []).append(source_id)
    return states


def run_id(day: date, version: str, inputs: str) -> str:
    """The same day, method and inputs have the same id."""
    return f"{day}-{hashlib.sha256(f'{day}{version}{inputs}'.encode()).hexdigest()[:8]}"


def _stored_inputs(con: Connection, start: date, end: date) -> dict[date, tuple[str, str]]:
    rows = con.execute(
        "select score_date, method_version, inputs_sha256 from quality.scored_days "
        "where score_date between ? and ?",
        [start, end],
    ).fetchall()
    return {day: (version, inputs) for day, version, inputs in rows}


def _days(start: date, end: date) -> list[date]:
    return [start + timedelta(days=n) for n in range((end - start).days + 1)]


def _spans(days: list[date]) -> list[tuple[date, date]]:
    """Runs of consecutive days as (first, last)."""
    spans: list[tuple[date, date]] = []
    for day in days:
        if spans and day - spans[-1][1] == timedelta(days=1):
            spans[-1] = (spans[-1][0], day)
        else:
            spans.append((day, day))
    return spans
