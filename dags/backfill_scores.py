"""Score a range of past days again.

After late deliveries, after a correction or under another version of the method. The days are
computed aside, in one go (a year takes seconds, where single daily runs take an hour), checked,
swapped in at once and published. The plan in the log says which days are computed and why.

* `from`, `to`: first and last day.
* `knowledge = then` computes each day from what could be known at its end; `now` from all that is
  known today, and is labelled as such wherever it is shown.
* `method`: a stored version (`sector-risk method list`); empty = the installed one.
* `sectors`: only these; possible where no supplier has a share in others too. Empty = all.
* `reason` is kept with the scores: whoever reads changed ones later finds out why.
* `dry_run` only writes the plan into the log.

**Owner:** sector risk.

**When it fails:** readers keep what was published before. The log says what to put right; then
clear the task: days already computed are not computed again. **To go back** after it has
succeeded: `sector-risk backfill rollback ID`, with the id from the log.
"""

import logging
from typing import TYPE_CHECKING

import lineage
from airflow.sdk import Param, dag, get_current_context, task
from wiring import PUBLISHED_SCORES, WAREHOUSE_POOL, defaults

if TYPE_CHECKING:
    from pipeline.backfill_plan import Request

log = logging.getLogger(__name__)


@task(pool=WAREHOUSE_POOL)
def plan() -> None:
    from pipeline import backfill, settings

    found = backfill.plan_only(settings.get_settings(), _request())
    log.info("%s", found)
    for line in backfill.reasons(found):
        log.info("%s", line)


@task.short_circuit
def is_wanted() -> bool:
    return not get_current_context()["params"]["dry_run"]


@task(pool=WAREHOUSE_POOL, outlets=[PUBLISHED_SCORES])
def backfill() -> None:
    from pipeline import flow

    done = flow.backfill_as_asked(_request(), progress=_log_progress)
    log.info("%s", done)
    lineage.backfilled()


def _log_progress(done: int, n_all: int) -> None:
    log.info("%d of %d days", done, n_all)


def _request() -> "Request":
    from datetime import date

    from pipeline.backfill_plan import Request

    context = get_current_context()
    params = context["params"]
    return Request(
        date.fromisoformat(params["from"]),
        date.fromisoformat(params["to"]),
        params["reason"],
        context["dag_run"].triggering_user_name or "airflow",
        params["knowledge"],
        params["method"],
        tuple(sorted(set(params["sectors"]))),
        params["force"],
    )


@dag(
    schedule=None,
    default_args=defaults("sector-risk"),
    description="Score a range of past days again, swap them in at once and publish",
    doc_md=__doc__,
    tags=["sector-risk", "score", "backfill"],
    params={
        "from": Param(type="string", format="date", title="First day"),
        "to": Param(type="string", format="date", title="Last day"),
        "knowledge": Param("then", type="string", enum=["then", "now"], title="Knowledge"),
        "method": Param(
            None, type=["null", "string"], pattern="^[0-9a-f]{4,12}$", title="Method version"
        ),
        "sectors": Param([], type="array", items={"type": "string"}, title="Only these sectors"),
        "force": Param(False, type="boolean", title="Also days that are current"),
        "reason": Param(type="string", minLength=10, maxLength=500, title="Why"),
        "dry_run": Param(False, type="boolean", title="Only say what it would do"),
    },
    max_active_runs=1,
)
def backfill_scores() -> None:
    plan() >> is_wanted() >> backfill()


backfill_scores()
