"""Pictures of the report as SVG text; the same figures give the same bytes."""

import io
import re
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.backtest.event_study import EVE, Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from pipeline.backtest import Backtest
    from pipeline.backtest.measures import Estimate

BLUE, ORANGE, GREY = "#1F5A94", "#C8571B", "#8A8A8A"
STYLE: Any = {
    "font.family": "sans-serif",
    "font.size": 10,
    "svg.fonttype": "none",
    "svg.hashsalt": "sector-risk",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
}


def reliability(result: "Backtest") -> str:
    """Printed probability against what came true, with the number of forecasts in each bin."""

    def draw(figure: "Figure") -> None:
        axes = figure.subplots()
        axes.plot([0, 1], [0, 1], color=GREY, lw=1, ls="--", label="perfectly reliable")
        x = np.array([each.forecast for each in result.bins])
        y = np.array([each.observed for each in result.bins])
        errors = [
            [each.observed - each.low for each in result.bins],
            [each.high - each.observed for each in result.bins],
        ]
        axes.errorbar(
            x,
            y,
            yerr=errors,
            fmt="o",
            color=BLUE,
            capsize=3,
            label="observed, 95 % Wilson, number of cases",
        )
        for each in result.bins:
            top = (each.forecast, each.high)
            axes.annotate(
                f"{each.n}", top, (0, 5), textcoords="offset points", ha="center", color=BLUE
            )
        share = float(np.average(y, weights=[each.n for each in result.bins]))
        axes.axhline(share, color=GREY, lw=1, ls=":", label="observed overall")
        axes.set(
            xlim=(0, 1),
            ylim=(0, 1),
            xlabel="printed probability of a month above usual",
            ylabel="share of months above usual",
        )
        axes.legend(frameon=False, loc="upper left")

    return _svg(draw, 6.2, 4.6)


def skill_by_sector(result: "Backtest") -> str:
    """Brier skill of each sector over both baselines."""

    def draw(figure: "Figure") -> None:
        names = [each.sector_id for each in result.sectors]
        parts: Any = figure.subplots(1, 2, sharey=True)
        skills = (
            ("over climatology", [each.skill_climatology for each in result.sectors]),
            ("over last month", [each.skill_last_month for each in result.sectors]),
        )
        for axes, (title, estimates) in zip(parts, skills, strict=True):
            _bars(axes, estimates)
            axes.set_yticks(range(len(names)), names)
            axes.set(title=title, xlabel="Brier skill (right of 0 is better)", xlim=(-1.5, 1))
        parts[0].invert_yaxis()

    return _svg(draw, 8.4, 3.6)


def _bars(axes: "Axes", estimates: "list[Estimate]") -> None:
    axes.axvline(0, color=GREY, lw=1)
    for row, each in enumerate(estimates):
        axes.plot([each.low, each.high], [row, row], color=BLUE, lw=2, solid_capstyle="butt")
        axes.plot([each.value], [row], "o", color=BLUE)


def series(result: "Backtest") -> str:
    """Each sector's threat points by day and hostile incidents by month."""

    def draw(figure: "Figure") -> None:
        table = result.table
        grid: Any = figure.subplots(len(table.sectors), 1, sharex=True)
        for number, (axes, sector_id) in enumerate(zip(grid, table.sectors, strict=True)):
            days, points = result.daily[sector_id]
            axes.fill_between(np.array(days, "datetime64[D]"), points, color=BLUE, alpha=0.35, lw=0)
            axes.set_ylim(0, max(1.0, float(points.max()) * 1.1))
            axes.set_title(sector_id, pad=2)
            axes.tick_params(axis="y", colors=BLUE)
            counts = axes.twinx()
            own = table.sector == number
            middles = [table.months[month] + timedelta(days=15) for month in table.month[own]]
            n = table.n_incidents[own]
            counts.vlines(
                np.array(middles, "datetime64[D]"), 0, n, colors=ORANGE, lw=2.5, alpha=0.8
            )
            counts.set_ylim(0, max(2.0, float(n.max()) * 1.1))
            counts.tick_params(axis="y", colors=ORANGE)
            counts.spines["right"].set_visible(True)
        figure.supylabel("threat points, by day (blue)", color=BLUE)
        figure.text(1, 0.5, "incidents, by month (orange)", color=ORANGE, rotation=270, va="center")

    return _svg(draw, 8.4, 1.25 * len(result.table.sectors))


def event_study(study: Study) -> str:
    """Threat points of the sectors above, the geopolitical risk index below."""

    def draw(figure: "Figure") -> None:
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=[2, 1])
        days = np.array(study.days, "datetime64[D]")
        for points in study.points.values():
            above.plot(days, points, color=BLUE, lw=0.8, alpha=0.35)
        above.plot(days, study.mean, color=BLUE, lw=2.5, label="mean of the sectors")
        above.plot([], [], color=BLUE, lw=0.8, alpha=0.5, label="each sector")
        above.set(ylabel="threat points", ylim=(0, None))
        for axes in (above, below):
            start = np.datetime64(EVE + timedelta(days=1))
            axes.axvline(start, color=GREY, lw=1, ls="--")
        above.legend(frameon=False, loc="upper right")
        below.plot(days, study.index["GPRD_THREAT"], color=ORANGE, label="GPRD_THREAT")
        below.plot(days, study.index["GPRD"], color=GREY, label="GPRD")
        below.set(ylabel="index", ylim=(0, None))
        below.legend(frameon=False, loc="upper right")
        below.set_xticks(days[::7], [f"{day:%b %d}" for day in study.days[::7]])
        figure.align_ylabels()

    return _svg(draw, 8.4, 4.8)


def _svg(draw: "Callable[[Figure], None]", width: float, height: float) -> str:
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        FigureCanvasSVG(figure)
        draw(figure)
        file = io.StringIO()
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    written = file.getvalue()
    return re.sub(r"(?s)<metadata>.*?</metadata>\s*", "", written[written.index("<svg") :])
