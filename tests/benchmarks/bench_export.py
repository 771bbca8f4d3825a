"""The workbook of 20,000 suppliers against XlsxWriter writing the same cells in constant memory."""

import subprocess
import sys
import time

import openpyxl
import pytest
import xlsxwriter
from worlds import DAY, world

from pipeline.export import export_workbook

MAX_RATIO = 1.4
MAX_MB = 150

WRITE_ROWS = """
import re
from pathlib import Path
from pipeline.export.book import Book
from pipeline.export.package import save
from pipeline.export.sheets import sheets
sheet = next(s for s in sheets("day") if s.title == "Suppliers")
block, = sheet.blocks
names = [c.name for c in block.columns]
text = {"text", "prose", "state", "band"}
comments = {c.meaning[2:]: "meaning" for c in block.columns}
record = tuple("Arbor Freight" if c.style in text else 42.5 for c in block.columns)
book = Book([("Low", 0, 101, "FFFFE5", "1A1A1A")], comments, "footer")
book.add(sheet, "Suppliers", "note", [(block, (names, (record for _ in range(100_000))))])
save(book.workbook, [], "TARGET")
status = Path("/proc/self/status").read_text()
print(int(re.search(r"VmHWM:\\s+(\\d+)", status)[1]) // 1024)
"""


@pytest.fixture(scope="module")
def large():
    return world(20_000)


def cpu_seconds(function):
    start = time.process_time()
    function()
    return time.process_time() - start


def write_with_xlsxwriter(sheets, path):
    book = xlsxwriter.Workbook(path, {"constant_memory": True, "strings_to_formulas": False})
    number = book.add_format({"num_format": "0.0", "font_name": "Arial", "bottom": 1})
    for name, rows in sheets:
        sheet = book.add_worksheet(name)
        for place, row in enumerate(rows):
            for column, value in enumerate(row):
                if isinstance(value, int | float):
                    sheet.write_number(place, column, value, number)
                elif value is None:
                    sheet.write_blank(place, column, None, number)
                else:
                    sheet.write_string(place, column, str(value), number)
    book.close()


def test_time_against_xlsxwriter(large, tmp_path, benchmark):
    path, other = tmp_path / "day.xlsx", tmp_path / "x.xlsx"
    export_workbook(large, DAY, path)
    loaded = openpyxl.load_workbook(path, read_only=True)
    cells = [(sheet.title, list(sheet.values)) for sheet in loaded]
    ours, theirs = [], []
    for _ in range(4):
        ours.append(cpu_seconds(lambda: export_workbook(large, DAY, path)))
        theirs.append(cpu_seconds(lambda: write_with_xlsxwriter(cells, other)))
    ratio = min(ours) / min(theirs)
    benchmark.extra_info |= {"ours": min(ours), "xlsxwriter": min(theirs), "ratio": ratio}
    benchmark.pedantic(lambda: export_workbook(large, DAY, path), rounds=1)
    assert ratio <= MAX_RATIO


def test_memory_does_not_grow_with_the_rows(tmp_path):
    script = WRITE_ROWS.replace("TARGET", str(tmp_path / "rows.xlsx"))
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert int(run.stdout) <= MAX_MB
