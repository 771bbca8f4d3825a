from datetime import timedelta
from time import perf_counter

import embedded
import pytest

pytestmark = [
    pytest.mark.airflow,
    pytest.mark.filterwarnings("ignore"),  # Airflow's own, about its own libraries
]
IDS = [
    "backfill_scores",
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
    }
    assert Pool.get_pool("warehouse").slots == 1


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
