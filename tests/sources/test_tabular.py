"""Registers as people send them: the right rows, or the right sentence."""

import zipfile
from datetime import date, datetime
from io import BytesIO

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from examples import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.errors import DeliveryError
from pipeline.settings import ROOT
from pipeline.sources import mapping, supplier_register, tabular
from pipeline.sources.mapping import Mapping
from pipeline.sources.parsing import CUT_OFF
from pipeline.sources.tabular import Reading

HEADER = "Supplier ID,Name,Sectors,Criticality,Spend (EUR),Valid from\n"
A_ROW = "S-1,Harrow Valley Castings,manufacturing,3,1000,2019-01-01\n"
NEW_YEARS_EVE = date(2019, 12, 31)
OWN = mapping.load_mapping("supplier_register")


def read(delivery, given_mapping=OWN):
    reading = Reading.of(delivery, supplier_register.TABLE, given_mapping)
    return list(reading.records()), reading.notes


def stating(forms=None, values=None, blanks=frozenset()):
    return Mapping(OWN.columns, forms or {}, values or {}, blanks)


def excel(rows, title="Register", merge=(), more_sheets=()):
    book = openpyxl.Workbook()
    book.active.title = title
    for row in rows:
        book.active.append(row)
    for cells in merge:
        book.active.merge_cells(cells)
    for name, extra in more_sheets:
        sheet = book.create_sheet(name)
        for row in extra:
            sheet.append(row)
    file = BytesIO()
    book.save(file)
    return file.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        pytest.param((HEADER + A_ROW).encode("utf-8-sig"), id="BOM"),
        pytest.param((HEADER + A_ROW).replace("\n", "\r\n").encode(), id="CRLF"),
        pytest.param((HEADER + A_ROW).encode("utf-16"), id="UTF-16"),
        pytest.param((HEADER + A_ROW).replace(",", ";").encode(), id="semicolons"),
        pytest.param((HEADER + A_ROW).replace(",", "\t").encode(), id="tabs"),
        pytest.param(
            f"Register of 2020\n\nas of,January\n{HEADER}\n,,,,,\n{A_ROW}".encode(),
            id="titles and blank rows",
        ),
        pytest.param(
            HEADER.upper().replace(" ", "_").encode() + A_ROW.encode(),
            id="other spelling of the header",
        ),
        pytest.param(
            HEADER.encode()
            + A_ROW.replace("Harrow", "\u00a0 Harrow ").replace("S-1", "s-1 ").encode(),
            id="blanks",
        ),
        pytest.param(HEADER.encode() + A_ROW.encode() + b"Total,,,,1000,\n", id="total"),
        pytest.param(
            HEADER.encode() + A_ROW.encode() + b",Grand total,,,1000,\n", id="total elsewhere"
        ),
        pytest.param(
            HEADER.encode() + A_ROW.encode() + b"Source: purchasing,,,,,\n", id="footnote"
        ),
        pytest.param(
            HEADER.encode() + A_ROW.replace("2019-01-01", '"January 1, 2019"').encode(),
            id="month as a word",
        ),
    ],
)
def test_a_clear_text_file_gives_its_row(deliver, content):
    (row,), _ = read(deliver(content))
    assert row["problems"] == []
    assert (row["supplier_id"], row["supplier_name"]) == ("S-1", "Harrow Valley Castings")
    assert (row["criticality_1_5"], row["spend_eur"]) == (3, 1000.0)
    assert row["valid_from"] == date(2019, 1, 1)


def test_what_stands_below_the_table_is_left_out_with_a_note(deliver):
    rows, notes = read(deliver(HEADER + A_ROW + "Total,,,,1000,\nSource: purchasing,,,,,\n"))
    assert len(rows) == 1
    assert notes == [
        "Row 3 is a total or a footnote below the table: left out.",
        "Row 4 is a total or a footnote below the table: left out.",
    ]


def test_a_supplier_called_total_is_no_total(deliver):
    rows, notes = read(
        deliver(HEADER + A_ROW + "S-2,Total Castings,manufacturing,3,1,2019-01-01\n")
    )
    assert [row["supplier_name"] for row in rows] == ["Harrow Valley Castings", "Total Castings"]
    assert notes == []


