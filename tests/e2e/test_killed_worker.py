"""A worker that dies in the middle of scoring: the scheduler notices, and the day is scored."""

import signal

import psutil
import pytest
from sample import DAY, EVE, collect_all, content, copy_of
from server import serving, triggered, until

from pipeline import flow
from pipeline.publish import read_manifest

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(2400),
    pytest.mark.airflow,
    pytest.mark.gx,
    pytest.mark.filterwarnings("ignore"),
]


def workers(server):
    """Those that work on a task now, each with the process of the task itself."""
    named = [(one, " ".join(one.cmdline())) for one in server.children(recursive=True)]
    return [one for one, name in named if "LocalExecutor" in name and "<idle>" not in name]


def test_the_day_is_scored_once_more_and_is_the_same(evening, tmp_path):
    settings = copy_of(evening, tmp_path / "killed")
    collect_all(settings, until=DAY)
    alone = copy_of(settings, tmp_path / "alone")
    flow.run_day(DAY, settings=alone)
    hasty = {"AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "15"}
    with (
        serving(settings, **hasty) as (address, process),
        triggered(settings, address, DAY) as state,
    ):
        server = psutil.Process(process.pid)
        for worker in until(lambda: state("score") == "running" and workers(server)):
            worker.send_signal(signal.SIGKILL)
        until(lambda: state("score") == "up_for_retry")
        assert read_manifest(settings).score_date == str(EVE)
        until(lambda: state("publish") == "success")
    assert content(settings) == content(alone)
