import re
import zipfile
from datetime import date, timedelta
from itertools import groupby

import openpyxl
import pandas as pd
import pytest
from examples import examples
from hostile import HOSTILE
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from openpyxl.utils import range_boundaries
from python_calamine import CalamineWorkbook
from worlds import DAY, world

from pipeline.export import ExportError, export_range, export_tables, export_workbook
from pipeline.export.rows import RowSheet, Slot
from pipeline.export.selection import select
from pipeline.export.sheets import sheets
from pipeline.export.styles import STYLES
from pipeline.export.text import clean, for_csv, safe_link
from pipeline.settings import get_settings

pytestmark = pytest.mark.slow

SHEETS = [
    *("Summary", "Sectors", "Trend", "Charts", "Suppliers", "Drivers", "Movers", "Actions"),
    *("Sources", "Quarantine", "Method", "Dictionary", "Provenance"),
]


@pytest.fixture(scope="module")
def con():
    return world()


@pytest.fixture(scope="module")
def path(con, tmp_path_factory):
    path = tmp_path_factory.mktemp("export") / "day.xlsx"
    export_workbook(con, DAY, path)
    return path


@pytest.fixture(scope="module")
def workbook(path):
    return openpyxl.load_workbook(path)


def table(workbook, name):
    """The rows of an Excel table as dictionaries by header."""
    for sheet in workbook:
        if name in sheet.tables:
            head, *rows = sheet[sheet.tables[name].ref]
            headers = [cell.value for cell in head]
            return [dict(zip(headers, (c.value for c in row), strict=True)) for row in rows]
    raise KeyError(name)


def rounded(*values):
    return round(sum(value or 0 for value in values), 1)


def test_the_sheets_are_all_there_in_order(workbook):
    assert workbook.sheetnames == SHEETS


def test_a_sector_scores_what_the_newest_trend_row_says(workbook):
    newest, *_ = table(workbook, "Trend")
    assert newest["Date (UTC)"].date() == DAY
    for row in table(workbook, "Sectors"):
        assert newest[f"{row['Sector']} (points)"] == row["Score (points)"]


@pytest.mark.parametrize(
    ("header", "days"),
    [("Change 1 day (points)", 1), ("Change 7 days (points)", 7), ("Change 30 days (points)", 30)],
)
def test_a_change_is_the_difference_of_two_trend_rows(workbook, header, days):
    trend = {row["Date (UTC)"].date(): row for row in table(workbook, "Trend")}
    changes = 0
    for row in table(workbook, "Sectors"):
        column = f"{row['Sector']} (points)"
        now, then = trend[DAY][column], trend[DAY - timedelta(days)][column]
        if now is None or then is None:
            assert row[header] is None
        else:
            assert row[header] == pytest.approx(now - then, abs=1e-9)
            changes += 1
    assert changes >= 7


@pytest.mark.parametrize("name", ["Sectors", "Suppliers"])
def test_the_parts_add_up_to_the_score(workbook, name):
    scored = [row for row in table(workbook, name) if row["Score (points)"] is not None]
    assert len(scored) >= 7
    for row in scored:
        parts = (
            *(row["Baseline (points)"], row["Threat (points)"], row["Susceptibility (points)"]),
            *(row["Consequence (points)"], row["Bounds and rounding (points)"]),
        )
        assert rounded(*parts) == row["Score (points)"]
        assert abs(row["Bounds and rounding (points)"]) < 0.25


def test_the_drivers_of_each_name_add_up_to_its_score(workbook):
    scores = {row["Sector"]: row["Score (points)"] for row in table(workbook, "Sectors")}
    scores |= {row["Supplier"]: row["Score (points)"] for row in table(workbook, "Suppliers")}
    drivers = table(workbook, "Drivers")
    assert {row["Level"] for row in drivers} == {"Sector", "Supplier"}
    for name, rows in groupby(drivers, key=lambda row: row["Name"]):
        assert rounded(*(row["Points"] for row in rows)) == scores[name]


