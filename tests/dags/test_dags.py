import ast
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from time import perf_counter

import embedded
import pytest

pytestmark = [
    pytest.mark.airflow,
    pytest.mark.filterwarnings("ignore"),  # Airflow's own, about its own libraries
]
IDS = [
    "backfill_scores",
    "housekeeping",
    "ingest_sector_exposure",
    "ingest_threat_reports",
    "score_sectors",
    "score_sectors_on_arrival",
]


def test_every_dag_is_found_and_no_helper_is_taken_for_one(dags, record_property):
    started = perf_counter()
    assert sorted(embedded.load_dags()) == IDS
    record_property("parse_seconds", round(perf_counter() - started, 3))


@pytest.mark.parametrize("dag_id", IDS)
def test_whoever_looks_at_a_dag_learns_what_it_does_who_owns_it_and_what_to_do(dags, dag_id):
    dag = dags[dag_id]
    assert "**Owner:**" in dag.doc_md
    assert "**When " in dag.doc_md
    assert dag.description
    assert "sector-risk" in dag.tags
    assert {task.owner for task in dag.tasks} <= {
        "threat-intelligence",
        "supplier-risk",
        "sector-risk",
    }


@pytest.mark.parametrize("dag_id", IDS)
def test_tasks_retry_with_growing_pauses_and_end_by_themselves(dags, dag_id):
    for task in dags[dag_id].tasks:
        assert task.retry_exponential_backoff
        assert task.max_retry_delay <= timedelta(minutes=30)
        assert task.execution_timeout


@pytest.mark.parametrize("dag_id", IDS)
def test_one_run_of_a_dag_at_a_time(dags, dag_id):
    assert dags[dag_id].max_active_runs == 1


def test_whatever_opens_the_warehouse_waits_for_its_single_slot(dags):
    from airflow.models.pool import Pool

    pooled = {
        task.task_id for dag in dags.values() for task in dag.tasks if task.pool == "warehouse"
    }
    assert pooled == {
        "collect",
        "say_what_is_missing",
        "score",
        "check",
        "publish",
        "plan",
        "backfill",
        "tell",
        "tidy",
        "doctor",
    }
    assert Pool.get_pool("warehouse").slots == 1


def test_files_of_dags_import_nothing_heavy():
    names = ", ".join(
        path.stem for path in embedded.DAGS_FOLDER.glob("*.py") if path.stem[0] != "_"
    )
    heavy = "duckdb", "great_expectations", "openpyxl", "pandas", "pyarrow", "pipeline.flow"
    script = f"import sys; before = set(sys.modules); import {names}; print(sorted(sys.modules))"
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script],
        env={**os.environ, "PYTHONPATH": f"{embedded.DAGS_FOLDER}:{embedded.DAGS_FOLDER.parent}"},
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(ast.literal_eval(run.stdout.splitlines()[-1]))
    assert "score_sectors" in loaded
    assert not loaded & set(heavy)


def test_the_morning_has_a_deadline_and_whoever_is_late_is_told(dags):
    (deadline,) = as_list(dags["score_sectors"].deadline)
    assert dags["score_sectors"].timetable.expression == "0 6 * * *"
    assert deadline.interval == timedelta(hours=1)  # 07:00
    assert deadline.callback.path == "notices.no_scores_in_time"


def as_list(value):
    return value if isinstance(value, list) else [value]


def test_every_failed_task_is_told(dags):
    for dag in dags.values():
        for task in dag.tasks:
            callbacks = as_list(task.on_failure_callback)
            assert [each.__name__ for each in callbacks] == ["task_failed"]


def test_scores_follow_from_the_assets_of_what_is_taken_in(dags):
    made = {
        (asset.name, dag.dag_id)
        for dag in dags.values()
        for task in dag.tasks
        for asset in task.outlets
    }
    assert made >= {
        ("threat_reports", "ingest_threat_reports"),
        ("sector_exposure", "ingest_sector_exposure"),
        ("published_scores", "score_sectors"),
        ("published_scores", "score_sectors_on_arrival"),
    }
    condition = dags["score_sectors_on_arrival"].timetable.asset_condition
    assert {asset.name for asset in condition.objects} == {
        "threat_reports",
        "sector_exposure",
    }


@pytest.mark.parametrize(
    ("dag_id", "hour"),
    [("ingest_threat_reports", 5), ("ingest_sector_exposure", 5), ("score_sectors", 6)],
)
def test_a_scheduled_run_is_the_partition_of_the_day_that_has_ended(dags, dag_id, hour):
    from airflow.serialization.encoders import coerce_to_core_timetable
    from airflow.timetables.base import TimeRestriction

    since = datetime(2020, 2, 28, 12, tzinfo=UTC)
    restriction = TimeRestriction(earliest=since, latest=None, catchup=True)
    run = coerce_to_core_timetable(dags[dag_id].timetable).next_dagrun_info_v2(
        last_dagrun_info=None, restriction=restriction
    )
    assert run.run_after == datetime(2020, 2, 29, hour, tzinfo=UTC)
    assert run.partition_key == "2020-02-28"


@pytest.mark.parametrize("conf", [{"day": "soon"}, {"day": 20200106}, {"day": "2020-13-01"}])
def test_a_day_that_is_none_is_refused_before_the_run_starts(dags, conf):
    from airflow.sdk.exceptions import ParamValidationError

    with pytest.raises(ParamValidationError, match="day"):
        dags["score_sectors"].test(run_conf=conf)


@pytest.mark.parametrize(
    ("conf", "what"),
    [
        ({"to": "2020-02-15", "reason": "a reason given"}, "from"),
        ({"from": "soon", "to": "2020-02-15", "reason": "a reason given"}, "from"),
        ({"from": "2020-02-15", "to": "2020-02-15", "reason": ""}, "reason"),
        (
            {"from": "2020-02-15", "to": "2020-02-15", "reason": "long enough", "knowledge": "x"},
            "knowledge",
        ),
    ],
)
def test_a_backfill_without_proper_parameters_is_refused(dags, conf, what):
    from airflow.sdk.exceptions import ParamValidationError

    with pytest.raises(ParamValidationError, match=what):
        dags["backfill_scores"].test(run_conf=conf)
