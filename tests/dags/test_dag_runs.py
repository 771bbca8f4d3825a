"""Each DAG, run for real over the bundled sample."""

import hashlib
import os
import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import embedded
import pytest

from pipeline.settings import get_settings

pytestmark = [pytest.mark.airflow, pytest.mark.gx, pytest.mark.filterwarnings("ignore")]

ROOT = Path(__file__).parents[2]
FIRST, DAY = date(2020, 1, 1), date(2020, 1, 6)
MIDNIGHT = datetime(2020, 1, 6, tzinfo=UTC)
HOLD_THE_WAREHOUSE = """
import sys
from pipeline.settings import get_settings
from pipeline.warehouse import open_warehouse
with open_warehouse(get_settings()):
    print("held", flush=True)
    sys.stdin.readline()
"""


@contextmanager
def somebody_writing():
    """Another process that holds the warehouse, as a second scheduler's task would."""
    command = [sys.executable, "-c", HOLD_THE_WAREHOUSE]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": ROOT}
    with subprocess.Popen(command, **pipes) as holder:
        assert holder.stdout.readline() == "held\n"
        try:
            yield
        finally:  # a line, not the end of the pipe: a process forked meanwhile keeps that open
            holder.stdin.write("\n")
            holder.stdin.close()


@pytest.fixture(scope="module")
def scored(dags):
    """The DAGs after ingesting the sample and scoring its first days."""
    period = {"from": str(FIRST), "to": str(DAY), "reason": "the tests ask for it"}
    assert embedded.run_dag(dags["ingest_threat_reports"], MIDNIGHT)
    assert embedded.run_dag(dags["ingest_sector_exposure"], MIDNIGHT)
    assert embedded.run_dag(dags["backfill_scores"], MIDNIGHT, period)
    assert embedded.run_dag(dags["score_sectors"], MIDNIGHT)
    return dags


def published():
    folder = get_settings().published_folder
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def updates_of(asset):
    from airflow.models.asset import AssetEvent, AssetModel
    from airflow.utils.session import create_session
    from sqlalchemy import func, select

    events = select(func.count(AssetEvent.id)).join(
        AssetModel, AssetModel.id == AssetEvent.asset_id
    )
    with create_session() as session:
        return session.scalar(events.where(AssetModel.name == asset))


def test_every_day_of_the_range_is_scored_and_the_last_is_published(scored):
    from pipeline.warehouse import open_snapshot

    with open_snapshot(get_settings()) as reader:
        rows = reader.execute("select distinct score_date from scores.sector_daily order by 1")
        days = [day for (day,) in rows.fetchall()]
    assert days == [date(2020, 1, number) for number in range(1, 7)]
    assert (get_settings().published_folder / f"sector-risk-{DAY}.xlsx").exists()


@pytest.mark.parametrize("dag_id", ["score_sectors", "score_sectors_on_arrival"])
def test_the_same_day_again_changes_no_byte_of_what_is_published(scored, dag_id):
    before = published()
    assert embedded.run_dag(scored[dag_id], MIDNIGHT)
    assert published() == before


def test_a_run_that_names_no_day_fails_and_leaves_what_is_published(scored):
    before = published()
    assert not embedded.run_dag(scored["score_sectors"], datetime(2020, 1, 7, 9, 30, tzinfo=UTC))
    assert published() == before


def test_the_day_may_be_stated_by_the_parameter_alone(scored):
    some_time = datetime(2020, 1, 7, 9, 31, tzinfo=UTC)
    assert embedded.run_dag(scored["score_sectors"], some_time, {"day": str(DAY)})


def test_what_a_dag_makes_is_known_to_the_others_as_an_asset(scored):
    assert updates_of("threat_reports")
    assert updates_of("sector_exposure")
    assert updates_of("published_scores")


def test_a_source_that_fails_fails_the_run_but_the_day_can_be_scored_without_it(scored):
    before = updates_of("sector_exposure")
    with somebody_writing():
        assert not embedded.run_dag(scored["ingest_sector_exposure"], MIDNIGHT)
    assert updates_of("sector_exposure") == before + 1


def test_the_runner_says_in_one_sentence_why_it_stopped_and_where_to_read_more(scored):
    with somebody_writing():
        run = subprocess.run(
            [sys.executable, "dags"],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
        )
    assert run.returncode == 1
    assert "Failed: ingest_threat_reports, collect" in run.stderr
    assert "make-run.log" in run.stderr
    assert "Traceback" not in run.stdout + run.stderr
