"""A full disk, a folder that cannot be written, a damaged file: one sentence, nothing published."""

import random
import subprocess
import sys

import pytest
from faults.homes import FIRST, resize, size_of, small_disk
from sample import DAY, EVE, content, copy_of, published_hashes

from pipeline import flow
from pipeline.errors import SectorRiskError, StorageError, WarehouseDamagedError
from pipeline.restore import restore
from pipeline.warehouse import open_warehouse

pytestmark = [pytest.mark.gx, pytest.mark.slow]


@pytest.fixture(scope="module")
def undisturbed(evening, tmp_path_factory):
    settings = copy_of(evening, tmp_path_factory.mktemp("undisturbed"))
    flow.run_day(DAY, settings=settings)
    return content(settings)


@pytest.mark.parametrize("free_mb", [0.2, 4, 16])
def test_a_full_disk(free_mb, evening, undisturbed, tmp_path):
    with small_disk(tmp_path, int(size_of(evening) + free_mb * 1e6)):
        settings = copy_of(evening, tmp_path)
        before = published_hashes(settings)
        with pytest.raises(StorageError, match="the disk is full"):
            flow.run_day(DAY, settings=settings)
        assert published_hashes(settings) == before
        resize(tmp_path, "size=1G")
        flow.run_day(DAY, settings=settings)
        assert content(settings) == undisturbed


def test_a_folder_that_cannot_be_written(evening, tmp_path):
    with small_disk(tmp_path, 2**30):
        settings = copy_of(evening, tmp_path)
        before = published_hashes(settings)
        resize(tmp_path, "ro")
        with pytest.raises(StorageError, match="cannot be written"):
            flow.run_day(DAY, settings=settings)
        assert published_hashes(settings) == before


@pytest.mark.parametrize("seed", range(3))
def test_a_damaged_warehouse_is_noticed_and_restored_by_one_command(
    seed, evening, undisturbed, tmp_path
):
    settings = copy_of(evening, tmp_path)
    chance = random.Random(seed)
    before = published_hashes(settings)
    with settings.warehouse_file.open("r+b") as file:
        file.seek(chance.randrange(settings.warehouse_file.stat().st_size))
        file.write(chance.randbytes(chance.choice([1, 100, 300_000])))
    try:
        flow.run_day(DAY, settings=settings)
    except WarehouseDamagedError:
        assert published_hashes(settings) == before
        restore(settings)
        flow.score_range(FIRST, EVE, settings=settings)
        flow.run_day(DAY, settings=settings)
    assert content(settings) == undisturbed


def test_a_warehouse_held_by_another_process_is_left_to_it(evening, tmp_path):
    settings = copy_of(evening, tmp_path)
    script = "import duckdb, sys; con = duckdb.connect(sys.argv[1]); print(flush=True); input()"
    holder = subprocess.Popen(
        [sys.executable, "-c", script, settings.warehouse_file],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with holder:
        holder.stdout.readline()
        with pytest.raises(SectorRiskError, match="is being written by another process"):
            flow.run_day(DAY, settings=settings)
        holder.communicate(b"\n")
    with open_warehouse(settings) as con:
        assert con.execute("select max(score_date) from scores.sector_daily").fetchone() == (EVE,)