def test_the_main_reason_is_the_first_driver(workbook):
    first = {r["Name"]: r["Driver"] for r in table(workbook, "Drivers") if r["Place"] == 1}
    for row in table(workbook, "Sectors"):
        assert row["Main reason"] == first.get(row["Sector"])
    for row in table(workbook, "Suppliers"):
        assert row["Main reason"] == first.get(row["Supplier"])


def test_rows_received_are_loaded_set_aside_or_repeated(workbook):
    arrived = [row for row in table(workbook, "Sources") if row["Rows received"] is not None]
    assert arrived
    for row in arrived:
        parts = (row["Rows loaded"], row["Rows in quarantine"], row["Rows repeated"])
        assert row["Rows received"] == sum(parts)


def test_a_late_source_is_named_with_its_effect(workbook):
    late = [row for row in table(workbook, "Sources") if row["Data state"] == "Late"]
    assert [row["Source id"] for row in late] == ["kev"]
    assert "2026-09-27" in late[0]["Effect on these scores"]
    assert workbook["Summary"]["B6"].value.startswith("Partial: 1 of ")


def test_what_is_not_scored_is_blank_with_its_reason(workbook):
    sector = next(r for r in table(workbook, "Sectors") if r["Sector"] == "Transit")
    assert sector["Score (points)"] is None
    assert sector["Data state"] == "Not scored: threat sources are missing"
    unscored = [r for r in table(workbook, "Suppliers") if r["Score (points)"] is None]
    assert len(unscored) == 5
    assert all(r["Data state"].startswith("Not scored: threat sources") for r in unscored)


def test_places_run_from_one_without_gaps(workbook):
    places = [row["Place"] for row in table(workbook, "Suppliers")]
    assert places == list(range(1, 41))


def test_the_summary_counts_what_the_suppliers_sheet_shows(workbook):
    suppliers = table(workbook, "Suppliers")
    high = sum(row["Band"] in ("High", "Severe") for row in suppliers)
    scored = sum(row["Score (points)"] is not None for row in suppliers)
    sentences = [row[0].value for row in workbook["Summary"].iter_rows(max_col=1)]
    assert any(str(s).startswith(f"{high} of {scored} suppliers are High") for s in sentences)
    assert sum(r["Suppliers High or above"] for r in table(workbook, "SectorSummary")) == high


def test_movers_are_the_differences_of_what_was_published(workbook):
    now = {row["Supplier"]: row["Score (points)"] for row in table(workbook, "Suppliers")}
    movers = table(workbook, "Movers")
    assert {row["Over (days)"] for row in movers} == {1, 7, 30}
    for row in movers:
        change = row["Score now (points)"] - row["Score before (points)"]
        assert row["Change (points)"] == pytest.approx(change)
        assert row["Score now (points)"] == now[row["Supplier"]]
        assert row["Reason"]
    for _, rows in groupby(movers, key=lambda row: (row["Over (days)"], row["Direction"])):
        changes = [(row["Place"], -abs(row["Change (points)"])) for row in rows]
        assert changes == sorted(changes, key=lambda one: one[1])
        assert [place for place, _ in changes] == list(range(1, 1 + len(changes)))


def test_the_ten_largest_moves_of_all_suppliers_are_listed(workbook):
    for days in (1, 7):
        header = "Change 1 day (points)" if days == 1 else "Change 7 days (points)"
        moved = [row[header] or 0 for row in table(workbook, "Suppliers")]
        for direction, way in (("Rise", 1), ("Fall", -1)):
            largest = sorted((way * move for move in moved if way * move > 0), reverse=True)[:10]
            listed = [
                way * row["Change (points)"]
                for row in table(workbook, "Movers")
                if row["Over (days)"] == days and row["Direction"] == direction
            ]
            assert listed == pytest.approx(largest)


def test_a_vulnerability_beyond_the_strongest_three_is_not_called_closed(tmp_path):
    con = world(n_suppliers=9)
    strongest = "source_row = 1 and last_date = ?"
    con.execute(f"update scores.vulnerability_spans set hazard = 1e-9 where {strongest}", [DAY])
    export_workbook(con, DAY, tmp_path / "day.xlsx")
    movers = table(openpyxl.load_workbook(tmp_path / "day.xlsx"), "Movers")
    falls = [r for r in movers if r["Direction"] == "Fall" and r["Reason"].startswith("Suscept")]
    assert falls
    assert all(re.fullmatch(r"Susceptibility -\d+\.\d; CVE-[-\d]+", r["Reason"]) for r in falls)


