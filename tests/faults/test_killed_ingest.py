"""Killed while it takes in deliveries: the next run ends where an undisturbed one does."""

import os
import random
import shutil
import signal
import subprocess
import sys

import pytest

from pipeline import flow
from pipeline.settings import ROOT, Settings
from pipeline.warehouse import open_warehouse
from tests.deliveries import tables

pytestmark = [pytest.mark.gx, pytest.mark.slow]

SOURCES = ("scanner_findings", "bulletin", "supplier_register")
SCRIPT = """
import sys
from pathlib import Path
from pipeline import flow, stage
from pipeline.settings import Settings

take_in = stage.take_in

def announced(con, settings, arrival):
    print(arrival.delivery_id, flush=True)
    return take_in(con, settings, arrival)

stage.take_in = announced
settings = Settings(home=Path(sys.argv[1]), inbox=Path(sys.argv[2]))
for source_id in sys.argv[3:]:
    flow.collect(source_id, settings=settings)
"""


@pytest.fixture(scope="module")
def inbox(tmp_path_factory):
    folder = tmp_path_factory.mktemp("inbox")
    for source_id in SOURCES:
        shutil.copytree(ROOT / "warehouse" / "sample" / source_id, folder / source_id)
    return folder


@pytest.fixture(scope="module")
def undisturbed(inbox, tmp_path_factory):
    return _finished(Settings(home=tmp_path_factory.mktemp("undisturbed"), inbox=inbox))


def _finished(settings):
    for source_id in SOURCES:
        flow.collect(source_id, settings=settings)
    with open_warehouse(settings) as con:
        return tables(con)


@pytest.mark.parametrize("seed", range(2))
def test_a_killed_run_is_made_good_by_the_next(seed, inbox, undisturbed, tmp_path):
    chance = random.Random(seed)
    last_seen = chance.randrange(1, 14)
    command = [sys.executable, "-c", SCRIPT, str(tmp_path), str(inbox), *SOURCES]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as run:
        for _ in range(last_seen):
            assert run.stdout.readline()
        try:
            run.wait(chance.uniform(0, 0.4))
        except subprocess.TimeoutExpired:
            run.send_signal(signal.SIGKILL)
    assert run.returncode == -signal.SIGKILL
    assert _finished(Settings(home=tmp_path, inbox=inbox)) == undisturbed
