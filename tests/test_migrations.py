"""Warehouses of earlier versions open, with what they held; those of later ones are refused."""

import os
import shutil
import signal
from datetime import date
from pathlib import Path

import duckdb
import pytest
from faults.killing import PREPARED
from sample import content_of
from small_world import january

from pipeline import migrations, warehouse
from pipeline.errors import WarehouseVersionError
from pipeline.migrations import form
from pipeline.score import score_range
from pipeline.settings import Settings

FIRST_VERSION = (Path(__file__).parent / "data" / "warehouses" / "first.sql").read_text()
START, END = date(2019, 12, 22), date(2020, 1, 12)
ALL = len(migrations.migrations())


@pytest.fixture(scope="module")
def today(tmp_path_factory):
    """The small world of January 2020 in a warehouse of this version."""
    world = january(tmp_path_factory.mktemp("today"))
    world.close()
    return world.settings


@pytest.fixture
def earlier(today, tmp_path):
    """The same deliveries in a warehouse as the first version, or a later one, left it."""

    def make(n_behind=0):
        settings = Settings(home=tmp_path / "earlier")
        settings.home.mkdir()
        with duckdb.connect(str(settings.warehouse_file)) as con:
            con.execute(FIRST_VERSION)
            con.execute("create table method.version as select 'earlier' as method_version")
            con.execute(f"attach '{today.warehouse_file}' as today (read_only)")
            for table in ("raw.deliveries", "quality.ledger", *staged_in(con)):
                copy_shared_columns(con, table)
            for one in migrations.migrations()[:n_behind]:
                con.execute(one.sql)
            con.execute(
                "insert into quality.scored_days (score_date, knowledge, method_version, "
                "inputs_sha256, run_id) values ('2020-01-01', 'then', 'm', 'i', 'r')"
            )
        return settings

    return make


def staged_in(con):
    return [f"staged.{name}" for name in warehouse.staged_tables(con)]


def copy_shared_columns(con, table):
    (names,) = con.execute(
        "select string_agg('\"' || column_name || '\"', ', ') from duckdb_columns() as c "
        "where schema_name || '.' || table_name = $t and database_name = current_database() and "
        "exists (from duckdb_columns() as t where t.database_name = 'today' and "
        "t.schema_name || '.' || t.table_name = $t and t.column_name = c.column_name)",
        {"t": table},
    ).fetchone()
    con.execute(f"insert into {table} ({names}) select {names} from today.{table}")


@pytest.mark.parametrize("n_behind", range(ALL + 1))
def test_a_warehouse_of_each_earlier_version_becomes_one_of_today(n_behind, earlier, today):
    settings = earlier(n_behind)
    with warehouse.open_warehouse(today) as con:
        wanted, n_rows = form(con), counted(con)
    with warehouse.open_warehouse(settings) as con:
        assert form(con) == wanted
        assert counted(con) == n_rows
        assert con.execute("select count(*) from quality.migrations").fetchone() == (ALL,)
        assert con.execute("select count(*) from quality.scored_days").fetchone() == (
            int(n_behind > 4),
        )


def counted(con):
    return {name: con.execute(f"select count(*) from {name}").fetchone() for name in staged_in(con)}


@pytest.mark.slow
def test_its_scores_are_those_of_a_warehouse_that_was_never_old(earlier, today):
    with warehouse.open_warehouse(earlier()) as con:
        score_range(con, START, END)
        scores = content_of(con)
    with warehouse.open_warehouse(today) as con:
        score_range(con, START, END)
        assert scores == content_of(con)


def test_gates_keep_what_followed_from_them(earlier):
    settings = earlier()
    with duckdb.connect(str(settings.warehouse_file)) as con:
        con.execute(
            "insert into quality.gates values ('d', null, 'halved', 'critical', true, '', '')"
        )
        con.execute(
            "insert into quality.gates values (null, '2020-01-01', 'x', 'warning', true, '', '')"
        )
    with warehouse.open_warehouse(settings) as con:
        rows = con.execute("select policy, kind from quality.gates order by 1").fetchall()
    assert rows == [("stop", "volume"), ("warn", "score")]


def test_what_can_no_longer_be_shown_is_said(earlier, caplog):
    with warehouse.open_warehouse(earlier()):
        assert "1 days were scored by an earlier version" in caplog.text


def test_a_new_warehouse_is_born_with_every_migration_behind_it(tmp_path):
    with warehouse.open_warehouse(Settings(home=tmp_path)) as con:
        assert migrations.waiting(con) == ()
        rows = con.execute("select sha256 from quality.migrations order by migration_number")
        assert [digest for (digest,) in rows.fetchall()] == [
            one.sha256 for one in migrations.migrations()
        ]


def test_migrations_are_numbered_without_gaps_and_say_what_they_do():
    assert [one.number for one in migrations.migrations()] == list(range(1, ALL + 1))
    assert all(one.sql.startswith("-- ") for one in migrations.migrations())


def test_a_warehouse_of_a_later_version_is_refused_untouched(today, tmp_path):
    settings = Settings(home=shutil.copytree(today.home, tmp_path / "later"))
    with warehouse.open_warehouse(settings) as con:
        con.execute("insert into quality.migrations values (9999, '9999_x.sql', '', now())")
    before = settings.warehouse_file.read_bytes()
    with (
        pytest.raises(WarehouseVersionError, match=r"newer version .* 9999_x\.sql.*restore"),
        warehouse.open_warehouse(settings),
    ):
        pass
    assert settings.warehouse_file.read_bytes() == before


def test_a_form_that_no_migration_knows_is_refused_untouched(earlier):
    settings = earlier()
    with duckdb.connect(str(settings.warehouse_file)) as con:
        con.execute("alter table staged.findings rename column first_seen to seen")
    before = settings.warehouse_file.read_bytes()
    with (
        pytest.raises(WarehouseVersionError, match=r"staged\.findings .*seen.*restore"),
        warehouse.open_warehouse(settings),
    ):
        pass
    assert settings.warehouse_file.read_bytes() == before


def migrate_and_die(settings, step):
    """Migrate, and be killed before one of its steps, or before the file is closed."""
    n_left = step

    def execute_or_die(original):
        def counting(*arguments):
            nonlocal n_left
            n_left -= 1
            if n_left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return original(*arguments)

        return counting

    for name in ("_n_scored_days", "_give_form", "_record"):
        setattr(migrations, name, execute_or_die(getattr(migrations, name)))
    with warehouse.open_warehouse(settings):
        os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.slow
@pytest.mark.parametrize("step", [2, 3, 4, 99])
def test_killed_in_the_middle_the_old_one_opens_and_is_migrated(step, earlier, today):
    settings = earlier()
    with duckdb.connect(str(settings.warehouse_file)) as con:
        old = form(con)
    process = PREPARED.Process(target=migrate_and_die, args=(settings, step))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    with duckdb.connect(str(settings.warehouse_file), read_only=True) as con:
        assert (form(con) == old) == (step != 99)
    with warehouse.open_warehouse(settings) as con, warehouse.open_warehouse(today) as other:
        assert form(con) == form(other)
        assert counted(con) == counted(other)