def test_a_vulnerability_that_is_not_open_any_more_is_called_closed(tmp_path):
    con = world(n_suppliers=9)
    con.execute(
        "delete from scores.vulnerability_spans where source_row = 1 and last_date = ?", [DAY]
    )
    export_workbook(con, DAY, tmp_path / "day.xlsx")
    reasons = [r["Reason"] for r in table(openpyxl.load_workbook(tmp_path / "day.xlsx"), "Movers")]
    assert any("; closed: CVE-" in reason for reason in reasons)
    assert not any("; new: CVE-" in reason for reason in reasons)


@pytest.mark.parametrize(
    ("rest", "days", "how"), [("kept", 1, ""), ("kept", 7, "new: "), ("deleted", 1, "new: ")]
)
def test_an_event_beyond_those_stored_counts_as_the_weakest_of_them(rest, days, how):
    con = world(n_suppliers=2)
    then = DAY - timedelta(days)
    of_then = "delete from scores.sector_driver_daily where score_date = ? and driver_rank = ?"
    con.execute(of_then, [then, 1])
    if rest == "deleted":
        con.execute(of_then, [then, 6])
    nobody = {"compared_days": [days], "max_suppliers": 2, "beside": ""}
    select(con, (DAY, DAY), None, get_settings(), **nobody)
    now, weakest = con.execute(
        "select (select points from scores.sector_driver_daily where sector_id = 'energy' "
        "and score_date = ? and driver_rank = 1), (select points from scores.sector_driver_daily "
        "where sector_id = 'energy' and score_date = ? and driver_rank = 5)",
        [DAY, then],
    ).fetchone()
    found = con.execute(
        "select points, how from event_moves where sector_id = 'energy' and title like '%notice 1'"
    ).fetchall()
    assert found == [(pytest.approx(now - (weakest if rest == "kept" else 0)), how)]


def test_what_a_supplier_without_vulnerabilities_would_have_is_a_driver(con, workbook):
    usual = con.execute(
        "select round(any_value(usual_susceptibility_points), 1) from scores.supplier_spans"
    ).fetchone()[0]
    rows = [r for r in table(workbook, "Drivers") if r["Level"] == "Supplier"]
    stated = [r["Points"] for r in rows if r["Kind"] == "Susceptibility"]
    assert set(stated) == {usual}
    assert len(stated) == sum(r["Kind"] == "Baseline" for r in rows)


def test_actions_name_the_suppliers_and_what_each_would_gain(workbook):
    actions = table(workbook, "Actions")
    shares = [row["Risk that it carries (share)"] for row in actions]
    assert shares == sorted(shares, reverse=True)
    assert 0 < shares[-1] <= shares[0] < 1
    for row in actions:
        gains = [float(g) for g in re.findall(r"\((\d+\.\d)\)", row[SUPPLIER_GAINS])]
        assert gains[0] == row["Largest gain (points)"]
        if row["Suppliers"] <= 10:
            assert rounded(*gains) == row["Points together"]


SUPPLIER_GAINS = "At these suppliers (points each)"


def test_every_column_has_a_meaning_in_the_dictionary(workbook):
    known = {(row["Sheet"], row["Column"]) for row in table(workbook, "Dictionary")}
    for row in table(workbook, "Dictionary"):
        assert row["Meaning"], row
        assert row["Blank means"], row
    for sheet in workbook:
        for name in sheet.tables:
            for header in table(workbook, name)[0]:
                pivoted = {"Trend": "each sector (points)", "Limits": "From each band (points)"}
                assert {(sheet.title, header), (sheet.title, pivoted.get(name))} & known