@pytest.mark.parametrize(
    ("cells", "given_mapping", "column", "value"),
    [
        ('S-1,A,energy,3,"1,234,567.50",', stating({"spend_eur": "point"}), "spend_eur", 1234567.5),
        ('S-1,A,energy,3,"1.234,50",', stating({"spend_eur": "comma"}), "spend_eur", 1234.5),
        (
            "S-1,A,energy,3,,31/12/2019",
            stating({"valid_from": "dmy"}),
            "valid_from",
            date(2019, 12, 31),
        ),
        (
            "S-1,A,energy,3,,12/31/2019",
            stating({"valid_from": "mdy"}),
            "valid_from",
            date(2019, 12, 31),
        ),
        (
            "S-1,A,energy,3,,2019.12.31",
            stating({"valid_from": "ymd"}),
            "valid_from",
            date(2019, 12, 31),
        ),
        ("123,A,energy,3,,", stating({"supplier_id": "digits:6"}), "supplier_id", "000123"),
        ("S-1,A,energy,n/a,,", stating(blanks=frozenset({"n/a"})), "criticality_1_5", None),
        ("S-1,A,energy,3,,", stating(values={"country": "US"}), "country", "US"),
    ],
)
def test_the_mapping_states_how_cells_are_written(deliver, cells, given_mapping, column, value):
    (row,), _ = read(deliver(HEADER + cells + "\n"), given_mapping)
    assert row["problems"] == []
    assert row[column] == value


def test_an_encoding_is_stated_not_guessed(deliver):
    delivery = deliver((HEADER + A_ROW.replace("Harrow", "Härrow")).encode("cp1252"))
    with pytest.raises(DeliveryError, match="a byte that is not UTF-8"):
        read(delivery)
    (row,), _ = read(delivery, stating(values={"(encoding)": "cp1252"}))
    assert row["supplier_name"] == "Härrow Valley Castings"


@pytest.mark.parametrize(
    ("cells", "sentence"),
    [
        ("S-1,A,energy,9,,", "Column 'Criticality' is 9. Use a whole number"),
        (
            'S-1,A,energy,3,"1,234.50",',
            "is '1,234.50', which is no plain number",
        ),
        ("S-1,A,energy,3,1,234.50,2019-01-01", "A separator inside a text or number needs quotes"),
        ("S-1,A,energy,3,,03/04/2020", "day and month can be confused"),
        ("S-1,,energy,3,,", "Column 'Name' is empty. Every row needs one."),
        (",A,energy,3,,", "Column 'Supplier ID' is empty. Every row needs one."),
        ("=1+1,A,energy,3,,", "An identifier is text, not a formula."),
        ("S-1,A,energy,#N/A,,", "Excel error #N/A"),
        ("S-1,A", "Column 'Sectors' is empty"),
    ],
)
def test_a_doubtful_row_is_kept_with_its_sentence(deliver, cells, sentence):
    rows, _ = read(deliver(HEADER + A_ROW + cells + "\n"))
    assert [row["problems"] == [] for row in rows] == [True, False]
    assert sentence in " ".join(rows[1]["problems"])
    assert cells.split(",")[1] in rows[1]["record"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The file is empty"),
        (HEADER, "It has a header but no rows"),
        ("a,b\n1,2\n", "No header row: none of the first 15 rows holds supplier_id"),
        (
            "Supplier ID,Name,Branch\nS-1,A,B\n",
            "Missing column sectors. Found: Supplier ID,",
        ),
        (
            "Supplier ID,Name,Supplier,Sectors\nS-1,A,B,energy\n",
            "Columns 'Name' and 'Supplier' both give",
        ),
        (HEADER + 'S-1,"A,energy,3,,\n', "the quotes are not closed properly"),
        (HEADER + "S-1,A\0,energy,3,,\n", "Line 2 holds a NUL byte"),
        ("<html><body>Log in</body></html>", "No header row"),
        (b"\xd0\xcf\x11\xe0" + bytes(500), "an old .xls file, or it has a password"),
        (b"PK\x03\x04broken", "The file is damaged"),
        (b"PAR1broken", "The Parquet file is damaged"),
    ],
)
def test_a_file_in_doubt_is_refused_as_a_whole(deliver, content, sentence):
    with pytest.raises(DeliveryError, match=sentence.replace("(", r"\(")):
        read(deliver(content))


