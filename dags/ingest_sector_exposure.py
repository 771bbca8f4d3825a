"""Collect every source of suppliers, assets and findings.

Each morning, archives, reads and validates what every source of exposure has delivered: supplier
registers, assets, scan findings, bills of materials. One mapped task per source; a new source
module appears here by itself. Running it again finds nothing new and changes nothing.

**Owner:** supplier risk.

**When a source's task fails:** its log says which file, what is wrong with it and what to do. The
other sources are in, and the day is scored without the missing one, with a wider interval. Put the
source right, then clear the task.

**When rows are quarantined:** `sector-risk quarantine list` shows each with its reason; `quarantine
replay` tries them again after a correction.
"""

from airflow.sdk import dag
from wiring import SECTOR_EXPOSURE, collect_group, defaults, each_morning


@dag(
    schedule=each_morning("0 5 * * *"),
    default_args=defaults("supplier-risk"),
    description="Collect every source of suppliers, assets and findings",
    doc_md=__doc__,
    tags=["sector-risk", "ingest"],
    max_active_runs=1,
)
def ingest_sector_exposure() -> None:
    collect_group("sector_exposure", SECTOR_EXPOSURE)


ingest_sector_exposure()
