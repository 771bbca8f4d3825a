"""Airflow's own backfill of the daily DAG ends with the tables of one range run."""

from datetime import date, timedelta

import pytest
from sample import content, copy_of
from server import DAG, controlling, serving, until

from pipeline import flow
from pipeline.publish import read_manifest

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(2400),
    pytest.mark.airflow,
    pytest.mark.gx,
    pytest.mark.filterwarnings("ignore"),
]

FIRST, LAST = date(2020, 1, 4), date(2020, 1, 6)


def test_days_one_by_one_by_the_scheduler_are_the_range_at_once(collected, tmp_path):
    by_airflow, at_once = (
        copy_of(collected, tmp_path / name) for name in ("by-airflow", "at-once")
    )
    flow.score_range(FIRST, LAST, settings=at_once)
    asked = {
        "dag_id": "score_sectors",
        "from_date": f"{FIRST}T00:00:00Z",
        "to_date": f"{LAST + timedelta(days=1)}T00:00:00Z",
        "max_active_runs": 1,
    }
    with serving(by_airflow) as (address, _), controlling(by_airflow, address) as api:
        api.post("/backfills", json=asked).raise_for_status()

        def states():
            return [run["state"] for run in api.get(f"{DAG}/dagRuns").json()["dag_runs"]]

        until(lambda: states() and not {"queued", "running"} & set(states()))
        assert states() == ["success"] * 3
    assert read_manifest(by_airflow).score_date == str(LAST)
    assert content(by_airflow) == content(at_once)
