"""The threat part held against incidents that followed, walking forward as known then.

Grain: one sector and calendar month. On the eve of the month stands the threat part, from what was
known by then; in the month lie the incidents. An incident counts only if nothing told of it before
its month began, so no record is evidence and outcome of the same sector-month.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from pipeline.backtest import measures
from pipeline.backtest.calibration import Calibration, calibrate
from pipeline.backtest.measures import Bin, Estimate, Floats, Indices
from pipeline.backtest.table import SectorMonths, sector_months
from pipeline.backtest.world import sql, world
from pipeline.errors import SectorRiskError
from pipeline.method import installed_method
from pipeline.warehouse import Connection

DAYS_TO_BE_RECORDED = 365
"""A month is judged once its incidents have had a year to be recorded."""


@dataclass(frozen=True)
class Period:
    """What was measured over some months; `figures` by their names in `FIGURES`."""

    title: str
    first: date
    last: date
    n_sector_months: int
    n_above: int
    n_incidents: int
    figures: dict[str, Estimate]


@dataclass(frozen=True)
class SectorResult:
    """One sector over the months judged."""

    sector_id: str
    n_months: int
    n_incidents: int
    observed: float
    printed: float
    auc: Estimate
    skill_climatology: Estimate
    skill_last_month: Estimate


@dataclass(frozen=True)
class Backtest:
    """Everything that the report tells.

    Attributes:
        fates: number of incidents by what became of them, most frequent first.
        evidence: number of reports by source and kind that could move the threat part.
        n_shared: records that were evidence and outcome of one sector-month; must be 0.
        periods: the years that the probability was fitted on, and the later ones.
        headline: the period that the verdict is about.
        sectors: each sector over the headline's months.
        bins: reliability of the printed probability over the headline's months.
    """

    method_version: str
    fates: dict[str, int]
    evidence: list[tuple[str, str, int]]
    n_shared: int
    table: SectorMonths
    daily: dict[str, tuple[list[date], Floats]]
    periods: tuple[Period, ...]
    headline: Period
    sectors: tuple[SectorResult, ...]
    bins: tuple[Bin, ...]
    calibration: Calibration


FIGURES = {
    "correlation": "Rank correlation of threat part and incidents, all sectors together",
    "correlation_within": "Rank correlation of threat part and incidents, within sectors",
    "auc": "AUC of the threat part for “above usual”, all sectors together",
    "auc_within": "AUC of the threat part for “above usual”, within sectors",
    "auc_printed": "AUC of the printed probability, all sectors together",
    "brier": "Brier score of the printed probability",
    "brier_climatology": "Brier score of climatology",
    "brier_last_month": "Brier score of last month",
    "log_loss": "Log loss of the printed probability",
    "log_loss_climatology": "Log loss of climatology",
    "log_loss_last_month": "Log loss of last month",
    "skill_climatology": "Brier skill over climatology",
    "skill_last_month": "Brier skill over last month",
    "skill_of_threat": "Brier skill of climatology moved by the threat part over climatology alone",
}


def backtest(
    incidents: Sequence[Path],
    evidence: Iterable[str | Path] = (),
    *,
    start: date | None = None,
    end: date | None = None,
) -> Backtest:
    """Walk forward over the incidents and measure.

    Args:
        incidents: files, archives or folders of VERIS incidents in JSON.
        evidence: other threat reports, as `PATH` or `SOURCE=PATH`.
        start: a day of the first month judged; default the month after the first record was known.
        end: a day of the last month judged; default the last whose incidents have had a year to
            be recorded.

    Raises:
        SectorRiskError: no month can be judged, or a file cannot be read.
    """
    with world(incidents, evidence) as con:
        first, last = _months(con, start, end)
        table = sector_months(con, first, last)
        fitted_from, fitted_to = _fitted_months(con)
        parts = (
            _period("Years of the fit", table, fitted_from, fitted_to),
            _period("Later months", table, _next_month(fitted_to), date.max),
            _period("Earlier months", table, date.min, _month_before(fitted_from)),
        )
        periods = tuple(period for period in parts if period)
        headline = next((p for p in periods if p.title == "Later months"), periods[0])
        judged = table.between(headline.first, headline.last)
        return Backtest(
            method_version=installed_method(con) or "",
            fates=_fates(con, first, last),
            evidence=_evidence(con),
            n_shared=_n_shared(con, first, last),
            table=table,
            daily=_daily(con, table.sectors),
            periods=periods,
            headline=headline,
            sectors=tuple(_sector_result(judged, n) for n in range(len(judged.sectors))),
            bins=tuple(measures.reliability(judged.is_above, judged.printed)),
            calibration=calibrate(con, table, fitted_from, fitted_to),
        )


def figures(table: SectorMonths) -> list[float]:
    """The figures of `FIGURES` over these sector-months, in that order."""
    above, points, printed = table.is_above, table.points, table.printed
    forecasts = (printed, table.climatology, table.last_month)
    return [
        measures.rank_correlation(points, table.n_incidents),
        measures.correlation_within(points, table.n_incidents, table.sector),
        measures.auc(above, points),
        measures.auc_within(above, points, table.sector),
        measures.auc(above, printed),
        *(measures.brier(above, each) for each in forecasts),
        *(measures.log_loss(above, each) for each in forecasts),
        measures.brier_skill(above, printed, table.climatology),
        measures.brier_skill(above, printed, table.last_month),
        measures.brier_skill(above, table.climatology_and_threat, table.climatology),
    ]


def _period(title: str, table: SectorMonths, first: date, last: date) -> Period | None:
    part = table.between(first, last)
    if not part.months:
        return None
    found = measures.with_intervals(lambda rows: figures(part.rows(rows)), part.month)
    return Period(
        title=title,
        first=part.months[0],
        last=part.months[-1],
        n_sector_months=len(part.month),
        n_above=int(part.is_above.sum()),
        n_incidents=int(part.n_incidents.sum()),
        figures=dict(zip(FIGURES, found, strict=True)),
    )


def _sector_result(table: SectorMonths, number: int) -> SectorResult:
    own = table.where(table.sector == number)

    def measure(rows: Indices) -> list[float]:
        part = own.rows(rows)
        return [
            measures.auc(part.is_above, part.points),
            measures.brier_skill(part.is_above, part.printed, part.climatology),
            measures.brier_skill(part.is_above, part.printed, part.last_month),
        ]

    return SectorResult(
        table.sectors[number],
        len(own.month),
        int(own.n_incidents.sum()),
        float(own.is_above.mean()),
        float(own.printed.mean()),
        *measures.with_intervals(measure, own.month),
    )


def _months(con: Connection, start: date | None, end: date | None) -> tuple[date, date]:
    """First and last month judged, as the first days of both."""
    row = con.execute(
        "select min(known_date), max(known_date) from facts.report_versions "
        "where source_id = 'veris'"
    ).fetchone()
    if row is None or row[0] is None:
        raise SectorRiskError("The incident files hold no VERIS record that can be read.")
    known_first, known_last = row
    first = start.replace(day=1) if start else _next_month(known_first)
    last = end.replace(day=1) if end else _last_recorded(known_last)
    if last < first:
        raise SectorRiskError(
            f"No month can be judged: records became known {known_first} to {known_last}, and a "
            f"month needs {DAYS_TO_BE_RECORDED} days more to be recorded. Give --from and --to, or "
            "more incidents."
        )
    return first, last


def _last_recorded(known_last: date) -> date:
    """The last month whose incidents have had a year to be recorded."""
    return _month_before(known_last - timedelta(days=DAYS_TO_BE_RECORDED - 1))


def _next_month(day: date) -> date:
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def _month_before(day: date) -> date:
    return date.fromordinal(day.replace(day=1).toordinal() - 1).replace(day=1)


def _fitted_months(con: Connection) -> tuple[date, date]:
    row = con.execute("select min(fitted_from), max(fitted_to) from method.outlook").fetchall()[0]
    return row[0], row[1]


def _fates(con: Connection, first: date, last: date) -> dict[str, int]:
    rows = con.execute(sql("fates"), {"start_date": first, "end_date": last}).fetchall()
    return {str(fate): int(n) for fate, n in rows}


def _n_shared(con: Connection, first: date, last: date) -> int:
    days = {"start_date": first, "end_date": last}
    return int(con.execute(sql("shared_records"), days).fetchall()[0][0])


def _evidence(con: Connection) -> list[tuple[str, str, int]]:
    rows = con.execute(
        "select source_id, kind, count(distinct report_id) from facts.report_versions "
        "group by all order by 3 desc, 1, 2"
    ).fetchall()
    return [(str(source), str(kind), int(n)) for source, kind, n in rows]


def _daily(con: Connection, sectors: tuple[str, ...]) -> dict[str, tuple[list[date], Floats]]:
    found = {}
    for sector_id in sectors:
        rows = con.execute(
            "select score_date, threat_points from scores.sector_threat_daily "
            "where sector_id = ? order by score_date",
            [sector_id],
        ).fetchall()
        found[sector_id] = [day for day, _ in rows], np.array([points for _, points in rows])
    return found
