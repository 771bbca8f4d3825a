"""One small line chart for each sector: the same axes, the limits of the bands as lines."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from openpyxl.chart import Reference, ScatterChart, Series
from openpyxl.chart.data_source import StrRef
from openpyxl.chart.layout import Layout, ManualLayout
from openpyxl.chart.series import SeriesLabel
from openpyxl.chart.shapes import GraphicalProperties
from openpyxl.chart.title import title_maker
from openpyxl.drawing.text import CharacterProperties
from openpyxl.utils import get_column_letter, quote_sheetname
from openpyxl.utils.datetime import to_excel

from pipeline.export.styles import NAVY

ROWS_EACH, WIDTH_CM, HEIGHT_CM = 16, 16.5, 7.9
FEW_DAYS = 14
"""Below this each day is marked: a single day has no line."""

_PLOT = ManualLayout(
    layoutTarget="inner", xMode="edge", yMode="edge", x=0.07, y=0.15, w=0.88, h=0.7
)


@dataclass(frozen=True)
class Area:
    """Where a table of numbers stands: first column dates, then one column for each line."""

    sheet: str
    header_row: int
    first_row: int
    last_row: int
    n_columns: int

    def column(self, place: int) -> str:
        """Address of the numbers of one column."""
        return self._address(place, self.first_row, self.last_row)

    def header(self, place: int) -> str:
        """Address of the header of one column."""
        return self._address(place, self.header_row, self.header_row)

    def _address(self, place: int, first: int, last: int) -> str:
        letter = get_column_letter(place)
        return f"{quote_sheetname(self.sheet)}!${letter}${first}:${letter}${last}"


def sector_charts(
    sectors: list[dict[str, Any]], scores: Area, limits: Area, first_row: int
) -> list[tuple[Any, str, str]]:
    """Chart, anchor cell and alternative text of each sector, two charts side by side.

    A sector has `chart_title`, `alt_text`, `place` (its column among the scores), `first_date`
    and `last_date` (the ends of the axis) and `n_days` (days with a score).
    """
    return [
        (
            _chart(sector, scores, limits),
            f"{'AG'[number % 2]}{first_row + number // 2 * ROWS_EACH}",
            sector["alt_text"],
        )
        for number, sector in enumerate(sectors)
    ]


def _chart(sector: dict[str, Any], scores: Area, limits: Area) -> Any:
    chart = ScatterChart(scatterStyle="lineMarker")
    chart.width, chart.height, chart.legend = WIDTH_CM, HEIGHT_CM, None
    chart.title, chart.display_blanks = _title(sector["chart_title"]), "gap"
    _set_axes(chart, sector["first_date"], sector["last_date"])
    for place in range(2, limits.n_columns + 1):
        chart.series.append(_line(limits, place, "8C8C8C", 9_000, "dash"))
    line = _line(scores, sector["place"], NAVY, 25_000, "solid")
    if sector["n_days"] < FEW_DAYS:
        line.marker.symbol, line.marker.size = "circle", 5
        line.marker.graphicalProperties = GraphicalProperties(solidFill=NAVY)
    chart.series.append(line)
    return chart


def _line(area: Area, place: int, colour: str, width: int, dash: str) -> Any:
    line = Series(
        Reference(range_string=area.column(place)), Reference(range_string=area.column(1))
    )
    line.tx = SeriesLabel(strRef=StrRef(area.header(place)))
    line.marker.symbol, line.smooth = "none", False
    line.graphicalProperties.line.solidFill = colour
    line.graphicalProperties.line.width = width
    line.graphicalProperties.line.prstDash = dash
    return line


def _title(text: str) -> Any:
    title = title_maker(text)
    title.overlay = False
    look = CharacterProperties(sz=1_200, b=True, solidFill=NAVY)
    for paragraph in title.tx.rich.paragraphs:
        paragraph.pPr.defRPr = look
        for run in paragraph.r:
            run.rPr = look
    return title


def _set_axes(chart: Any, first: date, last: date) -> None:
    chart.x_axis.scaling.min, chart.x_axis.scaling.max = to_excel(first), to_excel(last)
    chart.x_axis.number_format = "yyyy-mm-dd"
    chart.x_axis.majorUnit = next((n for n in (1, 7, 14) if (last - first).days <= 4 * n), 30)
    chart.x_axis.majorGridlines = chart.y_axis.majorGridlines = None
    chart.y_axis.scaling.min, chart.y_axis.scaling.max = 0, 100
    chart.y_axis.majorUnit, chart.y_axis.number_format = 20, "0"
    chart.x_axis.delete = chart.y_axis.delete = False
    chart.x_axis.tickLblPos = chart.y_axis.tickLblPos = "low"
    chart.layout = Layout(_PLOT)
