import json

import pytest
from typer.testing import CliRunner

from pipeline.cli import app

run = CliRunner().invoke
GOOD = "Supplier ID,Name,Sectors,Colour\nS-1,Harrow Valley Castings,manufacturing,red\n"


@pytest.fixture
def register(tmp_path):
    def write(text):
        path = tmp_path / "register.csv"
        path.write_text(text)
        return str(path)

    return write


def test_a_good_file_is_described(register):
    result = run(app, ["sources", "check", register(GOOD), "--source", "supplier_register"])
    assert result.exit_code == 0
    assert "separated by ',', header in row 1" in result.output
    assert "Columns not used: Colour" in result.output
    assert "Rows for suppliers: 1" in result.output


def test_rows_that_would_be_set_aside_are_named_and_the_exit_code_says_so(register):
    path = register(GOOD + "S-2,,manufacturing,blue\n")
    result = run(app, ["sources", "check", path, "--source", "supplier_register"])
    assert result.exit_code == 3
    assert "row 3: Column 'Name' is empty. Every row needs one." in result.output


def test_a_script_reads_json(register):
    path = register(GOOD)
    result = run(app, ["sources", "check", path, "--source", "supplier_register", "--json"])
    assert json.loads(result.output)["n_rows"] == {"suppliers": 1}


def test_an_empty_warehouse_has_no_doubtful_suppliers(tmp_path, monkeypatch):
    from pipeline.settings import get_settings

    monkeypatch.setenv("SECTOR_RISK_HOME", str(tmp_path))
    get_settings.cache_clear()
    result = run(app, ["who-is-who"])
    get_settings.cache_clear()
    assert result.exit_code == 0
    assert "No two suppliers look like one." in result.output
