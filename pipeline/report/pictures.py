"""Geometry of the report's pictures: a heat map of the sectors and a line for each.

Lengths are in the units of the SVG's view box.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from math import ceil, floor
from typing import Any, NamedTuple

HEAT = ((30, "ffffe5"), (42, "fee391"), (50, "fec44f"), (60, "ec7014"), (75, "8c2d04"))
DAYS, FEWEST_DAYS = 60, 30
ROW, LABEL, MIDDLE, END = 26, 126, 840, 56
WIDTH, HEIGHT, PAD = 320, 150, 8


class Cell(NamedTuple):
    """One sector and day of the heat map; without a fill it was not scored."""

    x: float
    day: date
    score: float | None
    fill: str | None
    band: str | None


@dataclass(frozen=True)
class HeatRow:
    """One sector of the heat map."""

    title: str
    y: float
    cells: list[Cell]
    score: float | None


@dataclass(frozen=True)
class Line:
    """A sector's scores as the points of SVG shapes, cut where a day was not scored."""

    title: str
    lines: list[str]
    intervals: list[str]
    end: tuple[float, float] | None
    first_score: float | None
    last_score: float | None
    lowest: float | None
    highest: float | None


class Axis(NamedTuple):
    """The scores at the lower and the upper end of the lines' common axis."""

    lowest: float
    highest: float

    def y(self, score: Any) -> float:
        """Height of a score in the picture, from the top."""
        share = (float(score) - self.lowest) / (self.highest - self.lowest)
        return round(HEIGHT - PAD - share * (HEIGHT - 2 * PAD), 1)


class Mark(NamedTuple):
    """A labelled place on an axis."""

    at: float
    text: str


def days_until(last: date, first_scored: date | None) -> list[date]:
    """The days of the pictures, oldest first: sixty, or fewer where fewer are scored."""
    n_scored = (last - first_scored).days + 1 if first_scored else 0
    n_days = min(DAYS, max(FEWEST_DAYS, n_scored))
    return [last - timedelta(days=n) for n in range(n_days - 1, -1, -1)]


def cell_width(days: list[date]) -> float:
    """Width of one day on the heat map."""
    return MIDDLE / len(days)


def heat_rows(
    sectors: list[dict[str, Any]],
    by_sector: dict[str, dict[date, dict[str, Any]]],
    days: list[date],
) -> list[HeatRow]:
    """A row for each sector, in the order given."""
    return [
        HeatRow(
            title=sector["sector"],
            y=index * ROW,
            cells=[
                _cell(
                    LABEL + place * cell_width(days), day, by_sector[sector["sector_id"]].get(day)
                )
                for place, day in enumerate(days)
            ],
            score=sector["score"],
        )
        for index, sector in enumerate(sectors)
    ]


def _cell(x: float, day: date, row: dict[str, Any] | None) -> Cell:
    score = row["score"] if row else None
    return Cell(x, day, score, heat_colour(score), row["band"] if row else None)


def heat_colour(score: Any) -> str | None:
    """Pale yellow through orange to brown: light to dark, so that it reads without colour too."""
    if score is None:
        return None
    at = min(max(float(score), HEAT[0][0]), HEAT[-1][0])
    low, high = next(pair for pair in pairwise(HEAT) if at <= pair[1][0])
    share = (at - low[0]) / (high[0] - low[0])
    parts = [
        round(int(low[1][i : i + 2], 16) * (1 - share) + int(high[1][i : i + 2], 16) * share)
        for i in (0, 2, 4)
    ]
    return f"#{parts[0]:02x}{parts[1]:02x}{parts[2]:02x}"


def month_marks(days: list[date]) -> list[Mark]:
    """Where months begin on the heat map's axis, and its first day."""
    return [
        Mark(LABEL + place * cell_width(days), f"{day:%b %Y}" if place else f"{day:%d %b %Y}")
        for place, day in enumerate(days)
        if place == 0 or (day.day == 1 and place > 5)
    ]


def axis(by_sector: dict[str, dict[date, dict[str, Any]]]) -> Axis:
    """From the lowest to the highest end of an interval, in whole tens."""
    rows = [row for days in by_sector.values() for row in days.values() if row["low"] is not None]
    lowest = min((float(row["low"]) for row in rows), default=0.0)
    highest = max((float(row["high"]) for row in rows), default=100.0)
    return Axis(floor(lowest / 10) * 10.0, max(ceil(highest / 10), floor(lowest / 10) + 1) * 10.0)


def line(title: str, by_day: dict[date, dict[str, Any]], days: list[date], on: Axis) -> Line:
    """The line of one sector with its 80 % interval."""
    pieces: list[list[tuple[float, dict[str, Any]]]] = [[]]
    for place, day in enumerate(days):
        row = by_day.get(day)
        if row is None or row["score"] is None:
            pieces.append([])
        else:
            pieces[-1].append((_x(place, len(days)), row))
    pieces = [piece for piece in pieces if piece]
    scored = [float(row["score"]) for piece in pieces for _, row in piece]
    end = pieces[-1][-1] if pieces else None
    return Line(
        title=title,
        lines=[_points(((x, row["score"]) for x, row in piece), on) for piece in pieces],
        intervals=[
            _points(
                [(x, row["high"]) for x, row in piece]
                + [(x, row["low"]) for x, row in piece[::-1]],
                on,
            )
            for piece in pieces
        ],
        end=(round(end[0], 1), on.y(end[1]["score"])) if end else None,
        first_score=scored[0] if scored else None,
        last_score=scored[-1] if scored else None,
        lowest=min(scored, default=None),
        highest=max(scored, default=None),
    )


def limits(bands: list[dict[str, Any]], on: Axis) -> list[Mark]:
    """Where the bands begin on the lines' axis."""
    return [
        Mark(on.y(band["lower_score"]), band["title"])
        for band in bands
        if on.lowest < band["lower_score"] < on.highest
    ]


def _points(places: Iterable[tuple[float, Any]], on: Axis) -> str:
    return " ".join(f"{x:.1f},{on.y(score):.1f}" for x, score in places)


def _x(place: int, n_days: int) -> float:
    return PAD + place * (WIDTH - 2 * PAD) / (n_days - 1)