def test_table_headers_equal_their_cells_and_are_unique(workbook):
    names = []
    for sheet in workbook:
        for found in sheet.tables.values():
            cells = [cell.value for cell in sheet[found.ref][0]]
            assert cells == [column.name for column in found.tableColumns]
            assert len({cell.lower() for cell in cells}) == len(cells)
            names.append(found.displayName.lower())
    assert len(set(names)) == len(names)


def test_nothing_is_merged_hidden_computed_or_fetched(workbook, path):
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist()}
    for name, part in parts.items():
        assert "externalLink" not in name
        if name.startswith("xl/worksheets/sheet"):
            assert "<f>" not in part
            assert "<f " not in part
            assert "mergeCell" not in part
            assert "hidden" not in part
        targets = re.findall(r'Target="([^"]+)" TargetMode="External"', part)
        assert all(target.startswith("https://") for target in targets)


def test_print_and_screen_are_set_up(workbook):
    long = {"Sectors", "Trend", "Suppliers", "Drivers", "Movers", "Actions", "Quarantine"}
    for sheet in workbook:
        assert sheet.page_setup.fitToWidth == 1
        assert int(sheet.page_setup.paperSize) == 9
        assert sheet.oddFooter.right.text == "Page &P of &N"
        assert sheet["A1"].value
        if sheet.title in long:
            assert sheet.print_title_rows == "$4:$4"
            assert sheet.freeze_panes.endswith("5")
    assert workbook["Summary"].page_setup.fitToHeight == 1
    assert workbook.properties.title == "Sector cyber-threat risk, 2026-09-30"
    assert workbook.properties.language == "en"


@pytest.mark.parametrize(("name", "last"), [("Sectors", "Main reason"), ("Suppliers", "Sectors")])
def test_wide_sheets_print_the_columns_that_the_note_names(workbook, name, last):
    sheet = workbook[name]
    _, first_row, last_column, last_row = range_boundaries(sheet.print_area.split("!")[1])
    assert (first_row, last_row) == (1, sheet.max_row)
    assert sheet.cell(4, last_column).value == last
    assert f"Printed are the columns to {last}." in sheet["A2"].value


def test_a_first_day_has_a_chart_with_a_mark_and_an_axis(tmp_path):
    export_workbook(world(n_suppliers=9, n_days=1), DAY, tmp_path / "day.xlsx")
    with zipfile.ZipFile(tmp_path / "day.xlsx") as archive:
        chart = archive.read("xl/charts/chart1.xml").decode()
    assert "circle" in chart
    (high, low), *_ = re.findall(r'max val="(\d+)"\s*/>\s*<(?:\w+:)?min val="(\d+)"', chart)
    assert int(high) - int(low) == 14


def test_every_chart_says_what_it_shows_in_words(path):
    with zipfile.ZipFile(path) as archive:
        drawing = archive.read("xl/drawings/drawing1.xml").decode()
    described = re.findall(r'descr="Line chart of the daily score of (\w+)', drawing)
    assert len(set(described)) == drawing.count("graphicFrame>") // 2 == 8


def test_a_machine_finds_the_facts_without_opening_a_sheet(workbook):
    properties = {p.name: p.value for p in workbook.custom_doc_props.props}
    assert properties["score_date"] == "2026-09-30"
    assert properties["tlp"] == "TLP:AMBER"
    for name in ("run_id", "method_version", "data_state"):
        place = workbook.defined_names[name]
        sheet, cell = next(place.destinations)
        assert workbook[sheet][cell].value == properties[name]


def test_the_marking_is_on_the_cover_and_in_every_footer(workbook):
    assert workbook["Summary"]["B4"].value == "TLP:AMBER"
    for sheet in workbook:
        assert sheet.oddFooter.left.text == "TLP:AMBER · 2026-09-30"


def test_two_readers_see_the_same_workbook(path, workbook):
    other = CalamineWorkbook.from_path(str(path))
    assert other.sheet_names == SHEETS
    for name in SHEETS:
        cells = [
            [value for row in rows for value in row if value not in ("", None)]
            for rows in (
                other.get_sheet_by_name(name).to_python(),
                workbook[name].iter_rows(values_only=True),
            )
        ]
        assert len(cells[0]) == len(cells[1]) > 1


