import hashlib
from datetime import date

import pytest

from pipeline import explain, sandbox, scenario, warehouse
from pipeline.errors import SectorRiskError, UnknownNameError
from pipeline.method import METHOD_FOLDER

pytestmark = pytest.mark.slow

START, END = date(2020, 1, 4), date(2020, 1, 8)
PARTS = ("baseline", "threat", "susceptibility", "consequence", "bound")


@pytest.fixture(scope="module")
def con(january_settings):
    with warehouse.open_snapshot(january_settings) as opened:
        yield opened


@pytest.fixture
def heavier_alerts(tmp_path):
    """A method folder with one table in which alerts weigh twice as much."""
    table = (METHOD_FOLDER / "report_kinds.csv").read_text(encoding="utf-8")
    lines = table.splitlines(keepends=True)
    weight = next(line for line in lines if line.startswith("alert,")).split(",")[2]
    doubled = table.replace(f"imminent threat,{weight}", f"imminent threat,{2 * float(weight)}")
    (tmp_path / "report_kinds.csv").write_text(doubled, encoding="utf-8")
    return tmp_path


def rows_by(rows, key):
    return {row[key]: row for row in rows}


def test_a_heavier_alert_moves_the_threat_part_alone(con, heavier_alerts):
    result = sandbox.compare_methods(con, "current", str(heavier_alerts), START, END)
    assert [line[:14] for line in result.differences] == ["report_kinds -", "report_kinds +"]
    moved = rows_by(result.suppliers, "supplier_id")
    assert set(moved) == {"S-1", "S-2", "S-3", "S-4"}
    for row in moved.values():
        assert row["moved"] > 0
        assert row["threat"] == pytest.approx(row["moved"] - row["bound"], abs=1e-9)
        assert row["score_date"] >= date(2020, 1, 6)


def test_parts_moves_sum_to_the_scores_move(con, heavier_alerts):
    result = sandbox.compare_methods(con, str(heavier_alerts), "current", START, END)
    scored = [row for row in [*result.sectors, *result.suppliers] if row["moved"] is not None]
    assert scored
    for row in scored:
        assert sum(row[part] for part in PARTS) == pytest.approx(row["moved"], abs=1e-9)


def test_the_same_method_twice_moves_nothing(con):
    result = sandbox.compare_methods(con, "current", "current", START, START)
    assert (result.differences, result.suppliers) == ((), [])
    assert {row["moved"] for row in result.summary} == {0}


def test_what_is_published_stays_untouched(january_settings, con, heavier_alerts):
    before = hashlib.sha256(january_settings.snapshot_file.read_bytes()).hexdigest()
    sandbox.compare_methods(con, "current", str(heavier_alerts), END, END)
    scenario.what_if(con, scenario.Scenario(title="Loss", lost=("S-1",)), END)
    assert hashlib.sha256(january_settings.snapshot_file.read_bytes()).hexdigest() == before


def test_a_parameter_out_of_bounds_is_refused(con, tmp_path):
    table = (METHOD_FOLDER / "parameters.csv").read_text(encoding="utf-8")
    wrong = table.replace("typical_score,40", "typical_score,400")
    (tmp_path / "parameters.csv").write_text(wrong, encoding="utf-8")
    with pytest.raises(SectorRiskError, match=r"typical_score = 400.* \(20.* to 60"):
        sandbox.compare_methods(con, "current", str(tmp_path), END, END)


def test_a_folder_without_tables_or_with_an_unknown_one_is_refused(con, tmp_path):
    with pytest.raises(SectorRiskError, match="holds no method tables"):
        sandbox.compare_methods(con, "current", str(tmp_path), END, END)
    (tmp_path / "report_kind.csv").write_text("kind\n", encoding="utf-8")
    with pytest.raises(UnknownNameError, match="report_kinds"):
        sandbox.compare_methods(con, "current", str(tmp_path), END, END)


def test_an_alert_raises_its_sectors_and_no_other(con):
    alert = scenario.Alert(sectors=("healthcare",), severity_0_10=10)
    result = scenario.what_if(con, scenario.Scenario(title="Clinics", alert=(alert,)), START)
    moved = {row["sector"]: row["moved"] for row in result.sectors if row["moved"]}
    assert list(moved) == ["Healthcare"]
    assert moved["Healthcare"] > 5
    assert [row["supplier"] for row in result.suppliers] == ["Corvus Clinics"]


def test_patching_everywhere_gives_what_the_explanation_promised(con):
    result = scenario.what_if(
        con, scenario.Scenario(title="Patch", patched=("CVE-2019-0001",)), END
    )
    energy = rows_by(result.sectors, "sector")["Energy"]
    remedies = explain.explain_sector(con, "energy", END).remedies
    promised = next((one for one in remedies if one.cve_id == "CVE-2019-0001"), None)
    assert energy["moved"] == pytest.approx(promised.points if promised else 0, abs=1e-9)
    result = scenario.what_if(
        con, scenario.Scenario(title="Patch", patched=("CVE-2019-0003",)), END
    )
    energy = rows_by(result.sectors, "sector")["Energy"]
    promised = next(one for one in remedies if one.cve_id == "CVE-2019-0003")
    assert energy["moved"] == pytest.approx(promised.points, abs=1e-9)
    assert energy["moved"] < -1


def test_exploitation_raises_those_who_have_the_vulnerability(con):
    result = scenario.what_if(
        con, scenario.Scenario(title="Exploited", exploited=("CVE-2019-0002",)), START
    )
    moved = rows_by(result.suppliers, "supplier_id")
    assert set(moved) == {"S-1", "S-2"}
    assert all(row["susceptibility"] > 0 for row in moved.values())


def test_a_lost_supplier_is_gone_and_its_sector_changes(con):
    result = scenario.what_if(con, scenario.Scenario(title="Loss", lost=("S-1",)), START)
    assert [row["supplier_id"] for row in result.suppliers] == ["S-1"]
    assert result.suppliers[0]["score_after"] is None
    assert rows_by(result.sectors, "sector")["Energy"]["moved"] < 0


def test_a_scenario_file_is_read_and_its_errors_are_told(con, tmp_path):
    file = tmp_path / "scenario.toml"
    file.write_text(
        'title = "Two blows"\nlost = ["S-1"]\n[[alert]]\nsectors = ["energy"]\n'
        "valid_until = 2020-02-01\n",
        encoding="utf-8",
    )
    read = scenario.read_scenario(file)
    assert (read.lost, read.alert[0].valid_until) == (("S-1",), date(2020, 2, 1))
    file.write_text('title = "x"\nsectors = ["energy"]\n', encoding="utf-8")
    with pytest.raises(SectorRiskError, match=r"scenario.toml.*sectors"):
        scenario.read_scenario(file)
    with pytest.raises(UnknownNameError, match="energy"):
        scenario.what_if(
            con, scenario.Scenario(title="x", alert=(scenario.Alert(sectors=("enrgy",)),)), END
        )
