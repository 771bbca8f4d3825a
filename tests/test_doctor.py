"""The doctor notices each kind of fault, says where it is and what to do; else it is content."""

import os
import shutil
import time

import pytest

from pipeline.doctor import check_all
from pipeline.warehouse import open_warehouse
from tests import deliveries
from tests.deliveries import collect, put, report, settings_in, supplier, warehouse

pytestmark = pytest.mark.gx


@pytest.fixture(scope="module")
def healthy(tmp_path_factory):
    folder = tmp_path_factory.mktemp("healthy")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pipeline.sources.all_sources", lambda: deliveries.SOURCES)
        put(folder, "test_register", "2020-01-05", "r.json", [supplier("S1", 1), supplier("S2", 2)])
        put(folder, "test_reports", "2020-01-06", "a.json", [report("R1", 1), report("R2", 2)])
        put(folder, "test_reports", "2020-01-07", "again.json", [report("R1", 1), report("R2", 2)])
        put(folder, "test_reports", "2020-01-08", "b.json", [report("R3", 1, severity_0_10=11)])
        with warehouse(folder) as con:
            for source_id in ("test_register", "test_reports"):
                collect(con, folder, source_id)
    return folder


@pytest.fixture
def settings(healthy, tmp_path):
    return settings_in(shutil.copytree(healthy, tmp_path / "own"))


def failed(settings):
    return {one.check: one for one in check_all(settings) if not one.is_fine}


def test_of_what_is_well_nothing_is_said_to_be_done(settings):
    findings = check_all(settings)
    assert [one.check for one in findings if not one.is_fine] == []
    assert {one.remedy for one in findings} == {""}
    assert len(findings) > 12


def archived(settings):
    return sorted(settings.raw_folder.glob("test_reports/**/*.json"))[0]


def alter(settings):
    file = archived(settings)
    file.chmod(0o644)
    file.write_bytes(b"[]")


def forget_manifest(settings):
    (settings.raw_folder / ".manifest" / "deliveries.csv").unlink()


def leave_orphan(settings):
    shutil.copyfile(archived(settings), archived(settings).with_name("0123456789ab-other.json"))


def leave_half_copied(settings):
    file = settings.raw_folder / ".incoming" / "1f"
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(b"half")
    os.utime(file, (time.time() - 200_000,) * 2)


def execute(sql):
    def run(settings):
        with open_warehouse(settings) as con:
            con.execute(sql)

    return run


def damage(settings):
    with settings.warehouse_file.open("r+b") as file:
        size = settings.warehouse_file.stat().st_size
        for place in range(3 * 4096, size, 50_000):
            file.seek(place)
            file.write(b"damage")


DAY = (
    "insert into quality.scored_days (score_date, knowledge, method_version, inputs_sha256, "
    "run_id) values ('{}', 'then', '{}', 'i', 'r')"
)


@pytest.mark.parametrize(
    ("fault", "check", "found", "remedy"),
    [
        (alter, "archive", "is not as received", "backup"),
        (lambda s: archived(s).unlink(), "archive", "is lost", "backup"),
        (leave_orphan, "orphans", "0123456789ab-other.json", "ingest"),
        (forget_manifest, "manifest", "test_register/2020-01-05", "ingest"),
        (leave_half_copied, "leftovers", "raw/.incoming/1f", "tidy"),
        (
            execute("delete from staged.reports where report_key = 'R1'"),
            "ledger",
            "reports",
            "replay",
        ),
        (execute("delete from quality.verdicts"), "ledger", "test_reports/2020-01-08", "replay"),
        (execute("update raw.deliveries set status = 'held'"), "held", "test_", "release"),
        (
            execute("update raw.deliveries set status = 'failed', problem = 'torn'"),
            "failed",
            "torn",
            "replay",
        ),
        (execute(DAY.format("2020-01-06", "old")), "methods", "by method old", "backfill"),
        (execute(DAY.format("2020-01-06", "old")), "days", "2020-01-06 has no scores", "backfill"),
        (
            execute(f"{DAY.format('2020-01-06', 'm')}, ('2020-01-09', 'then', 'm', 'i', 's')"),
            "gaps",
            "2020-01-07 to 2020-01-08",
            "backfill",
        ),
        (execute(DAY.format("2020-01-06", "m")), "late", "came late: 2020-01-06", "--late"),
        (execute(DAY.format("2020-01-06", "m")), "publication", "nothing published", "run"),
        (damage, "warehouse", "is damaged", "restore"),
    ],
)
def test_a_fault_is_named_with_its_remedy(fault, check, found, remedy, settings):
    fault(settings)
    finding = failed(settings)[check]
    assert found in finding.found
    assert remedy in f"{finding.found} {finding.remedy}"