class TestExcel:
    names = ("Supplier ID", "Name", "Sectors", "Criticality", "Spend (EUR)", "Valid from")
    row = ("S-1", "Harrow Valley Castings", "manufacturing", 3, 1000, datetime(2019, 1, 1))

    def test_typed_cells_below_a_title(self, deliver):
        content = excel(
            [["Register"], [], [None, "January"], self.names, [], self.row], merge=["A1:D1"]
        )
        (row,), _ = read(deliver(content, "register.xlsx"))
        assert row["problems"] == []
        assert (row["source_row"], row["valid_from"], row["spend_eur"]) == (
            6,
            date(2019, 1, 1),
            1000.0,
        )

    def test_cells_merged_downwards_repeat_the_cell_above_where_the_mapping_says_so(self, deliver):
        rows = [self.names, self.row, ("S-2", "Lowfell Glass", None, 3, 1000, None)]
        delivery = deliver(excel(rows, merge=["C2:C3"]), "register.xlsx")
        assert "Column 'Sectors' is empty" in read(delivery)[0][1]["problems"][0]
        filled, _ = read(delivery, stating(values={"sectors": mapping.ABOVE}))
        assert [row["sectors"][0]["value"] for row in filled] == ["manufacturing"] * 2

    def test_the_sheet_with_the_header_is_found(self, deliver):
        content = excel([["Read me"]], "Notes", more_sheets=[("Register", [self.names, self.row])])
        assert len(read(deliver(content, "register.xlsx"))[0]) == 1

    def test_a_workbook_whose_sheet_is_elsewhere_is_refused(self, deliver):
        moved = BytesIO()
        with (
            zipfile.ZipFile(BytesIO(excel([self.names, self.row]))) as given,
            zipfile.ZipFile(moved, "w") as book,
        ):
            for member in given.namelist():
                book.writestr(member.replace("worksheets/", "elsewhere/"), given.read(member))
        with pytest.raises(DeliveryError, match="no sheet with cells"):
            read(deliver(moved.getvalue(), "register.xlsx"))

    def test_two_registers_are_refused(self, deliver):
        content = excel([self.names, self.row], more_sheets=[("Old", [self.names, self.row])])
        with pytest.raises(DeliveryError, match="Sheets 'Register', 'Old' all look like the table"):
            read(deliver(content, "register.xlsx"))

    def test_a_number_as_identifier_is_doubtful(self, deliver):
        content = excel([self.names, (1001, *self.row[1:])])
        (row,), _ = read(deliver(content, "register.xlsx"))
        assert "is the number 1001: leading zeros may be lost" in row["problems"][0]

    def test_an_error_cell_is_named(self, deliver):
        content = excel([self.names, (*self.row[:3], "#REF!", None, None)])
        (row,), _ = read(deliver(content, "register.xlsx"))
        assert row["problems"][0].startswith("Column 'Criticality' holds the Excel error #REF!")

    def test_a_formula_without_a_saved_result_is_refused(self, deliver):
        content = excel([self.names, (*self.row[:4], "=500+500", None)])
        with pytest.raises(DeliveryError, match="Some formulas have no saved result"):
            read(deliver(content, "register.xlsx"))

    def test_a_sheet_that_understates_its_size_is_read_whole(self, deliver, tmp_path):
        rows = [self.names] + [(f"S-{i}", *self.row[1:]) for i in range(100)]
        content = rewritten(excel(rows), b'ref="A1:F101"', b'ref="A1:B3"')
        assert len(read(deliver(content, "register.xlsx"))[0]) == 100

    def test_a_bomb_is_refused_before_it_is_unpacked(self, deliver):
        file = BytesIO(excel([self.names, self.row]))
        with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as package:
            package.writestr("xl/padding.xml", bytes(50 * 2**20))
        with pytest.raises(DeliveryError, match="Unpacked it would take"):
            read(deliver(file.getvalue(), "register.xlsx"))

    def test_a_cell_far_outside_is_refused(self, deliver):
        book = openpyxl.Workbook()
        book.active.append(self.names)
        book.active["XFD3"] = "far"
        file = BytesIO()
        book.save(file)
        with pytest.raises(DeliveryError, match="more than 200,000 rows or 100 columns"):
            read(deliver(file.getvalue(), "register.xlsx"))

    def test_entities_are_refused(self, deliver):
        bomb = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]><worksheet>&a;</worksheet>'
        content = excel([self.names, self.row])
        file = BytesIO()
        with zipfile.ZipFile(BytesIO(content)) as old, zipfile.ZipFile(file, "w") as new:
            for item in old.infolist():
                data = (
                    bomb
                    if "sheet1.xml" in item.filename and "rels" not in item.filename
                    else old.read(item)
                )
                new.writestr(item, data)
        with pytest.raises(DeliveryError):
            read(deliver(file.getvalue(), "register.xlsx"))


