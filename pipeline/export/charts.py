"""One small line chart for each sector: the same axis, the limits of the bands as lines."""

from typing import Any

from pipeline.export.styles import NAVY, Band

PER_ROW, WIDTH_CM, HEIGHT_CM, ROWS_EACH = 2, 15.0, 6.4, 13


def sector_charts(sectors: list[dict[str, Any]], bands: list[Band]) -> list[tuple[Any, str, str]]:
    """Chart, anchor cell and alternative text of each sector.

    A sector has `chart_title`, `alt_text` and where its numbers stand: `sheet`, `place` (column),
    `first_row` and `last_row`; its header is one row above the first.
    """
    return [
        (_chart(sector, bands), _anchor(number), sector["alt_text"])
        for number, sector in enumerate(sectors)
    ]


def _anchor(number: int) -> str:
    return f"{'AB'[number % PER_ROW]}{4 + number // PER_ROW * ROWS_EACH}"


def _chart(sector: dict[str, Any], bands: list[Band]) -> Any:
    from openpyxl.chart import LineChart, Series

    chart = LineChart()
    chart.width, chart.height, chart.legend = WIDTH_CM, HEIGHT_CM, None
    chart.title = _title(sector["chart_title"])
    chart.display_blanks = "gap"
    _set_axes(chart)
    first, last = sector["first_row"], sector["last_row"]
    for title, low, _, _, _ in bands[1:]:
        chart.series.append(_limit(f"{title} from {low:g}", low, last - first + 1))
    name = _reference(sector, first - 1, first - 1)
    scores = Series(_reference(sector, first, last), title=None)
    scores.tx = _label(name)
    scores.smooth, scores.graphicalProperties.line.width = False, 25_000
    scores.graphicalProperties.line.solidFill = NAVY
    chart.series.append(scores)
    chart.set_categories(_reference(sector | {"place": 1}, first, last))
    return chart


def _reference(sector: dict[str, Any], first: int, last: int) -> Any:
    from openpyxl.chart import Reference
    from openpyxl.utils import get_column_letter, quote_sheetname

    column = get_column_letter(sector["place"])
    sheet = quote_sheetname(sector["sheet"])
    return Reference(range_string=f"{sheet}!${column}${first}:${column}${last}")


def _label(reference: Any) -> Any:
    from openpyxl.chart.data_source import StrRef
    from openpyxl.chart.series import SeriesLabel

    return SeriesLabel(strRef=StrRef(str(reference)))


def _limit(title: str, value: float, n_points: int) -> Any:
    """A thin line at the limit of a band; its values stand in the chart, not in cells."""
    from openpyxl.chart.data_source import NumData, NumDataSource, NumVal
    from openpyxl.chart.series import Series, SeriesLabel

    points = [NumVal(idx=place, v=str(value)) for place in range(n_points)]
    line = Series(tx=SeriesLabel(v=title))
    line.val = NumDataSource(numLit=NumData(formatCode="0", ptCount=n_points, pt=points))
    line.smooth, line.graphicalProperties.line.width = False, 9_000
    line.graphicalProperties.line.solidFill = "A6A6A6"
    line.graphicalProperties.line.prstDash = "dash"
    return line


def _title(text: str) -> Any:
    from openpyxl.chart.title import title_maker
    from openpyxl.drawing.text import CharacterProperties

    title = title_maker(text)
    look = CharacterProperties(sz=1_200, b=True, solidFill=NAVY)
    for paragraph in title.tx.rich.paragraphs:
        paragraph.pPr.defRPr = look
        for run in paragraph.r:
            run.rPr = look
    return title


def _set_axes(chart: Any) -> None:
    from openpyxl.chart.axis import DateAxis

    chart.x_axis = DateAxis(crossAx=100)
    chart.x_axis.number_format, chart.x_axis.majorTimeUnit = "yyyy-mm-dd", "months"
    chart.x_axis.majorUnit, chart.x_axis.baseTimeUnit = 1, "days"
    chart.y_axis.crossAx = 500
    chart.y_axis.scaling.min, chart.y_axis.scaling.max = 0, 100
    chart.y_axis.majorUnit, chart.y_axis.number_format = 20, "0"
    chart.y_axis.majorGridlines = None
    chart.x_axis.delete = chart.y_axis.delete = False
