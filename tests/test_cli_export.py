from datetime import date

import openpyxl
import pyarrow.parquet as pq
import pytest
from test_export import table
from typer.testing import CliRunner

from pipeline import settings as settings_module
from pipeline.cli import app
from pipeline.errors import ExportError

pytestmark = pytest.mark.slow

runner = CliRunner()
NEWEST = date(2020, 2, 5)


@pytest.fixture
def home(january_settings, monkeypatch, tmp_path):
    monkeypatch.setenv("SECTOR_RISK_HOME", str(january_settings.home))
    monkeypatch.chdir(tmp_path)
    settings_module.get_settings.cache_clear()
    yield tmp_path
    settings_module.get_settings.cache_clear()


def export(*arguments):
    result = runner.invoke(app, ["export", *map(str, arguments)])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def ids_in(path):
    return [row["Supplier id"] for row in table(openpyxl.load_workbook(path), "Suppliers")]


def test_without_options_the_newest_day_lands_in_the_current_folder(home):
    told = export().stdout
    assert told.startswith(f"sector-risk-{NEWEST}.xlsx  sha256 ")
    assert [path.name for path in home.iterdir()] == [f"sector-risk-{NEWEST}.xlsx"]


def test_a_day_goes_into_a_folder_under_its_usual_name(home):
    export("--date", "2020-01-08", "--to", home)
    workbook = openpyxl.load_workbook(home / "sector-risk-2020-01-08.xlsx")
    assert workbook["Summary"]["A1"].value == "Sector cyber-threat risk, 2020-01-08"


def test_a_folder_that_is_yet_to_be_made_ends_in_a_slash(home):
    export("--date", "2020-01-08", "--to", "reports/january/")
    assert (home / "reports" / "january" / "sector-risk-2020-01-08.xlsx").exists()


def test_a_range_takes_its_last_day_and_its_target_by_to(home):
    export("--from", "2020-01-01", "--to", "2020-01-31", "--to", "january.xlsx")
    workbook = openpyxl.load_workbook(home / "january.xlsx")
    assert workbook["Summary"]["A1"].value.endswith("2020-01-01 to 2020-01-31")
    export("--from", "2020-01-01", "--to", "2020-01-31")
    assert (home / "sector-risk-2020-01-01-to-2020-01-31.xlsx").exists()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("ids.txt", "S-2\n\nS-1\nS-2\n"),
        ("ids.csv", "name,supplier_id\nBoreas,S-2\nAquila,S-1\n"),
        ("bom.csv", "\ufeffsupplier_id\nS-1\nS-2\n"),
    ],
)
def test_a_portfolio_is_read_from_a_file(home, name, content):
    (home / name).write_text(content, encoding="utf-8")
    export("--suppliers", name, "--to", "few.xlsx")
    assert sorted(ids_in(home / "few.xlsx")) == ["S-1", "S-2"]


def test_a_portfolio_is_a_list_of_ids(home):
    export("--suppliers", "S-1, S-2", "--to", "few.xlsx")
    assert sorted(ids_in(home / "few.xlsx")) == ["S-1", "S-2"]


def test_unknown_suppliers_are_named_with_the_nearest_known(home):
    with pytest.raises(ExportError, match=r"no such suppliers .*S-11 \(nearest: S-1"):
        export("--suppliers", "S-1,S-11")
    assert not list(home.iterdir())


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"a,b\nS-1,x\n", "no column supplier_id; its columns are a, b"),
        (b"supplier_id\n", "names no supplier"),
        (b"\xff\xfeS\x00", "is no text in UTF-8"),
    ],
)
def test_a_list_of_suppliers_that_cannot_be_read_says_why(home, content, problem):
    (home / "ids.csv").write_bytes(content)
    with pytest.raises(ExportError, match=problem):
        export("--suppliers", "ids.csv")
    with pytest.raises(ExportError, match="No such file or directory"):
        export("--suppliers", "nothing.csv")


def test_a_day_without_scores_is_refused_with_the_days_there_are(home):
    with pytest.raises(ExportError, match=r"2019-01-01: no published score.*2019-12-22 to 2020-02"):
        export("--date", "2019-01-01")
    with pytest.raises(ExportError, match="ends before it starts"):
        export("--from", "2020-01-31", "--to", "2020-01-01")


def test_a_target_that_cannot_be_written_is_said(home):
    (home / "file").write_text("in the way")
    with pytest.raises(ExportError, match=r"file/x\.xlsx cannot be written: .*Choose a folder"):
        export("--to", "file/x.xlsx")
    with pytest.raises(ExportError, match="neither a folder nor a name that ends in"):
        export("--to", "scores.csv")
    with pytest.raises(ExportError, match=r"nowhere://x\.xlsx cannot be written: .*nowhere"):
        export("--to", "nowhere://x.xlsx")


@pytest.mark.parametrize(
    "arguments",
    [
        ("--from", "2020-01-01"),
        ("--to", "2020-01-31"),
        ("--date", "2020-01-08", "--from", "2020-01-01", "--to", "2020-01-31"),
        ("--to", "a.xlsx", "--to", "b.xlsx"),
        ("--from", "2020-01-01", "--to", "2020-01-31", "--tables"),
        ("--from", "2020-01-01", "--to", "2020-02-31"),
        ("--tlp", "PURPLE"),
    ],
)
def test_options_that_contradict_each_other_are_a_usage_error(home, arguments):
    assert export(*arguments).exit_code == 2


def test_tables_go_into_a_folder_each_as_csv_and_parquet(home):
    told = export("--date", "2020-01-08", "--tables", "--to", "flat").stdout.split()
    assert "flat/suppliers.csv" in told
    assert sorted(home.joinpath("flat").iterdir()) == sorted(home / address for address in told)
    assert pq.read_table(home / "flat" / "suppliers.parquet").num_rows > 0


def test_the_marking_of_one_export_can_be_set(home):
    export("--date", "2020-01-08", "--tlp", "tlp:clear", "--to", "clear.xlsx")
    workbook = openpyxl.load_workbook(home / "clear.xlsx")
    assert workbook["Summary"]["B4"].value == "TLP:CLEAR"
    assert {row["Supplier"] for row in table(workbook, "Suppliers")} == {"withheld (TLP:AMBER)"}
