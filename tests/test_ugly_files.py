"""Registers as people send them, looked at before they are loaded: the rows, or the sentence."""

from datetime import date, datetime
from io import BytesIO

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.errors import DeliveryError
from pipeline.preview import preview
from pipeline.sources.mapping import Mapping, load_mapping

HEADER = "Supplier ID,Name,Sectors,Criticality,Spend (EUR),Valid from\n"
ROW = "S-1,Härrow Castings,manufacturing,3,1000,2019-01-01\n"
OWN = load_mapping("supplier_register")
NAMES = HEADER.strip().split(",")
CELLS = ["S-1", "Härrow Castings", "manufacturing", 3, 1000, datetime(2019, 1, 1)]


def stating(forms=None, **values):
    values = {f"({name})" if name in {"encoding"} else name: v for name, v in values.items()}
    return Mapping(OWN.columns, forms or {}, values, frozenset())


def excel(*sheets, merge=()):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for n, rows in enumerate(sheets):
        sheet = book.create_sheet(f"Sheet {n + 1}")
        for row in rows:
            sheet.append(row)
        for cells in merge:
            sheet.merge_cells(cells)
    file = BytesIO()
    book.save(file)
    return file.getvalue()


def parquet(**columns):
    file = BytesIO()
    pq.write_table(pa.table(columns), file)
    return file.getvalue()


GOOD = {
    "title above, blank rows, total below": (
        f"Register,,,,,\n\nas of January,,,,,\n{HEADER}\n{ROW},,,,,\nTotal,,,,1000,\n",
        "csv",
        OWN,
        ["Row 8 is a total or a footnote below the table: left out."],
    ),
    "BOM and Windows line ends": (
        (HEADER + ROW).replace("\n", "\r\n").encode("utf-8-sig"), "csv", OWN, [],
    ),
    "UTF-16 with tabs": ((HEADER + ROW).replace(",", "\t").encode("utf-16"), "txt", OWN, []),
    "semicolons": ((HEADER + ROW).replace(",", ";"), "csv", OWN, []),
    "cp1252, stated": ((HEADER + ROW).encode("cp1252"), "csv", stating(encoding="cp1252"), []),
    "thousands with points, dates day first": (
        HEADER + 'S-1,Härrow Castings,manufacturing,3,"1.000,00",01/01/2019\n',
        "csv",
        stating({"spend_eur": "comma", "valid_from": "dmy"}),
        [],
    ),
    "thousands with commas, dates month first": (
        HEADER + 'S-1,Härrow Castings,manufacturing,3,"1,000.00",1/1/2019\n',
        "csv",
        stating({"spend_eur": "point", "valid_from": "mdy"}),
        [],
    ),
    "dates year first": (
        HEADER + ROW.replace("2019-01-01", "2019/01/01"),
        "csv",
        stating({"valid_from": "ymd"}),
        [],
    ),
    "Excel with a merged title": (
        excel([["Register"], [], NAMES, CELLS], merge=["A1:F1"]), "xlsx", OWN, [],
    ),
    "Excel with a sheet of notes": (excel([["Read me"]], [NAMES, CELLS]), "xlsx", OWN, []),
    "Excel with sectors merged downwards": (
        excel([NAMES, CELLS, ["S-2", "Lowfell", None, 3, 1, None]], merge=["C2:C3"]),
        "xlsx",
        stating(sectors="(above)"),
        [],
    ),
    "Parquet": (
        parquet(
            supplier_id=["S-1"],
            supplier_name=["Härrow Castings"],
            sectors=["manufacturing"],
            criticality_1_5=pa.array([3], pa.int8()),
            spend_eur=[1000.0],
            valid_from=[date(2019, 1, 1)],
        ),
        "parquet",
        OWN,
        [],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", GOOD)
def test_a_clear_file_gives_its_rows(tmp_path, name):
    content, suffix, mapping, notes = GOOD[name]
    found = look_at(tmp_path, content, suffix, mapping)
    assert found.problems == []
    assert found.n_rows["suppliers"] in {1, 2}
    assert found.notes == notes
    assert ("supplier_name" in dict(found.columns)) is True


BAD = {
    "cp1252, not stated": ((HEADER + ROW).encode("cp1252"), "csv", "a byte that is not UTF-8"),
    "two registers in one file": (
        excel([NAMES, CELLS], [NAMES, CELLS]), "xlsx", "all look like the table",
    ),
    "no header": (ROW, "csv", "No header row"),
    "a header and nothing": (HEADER, "csv", "a header but no rows"),
    "an old workbook": (b"\xd0\xcf\x11\xe0" + bytes(600), "xlsx", "old .xls file"),
    "a damaged Parquet file": (b"PAR1broken", "parquet", "Parquet file is damaged"),
    "a login page": ("<html><body>Log in</body></html>", "csv", "No header row"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_file_that_cannot_be_read_says_why(tmp_path, name):
    content, suffix, sentence = BAD[name]
    with pytest.raises(DeliveryError, match=sentence):
        look_at(tmp_path, content, suffix, OWN)


DOUBTFUL = {
    "id as a number": (excel([NAMES, [1001, *CELLS[1:]]]), "xlsx", "leading zeros may be lost"),
    "id that Excel changed": (HEADER + ROW.replace("S-1", "1.2E+05"), "csv", "Excel changed"),
    "day and month": (HEADER + ROW.replace("2019-01-01", "03/04/2019"), "csv", "can be confused"),
    "separators in a number": (
        HEADER + ROW.replace("1000", '"1,234.50"'), "csv", "no plain number",
    ),
    "share that is a percentage": (
        f"Dependency,{HEADER}35,{ROW}", "csv", "above 1. Shares run from 0 to 1",
    ),
    "criticality off the scale": (HEADER + ROW.replace(",3,", ",9,"), "csv", "from 1 (negligible)"),
    "a failed formula": (excel([NAMES, [*CELLS[:3], "#REF!", 1, None]]), "xlsx", "Excel error"),
    "shares that do not sum": (
        HEADER + ROW.replace("manufacturing", "energy:0.5;finance:0.2"), "csv", "sum to 0.7",
    ),
    "check digits of an LEI": (
        f"LEI,{HEADER}5493001KJTIIGC8Y1R13,{ROW}", "csv", "check digits do not fit",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", DOUBTFUL)
def test_a_doubtful_row_is_named_with_its_remedy(tmp_path, name):
    content, suffix, sentence = DOUBTFUL[name]
    found = look_at(tmp_path, content, suffix, OWN)
    ((_, problem),) = found.problems
    assert sentence in problem


def look_at(folder, content, suffix, mapping):
    path = folder / f"register.{suffix}"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return preview(path, "supplier_register", mapping)
