"""kill -9 during a backfill: readers see the scores before or after it, and asking again ends it.

FAULT_KILLS=all kills at 50 random moments.
"""

import os
import random
import time
from datetime import date, timedelta

import pytest
from faults.homes import left_by
from faults.killing import PREPARED, killed_after
from sample import content_of, copy_of
from small_world import january

from pipeline import flow
from pipeline.backfill import unfinished
from pipeline.warehouse import open_snapshot, open_warehouse

pytestmark = [pytest.mark.gx, pytest.mark.slow]

START, PUBLISHED, END = date(2019, 12, 22), date(2020, 1, 12), date(2020, 2, 5)
MOMENTS = range(50) if os.environ.get("FAULT_KILLS") == "all" else range(3)


def run(settings):
    flow.backfill(START, END, reason="the days around", settings=settings)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """The small world of January 2020 with four days scored, one of them published."""
    world = january(tmp_path_factory.mktemp("prepared") / "home")
    world.close()
    flow.score_range(PUBLISHED - timedelta(days=3), PUBLISHED, settings=world.settings)
    assert flow.publish_newest(settings=world.settings) is None
    return world.settings


@pytest.fixture(scope="module")
def undisturbed(prepared, tmp_path_factory):
    """What a backfill leaves that nobody kills, and the seconds that it takes."""
    settings = copy_of(prepared, tmp_path_factory.mktemp("undisturbed"))
    process = PREPARED.Process(target=run, args=(settings,))
    started = time.perf_counter()
    process.start()
    process.join()
    assert process.exitcode == 0
    return left_by(settings), time.perf_counter() - started


@pytest.mark.parametrize("seed", MOMENTS)
def test_killed_at_a_random_moment(seed, prepared, undisturbed, tmp_path):
    settings = copy_of(prepared, tmp_path)
    before, (after, seconds) = left_by(settings), undisturbed
    killed_after(random.Random(seed).uniform(0, seconds), settings, run)
    with open_snapshot(settings) as con:
        assert content_of(con) in (before[1], after[1])
    run(settings)
    assert left_by(settings) == after
    assert unfinished(settings) == {}
    with open_warehouse(settings) as con:
        assert con.execute("select count(*) from quality.backfills").fetchone() == (1,)