@pytest.mark.parametrize("engine", ["openpyxl", "calamine"])
def test_a_table_is_a_frame_below_three_rows(path, workbook, engine):
    frame = pd.read_excel(path, sheet_name="Suppliers", header=3, engine=engine)
    shown = table(workbook, "Suppliers")
    assert list(frame.columns) == list(shown[0])
    assert list(frame["Supplier id"]) == [row["Supplier id"] for row in shown]
    assert frame["Score (points)"].dtype == "float64"


def test_exporting_again_gives_the_same_bytes(con, path, tmp_path):
    first = path.read_bytes()
    again = tmp_path / "again.xlsx"
    export_workbook(con, DAY, again)
    assert again.read_bytes() == first


def test_a_failed_export_keeps_the_file_of_before(con, tmp_path, monkeypatch):
    target = tmp_path / "day.xlsx"
    target.write_bytes(b"yesterday")
    monkeypatch.setattr("zipfile.ZipFile.writestr", _disk_full)
    with pytest.raises(ExportError, match=r"day\.xlsx cannot be written: No space left"):
        export_workbook(con, DAY, target)
    assert target.read_bytes() == b"yesterday"
    assert [path.name for path in tmp_path.iterdir()] == ["day.xlsx"]


def _disk_full(*_, **__):
    raise OSError(28, "No space left on device")


def test_a_number_that_no_cell_can_show_is_refused_with_its_place(tmp_path):
    con = world(n_suppliers=9)
    con.execute("update scores.supplier_spans set susceptibility_0_1 = 'nan'")
    where = r"Sheet Suppliers, row 5, column 'Loss in 30 days \(probability\)': the value is nan"
    with pytest.raises(ExportError, match=where):
        export_workbook(con, DAY, tmp_path / "day.xlsx")
    assert not list(tmp_path.iterdir())


def test_a_day_without_scores_is_refused(con, tmp_path):
    with pytest.raises(ExportError, match="no published score"):
        export_workbook(con, date(2019, 1, 1), tmp_path / "day.xlsx")


def test_a_portfolio_lists_just_its_suppliers(con, tmp_path):
    chosen = ["SUP-00003", "SUP-00008"]
    export_workbook(con, DAY, tmp_path / "day.xlsx", supplier_ids=chosen)
    workbook = openpyxl.load_workbook(tmp_path / "day.xlsx")
    assert sorted(row["Supplier id"] for row in table(workbook, "Suppliers")) == chosen
    assert "Portfolio of 2 suppliers" in workbook["Summary"]["A2"].value


def test_an_unknown_supplier_is_refused(con, tmp_path):
    with pytest.raises(ExportError, match="no such suppliers in the register: SUP-99999"):
        export_workbook(con, DAY, tmp_path / "day.xlsx", supplier_ids=["SUP-99999"])


def test_any_file_system_address_will_do(con, path):
    import fsspec

    export_workbook(con, DAY, "memory://reports/day.xlsx")
    with fsspec.open("memory://reports/day.xlsx") as file:
        assert file.read() == path.read_bytes()


def test_more_rows_than_a_sheet_holds_are_refused_in_words(con, tmp_path, monkeypatch):
    monkeypatch.setattr("pipeline.export.rows.MAX_ROWS", 30)
    with pytest.raises(ExportError, match=r"Sheet \w+ has more than 30 rows.*as Parquet instead"):
        export_workbook(con, DAY, tmp_path / "day.xlsx")
    assert not list(tmp_path.iterdir())


def test_hostile_names_come_back_as_the_same_text(tmp_path):
    assert len(set(HOSTILE)) >= 200
    con = world(n_suppliers=len(HOSTILE) + 1, names=HOSTILE, titles=HOSTILE[:5])
    path = tmp_path / "day.xlsx"
    export_workbook(con, DAY, path)
    workbook = openpyxl.load_workbook(path)
    shown = {row["Supplier id"]: row["Supplier"] for row in table(workbook, "Suppliers")}
    other = CalamineWorkbook.from_path(str(path)).get_sheet_by_name("Suppliers").to_python()
    also = {row[2]: row[1] for row in other[4:]}
    for number, name in enumerate(HOSTILE, start=1):
        supplier_id = f"SUP-{number:05d}"
        assert unescaped(shown[supplier_id]) == clean(name)
        assert also[supplier_id] == clean(name)


