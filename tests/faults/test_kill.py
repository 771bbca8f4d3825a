"""kill -9 during a daily run: what is published stays whole, and the next run repairs.

FAULT_KILLS=all kills before every change of a file, and at 50 random moments.
"""

import os
import random

import pytest
from faults.homes import left_by
from faults.killing import killed_after, killed_before_change
from sample import DAY, EVE, copy_of

from pipeline import flow
from pipeline.warehouse import open_snapshot

pytestmark = [pytest.mark.gx, pytest.mark.slow]

IS_THOROUGH = os.environ.get("FAULT_KILLS") == "all"
CHANGES = range(1, 200) if IS_THOROUGH else (1, 4, 9, 15, 22, 30, 39)
MOMENTS = range(50) if IS_THOROUGH else range(5)


def run(settings):
    flow.run_day(DAY, settings=settings)


@pytest.fixture(scope="module")
def undisturbed(evening, tmp_path_factory):
    """Tables and published files after a run that nobody killed."""
    settings = copy_of(evening, tmp_path_factory.mktemp("undisturbed"))
    run(settings)
    return left_by(settings)


def check_repaired(settings, undisturbed):
    with open_snapshot(settings) as con:
        (last,) = con.execute("select max(score_date) from scores.sector_daily").fetchone()
        assert last in {EVE, DAY}
    run(settings)
    assert left_by(settings) == undisturbed


@pytest.mark.parametrize("number", CHANGES)
def test_killed_before_a_change_of_a_file(number, evening, undisturbed, tmp_path):
    settings = copy_of(evening, tmp_path)
    if not killed_before_change(number, settings, run):
        pytest.skip(f"the run makes fewer than {number} changes")
    check_repaired(settings, undisturbed)


@pytest.mark.parametrize("seed", MOMENTS)
def test_killed_at_a_random_moment(seed, evening, undisturbed, tmp_path):
    settings = copy_of(evening, tmp_path)
    killed_after(random.Random(seed).uniform(0, 4), settings, run)
    check_repaired(settings, undisturbed)
