"""Values become the rows of a sheet: each row is written as it comes and then forgotten."""

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape as escape_xml

from openpyxl.utils.datetime import to_excel
from openpyxl.worksheet._write_only import WriteOnlyWorksheet
from openpyxl.worksheet._writer import WorksheetWriter
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.xml.constants import SHEET_MAIN_NS
from openpyxl.xml.functions import xmlfile

from pipeline.errors import ExportError
from pipeline.export.text import escape, is_formula_like

MAX_ROWS = 1_048_576
_EPOCH = date(1899, 12, 30)
_BLANK_END = re.compile(r"^\s|\s$|\s\s")


@dataclass(frozen=True)
class Slot:
    """Where the values of one column go: its letter, header and the numbers of its two styles."""

    letter: str
    header: str
    style: int
    quoted_style: int


class RowSheet(WriteOnlyWorksheet):  # type: ignore[misc]
    """A write-only sheet whose rows arrive as text; openpyxl writes what stands around them."""

    n_rows = 0
    _writer: Any = None

    def add_row(self, slots: Sequence[Slot], values: Sequence[Any], height: float | None) -> None:
        """Write the next row; the slots and values correspond."""
        self.n_rows += 1
        if self.n_rows > MAX_ROWS:
            raise ExportError(
                f"Sheet {self.title} has more than {MAX_ROWS:,} rows, the most that a sheet can "
                "hold. Export the tables as Parquet instead, or fewer suppliers."
            )
        cells = "".join(self._cell(slot, value) for slot, value in zip(slots, values, strict=True))
        extent = f' ht="{height:g}" customHeight="1"' if height else ""
        self.append((f'<row r="{self.n_rows}"{extent}>{cells}</row>',))

    def add_link(self, slot: Slot, target: str | None, location: str | None, tip: str) -> None:
        """Make the cell of the row written last a link."""
        ref = f"{slot.letter}{self.n_rows}"
        self._hyperlinks.append(
            Hyperlink(ref=ref, target=target, location=location, tooltip=tip or None)
        )

    def _cell(self, slot: Slot, value: Any) -> str:
        place = f'<c r="{slot.letter}{self.n_rows}" s="'
        if value is None:
            return f'{place}{slot.style}"/>'
        if isinstance(value, str):
            style = slot.quoted_style if is_formula_like(value) else slot.style
            return f'{place}{style}" t="inlineStr">{_text(value)}</c>'
        number = _NUMBERS.get(type(value), _refused)(value)
        if number is None:
            raise ExportError(
                f"Sheet {self.title}, row {self.n_rows}, column '{slot.header}': the value is "
                f"{value!r}, which no cell can show. Correct the table that the sheet reads."
            )
        return f'{place}{slot.style}"><v>{number}</v></c>'

    def _get_writer(self) -> None:
        if self._writer is None:
            self._writer = _RowWriter(self)
            self._writer.write_top()

    def _values_to_row(self, values: Any, row_idx: int) -> Any:  # noqa: ARG002 (openpyxl's signature)
        return values


class _RowWriter(WorksheetWriter):  # type: ignore[misc]
    """Lets finished rows pass between the parts that openpyxl writes."""

    def get_stream(self) -> Iterator[Any]:
        with (
            Path(self.out).open("wb") as self.file,
            xmlfile(self.file) as xf,
            xf.element("worksheet", xmlns=SHEET_MAIN_NS),
        ):
            yield from self._parts(xf)

    def write_row(self, xf: Any, row: tuple[str], row_idx: int) -> None:
        if row_idx == 1:
            xf.flush()
        self.file.write(row[0].encode())

    @staticmethod
    def _parts(xf: Any) -> Iterator[Any]:
        try:
            while True:
                element = yield
                if element is True:
                    yield xf
                elif element is not None:
                    xf.write(element)
        except GeneratorExit:
            return


def _text(value: str) -> str:
    text = escape(value)
    space = ' xml:space="preserve"' if _BLANK_END.search(text) else ""
    return f"<is><t{space}>{escape_xml(text)}</t></is>"


def _float(value: float) -> str | None:
    return repr(value) if math.isfinite(value) else None


def _decimal(value: Decimal) -> str | None:
    return _float(float(value))


def _date(value: date) -> str | None:
    return str((value - _EPOCH).days)


def _datetime(value: datetime) -> str | None:
    return None if value.tzinfo else repr(to_excel(value))


def _refused(_: Any) -> str | None:
    return None


_NUMBERS: dict[type, Callable[[Any], str | None]] = {
    int: str,
    float: _float,
    Decimal: _decimal,
    date: _date,
    datetime: _datetime,
}
