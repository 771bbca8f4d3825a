"""A backfill without room, without the right to write, or beside others: nothing is lost."""

import re
import shutil
from datetime import date, timedelta

import pytest
from faults.homes import left_by, resize, size_of, small_disk
from faults.killing import PREPARED
from sample import DAY, EVE, content, copy_of, published_hashes

from pipeline import flow
from pipeline.backfill import unfinished
from pipeline.backfill_plan import Request
from pipeline.errors import SectorRiskError, StorageError

pytestmark = [pytest.mark.gx, pytest.mark.slow]

START = date(2019, 12, 28)


@pytest.fixture(scope="module")
def undisturbed(evening, tmp_path_factory):
    settings = copy_of(evening, tmp_path_factory.mktemp("undisturbed"))
    ask(settings)
    return left_by(settings)


def ask(settings, progress=None):
    flow.backfill(START, EVE, reason="the days before", progress=progress, settings=settings)


def test_without_room_for_a_copy_it_is_refused_before_it_begins(evening, undisturbed, tmp_path):
    with small_disk(tmp_path, size_of(evening) + 4_000_000):
        settings = copy_of(evening, tmp_path)
        before = left_by(settings)
        with pytest.raises(SectorRiskError, match=r"needs \d+ MB .* Nothing was changed"):
            ask(settings)
        assert left_by(settings) == before
        resize(tmp_path, "size=1G")
        ask(settings)
        assert left_by(settings) == undisturbed


def test_a_disk_that_fills_up_while_it_computes(evening, undisturbed, tmp_path):
    with small_disk(tmp_path, 2**30):
        settings = copy_of(evening, tmp_path)
        before = left_by(settings)

        def fill(*_):
            (tmp_path / "other").write_bytes(bytes(shutil.disk_usage(tmp_path).free - 4096))

        with pytest.raises(StorageError, match=r"the disk is full .* has not changed"):
            ask(settings, progress=fill)
        (tmp_path / "other").unlink()
        assert left_by(settings) == before
        ask(settings)
        assert left_by(settings) == undisturbed


def test_a_folder_that_cannot_be_written(evening, tmp_path):
    with small_disk(tmp_path, 2**30):
        settings = copy_of(evening, tmp_path)
        before = published_hashes(settings)
        resize(tmp_path, "ro")
        with pytest.raises(StorageError, match="cannot be written"):
            ask(settings)
        assert published_hashes(settings) == before
        resize(tmp_path, "rw")
        assert content(settings) == content(evening)


def ask_at_once(start, refused, settings, work, what):
    start.wait()
    try:
        work(what, settings=settings)
    except SectorRiskError as error:
        refused.put(str(error))


def test_two_backfills_and_a_daily_run_started_together(evening, tmp_path):
    alone, settings = (copy_of(evening, tmp_path / name) for name in ("alone", "together"))
    asked = [
        (flow.backfill_as_asked, Request(START, EVE, "the days before", "ann")),
        (flow.backfill_as_asked, Request(START - timedelta(days=9), EVE, "further days", "bob")),
        (flow.run_day, DAY),
    ]
    start, refused = PREPARED.Barrier(len(asked)), PREPARED.SimpleQueue()
    processes = [
        PREPARED.Process(target=ask_at_once, args=(start, refused, settings, *each))
        for each in asked
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0, 0]
    while not refused.empty():
        assert re.search("being written by another|have changed since backfill", refused.get())
    for home in (alone, settings):
        for work, what in asked:
            work(what, settings=home)
    assert left_by(settings) == left_by(alone)
    assert unfinished(settings) == {}
