"""Score every sector and supplier for one day, and publish the result.

What comes out is a read-only database, Parquet files and the workbook. `score_sectors` runs each
morning at 06:00 UTC for the day that has ended, come what may; `score_sectors_on_arrival` does the
same as soon as threat reports and exposure of a day are both in. The second of the two finds its
work done and changes nothing.

The day comes from the run: its partition, the parameter `day`, or a logical date at midnight. It is
never today's date.

**Owner:** sector risk.

**When `say_what_is_missing` warns:** the day is scored all the same; each source named there widens
the intervals. When it arrives, run the day again.

**When `ask_a_person` waits:** a gate holds the day back. Under *Required Actions* stand the reason
and what publishing would change; approve or reject it there. No answer within the time set
(`SECTOR_RISK_APPROVAL_HOURS`) is a no, unless `SECTOR_RISK_APPROVAL_DEFAULT` says otherwise.

**When `check` fails on a gate:** nothing was published, and readers keep the last good day. The log
names the gate, what was expected and what was found. Put the input right and clear the run.

**A range of past days:** use `backfill_scores`, which computes it in one go. Single days through
`airflow backfill create --dag-id score_sectors --from-date 2020-01-01 --to-date 2020-01-11` (the
last date is not included).
"""

import logging
from typing import Any

import lineage
import notices
from airflow.sdk import PartitionedAssetTimetable, dag, task
from airflow.sdk.exceptions import AirflowSkipException
from approval import ANSWER, AskAPerson, decision_in
from wiring import (
    DAY,
    PUBLISHED_SCORES,
    SECTOR_EXPOSURE,
    THREAT_REPORTS,
    WAREHOUSE_POOL,
    WITHIN_AN_HOUR,
    day_of_run,
    defaults,
    each_morning,
)

log = logging.getLogger(__name__)


@task
def resolve_day() -> str:
    return day_of_run().isoformat()


@task(pool=WAREHOUSE_POOL)
def say_what_is_missing(day: str) -> None:
    from datetime import date

    from pipeline import flow

    found = flow.readiness(date.fromisoformat(day))
    if found.is_complete:
        log.info("%s: every source is in", day)
    for state, sources in (("late", found.late), ("missing", found.missing)):
        if sources:
            log.warning("%s: %s: %s; the intervals are wider", day, state, ", ".join(sources))


@task(pool=WAREHOUSE_POOL)
def score(day: str) -> None:
    from datetime import date

    from pipeline import flow

    log.info("%s: %s", day, flow.score_range(date.fromisoformat(day), date.fromisoformat(day)))
    lineage.scored()


@task(pool=WAREHOUSE_POOL)
def check(day: str) -> dict[str, str] | None:
    """None where the day may be published; where it is held back, the question to a person."""
    from datetime import date

    from pipeline import flow
    from pipeline.errors import GateError

    found = flow.check(date.fromisoformat(day))
    if found.outcome == "stopped":
        raise GateError(found.sentence)
    if found.outcome == "open":
        return None
    return {
        "subject": f"Publish the scores of {day}?",
        "body": flow.changes_as_markdown(found),
    }


@task(pool=WAREHOUSE_POOL, outlets=[PUBLISHED_SCORES])
def publish(day: str, answer: dict[str, Any] | None) -> None:
    from datetime import date

    from pipeline import flow

    if answer:
        decision = decision_in(answer)
        flow.decide(date.fromisoformat(day), decision)
        if not decision.is_approved:
            raise AirflowSkipException(f"{decision.sentence}. Readers keep the last scores.")
    log.info("%s: %s", day, flow.publish(date.fromisoformat(day)))
    lineage.published()


@task(pool=WAREHOUSE_POOL)
def tell(day: str) -> None:
    """Send the Summary's sentences to where people are, once for each publication."""
    notices.publication(day)


def score_one_day() -> None:
    day = resolve_day()
    checked = check(day)
    ask = AskAPerson(task_id="ask_a_person", question=checked, params=ANSWER)
    say_what_is_missing(day) >> score(day) >> checked
    publish(day, ask.output) >> tell(day)


@dag(
    schedule=each_morning("0 6 * * *"),
    default_args=defaults("sector-risk"),
    description="Score and publish one day, each morning",
    doc_md=__doc__,
    tags=["sector-risk", "score"],
    params={"day": DAY},
    deadline=WITHIN_AN_HOUR,
    max_active_runs=1,
)
def score_sectors() -> None:
    score_one_day()


@dag(
    schedule=PartitionedAssetTimetable(assets=THREAT_REPORTS & SECTOR_EXPOSURE),
    default_args=defaults("sector-risk"),
    description="Score and publish one day as soon as both its inputs are in",
    doc_md=__doc__,
    tags=["sector-risk", "score"],
    max_active_runs=1,
)
def score_sectors_on_arrival() -> None:
    score_one_day()


score_sectors()
score_sectors_on_arrival()