def unescaped(text):
    """As Excel reads it; openpyxl leaves the escapes."""
    return (text or "").replace("_x005F_", "_")


@given(st.text(max_size=1200))
@examples(300)
def test_cleaned_text_is_one_bounded_line_and_stays_as_it_is(text):
    line = clean(text)
    assert clean(line) == line
    assert len(line) <= 1000
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", line)


def cell(value):
    """The cell of one value, as XML."""
    sheet = RowSheet(openpyxl.Workbook(write_only=True), "Sheet")
    return etree.fromstring(sheet._cell(Slot("A", "Header", 1, 2), value))


@given(st.text(max_size=60) | st.text("_x0041=+-@<>& \t\n", max_size=30))
@examples(300)
def test_any_text_is_a_text_cell_that_says_the_same(text):
    found = cell(text)
    assert found.get("t") == "inlineStr"
    assert found.get("s") == ("2" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else "1")
    shown = found.findtext("is/t") or ""
    assert not re.search(r"(?<!_x005F)_x(?!005F)[0-9A-Fa-f]{4}_", shown)
    assert unescaped(shown) == clean(text)


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**15), 10**15))
def test_any_number_is_a_number_cell_of_the_same_value(number):
    assert float(cell(number).findtext("v")) == number


@given(st.dates(date(1900, 3, 1)))
def test_any_date_is_its_serial_number(day):
    assert int(cell(day).findtext("v")) == (day - date(1899, 12, 30)).days


@given(st.text(max_size=50))
def test_csv_text_never_begins_like_a_formula(text):
    assert not for_csv(text).lstrip().startswith(("=", "+", "-", "@"))


@pytest.mark.parametrize(
    "url",
    [
        *("javascript:alert(1)", "file:///etc/passwd", r"\\host\share", "http://example.org"),
        *("https://", "https://user@example.org", "https://exa mple.org", 'https://a.b/"x"'),
        *("https://example.org/" + "a" * 3000, "ms-excel:ofv|u|https://a.b", "", None),
    ],
)
def test_only_plain_https_links_are_links(url):
    assert safe_link(url) is None


def test_a_plain_https_link_is_kept():
    url = "https://www.cve.org/CVERecord?id=CVE-2019-19781"
    assert safe_link(url) == url


