"""Declared sheets and their rows become an openpyxl workbook, row by row in constant memory."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from pipeline.errors import SectorRiskError
from pipeline.export.charts import sector_charts
from pipeline.export.sheets import Block, Column, Sheet, resolve
from pipeline.export.styles import HEADER, STYLES, TABS, Band, Palette, add_rules
from pipeline.export.text import escape, is_formula_like, safe_link

MAX_ROWS = 1_048_576
MAX_LINKS = 65_530
LINE_HEIGHT = 14.5
FIRST_BLOCK_ROW = 4

Rows = tuple[list[str], Iterable[Sequence[Any]]]


class ExportError(SectorRiskError):
    """A value cannot be shown truthfully; nothing was written."""


class Book:
    """One workbook being written."""

    def __init__(self, bands: list[Band], comments: Mapping[str, str], footer: str) -> None:
        """Begin an empty workbook with the styles of these bands."""
        from openpyxl import Workbook

        self.workbook = Workbook(write_only=True)
        self.bands, self.comments, self.footer = bands, comments, footer
        self.palette = Palette(self.workbook)
        self.alt_texts: list[str] = []
        self.names: dict[str, str] = {}

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


class _SheetWriter:
    def __init__(self, book: Book, sheet: Sheet, blocks: list[tuple[Block, Rows]]) -> None:
        self.book, self.declared, self.row, self.links = book, sheet, 0, 0
        self.ws = book.workbook.create_sheet(sheet.title)
        self.areas: list[tuple[str, str]] = []
        self.layouts = {id(block): self._columns(block, names) for block, (names, _) in blocks}
        self.widths = self._widths([block for block, _ in blocks])
        self._set_up()

    def line(self, text: str, style: str) -> None:
        """One row with text in its first cell."""
        self._append([self._cell(text, style, "heading")])

    def blank(self) -> None:
        """One empty row."""
        self._append([])

    def block(self, block: Block, rows: Rows) -> None:
        """One block: its heading, its header row and its rows."""
        if block.heading:
            self.line(block.heading, "heading")
        if block.kind == "charts":
            self._charts(rows)
            return
        columns = self.layouts[id(block)]
        if block.has_header:
            self._header(block, columns)
        first = self.row + 1
        for values in _records(rows):
            self._record(columns, values)
        self._close(block, columns, first)

    def finish(self) -> None:
        """Conditional formats of all areas."""
        for style, area in self.areas:
            add_rules(self.ws, style, area, self.book.bands)

    def _columns(self, block: Block, names: list[str]) -> list[Column]:
        declared = {column.name: column for column in block.columns}
        shown = [name for name in names if not name.endswith(("_url", "_name")) or name in declared]
        missing = [name for name in declared if name != "*" and name not in names]
        if missing or ("*" not in declared and len(shown) != len(declared)):
            raise ExportError(
                f"Sheet {self.declared.title}: the query gives {shown}, declared are "
                f"{list(declared)}. Make the head of the file and its SELECT agree."
            )
        return [
            resolve(declared.get(name) or declared["*"], name, self.book.comments) for name in shown
        ]

    def _widths(self, blocks: list[Block]) -> list[float]:
        widths: dict[int, float] = {}
        for block in blocks:
            for place, column in enumerate(self.layouts[id(block)]):
                widths[place] = max(widths.get(place, 0), column.width)
        return [widths[place] for place in sorted(widths)]

    def _set_up(self) -> None:
        from openpyxl.utils import get_column_letter

        ws, sheet = self.ws, self.declared
        for place, width in enumerate(self.widths, start=1):
            ws.column_dimensions[get_column_letter(place)].width = width or 9
        ws.sheet_properties.tabColor = TABS[sheet.tab]
        ws.sheet_view.showGridLines = False
        ws.sheet_properties.pageSetUpPr.fitToPage = True
        orientation, _, pages = sheet.page.partition(" ")
        ws.page_setup.orientation = orientation
        ws.page_setup.paperSize = 9
        ws.page_setup.fitToWidth, ws.page_setup.fitToHeight = 1, int(pages or 0)
        ws.page_margins.left = ws.page_margins.right = 0.5
        ws.oddFooter.left.text = self.book.footer
        ws.oddFooter.center.text = sheet.title
        ws.oddFooter.right.text = "Page &P of &N"
        if sheet.freeze:
            ws.freeze_panes = f"{sheet.freeze}{FIRST_BLOCK_ROW + 1}"
            ws.print_title_rows = f"{FIRST_BLOCK_ROW}:{FIRST_BLOCK_ROW}"

    def _header(self, block: Block, columns: list[Column]) -> None:
        lines = max(_lines(column.header, column.width, 1.15) for column in columns)
        lines += 1 if block.is_filtered else 0
        self._append(
            [self._cell(column.header, HEADER, column.header) for column in columns],
            lines * LINE_HEIGHT + 4,
        )

    def _record(self, columns: list[Column], values: dict[str, Any]) -> None:
        cells = []
        for column in columns:
            cell = self._cell(values[column.name], column.style, column.header)
            cells.append(cell)
            if url := values.get(f"{column.name}_url"):
                self._link(cell, url)
            if name := values.get(f"{column.name}_name"):
                self.book.names[name] = self._here(len(cells))
        self._append(cells, self._height(columns, values))

    def _here(self, place: int) -> str:
        from openpyxl.utils import get_column_letter

        return f"'{self.declared.title}'!${get_column_letter(place)}${self.row + 1}"

    def _height(self, columns: list[Column], values: dict[str, Any]) -> float | None:
        lines = [
            _lines(str(values[column.name]), column.width)
            for column in columns
            if STYLES[column.style].wrap and values[column.name]
        ]
        return max(lines) * LINE_HEIGHT + 2 if lines and max(lines) > 1 else None

    def _cell(self, value: Any, style: str, header: str) -> Any:
        from openpyxl.cell import WriteOnlyCell

        cell = WriteOnlyCell(self.ws)
        quoted = False
        if isinstance(value, str):
            quoted = is_formula_like(value)
            cell.value = escape(value)
            cell.data_type = "s"
        elif value is not None:
            cell.value = self._number(value, header)
        cell._style = self.book.palette.get(style, quoted=quoted)
        return cell

    def _number(self, value: Any, header: str) -> Any:
        if isinstance(value, Decimal):
            value = float(value)
        if isinstance(value, float) and not math.isfinite(value):
            raise ExportError(
                f"Sheet {self.declared.title}, row {self.row + 1}, column '{header}': the value is "
                f"{value}, which no cell can show. Correct the table that the sheet reads."
            )
        if isinstance(value, bool) or not isinstance(value, int | float | date | datetime):
            raise ExportError(
                f"Sheet {self.declared.title}, row {self.row + 1}, column '{header}': a "
                f"{type(value).__name__} cannot be shown. Cast it to text or number in the SQL."
            )
        return value

    def _link(self, cell: Any, url: str) -> None:
        from openpyxl.worksheet.hyperlink import Hyperlink

        if url.startswith("#"):
            cell._hyperlink = Hyperlink(ref="", location=url[1:])
        elif self.links < MAX_LINKS and (target := safe_link(url)):
            cell._hyperlink = Hyperlink(ref="", target=target, tooltip=f"Opens {target[:200]}")
            self.links += 1

    def _append(self, cells: list[Any], height: float | None = None) -> None:
        self.row += 1
        if self.row > MAX_ROWS:
            raise ExportError(
                f"Sheet {self.declared.title} has more than {MAX_ROWS:,} rows, the most that a "
                "sheet can hold. Export the tables as Parquet instead, or fewer suppliers."
            )
        if height:
            self.ws.row_dimensions[self.row].height = height
        self.ws.append(cells)
        self.ws.row_dimensions.pop(self.row, None)

    def _close(self, block: Block, columns: list[Column], first: int) -> None:
        from openpyxl.utils import get_column_letter

        if block.has_header and self.row < first:
            self._append([self._cell(None, column.style, column.header) for column in columns])
        for place, column in enumerate(columns, start=1):
            letter = get_column_letter(place)
            last = get_column_letter(7) if column.style == "fact" else letter
            if self.row >= first:
                self.areas.append((column.style, f"{letter}{first}:{last}{self.row}"))
        if block.has_header:
            self._table(block, columns, first)
        self.blank()

    def _table(self, block: Block, columns: list[Column], first: int) -> None:
        from openpyxl.utils import get_column_letter
        from openpyxl.worksheet.table import Table, TableStyleInfo

        last = get_column_letter(len(columns))
        table = Table(displayName=block.name, ref=f"A{first - 1}:{last}{self.row}")
        table._initialise_columns()
        for shown, column in zip(table.tableColumns, columns, strict=True):
            shown.name = escape(column.header)
        if not block.is_filtered:
            table.autoFilter = None
        table.tableStyleInfo = TableStyleInfo(showRowStripes=False)
        self.ws.tables.add(table)

    def _charts(self, rows: Rows) -> None:
        for chart, anchor, alt_text in sector_charts(list(_records(rows)), self.book.bands):
            self.ws.add_chart(chart, anchor)
            self.book.alt_texts.append(alt_text)


def _records(rows: Rows) -> Iterator[dict[str, Any]]:
    names, records = rows
    return (dict(zip(names, record, strict=True)) for record in records)


def _lines(text: str, width: float, size: float = 1.1) -> int:
    """Lines that the words take in a column of this width (characters)."""
    lines, used = 1, 0.0
    for word in text.split(" "):
        length = len(word) * size
        if used and used + length > width:
            lines, used = lines + 1, 0.0
        used += length + size
    return lines
