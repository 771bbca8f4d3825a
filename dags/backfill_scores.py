"""Score a range of past days in one go.

Computes a range of past days in one go: after a correction of inputs, a new version of the method,
or for the first load of a history. A year takes seconds, where single daily runs take an hour.
Readers see the new days with the next publication: run `score_sectors` for the newest day to have
it at once.

* `knowledge = then` computes each day from what could be known at its end; `now` from all that is
  known today, and is labelled as such wherever it is shown.
* `reason` is kept with the run: whoever reads changed scores later finds out why.

**Owner:** sector risk.

**When it fails:** each chunk of days is written whole or not at all, and readers keep what was
published before. The log says what to put right; then clear the task: days already computed are not
computed again.
"""

import logging

from airflow.sdk import Param, dag, task
from wiring import WAREHOUSE_POOL, defaults

log = logging.getLogger(__name__)


@task(pool=WAREHOUSE_POOL)
def backfill(start: str, end: str, knowledge: str, reason: str) -> None:
    from datetime import date

    from pipeline import flow

    first, last = date.fromisoformat(start), date.fromisoformat(end)
    log.info("%s", flow.backfill(first, last, knowledge=knowledge, reason=reason))


@dag(
    schedule=None,
    default_args=defaults("sector-risk"),
    description="Score a range of past days in one go",
    doc_md=__doc__,
    tags=["sector-risk", "score", "backfill"],
    params={
        "start": Param(type="string", format="date", title="First day"),
        "end": Param(type="string", format="date", title="Last day"),
        "knowledge": Param("then", type="string", enum=["then", "now"], title="Knowledge"),
        "reason": Param(type="string", minLength=10, maxLength=500, title="Why"),
    },
    max_active_runs=1,
)
def backfill_scores() -> None:
    backfill(
        "{{ params.start }}", "{{ params.end }}", "{{ params.knowledge }}", "{{ params.reason }}"
    )


backfill_scores()
