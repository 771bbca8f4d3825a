"""What the DAGs share: assets, the warehouse pool, retries, the day of a run, collecting."""

from datetime import date, timedelta
from typing import Any

import lineage
from airflow.sdk import (
    Asset,
    CronPartitionTimetable,
    ExceptionRetryPolicy,
    Param,
    RetryAction,
    RetryRule,
    get_current_context,
    task,
)
from airflow.sdk.definitions.callback import SyncCallback
from airflow.sdk.definitions.deadline import DeadlineAlert, DeadlineReference
from notices import no_scores_in_time, task_failed
from scored_day import resolve_day

THREAT_REPORTS = Asset("threat_reports", group="sector-risk")
SECTOR_EXPOSURE = Asset("sector_exposure", group="sector-risk")
PUBLISHED_SCORES = Asset("published_scores", group="sector-risk")

WAREHOUSE_POOL = "warehouse"  # one slot: DuckDB takes one writing process

DAY = Param(
    None,
    type=["null", "string"],
    format="date",
    title="Day",
    description="Day (UTC) to score; empty in scheduled runs, which have a partition",
)

HOPELESS = RetryRule(
    exception=[
        "pipeline.errors.DeliveryError",
        "pipeline.errors.GateError",
        "pipeline.errors.NeedsAPersonError",
        "pipeline.errors.SettingsError",
        "pipeline.errors.UnknownNameError",
    ],
    action=RetryAction.FAIL,
    reason="the same input gives the same answer: a person has to act",
)

WITHIN_AN_HOUR = DeadlineAlert(
    reference=DeadlineReference.DAGRUN_QUEUED_AT,
    interval=timedelta(hours=1),
    callback=SyncCallback(no_scores_in_time),
    name="scores within an hour",
)


def defaults(owner: str) -> dict[str, Any]:
    """Arguments of every task: retries back off from two minutes to half an hour."""
    return {
        "owner": owner,
        "retries": 3,
        "retry_delay": timedelta(minutes=2),
        "retry_exponential_backoff": 2.0,
        "max_retry_delay": timedelta(minutes=30),
        "retry_policy": ExceptionRetryPolicy(rules=[HOPELESS]),
        "execution_timeout": timedelta(hours=1),
        "on_execute_callback": lineage.forget,
        "on_failure_callback": task_failed,
    }


def each_morning(at: str) -> CronPartitionTimetable:
    """Runs at that cron time (UTC) for the day that has just ended; the partition is that day."""
    return CronPartitionTimetable(at, timezone="UTC", run_offset=-1, key_format="%Y-%m-%d")


def day_of_run() -> date:
    """The day that the current run means."""
    context = get_current_context()
    run = context["dag_run"]
    return resolve_day(
        stated=context["params"].get("day"),
        partition_key=run.partition_key,
        logical_date=run.logical_date,
    )


def collect_group(group: str, arrived: Asset) -> None:
    """Collect every source of a group, one mapped task each, and say that the group is in.

    The asset is updated even if a source failed, so that the day is scored with what there is and
    shows what is missing; the run itself then fails, so that somebody looks.
    """

    @task
    def list_sources() -> list[str]:
        from pipeline.sources import all_sources

        return [name for name, source in all_sources().items() if source.group == group]

    @task(pool=WAREHOUSE_POOL, map_index_template="{{ task.op_kwargs['source_id'] }}")
    def collect(source_id: str) -> dict[str, int]:
        from credentials import lent

        from pipeline import flow

        with lent(source_id):
            lines = flow.collect(source_id)
        lineage.collected(source_id)
        names = ("n_received", "n_loaded", "n_quarantined", "n_duplicate")
        return {name: sum(getattr(line, name) for line in lines) for name in names}

    @task(outlets=[arrived], trigger_rule="all_done")
    def hand_over() -> None:
        """Update the asset: the group is in, as far as it can be had."""

    @task
    def add_up(ledgers: list[dict[str, int]]) -> dict[str, int]:
        return {name: sum(ledger[name] for ledger in ledgers) for name in ledgers[0]}

    collected = collect.expand(source_id=list_sources())
    collected >> hand_over()
    add_up(collected)
