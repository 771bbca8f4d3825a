import shutil
import subprocess
import sys

import duckdb
import pytest

from pipeline import warehouse
from pipeline.errors import WarehouseLockedError
from pipeline.method import METHOD_FOLDER, installed_method, read_method, stored_method
from pipeline.settings import Settings

pytestmark = pytest.mark.slow


@pytest.fixture
def settings(tmp_path):
    return Settings(home=tmp_path / "home")


def test_a_new_warehouse_has_every_schema_and_the_method(settings):
    with warehouse.open_warehouse(settings) as con:
        sectors = con.execute("select count(*) from method.sectors").fetchone()
        assert sectors == (8,)
        assert "reports" in warehouse.staged_tables(con)


def test_opening_again_changes_nothing(settings):
    with warehouse.open_warehouse(settings) as con:
        con.execute("insert into method.sectors (sector_id) values ('kept')")
    with warehouse.open_warehouse(settings) as con:
        kept = con.execute("select 1 from method.sectors where sector_id = 'kept'").fetchone()
    assert kept == (1,)


def test_every_stored_table_says_what_it_holds(settings):
    with warehouse.open_warehouse(settings) as con:
        tables = con.execute(
            "select schema_name || '.' || table_name from duckdb_tables() "
            "where schema_name in ('raw', 'staged', 'quality', 'facts', 'scores') "
            "and comment is null"
        ).fetchall()
    assert tables == []


def test_a_second_writer_is_told_to_wait(settings):
    script = "import sys, duckdb; c = duckdb.connect(sys.argv[1]); print('up', flush=True); input()"
    settings.home.mkdir(parents=True)
    with subprocess.Popen(
        [sys.executable, "-c", script, str(settings.warehouse_file)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdout.readline() == b"up\n"
        with (
            pytest.raises(WarehouseLockedError, match="being written by another process"),
            warehouse.open_warehouse(settings),
        ):
            pass
        other.communicate(b"\n")


def test_copying_the_file_keeps_the_writing_lock(settings, tmp_path):
    attempt = "import sys, duckdb; duckdb.connect(sys.argv[1])"
    with warehouse.open_warehouse(settings) as con:
        warehouse.copy_warehouse(con, settings, tmp_path / "copy.duckdb")
        with warehouse.open_snapshot_file(tmp_path / "copy.duckdb", settings) as copy:
            assert copy.execute("select count(*) from method.sectors").fetchone() == (8,)
        command = [sys.executable, "-c", attempt, str(settings.warehouse_file)]
        second = subprocess.run(command, capture_output=True, text=True)
    assert "lock on file" in second.stderr


def test_each_version_of_the_method_is_kept_and_can_be_installed_again(settings, tmp_path):
    shutil.copytree(METHOD_FOLDER, tmp_path / "method")
    table = tmp_path / "method" / "parameters.csv"
    text = table.read_text(encoding="utf-8")
    table.write_text(text.replace("typical_score,40", "typical_score,41"), encoding="utf-8")
    with warehouse.open_warehouse(settings) as con:
        first = installed_method(con)
        warehouse.install(con, read_method(tmp_path / "method"))
        assert con.execute("select method.parameter('typical_score')").fetchone() == (41,)
        again = stored_method(con, first)
        assert again == read_method()
        warehouse.install(con, again)
        assert installed_method(con) == first
        assert con.execute("select method.parameter('typical_score')").fetchone() == (40,)


def test_a_failed_transaction_leaves_nothing():
    con = duckdb.connect()
    con.execute("create table t (a integer)")

    def write_and_fail():
        with warehouse.transaction(con):
            con.execute("insert into t values (1)")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_and_fail()
    assert con.execute("select count(*) from t").fetchone() == (0,)
