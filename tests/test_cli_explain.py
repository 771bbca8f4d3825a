import json
from datetime import date
from io import StringIO

import pytest
from rich.console import Console
from typer.testing import CliRunner

from pipeline import cli
from pipeline import settings as settings_module
from pipeline.cli import app
from pipeline.compare_text import comparison
from pipeline.errors import UnknownNameError
from pipeline.sandbox import Comparison
from pipeline.scenario import read_scenario
from pipeline.settings import ROOT

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


def test_an_error_is_printed_as_it_is_written(home, tmp_path, monkeypatch, capsys):
    """Brackets of TOML are no markup."""
    file = tmp_path / "faulty.toml"
    file.write_text('titel = "Blow"\n', encoding="utf-8")
    monkeypatch.setattr("sys.argv", ["sector-risk", "whatif", str(file), "--date", "2020-01-07"])
    with pytest.raises(SystemExit):
        cli.main()
    assert "A scenario holds title, [[alert]] (title, kind" in capsys.readouterr().err


def test_the_scenario_of_the_readme_holds_each_kind(tmp_path):
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    file = tmp_path / "port.toml"
    file.write_text(readme.partition("```toml\n")[2].partition("```")[0], encoding="utf-8")
    read = read_scenario(file)
    assert all((read.alert, read.exploited, read.patched, read.lost))


def test_explain_is_readable_on_eighty_columns(home, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    shown = run("explain", "energy", "--date", "2020-01-07", "--since", "2020-01-05").stdout
    assert "alert, energy is named; 1 report, credibility" in shown
    assert "…" not in shown


def test_a_comparison_is_readable_on_eighty_columns():
    moved = {"baseline": 0.0, "threat": 6.2, "susceptibility": -1.0, "consequence": 0, "bound": 0}
    scores = {"score_before": 49.2, "score_after": 54.4, "moved": 5.2, "band_before": "guarded"}
    ranks = {"rank_before": 4, "rank_after": 4}
    row = {**moved, **scores, **ranks, "band_after": "elevated", "sector": "Transit"}
    row["event_moved_most"] = "Wipers [at ports] (+7.5)"
    day = date(2020, 1, 6)
    lost = dict.fromkeys([*moved, "score_after", "moved", "band_after"])
    lost |= {"score_before": 74.5, "band_before": "severe", "score_date": day}
    lost |= {"supplier": "Ostbury Ferry Lines", "supplier_id": "S-0121"}
    console = Console(width=80, record=True, file=StringIO())
    console.print(comparison(Comparison(day, day, ("none",), [], [row], [lost])))
    shown = " ".join(console.export_text().replace("│", " ").split())
    assert "threat +6.20 (most: Wipers [at ports] (+7.5)), susceptibility -1.00" in shown
    assert "band guarded → elevated" in shown
    assert "rank 4" not in shown
    assert "74.5 not scored band severe → none" in shown


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
