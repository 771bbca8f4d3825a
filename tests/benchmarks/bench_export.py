"""The workbook of 20,000 suppliers against XlsxWriter writing the same cells in constant memory.

Both write every cell of every sheet with the same font, number format, alignment, rule and fill,
the same row heights and links. XlsxWriter gets them as finished calls: it neither queries nor
checks nor wraps text, and leaves out tables, charts and conditional formats. The export's time
holds all of that, queries included.
"""

import subprocess
import sys
import time
from datetime import date
from decimal import Decimal
from statistics import median

import pytest
import xlsxwriter
from worlds import DAY, world

from pipeline.export import export_workbook
from pipeline.export.palette import Palette
from pipeline.export.rows import RowSheet

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


class Recording:
    """What an export writes, as calls of XlsxWriter."""

    def __init__(self, monkeypatch):
        self.sheets, self.looks = {}, {}
        for owner, name in [
            (RowSheet, "add_row"),
            (RowSheet, "add_link"),
            (Palette, "_register"),
        ]:
            monkeypatch.setattr(owner, name, self._watched(name, getattr(owner, name)))

    def _watched(self, name, original):
        def watched(*arguments, **named):
            result = original(*arguments, **named)
            getattr(self, f"on_{name}")(result, *arguments, **named)
            return result

        return staticmethod(watched) if name == "_register" else watched

    def on__register(self, number, _, style, quoted, *, header):
        look = {
            "font_name": "Arial",
            "font_size": style.size,
            "bold": style.bold,
            "font_color": f"#{style.colour}",
            "num_format": style.number_format,
            "align": style.align,
            "valign": "top",
            "text_wrap": style.wrap,
            "bottom": int(style.rule),
            "bg_color": "#1F3864" if header else None,
            "quote_prefix": quoted,
        }
        self.looks[number] = {name: value for name, value in look.items() if value}

    def on_add_row(self, _, sheet, slots, values, height):
        cells = []
        for column, (slot, value) in enumerate(zip(slots, values, strict=True)):
            method, shown = _call(value)
            cells.append((method, column, shown, slot.style))
        self.sheets.setdefault(sheet.title, []).append((height, cells))

    def on_add_link(self, _, sheet, slot, target, location, __):
        _, cells = self.sheets[sheet.title][-1]
        place = next(i for i, cell in enumerate(cells) if cell[3] == slot.style)
        _, column, text, style = cells[place]
        cells[place] = ("write_url", column, (target or f"internal:{location}", text), style)


def _call(value):
    if value is None:
        return "write_blank", None
    if isinstance(value, Decimal):
        return "write_number", float(value)
    if isinstance(value, int | float):
        return "write_number", value
    return ("write_datetime", value) if isinstance(value, date) else ("write_string", value)


def write_with_xlsxwriter(recording, path):
    book = xlsxwriter.Workbook(path, {"constant_memory": True})
    formats = {number: book.add_format(look) for number, look in recording.looks.items()}
    for title, rows in recording.sheets.items():
        sheet = book.add_worksheet(title)
        put = {
            name: getattr(sheet, name)
            for name in ("write_number", "write_string", "write_blank", "write_datetime")
        }
        for place, (height, cells) in enumerate(rows):
            if height:
                sheet.set_row(place, height)
            for method, column, value, style in cells:
                if method == "write_url":
                    sheet.write_url(place, column, value[0], formats[style], value[1])
                else:
                    put[method](place, column, value, formats[style])
    book.close()


def cpu_seconds(function):
    start = time.process_time()
    function()
    return time.process_time() - start


def test_time_against_xlsxwriter(tmp_path, benchmark):
    con, path, other = world(20_000), tmp_path / "day.xlsx", tmp_path / "other.xlsx"
    with pytest.MonkeyPatch.context() as patch:
        recording = Recording(patch)
        export_workbook(con, DAY, path)
    pairs = [
        (
            cpu_seconds(lambda: export_workbook(con, DAY, path)),
            cpu_seconds(lambda: write_with_xlsxwriter(recording, other)),
        )
        for _ in range(5)
    ]
    ratio = median(ours / theirs for ours, theirs in pairs)
    benchmark.extra_info |= {"pairs": pairs, "ratio": ratio}
    benchmark.pedantic(lambda: write_with_xlsxwriter(recording, other), rounds=1)
    assert ratio <= MAX_RATIO


def test_memory_does_not_grow_with_the_rows(tmp_path):
    script = WRITE_ROWS.replace("TARGET", str(tmp_path / "rows.xlsx"))
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert int(run.stdout) <= MAX_MB
