"""Declared sheets and their rows become an openpyxl workbook."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.table import Table, TableStyleInfo

from pipeline.errors import ExportError
from pipeline.export.charts import Area, sector_charts
from pipeline.export.palette import HEADER, Palette, add_rules
from pipeline.export.rows import RowSheet, Slot
from pipeline.export.sheets import Block, Column, Sheet, resolve
from pipeline.export.styles import STYLES, TABS, Band
from pipeline.export.text import escape, safe_link

MAX_LINKS = 65_530
LINE_HEIGHT = 14.5
MAX_HEIGHT = 409.0  # of a row in Excel, in points
INDENT = 1.5  # of text in a cell, in digits
NARROW = 0.93  # widths are counted in digits; the letters of a sentence take less on average
HEIGHTS = {"title": 24.0, "heading": 20.0}
FIRST_BLOCK_ROW = 4

Rows = tuple[list[str], Iterable[Sequence[Any]]]


class Book:
    """One workbook being written."""

    def __init__(self, bands: list[Band], comments: Mapping[str, str], footer: str) -> None:
        """Begin an empty workbook with the styles of these bands."""
        self.workbook = Workbook(write_only=True)
        self.bands, self.comments, self.footer = bands, comments, footer
        self.palette = Palette(self.workbook)
        self.alt_texts: list[str] = []
        self.names: dict[str, str] = {}
        self.tables: dict[str, Area] = {}

    def add(self, sheet: Sheet, heading: str, note: str, blocks: list[tuple[Block, Rows]]) -> None:
        """Write one sheet: title, note, then each block below the other."""
        writer = _SheetWriter(self, sheet, blocks)
        writer.line(heading, "title")
        writer.line(note, "note")
        writer.blank()
        for block, rows in blocks:
            writer.block(block, rows)
        writer.finish()

    def close(self) -> None:
        """Delete what openpyxl has written beside; needed where the workbook was not saved."""
        for sheet in self.workbook.worksheets:
            if not sheet.closed:
                sheet.close()
            if Path(sheet._writer.out).exists():
                sheet._writer.cleanup()


@dataclass(frozen=True)
class _Field:
    """One column of a block: its place in a record, its slot, and where its link and name are."""

    place: int
    column: Column
    slot: Slot
    unlinked: Slot
    url_place: int | None
    name_place: int | None


class _SheetWriter:
    def __init__(self, book: Book, sheet: Sheet, blocks: list[tuple[Block, Rows]]) -> None:
        self.book, self.declared, self.n_links = book, sheet, 0
        self.ws = RowSheet(book.workbook, sheet.title)
        book.workbook._add_sheet(self.ws)
        self.areas: list[tuple[str, str]] = []
        self.fields = {id(block): self._fields(block, names) for block, (names, _) in blocks}
        self.widths = self._widths()
        self._set_up()

    def line(self, text: str, style: str) -> None:
        """One row with text in its first cell."""
        self.ws.add_row([self._slot(1, style, style)], [text], HEIGHTS.get(style))

    def blank(self) -> None:
        """One empty row."""
        self.ws.add_row([], [], None)

    def block(self, block: Block, rows: Rows) -> None:
        """One block: its heading, its header row and its rows."""
        if block.heading:
            self.line(block.heading, "heading")
        if block.kind == "charts":
            self._charts(block, rows)
            return
        fields = self.fields[id(block)]
        if block.has_header:
            self._header(block, fields)
        first = self.ws.n_rows + 1
        for record in rows[1]:
            self._record(fields, record)
        self._close(block, fields, first)

    def finish(self) -> None:
        """Conditional formats of all areas, and what is printed."""
        for style, area in self.areas:
            add_rules(self.ws, style, area, self.book.bands)
        if self.declared.printed:
            self.ws.print_area = f"A1:{self.declared.printed}{self.ws.n_rows - 1}"

    def _slot(self, place: int, style: str, header: str) -> Slot:
        plain, quoted = (self.book.palette.number(style, quoted=q) for q in (False, True))
        return Slot(get_column_letter(place), header, plain, quoted)

    def _header_slot(self, place: int, column: Column) -> Slot:
        align = STYLES[column.style].align
        return self._slot(place, HEADER if align == "left" else f"{HEADER} {align}", HEADER)

    def _fields(self, block: Block, names: list[str]) -> list[_Field]:
        declared = {column.name: column for column in block.columns if not column.is_pivoted}
        pivoted = next((c for c in block.columns if c.is_pivoted), block.columns[0])
        shown = [name for name in names if not name.endswith(("_url", "_name")) or name in declared]
        if declared.keys() - names or (not pivoted.is_pivoted and len(shown) != len(declared)):
            raise ExportError(
                f"Sheet {self.declared.title}: the query gives {shown}, declared are "
                f"{list(declared)}. Make the head of the file and its SELECT agree."
            )
        at = {name: place for place, name in enumerate(names)}
        columns = [resolve(declared.get(name, pivoted), name, self.book.comments) for name in shown]
        return [self._field(place, column, at) for place, column in enumerate(columns, start=1)]

    def _field(self, place: int, column: Column, at: Mapping[str, int]) -> _Field:
        unlinked = "prose" if column.style == "link" else column.style
        return _Field(
            at[column.name],
            column,
            self._slot(place, column.style, column.header),
            self._slot(place, unlinked, column.header),
            at.get(f"{column.name}_url"),
            at.get(f"{column.name}_name"),
        )

    def _widths(self) -> list[float]:
        widths: dict[int, float] = {}
        for fields in self.fields.values():
            for place, field in enumerate(fields):
                widths[place] = max(widths.get(place, 0), field.column.width)
        return [widths[place] for place in sorted(widths)]

    def _set_up(self) -> None:
        ws, sheet = self.ws, self.declared
        for place, width in enumerate(self.widths, start=1):
            ws.column_dimensions[get_column_letter(place)].width = width or 14
        ws.sheet_properties.tabColor = TABS[sheet.tab]
        ws.sheet_view.showGridLines = False
        ws.sheet_properties.pageSetUpPr.fitToPage = True
        orientation, _, pages = sheet.page.partition(" ")
        ws.page_setup.orientation, ws.page_setup.paperSize = orientation, 9
        ws.page_setup.fitToWidth, ws.page_setup.fitToHeight = 1, int(pages or 0)
        ws.page_margins.left = ws.page_margins.right = ws.page_margins.top = 0.5
        ws.page_margins.header = 0.2
        ws.oddFooter.left.text, ws.oddFooter.center.text = self.book.footer, sheet.title
        ws.oddFooter.right.text = "Page &P of &N"
        if sheet.freeze:
            ws.freeze_panes = f"{sheet.freeze}{FIRST_BLOCK_ROW + 1}"
            ws.print_title_rows = f"{FIRST_BLOCK_ROW}:{FIRST_BLOCK_ROW}"

    def _header(self, block: Block, fields: list[_Field]) -> None:
        columns = [field.column for field in fields]
        lines = max(_lines(column.header, column.width, 1.08) for column in columns)
        self.ws.add_row(
            [self._header_slot(place, column) for place, column in enumerate(columns, start=1)],
            [column.header for column in columns],
            (lines + block.is_filtered) * LINE_HEIGHT + 4,
        )

    def _record(self, fields: list[_Field], record: Sequence[Any]) -> None:
        slots = [
            field.slot if field.url_place is None or record[field.url_place] else field.unlinked
            for field in fields
        ]
        values = [record[field.place] for field in fields]
        self.ws.add_row(slots, values, _height(fields, values))
        for field in fields:
            if field.url_place is not None and record[field.url_place]:
                self._link(field.slot, record[field.url_place])
            if field.name_place is not None and record[field.name_place]:
                place = f"'{self.declared.title}'!${field.slot.letter}${self.ws.n_rows}"
                self.book.names[record[field.name_place]] = place

    def _link(self, slot: Slot, url: str) -> None:
        if url.startswith("#"):
            self.ws.add_link(slot, None, url[1:], "")
        elif self.n_links < MAX_LINKS and (target := safe_link(url)):
            self.ws.add_link(slot, target, None, f"Opens {target[:200]}")
            self.n_links += 1

    def _close(self, block: Block, fields: list[_Field], first: int) -> None:
        if block.has_header and self.ws.n_rows < first:
            nothing = ["None", *[None] * (len(fields) - 1)]
            self.ws.add_row([field.unlinked for field in fields], nothing, None)
        for field in fields:
            letter, style = field.slot.letter, field.column.style
            last = get_column_letter(len(self.widths)) if style == "fact" else letter
            self.areas.append((style, f"{letter}{first}:{last}{self.ws.n_rows}"))
        if block.has_header:
            self._table(block, fields, first)
        self.blank()

    def _table(self, block: Block, fields: list[_Field], first: int) -> None:
        last = f"{fields[-1].slot.letter}{self.ws.n_rows}"
        table = Table(displayName=block.name, ref=f"A{first - 1}:{last}")
        table._initialise_columns()
        for shown, field in zip(table.tableColumns, fields, strict=True):
            shown.name = escape(field.column.header)
        if not block.is_filtered:
            table.autoFilter = None
        table.tableStyleInfo = TableStyleInfo(showRowStripes=False)
        self.ws.tables.add(table)
        self.book.tables[block.name] = Area(
            self.declared.title, first - 1, first, self.ws.n_rows, len(fields)
        )

    def _charts(self, block: Block, rows: Rows) -> None:
        names, records = rows
        sectors = [dict(zip(names, record, strict=True)) for record in records]
        scores, limits = (self.book.tables[name] for name in block.name.split())
        for chart, anchor, alt_text in sector_charts(sectors, scores, limits, self.ws.n_rows + 1):
            self.ws.add_chart(chart, anchor)
            self.book.alt_texts.append(alt_text)


def _height(fields: list[_Field], values: list[Any]) -> float | None:
    """Height of a row that holds wrapped text; None = one line."""
    lines = [
        _lines(value, field.column.width - INDENT, NARROW)
        for field, value in zip(fields, values, strict=True)
        if isinstance(value, str)
        and len(value) * NARROW > field.column.width - INDENT
        and STYLES[field.column.style].wrap
    ]
    return min(max(lines) * LINE_HEIGHT + 2, MAX_HEIGHT) if lines else None


def _lines(text: str, width: float, size: float = 1.0) -> int:
    """Lines that the words take in a column of this width (characters)."""
    lines, used = 1, 0.0
    for word in text.split(" "):
        length = len(word) * size
        if used and used + length > width:
            lines, used = lines + 1, 0.0
        used += length + size
    return lines
