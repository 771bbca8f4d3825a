"""Collect every source of threat reports.

Each morning, archives, reads and validates what every source of threat reports has delivered:
bulletins, advisories, feeds, catalogues of exploited vulnerabilities. One mapped task per source; a
new source module appears here by itself. Running it again finds nothing new and changes nothing.

**Owner:** threat intelligence.

**When a source's task fails:** its log says which file, what is wrong with it and what to do. The
other sources are in, and the day is scored without the missing one, with a wider interval. Put the
source right, then clear the task.

**When rows are quarantined:** `sector-risk quarantine list` shows each with its reason; `quarantine
replay` tries them again after a correction.
"""

from airflow.sdk import dag
from wiring import THREAT_REPORTS, collect_group, defaults, each_morning


@dag(
    schedule=each_morning("0 5 * * *"),
    default_args=defaults("threat-intelligence"),
    description="Collect every source of threat reports",
    doc_md=__doc__,
    tags=["sector-risk", "ingest"],
    max_active_runs=1,
)
def ingest_threat_reports() -> None:
    collect_group("threat_reports", THREAT_REPORTS)


ingest_threat_reports()
