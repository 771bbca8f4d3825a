import json
import os
from datetime import date

import pytest

from pipeline import manifest, quarantine, raw, stage
from pipeline.errors import SectorRiskError, WarehouseDamagedError
from pipeline.restore import restore
from tests import deliveries
from tests.deliveries import (
    REPORTS,
    collect,
    put,
    report,
    settings_in,
    supplier,
    tables,
    warehouse,
)

pytestmark = pytest.mark.gx


@pytest.fixture(autouse=True)
def _known_sources(monkeypatch):
    monkeypatch.setattr("pipeline.sources.all_sources", lambda: deliveries.SOURCES)


@pytest.fixture
def lived_in(tmp_path):
    """A warehouse that has seen duplicates, failures, quarantine, a release and a late delivery."""
    half = [supplier(f"S{n}", n) for n in range(4)]
    put(tmp_path, "test_register", "2020-01-05", "r.json", [supplier(f"S{n}", n) for n in range(9)])
    put(tmp_path, "test_register", "2020-01-06", "r.json", half)
    put(tmp_path, "test_reports", "2020-01-06", "a.json", [report("R1", 1), report("R2", 2)])
    put(tmp_path, "test_reports", "2020-01-08", "a.json", [report("R1", 1), report("R2", 2)])
    put(tmp_path, "test_reports", "2020-01-09", "torn.json", "{")
    put(tmp_path, "test_reports", "2020-01-09", "bad.json", [report("R3", 1, severity_0_10=11)])
    with warehouse(tmp_path) as con:
        for source_id in ("test_reports", "test_register"):
            collect(con, tmp_path, source_id)
        held = con.execute(
            "select delivery_id from raw.deliveries where status = 'held'"
        ).fetchone()
        quarantine.release(con, settings_in(tmp_path), held[0], "Five were sold")
        put(tmp_path, "test_reports", "2020-01-07", "late.json", [report("R4", 1)])
        collect(con, tmp_path, "test_reports")
        old = json.dumps([{"table": "reports", "rows": [report("R5", 1)]}])
        file = put(tmp_path, "elsewhere", None, "old.json", old)
        arrival = raw.archive_file(
            con,
            settings_in(tmp_path),
            REPORTS,
            file,
            published_on=date(2019, 1, 1),
            is_historical=True,
        )
        stage.load(con, settings_in(tmp_path), arrival)
        return tables(con)


def test_a_damaged_warehouse_is_recognised(tmp_path, lived_in):
    settings_in(tmp_path).warehouse_file.write_bytes(os.urandom(20_000))
    with pytest.raises(WarehouseDamagedError, match="sector-risk restore"), warehouse(tmp_path):
        pass


@pytest.mark.parametrize("damage", ["overwritten", "removed", "none"])
def test_the_archive_gives_back_every_table(tmp_path, lived_in, damage):
    file = settings_in(tmp_path).warehouse_file
    if damage == "overwritten":
        file.write_bytes(os.urandom(20_000))
    elif damage == "removed":
        file.unlink()
    restore(settings_in(tmp_path))
    with warehouse(tmp_path) as con:
        assert tables(con) == lived_in
        assert collect(con, tmp_path, "test_reports") == []


def test_what_a_migration_leaves_blank_comes_back_from_the_archive(tmp_path, lived_in):
    with warehouse(tmp_path) as con:
        con.execute("alter table staged.reports drop column title")
        con.execute("update method.version set method_version = 'earlier'")
    with warehouse(tmp_path) as con:
        assert con.execute("select count(title), count(*) > 0 from staged.reports").fetchone() == (
            0,
            True,
        )
    restore(settings_in(tmp_path))
    with warehouse(tmp_path) as con:
        assert tables(con) == lived_in


def test_the_old_file_is_kept(tmp_path, lived_in):
    file = settings_in(tmp_path).warehouse_file
    file.write_bytes(b"damaged")
    restore(settings_in(tmp_path))
    (kept,) = file.parent.glob("warehouse.duckdb.before-*")
    assert kept.read_bytes() == b"damaged"


def test_a_damaged_archive_is_not_taken_for_good(tmp_path, lived_in):
    archived = next(settings_in(tmp_path).raw_folder.glob("test_reports/*/*late.json"))
    archived.chmod(0o644)
    archived.write_text("[]")
    before = settings_in(tmp_path).warehouse_file.read_bytes()
    with pytest.raises(SectorRiskError, match="1 archived files are missing or not as received"):
        restore(settings_in(tmp_path))
    assert settings_in(tmp_path).warehouse_file.read_bytes() == before


def test_without_a_manifest_nothing_is_touched(tmp_path, lived_in):
    (manifest.folder(settings_in(tmp_path)) / "deliveries.csv").unlink()
    with pytest.raises(SectorRiskError, match=r"deliveries\.csv is missing"):
        restore(settings_in(tmp_path))
    with warehouse(tmp_path) as con:
        assert tables(con) == lived_in