def rewritten(package: bytes, old: bytes, new: bytes) -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(BytesIO(package)) as source, zipfile.ZipFile(file, "w") as target:
        for item in source.infolist():
            target.writestr(item, source.read(item).replace(old, new))
    return file.getvalue()


def test_parquet_gives_typed_cells(deliver, tmp_path):
    table = pa.table(
        {
            "supplier_id": ["S-1"],
            "supplier_name": ["Harrow Valley Castings"],
            "sectors": [["energy:0.5", "finance:0.5"]],
            "criticality_1_5": pa.array([3], pa.int8()),
            "valid_from": [date(2019, 1, 1)],
        }
    )
    pq.write_table(table, tmp_path / "register.parquet")
    (row,), _ = read(deliver(tmp_path / "register.parquet"))
    assert row["problems"] == []
    assert [sector["value"] for sector in row["sectors"]] == ["energy", "finance"]
    assert row["valid_from"] == date(2019, 1, 1)


@examples(60)
@given(rows=st.lists(st.lists(st.text(), max_size=8), max_size=6))
def test_whatever_stands_below_the_header_is_a_row_or_a_note(deliver, rows):
    import csv
    from io import StringIO

    text = StringIO()
    csv.writer(text).writerows(rows)
    content = (HEADER + A_ROW + text.getvalue()).encode("utf-8", "replace")
    try:
        found, notes = read(deliver(content))
    except DeliveryError as error:
        found, notes = [], [str(error)]
    assert all(row["problems"] or row["supplier_id"] for row in found)
    assert found or notes


ODD_ROWS = [
    A_ROW.strip().split(","),
    ["S-2", "Otter Ferries", "transit", "9", "x", "2019-02-30", "one cell more"],
    ["S-2", "", "", "", "", ""],
    ["", "Otter Ferries", "transit", "", "", ""],
    ["S-3", "Merlin Power", "energy:0.5;finance:0.5", "", "", "", ""],
    [],
    ["", " ", "\u200b"],
    ["Total", "", "", "", "1000", ""],
    ["Source: the purchasing department"],
]


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.sampled_from(ODD_ROWS), min_size=1, max_size=9),
    n_at_once=st.integers(1, 4),
    is_torn=st.booleans(),
    repeats_above=st.booleans(),
)
def test_rows_are_the_same_however_many_are_read_at_once(
    deliver, rows, n_at_once, is_torn, repeats_above
):
    content = HEADER + A_ROW + "\n".join(",".join(cells) for cells in rows)
    above = stating(values={"supplier_name": mapping.ABOVE} if repeats_above else None)
    delivery = deliver((content + "\n" * (not is_torn)).encode())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tabular, "ROWS_PER_BATCH", n_at_once)
        few = read(delivery, above)
    assert few == read(delivery, above)
    assert any(CUT_OFF in row["problems"] for row in few[0]) <= is_torn


def test_a_file_read_in_bulk_gives_the_rows_that_are_read_one_by_one(deliver):
    content = HEADER + A_ROW + "\n".join(",".join(cells) for cells in ODD_ROWS) + "\n"
    delivery = deliver(content.encode())
    (part,) = supplier_register.SOURCE.read(delivery)
    one_by_one, _ = read(delivery)
    assert part.rows.to_pylist() == one_by_one


@pytest.mark.parametrize("path", sorted(mapping.MAPPINGS.glob("*.csv")), ids=lambda path: path.stem)
def test_mappings_name_columns_of_the_dictionary(path):
    schema = (ROOT / "warehouse" / "schema.sql").read_text()
    loaded = mapping.load_mapping(path.stem)
    columns = {*loaded.columns.values(), *loaded.forms, *loaded.values} - {mapping.LIKE}
    assert all(f"    {column} " in schema for column in columns)
