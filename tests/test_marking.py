"""Evidence marked above the export's marking never leaves; its points do."""

import html
import re
import zipfile
from datetime import timedelta

import openpyxl
import pyarrow.parquet as pq
import pytest
from test_export import rounded, table
from worlds import DAY, world

from pipeline.alerts import headlines
from pipeline.export import export_range, export_tables, export_workbook, summary_sentences
from pipeline.export.sheets import SHEETS_FOLDER
from pipeline.publish import _write_parquet
from pipeline.report.status import write_status
from pipeline.settings import Settings

pytestmark = pytest.mark.slow

ORDER = ["CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED"]
REPORTS = ["RED", "AMBER+STRICT", "AMBER", "GREEN", "PURPLE"]
SECRETS = {
    "RED": ["energy, notice 1", "example.org/energy/1", f"bulletin-{DAY}.json"],
    "AMBER+STRICT": ["energy, notice 2", "example.org/energy/2"],
    "AMBER": [
        *("energy, notice 3", "example.org/energy/3"),
        *("Birch Water 9", "CVE-2026-10", f"supplier_register-{DAY}.json", '"Enrgy"'),
    ],
    "GREEN": ["energy, notice 4", "example.org/energy/4"],
    "PURPLE": ["energy, notice 5", "example.org/energy/5"],
}


@pytest.fixture(scope="module")
def con():
    return world(n_suppliers=12, n_days=40, tlps=REPORTS)


def marked(tlp):
    return Settings(tlp=tlp)


def everything(con, folder, tlp):
    """All text that leaves: each part of both workbooks and each flat file."""
    settings = marked(tlp)
    export_workbook(con, DAY, folder / "day.xlsx", settings=settings)
    export_range(con, DAY - timedelta(30), DAY, folder / "range.xlsx", settings=settings)
    export_tables(con, DAY, folder, settings=settings)
    texts = [path.read_text("utf-8") for path in folder.glob("*.csv")]
    texts += [repr(pq.read_table(path).to_pylist()) for path in folder.glob("*.parquet")]
    for path in folder.glob("*.xlsx"):
        with zipfile.ZipFile(path) as archive:
            texts += [archive.read(name).decode() for name in archive.namelist()]
    texts += [repr(summary_sentences(con, DAY, settings))]
    texts += headlines(con, DAY, 1_000, tlp)
    write_status(con, settings, DAY, folder / "status.html")
    texts += [html.unescape((folder / "status.html").read_text("utf-8"))]
    return "\n".join(texts).replace("&quot;", '"')


def rank(label):
    return ORDER.index(label) if label in ORDER else ORDER.index("RED")


@pytest.mark.parametrize("tlp", ORDER)
def test_what_is_marked_above_the_export_is_in_no_sheet_and_no_file(con, tmp_path, tlp):
    text = everything(con, tmp_path, tlp)
    for label, secrets in SECRETS.items():
        for secret in secrets:
            assert (secret in text) == (rank(label) <= rank(tlp)), (secret, label)
    assert not re.search(r"energy-\d|withheld/", text)


def test_what_is_withheld_says_so_and_its_points_add_up(con, tmp_path):
    export_workbook(con, DAY, tmp_path / "day.xlsx", settings=marked("GREEN"))
    workbook = openpyxl.load_workbook(tmp_path / "day.xlsx")
    scores = {row["Sector"]: row["Score (points)"] for row in table(workbook, "Sectors")}
    energy = [row for row in table(workbook, "Drivers") if row["Name"] == "Energy"]
    withheld = [row["Driver"] for row in energy if row["Driver"].startswith("withheld")]
    assert withheld == [
        *("withheld (TLP:RED)", "withheld (TLP:AMBER+STRICT)", "withheld (TLP:AMBER)"),
        "withheld (TLP:RED)",
    ]
    assert rounded(*(row["Points"] for row in energy)) == scores["Energy"]


def test_scores_do_not_depend_on_the_marking(con, tmp_path):
    shown = []
    for tlp in ("CLEAR", "RED"):
        export_workbook(con, DAY, tmp_path / "day.xlsx", settings=marked(tlp))
        workbook = openpyxl.load_workbook(tmp_path / "day.xlsx")
        rows = table(workbook, "Suppliers")
        shown.append({row["Supplier id"]: row["Score (points)"] for row in rows})
    assert shown[0] == shown[1]


def test_the_summary_says_how_much_is_withheld(con):
    def sentence(tlp):
        trust = summary_sentences(con, DAY, marked(tlp))["How far to trust it"]
        return next((line for line in trust if line.startswith("Withheld")), None)

    assert sentence("RED") is None
    assert sentence("AMBER") == (
        "Withheld as marked above TLP:AMBER: 24 reports behind the scores, 1 file name. "
        "Their points are counted all the same."
    )
    assert "the names of the suppliers, their open vulnerabilities" in sentence("GREEN")


def test_published_tables_withhold_the_same(con, tmp_path):
    _write_parquet(con, marked("AMBER"), tmp_path, {f"{DAY:%Y-%m}"})
    drivers = pq.read_table(tmp_path / "sector_driver_daily").to_pylist()
    named = [row for row in drivers if row["sector_id"] == "energy" and row["score_date"] == DAY]
    named.sort(key=lambda row: row["driver_rank"])
    assert [row["is_withheld"] for row in named] == [True, True, False, False, True, False]
    text = repr(drivers)
    for label, secrets in SECRETS.items():
        for secret in [secrets[0], f"bulletin/energy-{1 + REPORTS.index(label)}'"]:
            assert (secret in text) == (rank(label) <= rank("AMBER")), secret
    assert len({row["driver_id"] for row in named}) == 6


def test_an_alert_is_told_where_nothing_that_it_may_quote_is_marked_higher(con):
    assert "withheld (TLP:RED)" in headlines(con, DAY, 1_000, "AMBER+STRICT")
    assert 'New evidence, "Expected attacks on energy, notice 1".' in headlines(con, DAY, 99, "RED")
    calm = world(n_suppliers=9, n_days=10)
    told = headlines(calm, DAY, 1_000, "AMBER")
    assert 'New evidence, "Expected attacks on energy, notice 1".' in told
    assert not any("withheld" in line for line in told)
    assert "withheld (TLP:AMBER)" in headlines(calm, DAY, 1_000, "GREEN")


def test_sheets_read_evidence_through_the_marking_alone():
    paths = [*SHEETS_FOLDER.glob("*.sql"), *(SHEETS_FOLDER / "selection").glob("*.sql")]
    assert len(paths) > 20
    for path in paths:
        sql = re.sub(r"--.*|'[^']*'", "", path.read_text("utf-8"))
        past = re.findall(
            r"\b(?:raw|staged|validated|quarantine)\.\w+|quality\.verdicts|scores\.\w*driver\w*"
            r"|scores\.(?:supplier|vulnerability|mix)\w*|facts\.(?!source_coverage_daily)\w+",
            sql,
        )
        assert past == [], path.name
