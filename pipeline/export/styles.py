"""How each kind of value looks, its unit and range; the colours of bands and changes."""

from dataclasses import dataclass
from typing import Any

NAVY, BLUE, PALE_BLUE, BROWN, GREY, RULE = (
    "1F3864",
    "1F4E9E",
    "BDD7EE",
    "9C3D00",
    "595959",
    "D9D9D9",
)
TABS = {"daily": NAVY, "why": BROWN, "reference": "7F7F7F"}
FONT = "Arial"
HEAT = ((25, "FFFFE5"), (50, "FEC44F"), (80, "8C2D04"))
WHITE_INK_FROM = 69


@dataclass(frozen=True)
class Style:
    """Number format and alignment of a kind of value, its unit and range for the dictionary."""

    number_format: str = "General"
    align: str = "left"
    unit: str = "text"
    value_range: str = ""
    bold: bool = False
    wrap: bool = False
    colour: str = "1A1A1A"
    size: int = 11
    rule: bool = True


STYLES = {
    "text": Style(),
    "prose": Style(wrap=True),
    "link": Style(wrap=True, colour=BLUE),
    "band": Style(unit="word", value_range="one of the bands"),
    "state": Style(unit="words", wrap=True),
    "integer": Style("#,##0", "right", "count", "0 or more"),
    "number": Style("#,##0.0##", "right", "number"),
    "score": Style("0.0", "right", "points", "0 to 100"),
    "heat": Style("0.0", "right", "points", "0 to 100"),
    "points": Style("0.0;-0.0;0.0", "right", "points", "-100 to 100"),
    "change": Style("+0.0;-0.0;0.0", "right", "points", "-100 to 100"),
    "share": Style("0.0%", "right", "share", "0 % to 100 %"),
    "date": Style("yyyy-mm-dd", "right", "date (UTC)"),
    "time": Style("yyyy-mm-dd hh:mm", "right", "date and time (UTC)"),
    "label": Style(colour=GREY, rule=False),
    "fact": Style(bold=True, rule=False),
    "sentence": Style(rule=False),
    "contents": Style(colour=BLUE, rule=False),
}
TITLES = {
    "title": Style(bold=True, size=16, colour=NAVY, rule=False),
    "note": Style(colour=GREY, rule=False),
    "heading": Style(bold=True, size=13, colour=NAVY, rule=False),
}

Band = tuple[str, float, float, str, str]


def conditional_rules(bands: list[Band]) -> dict[str, list[tuple[str, dict[str, Any]]]]:
    """Conditional formats by style: a formula about the first cell `{c}`, and how it looks then.

    A band is (title, from, below, fill, ink); the word beside each coloured score says the same.
    """
    scores = [
        (f"AND(ISNUMBER({{c}}),{{c}}>={low},{{c}}<{high})", {"fill": fill, "ink": ink})
        for _, low, high, fill, ink in bands
    ]
    words = [(f'{{c}}="{title}"', {"fill": fill, "ink": ink}) for title, _, _, fill, ink in bands]
    incomplete = {"fill": PALE_BLUE, "ink": "1A1A1A"}
    return {
        "score": scores,
        "band": words,
        "heat": [(f"AND(ISNUMBER({{c}}),{{c}}>={WHITE_INK_FROM})", {"ink": "FFFFFF"})],
        "change": [
            ("AND(ISNUMBER({c}),{c}>=5)", {"ink": BROWN, "bold": True}),
            ("AND(ISNUMBER({c}),{c}<=-5)", {"ink": BLUE, "bold": True}),
        ],
        "state": [('AND({c}<>"",LEFT({c},8)<>"Complete")', incomplete)],
        "fact": [('AND($A{row}="Data state",LEFT($B{row},8)<>"Complete")', incomplete)],
    }
