"""The declared styles and conditional formats as openpyxl knows them."""

from typing import Any

from openpyxl.cell import WriteOnlyCell
from openpyxl.formatting.rule import ColorScaleRule, FormulaRule
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side

from pipeline.export.styles import (
    BLUE,
    FONT,
    HEAT,
    NAVY,
    RULE,
    STYLES,
    TITLES,
    Band,
    Style,
    conditional_rules,
)

HEADER = "header"
HEADERS = {
    "header": Style(bold=True, wrap=True, colour="FFFFFF"),
    "header right": Style(align="right", bold=True, wrap=True, colour="FFFFFF"),
}


class OrderedFont(Font):  # type: ignore[misc]
    """A font whose parts are written in the order of ECMA-376; openpyxl's own order is another."""

    tagname = "font"
    __nested__ = Font.__nested__
    __elements__ = (
        *("b", "i", "strike", "condense", "extend", "outline", "shadow", "u", "vertAlign"),
        *("sz", "color", "name", "family", "charset", "scheme"),
    )


class Palette:
    """The styles registered in one workbook, ready to be given to cells."""

    def __init__(self, workbook: Any) -> None:
        """Register every style once, as it is and with the mark that keeps text text."""
        workbook._fonts[0] = OrderedFont(name=FONT, size=11)
        sheet = workbook.create_sheet("styles")
        self._numbers = {
            (name, quoted): self._register(sheet, style, quoted, header=name in HEADERS)
            for name, style in (STYLES | TITLES | HEADERS).items()
            for quoted in (False, True)
        }
        workbook.remove(sheet)

    def number(self, name: str, *, quoted: bool = False) -> int:
        """The number of a registered style in the workbook."""
        return self._numbers[name, quoted]

    @staticmethod
    def _register(sheet: Any, style: Style, quoted: bool, *, header: bool) -> int:
        cell = WriteOnlyCell(sheet)
        cell.font = OrderedFont(
            name=FONT,
            size=style.size,
            bold=style.bold,
            color=style.colour,
            underline="single" if style.colour == BLUE else None,
        )
        cell.number_format = style.number_format
        cell.alignment = Alignment(
            horizontal=style.align,
            vertical="top",
            wrap_text=style.wrap or None,
            indent=1 if style.align == "left" and style.rule else 0,
        )
        if style.rule:
            cell.border = Border(bottom=Side("thin", color=RULE))
        if header:
            cell.fill = PatternFill("solid", fgColor=NAVY)
        cell.quotePrefix = quoted
        return int(cell.style_id)


def add_rules(sheet: Any, style: str, area: str, bands: list[Band]) -> None:
    """Give the cells of one area the conditional formats of their style."""
    first = area.split(":", maxsplit=1)[0]
    row = first.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    for formula, look in conditional_rules(bands).get(style, []):
        fill = look.get("fill")
        rule = FormulaRule(
            formula=[formula.format(c=first, row=row)],
            font=OrderedFont(color=look["ink"], bold=look.get("bold")),
            fill=PatternFill("solid", bgColor=fill) if fill else None,
        )
        sheet.conditional_formatting.add(area, rule)
    if style == "heat":
        (low, pale), (middle, orange), (high, brown) = HEAT
        scale = ColorScaleRule(
            **{"start_type": "num", "start_value": low, "start_color": pale},
            **{"mid_type": "num", "mid_value": middle, "mid_color": orange},
            **{"end_type": "num", "end_value": high, "end_color": brown},
        )
        sheet.conditional_formatting.add(area, scale)
