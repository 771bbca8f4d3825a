"""A full disk, a folder that cannot be written, a damaged file: one sentence, nothing published."""

import random
import resource
import shutil
import subprocess
import sys
from contextlib import contextmanager
from datetime import date, timedelta

import pytest
from sample import collect_all, content, published_hashes, sample_settings

from pipeline import flow
from pipeline.errors import SectorRiskError, StorageError, WarehouseDamagedError
from pipeline.restore import restore
from pipeline.warehouse import open_warehouse

pytestmark = [pytest.mark.gx, pytest.mark.slow]

DAY = date(2020, 1, 8)
EVE = DAY - timedelta(days=1)
FIRST = EVE - timedelta(days=3)
PAGE_SIZE = resource.getpagesize()


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A home as the evening before left it."""
    settings = sample_settings(tmp_path_factory.mktemp("prepared"))
    collect_all(settings, until=EVE)
    flow.score_range(FIRST, EVE, settings=settings)
    flow.publish(EVE, settings=settings)
    return settings


@pytest.fixture(scope="module")
def undisturbed(prepared, tmp_path_factory):
    settings = copy_of(prepared, tmp_path_factory.mktemp("undisturbed"))
    flow.run_day(DAY, settings=settings)
    return content(settings)


def copy_of(prepared, folder):
    shutil.copytree(prepared.home, folder / "home", symlinks=True)
    return sample_settings(folder / "home")


@contextmanager
def small_disk(folder, n_bytes):
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={n_bytes}", "none", folder])
    if mounted.returncode:
        pytest.skip("a file system can be mounted by root alone")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def space_of(folder):
    """What its files take on a tmpfs, in whole pages."""
    sizes = [file.stat().st_size for file in folder.rglob("*") if file.is_file()]
    return sum(-(-size // PAGE_SIZE) * PAGE_SIZE for size in sizes)


@pytest.mark.parametrize("free_mb", [0.2, 4, 16])
def test_a_full_disk(free_mb, prepared, undisturbed, tmp_path):
    with small_disk(tmp_path, space_of(prepared.home) + int(free_mb * 1e6)):
        settings = copy_of(prepared, tmp_path)
        before = published_hashes(settings)
        with pytest.raises(StorageError, match="the disk is full"):
            flow.run_day(DAY, settings=settings)
        assert published_hashes(settings) == before
        subprocess.run(["mount", "-o", "remount,size=1G", tmp_path], check=True)
        flow.run_day(DAY, settings=settings)
        assert content(settings) == undisturbed


def test_a_folder_that_cannot_be_written(prepared, tmp_path):
    with small_disk(tmp_path, 2**30):
        settings = copy_of(prepared, tmp_path)
        before = published_hashes(settings)
        subprocess.run(["mount", "-o", "remount,ro", tmp_path], check=True)
        with pytest.raises(StorageError, match="cannot be written"):
            flow.run_day(DAY, settings=settings)
        assert published_hashes(settings) == before


@pytest.mark.parametrize("seed", range(3))
def test_a_damaged_warehouse_is_noticed_and_restored_by_one_command(
    seed, prepared, undisturbed, tmp_path
):
    settings = copy_of(prepared, tmp_path)
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


def test_a_warehouse_held_by_another_process_is_left_to_it(prepared, tmp_path):
    settings = copy_of(prepared, tmp_path)
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
