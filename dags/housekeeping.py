"""Tidy up each week, and look whether anything needs a person.

`tidy` removes what is older than the settings say and what killed processes have left, and closes
the holes in the warehouse file. The raw archive and what is published are never touched. `doctor`
then reads every stored block and every archived file, and compares them with what was recorded.

**Owner:** sector risk.

**When `doctor` fails:** something needs a person; its log says what, and what to do. Scores go on
as before.

**When `tidy` fails:** nothing was removed that was not meant to go; it can be cleared at any time.
"""

import logging

from airflow.sdk import dag, task
from wiring import WAREHOUSE_POOL, defaults

log = logging.getLogger(__name__)


@task(pool=WAREHOUSE_POOL)
def tidy() -> None:
    from pipeline import settings
    from pipeline import tidy as housekeeping

    for each in housekeeping.tidy(settings.get_settings()):
        log.info("%s: %d bytes: %s", each.path, each.n_bytes, each.reason)


@task(pool=WAREHOUSE_POOL, trigger_rule="all_done")
def doctor() -> None:
    from pipeline import doctor
    from pipeline.errors import NeedsAPersonError

    found = [each for each in doctor.check_all() if not each.is_fine]
    for each in found:
        log.error("%s: %s. %s", each.check, each.found, each.remedy)
    if found:
        raise NeedsAPersonError(", ".join(each.check for each in found))


@dag(
    schedule="0 3 * * 0",
    default_args=defaults("sector-risk"),
    description="Tidy up and check every stored byte, each week",
    doc_md=__doc__,
    tags=["sector-risk", "housekeeping"],
    catchup=False,
    max_active_runs=1,
)
def housekeeping() -> None:
    tidy() >> doctor()


housekeeping()
