import json

import pytest
from typer.testing import CliRunner

from pipeline import settings as settings_module
from pipeline.cli import app
from pipeline.errors import UnknownNameError

runner = CliRunner()


@pytest.fixture
def home(january_settings, monkeypatch):
    monkeypatch.setenv("SECTOR_RISK_HOME", str(january_settings.home))
    settings_module.get_settings.cache_clear()
    yield
    settings_module.get_settings.cache_clear()


def run(*arguments):
    result = runner.invoke(app, arguments)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_explain_prints_parts_evidence_and_moves(home):
    shown = run("explain", "aquila power", "--date", "2020-01-07", "--since", "2020-01-05").stdout
    assert "Aquila Power" in shown
    assert "CVE-2019-0003" in shown
    assert "“Attacks on energy are expected.”" in shown
    assert "What moved it from 2020-01-05 to 2020-01-07" in shown


def test_explain_as_json_sums(home):
    told = json.loads(run("explain", "energy", "--date", "2020-01-07", "--json").stdout)
    score = told["explanation"]["score"]
    parts = sum(value for name, value in score.items() if name.endswith("_points"))
    assert parts == pytest.approx(score["score_0_100"], abs=1e-9)


def test_alerts_are_printed_by_day_or_range(home):
    shown = run("alerts", "--from", "2020-01-03", "--to", "2020-01-06").stdout.splitlines()
    assert [line[:10] for line in shown] == ["2020-01-03", *["2020-01-06"] * 3]
    assert 'New evidence, "Warning" (bulletin), adds' in shown[0]
    told = json.loads(run("alerts", "--date", "2020-01-10", "--severity", "info", "--json").stdout)
    assert {alert["severity"] for alert in told} == {"warning", "info"}
    assert run("alerts", "--date", "2020-01-04").stdout == ""
    assert run("alerts").exit_code == 2


def test_an_unknown_name_lists_the_nearest(home):
    with pytest.raises(UnknownNameError, match="Aquila Power"):
        run("explain", "Aquila Pwr", "--date", "2020-01-07")


@pytest.mark.slow
def test_whatif_prints_before_and_after(home, tmp_path):
    file = tmp_path / "alert.toml"
    file.write_text('title = "Blow"\n[[alert]]\nsectors = ["energy"]\n', encoding="utf-8")
    shown = run("whatif", str(file), "--date", "2020-01-07").stdout
    assert "alert “Scenario” against energy" in shown
    assert "Sectors on 2020-01-07" in shown


@pytest.mark.slow
def test_method_compare_of_one_method_with_itself_moves_nothing(home):
    told = run(
        "method", "compare", "current", "current",
        "--from", "2020-01-07", "--to", "2020-01-07", "--json",
    )  # fmt: skip
    assert json.loads(told.stdout)["suppliers"] == []
