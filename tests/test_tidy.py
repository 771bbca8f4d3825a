"""Housekeeping removes what it should and nothing else, and closes holes without risk."""

import os
import signal
import time
from pathlib import Path

import duckdb
import pytest
from faults.killing import PREPARED
from sample import copy_of
from small_world import january

from pipeline import compact, tidy
from pipeline.errors import WarehouseLockedError
from pipeline.warehouse import open_warehouse

OLD, YOUNG = 100, 2


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """A warehouse with holes in its file."""
    world = january(tmp_path_factory.mktemp("template"))
    world.con.execute("create table quality.filling as select uuid() from range(300_000)")
    world.con.execute("checkpoint")
    world.con.execute("drop table quality.filling")
    world.close()
    return world.settings


@pytest.fixture
def settings(template, tmp_path):
    return copy_of(template, tmp_path)


def put(settings, path, days):
    """A file of three bytes, last changed so many days ago."""
    file = settings.home / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"old")
    moment = time.time() - days * 86_400
    for each in (file, file.parent):
        os.utime(each, (moment, moment))
    return file


GOES = [
    ("raw/.incoming/1f", YOUNG),
    ("spill/duckdb_temp_storage.tmp", YOUNG),
    ("warehouse.restoring.duckdb", YOUNG),
    ("publications/.preparing/status.html", YOUNG),
    ("publications/1/manifest.json", YOUNG),
    ("backfills/20200101-20200102-abcdef/request.json", OLD),
    ("warehouse.duckdb.before-20200101T000000", OLD),
    ("airflow/logs/dag_id=score/attempt=1.log", OLD),
]
STAYS = [
    ("raw/kev/2020-01-01/0123456789ab-kev.json", 4000),
    ("raw/.manifest/deliveries.csv", 4000),
    ("raw/.incoming/2f", 0),
    ("publications/2/manifest.json", 4000),
    ("publications/3/manifest.json", 4000),
    ("backfills/20200101-20200102-abcdee/request.json", YOUNG),
    ("warehouse.duckdb.before-20200301T000000", YOUNG),
    ("airflow/logs/dag_id=score/attempt=2.log", YOUNG),
    ("airflow/airflow.db", OLD),
    ("inbox/kev/kev.json", 4000),
]


def test_what_is_old_or_left_by_a_kill_goes_and_nothing_else(settings):
    goes = [put(settings, *each) for each in GOES]
    stays = [put(settings, *each) for each in STAYS]
    before = described(settings)
    told = tidy.tidy(settings, dry_run=True)
    assert all(file.exists() for file in goes + stays)
    assert tidy.tidy(settings) == told
    assert [file for file in goes if file.exists()] == []
    assert [file for file in stays if not file.exists()] == []
    assert described(settings) == before
    assert tidy.tidy(settings) == []


def test_a_dry_run_says_how_many_bytes_and_why(settings):
    put(settings, "spill/x.tmp", YOUNG)
    before = settings.warehouse_file.stat().st_size
    spilled, holes = tidy.tidy(settings, dry_run=True)
    assert (spilled.path, spilled.n_bytes) == ("spill/x.tmp", 3)
    assert "killed" in spilled.reason
    tidy.tidy(settings)
    gained = before - settings.warehouse_file.stat().st_size
    assert gained == pytest.approx(holes.n_bytes, rel=0.1)
    assert gained > 0.1 * before


def test_compaction_keeps_every_table_view_macro_and_comment(settings):
    before = described(settings)
    assert compact.compact(settings).is_worth_it
    assert described(settings) == before
    assert not compact.compact(settings).is_worth_it


DESCRIBED = (
    "select schema_name, table_name, sql, comment from duckdb_tables() order by all",
    "select schema_name, view_name, sql, comment from duckdb_views() where not internal "
    "order by all",
    "select function_name, macro_definition from duckdb_functions() "
    "where function_type like '%macro' and not internal order by all",
    "select table_name, column_name, comment from duckdb_columns() "
    "where comment is not null order by all",
)


def described(settings):
    """Everything in the file: what there is, and a hash over the rows of each table."""
    with duckdb.connect(str(settings.warehouse_file), read_only=True) as con:
        found = [con.execute(sql).fetchall() for sql in DESCRIBED]
        hashed = "select count(*), bit_xor(hash(t)) from {}.{} as t"
        rows = [con.execute(hashed.format(*each[:2])).fetchone() for each in found[0]]
    return found, rows


@pytest.mark.slow
def test_whoever_writes_is_not_disturbed(settings):
    with open_warehouse(settings), pytest.raises(WarehouseLockedError):
        in_another_process(tidy.tidy, settings)


def in_another_process(work, *arguments):
    with PREPARED.Pool(1) as pool:
        return pool.apply(work, arguments)


def compact_and_die(settings, before):
    where = Path if before == "replace" else compact
    setattr(where, before, lambda *_: os.kill(os.getpid(), signal.SIGKILL))
    compact.compact(settings)


@pytest.mark.slow
@pytest.mark.parametrize("before", ["_need_room", "replace", "_flush"])
def test_killed_while_it_compacts(before, settings):
    kept = described(settings)
    process = PREPARED.Process(target=compact_and_die, args=(settings, before))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert described(settings) == kept
    compact.compact(settings)
    assert described(settings) == kept
    assert not list(settings.home.glob("warehouse.compacting*"))
