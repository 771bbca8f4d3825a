"""What the status report says, gathered by `warehouse/queries/status_*.sql`, and its page.

The same warehouse gives the same bytes: nothing on the page comes from the clock.
"""

import base64
import hashlib
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.export.text import clean, safe_link
from pipeline.marking import mark
from pipeline.report import pictures
from pipeline.settings import Settings
from pipeline.warehouse import Connection, query

if TYPE_CHECKING:
    from jinja2 import Template

    from pipeline.publication import Check

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Shown:
    """What readers have: a connection that holds it and its day; no day = nothing yet."""

    con: Connection
    day: date | None


def write_status(
    con: Connection,
    settings: Settings,
    day: date,
    target: Path,
    *,
    held: "Check | None" = None,
    shown: Shown | None = None,
) -> None:
    """Write the report of a day.

    Args:
        con: the warehouse or a snapshot of it; what was received and checked is read from it.
        settings: marking, contact and the address of Airflow.
        day: the day that was checked.
        target: the file.
        held: what holds the day back, where something does.
        shown: whose scores the page shows; default those of `day`.
    """
    con, shown = _marked(con, settings), shown or Shown(con, day)
    shown = Shown(_marked(shown.con, settings), shown.day)
    page = _template().render(
        **_quality(con, day),
        **_scores(shown),
        day=day,
        held=held,
        shown_day=shown.day,
        settings=settings,
        airflow=_web_link(settings.airflow_url),
        css=_css(),
        csp=f"default-src 'none'; style-src '{_digest(_css())}'; base-uri 'none'; "
        "form-action 'none'",
        p=pictures,
    )
    unfinished = target.with_suffix(".unfinished")
    unfinished.write_text(page, encoding="utf-8", newline="\n")
    unfinished.replace(target)


def _marked(con: Connection, settings: Settings) -> Connection:
    marked = con.cursor()
    mark(marked, settings.tlp)
    return marked


def _quality(con: Connection, day: date) -> dict[str, Any]:
    sources = query(con, "status_sources", day=day)
    known = [each for each in sources if each["state"] != "never"]
    names = ("n_received", "n_loaded", "n_quarantined", "n_duplicate")
    runs = query(con, "status_runs", day=day)
    gates = query(con, "status_gates", day=day)
    return {
        "sources": known,
        "never": [each["source"] for each in sources if each["state"] == "never"],
        "not_current": [each for each in known if each["state"] != "current"],
        "total": {name: sum(int(each[name]) for each in known) for name in names},
        "quarantine": query(con, "status_quarantine", day=day),
        "gates": gates,
        "failed_gates": [gate for gate in gates if not gate["is_passed"]],
        "runs": runs,
        "run": next((run for run in runs if run["day"] == day), None),
    }


def _scores(shown: Shown) -> dict[str, Any]:
    if shown.day is None:
        return {"sectors": []}
    by_sector: dict[str, dict[date, dict[str, Any]]] = defaultdict(dict)
    for row in query(shown.con, "status_history", day=shown.day):
        by_sector[row["sector_id"]][row["day"]] = row
    sectors = query(shown.con, "status_sectors", day=shown.day)
    bands = [
        {"title": title, "lower_score": lower, "fill": pictures.heat_colour(lower + 5)}
        for title, lower in shown.con.execute(
            "select title, lower_score from method.bands order by lower_score"
        ).fetchall()
    ]
    axis = pictures.axis(by_sector)
    first_scored = min((day for by_day in by_sector.values() for day in by_day), default=None)
    days = pictures.days_until(shown.day, first_scored)
    return {
        "sectors": sectors,
        "moves": query(shown.con, "biggest_rises", day=shown.day),
        "axis": axis,
        "n_days": len(days),
        "cell_width": pictures.cell_width(days),
        "heat": pictures.heat_rows(sectors, by_sector, days),
        "months": pictures.month_marks(days),
        "lines": [
            pictures.line(each["sector"], by_sector[each["sector_id"]], days, axis)
            for each in sectors
        ],
        "limits": pictures.limits(bands, axis),
        "bands": bands,
    }


@cache
def _template() -> "Template":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    page = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    page.filters |= {"points": _points, "change": _change, "share": _share, "count": _count}
    return page.get_template("status.html.j2")


def _shown(value: Any) -> Any:
    """Text of others on one line, without control and direction characters; then it is escaped."""
    return clean(value) if type(value) is str else value


@cache
def _css() -> Any:
    from markupsafe import Markup

    return Markup((FOLDER / "status.css").read_text(encoding="utf-8"))  # noqa: S704 (our own file)


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _web_link(url: str) -> str | None:
    is_local = url.startswith(("http://127.0.0.1", "http://localhost"))
    return url if is_local or safe_link(url) else None


def _points(value: Any) -> str:
    return "–" if value is None else f"{value:.1f}"


def _change(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:+.1f}".replace("-", "−") if round(float(value), 1) else "0.0"


def _share(value: Any) -> str:
    return "–" if value is None else f"{value:.0%}"


def _count(value: Any) -> str:
    return "–" if value is None else f"{value:,.0f}"