def luminance(colour):
    parts = [int(colour.strip("#")[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_bands_can_be_read_and_survive_grey_printing(con):
    bands = con.execute("select fill, ink from method.bands order by lower_score").fetchall()
    fills = [luminance(fill) for fill, _ in bands]
    assert fills == sorted(fills, reverse=True)
    assert all(contrast(fill, ink) >= 4.5 for fill, ink in bands)


def test_each_sheet_is_declared_in_one_file():
    for kind in ("day", "range"):
        for sheet in sheets(kind):
            assert len(sheet.title) <= 31
            assert sheet.question.endswith("?")
            for block in sheet.blocks:
                assert {column.style for column in block.columns} <= set(STYLES)


@pytest.fixture(scope="module")
def period(con, tmp_path_factory):
    path = tmp_path_factory.mktemp("export") / "period.xlsx"
    export_range(con, DAY - timedelta(60), DAY, path)
    return openpyxl.load_workbook(path)


def test_a_range_is_summed_up_from_its_days(con, period):
    rows = {row["Sector"]: row for row in table(period, "SectorPeriod")}
    average, worst = con.execute(
        "select round(avg(published_score), 1), max(published_score) from scores.sector_daily "
        "where sector_id = 'energy' and score_date between ? and ?",
        [DAY - timedelta(60), DAY],
    ).fetchone()
    assert rows["Energy"]["Average (points)"] == pytest.approx(average)
    assert rows["Energy"]["Highest (points)"] == pytest.approx(float(worst))
    assert sum(r["Days scored"] for r in table(period, "Months") if r["Sector"] == "Energy") == 61


def test_a_range_says_what_happened_why_and_how_far_to_trust_it(period):
    said = [str(row[0].value) for row in period["Summary"].iter_rows(max_col=1)]
    trust = said.index("How far to trust it")
    assert any(re.search(r"rose most among the suppliers, by .* \(.+\)\.$", s) for s in said)
    assert any(re.search(r"\d+ were High or above at the start, \d+ at the end", s) for s in said)
    assert re.fullmatch(r"On \d+ of 61 days a source was late .*", said[trust + 1])
    assert any("Known exploited" in s or "was late on" in s for s in said[trust + 2 : trust + 5])
    facts = {row[0].value: row[1].value for row in period["Summary"].iter_rows(max_col=2)}
    assert facts["Knowledge"] == "as could be known by the end of each day (UTC)"


def test_the_worst_days_of_a_range_are_in_order(period):
    for _, rows in groupby(table(period, "WorstDays"), key=lambda row: row["Sector"]):
        scores = [row["Score (points)"] for row in rows]
        assert scores == sorted(scores, reverse=True)
        assert len(scores) == 5


def test_the_days_of_the_bands_add_up_to_the_days_on_file(period):
    rows = table(period, "BandDays")
    assert len(rows) == 8 + 40
    for row in rows:
        days = {header: row[header] for header in row if header.startswith("Days ")}
        assert sum(days.values()) == 2 * days["Days on file"] == 2 * 61


def test_the_movers_of_a_range_are_the_differences_of_its_ends(period):
    movers = table(period, "PeriodMovers")
    assert {row["Direction"] for row in movers} == {"Rise", "Fall"}
    for row in movers:
        change = row["At the end (points)"] - row["At the start (points)"]
        assert row["Change (points)"] == pytest.approx(change)
        assert re.match(r"(Threat to \w+|Susceptibility) [+-]\d", row["Reason"])


def test_the_flat_files_hold_the_same_tables(con, workbook, tmp_path):
    import pyarrow.parquet as pq

    addresses = export_tables(con, DAY, tmp_path)
    assert len(addresses) == len(set(addresses)) >= 2 * 15
    rows = pq.read_table(tmp_path / "suppliers.parquet").to_pylist()
    shown = table(workbook, "Suppliers")
    assert [row["supplier_id"] for row in rows] == [row["Supplier id"] for row in shown]
    header, *lines = (tmp_path / "suppliers.csv").read_text("utf-8").splitlines()
    assert header.startswith("place,name,supplier_id")
    assert len(lines) == 40


def test_the_dictionary_covers_the_flat_files(con, tmp_path):
    import pyarrow.parquet as pq

    export_tables(con, DAY, tmp_path)
    known = {
        (r["file"], r["field"]) for r in pq.read_table(tmp_path / "dictionary.parquet").to_pylist()
    }
    for path in tmp_path.glob("*.parquet"):
        names = [n for n in pq.read_schema(path).names if not n.endswith("_url")]
        pivoted = {field for file, field in known if file == path.stem and field.startswith("*")}
        assert pivoted or {(path.stem, name) for name in names} <= known


def test_formulas_in_flat_files_are_marked_as_text(tmp_path):
    con = world(n_suppliers=3, names=["=1+1", "@x", "plain"])
    export_tables(con, DAY, tmp_path)
    text = (tmp_path / "suppliers.csv").read_text("utf-8")
    assert ",'=1+1," in text
    assert ",'@x," in text
    assert ",plain," in text


def test_suppliers_beyond_the_limit_are_left_out_in_words(con, tmp_path, monkeypatch):
    monkeypatch.setattr("pipeline.export.MAX_SUPPLIERS", 7)
    export_workbook(con, DAY, tmp_path / "day.xlsx")
    workbook = openpyxl.load_workbook(tmp_path / "day.xlsx")
    assert len(table(workbook, "Suppliers")) == 7
    assert "The first 7 of 40 are listed" in workbook["Suppliers"]["A2"].value
