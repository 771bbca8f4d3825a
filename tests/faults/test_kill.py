"""kill -9 in the middle of scoring: what is published stays whole, and the next run repairs."""

import os
import shutil
import signal
import subprocess
import sys
import time
from datetime import date, timedelta

import pytest
from sample import FIRST, LAST, collect_all, content, sample_settings

from pipeline import flow
from pipeline.settings import ROOT
from pipeline.warehouse import open_snapshot

pytestmark = [pytest.mark.gx, pytest.mark.slow]

DAY = date(2020, 1, 6)
RUN = """
from datetime import date
from pipeline import flow
print('started', flush=True)
flow.score_range(date(2019, 12, 15), date(2020, 2, 15), force=True)
flow.publish(date(2020, 2, 15))
"""


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A home with one published day and everything collected."""
    settings = sample_settings(tmp_path_factory.mktemp("prepared"))
    collect_all(settings)
    flow.score_range(DAY - timedelta(days=1), DAY, settings=settings)
    flow.publish(DAY, settings=settings)
    return settings


@pytest.fixture(scope="module")
def undisturbed(prepared, tmp_path_factory):
    """What the tables of scores hold after a run that nobody killed."""
    home = tmp_path_factory.mktemp("undisturbed") / "home"
    shutil.copytree(prepared.home, home)
    settings = sample_settings(home)
    flow.score_range(FIRST, LAST, settings=settings)
    return content(settings)


@pytest.mark.parametrize("delay", [0.05, 0.3, 0.6, 0.9, 1.3, 1.8])
def test_a_killed_run_leaves_yesterday_whole_and_the_next_repairs_it(
    prepared, undisturbed, tmp_path, delay
):
    shutil.copytree(prepared.home, tmp_path / "home")
    home = sample_settings(tmp_path / "home")
    environment = os.environ | {
        "SECTOR_RISK_HOME": str(home.home),
        "SECTOR_RISK_INBOX": str(home.inbox),
        "PYTHONPATH": str(ROOT),
    }
    with subprocess.Popen(
        [sys.executable, "-c", RUN], env=environment, stdout=subprocess.PIPE
    ) as run:
        assert run.stdout.readline() == b"started\n"
        time.sleep(delay)
        run.send_signal(signal.SIGKILL)
    with open_snapshot(home) as con:
        days = con.execute("select count(distinct score_date) from scores.sector_daily").fetchone()
        assert days in ((2,), (63,))
    flow.score_range(FIRST, LAST, settings=home)
    flow.publish(LAST, settings=home)
    assert content(home) == undisturbed
