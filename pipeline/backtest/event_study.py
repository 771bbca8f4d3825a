"""January 2020, day by day: does the threat part rise, peak and fall with the news of the world?

The yardstick from outside is the daily geopolitical risk index of Caldara and Iacoviello (GPRD,
and its part about threats, GPRD_THREAT).
"""

import csv
import hashlib
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from pipeline import flow
from pipeline.backtest import measures
from pipeline.backtest.measures import Estimate, Floats
from pipeline.backtest.world import world
from pipeline.errors import DeliveryError
from pipeline.score import score_range
from pipeline.settings import ROOT, Settings
from pipeline.sources import all_sources
from pipeline.warehouse import Connection, open_warehouse, staged_tables

FIRST, EVE, LAST = date(2019, 12, 15), date(2020, 1, 2), date(2020, 2, 15)
BLOCK_DAYS = 7
INDICES = ("GPRD", "GPRD_THREAT")


@dataclass(frozen=True)
class Study:
    """Threat points of each sector on each day, and what was measured on their mean.

    Attributes:
        points: by sector, one value a day.
        index: by name, the index on the same days.
        n_reports: reports known by the last day.
        n_later: records of any kind that became known after the last day.
        is_unmoved: whether every table of scores is the same without those later records.
    """

    title: str
    days: tuple[date, ...]
    points: dict[str, Floats]
    index: dict[str, Floats]
    n_reports: int
    n_later: int
    is_unmoved: bool
    correlations: dict[str, Estimate]

    @property
    def mean(self) -> Floats:
        """Mean threat points of the sectors, a value a day."""
        return np.asarray(np.mean(list(self.points.values()), axis=0))

    @property
    def rises_on(self) -> date | None:
        """First day after the eve on which the mean is above all days up to the eve."""
        before = self.mean[: self.days.index(EVE) + 1].max()
        later = (day for day in self.days if day > EVE and self.on(day) > before)
        return next(later, None)

    @property
    def peaks_on(self) -> date:
        """Day of the highest mean; of equals the first."""
        return self.days[int(self.mean.argmax())]

    def on(self, day: date) -> float:
        """The mean on a day."""
        return float(self.mean[self.days.index(day)])


def study_sample(gpr: Path) -> Study:
    """The bundled sample: its reports, suppliers and files of later years."""
    with tempfile.TemporaryDirectory() as place:
        settings = Settings(home=Path(place), inbox=ROOT / "warehouse" / "sample", fetch=False)
        for source_id in all_sources():
            flow.collect(source_id, settings=settings)
        with open_warehouse(settings) as con:
            return study(con, gpr, "Bundled sample")


def study_reports(gpr: Path, reports: Sequence[str | Path]) -> Study:
    """Reports given as files, each known since its own publication."""
    with world((), reports) as con:
        return study(con, gpr, "Reports given")


def study(con: Connection, gpr: Path, title: str) -> Study:
    """Score the weeks, measure, and score them again without what became known later."""
    index = read_index(gpr, FIRST, LAST)
    points = _score(con)
    content = _content(con)
    cut_off = LAST + timedelta(days=1)
    n_later = 0
    for table in staged_tables(con):
        later = con.execute(f"select count(*) from staged.{table} where known_at >= ?", [cut_off])
        n_later += later.fetchall()[0][0]
        con.execute(f"delete from staged.{table} where known_at >= ?", [cut_off])
    _score(con)
    reports = con.execute("select count(distinct report_id) from facts.report_versions").fetchall()
    found = Study(
        title,
        tuple(FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)),
        points,
        index,
        n_reports=reports[0][0],
        n_later=n_later,
        is_unmoved=content == _content(con),
        correlations={},
    )
    return replace(found, correlations=_correlations(found))


def read_index(gpr: Path, first: date, last: date) -> dict[str, Floats]:
    """The index on the days first…last from a CSV with the columns date, GPRD and GPRD_THREAT.

    Raises:
        DeliveryError: a column or a day is missing, or a value is no number.
    """
    wanted = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    remedy = "Give the daily index as CSV with the columns date (YYYY-MM-DD), GPRD, GPRD_THREAT."
    try:
        with gpr.open(encoding="utf-8-sig", newline="") as lines:
            rows = {row["date"][:10]: row for row in csv.DictReader(lines)}
        return {
            name: np.array([float(rows[day.isoformat()][name]) for day in wanted])
            for name in INDICES
        }
    except (KeyError, TypeError, ValueError) as error:
        raise DeliveryError(gpr.name, f"no value for {error}.", remedy) from error
    except OSError as error:
        raise DeliveryError(gpr.name, f"cannot be read: {error.strerror}.", remedy) from error


def _score(con: Connection) -> dict[str, Floats]:
    con.execute("delete from quality.facts_inputs")
    score_range(con, FIRST, LAST, force=True)
    rows = con.execute(
        "select sector_id, list(threat_points order by score_date) "
        "from scores.sector_threat_daily group by all order by all"
    ).fetchall()
    return {sector_id: np.array(points) for sector_id, points in rows}


def _content(con: Connection) -> list[str]:
    """Hash of every table and view of scores."""
    names = con.execute(
        "select table_name from information_schema.tables "
        "where table_schema = 'scores' order by all"
    ).fetchall()
    return [_hash(con.execute(f"from scores.{name} order by all").fetchall()) for (name,) in names]


def _hash(rows: Iterable[object]) -> str:
    return hashlib.sha256(repr(rows).encode()).hexdigest()


def _correlations(found: Study) -> dict[str, Estimate]:
    days, mean = np.arange(len(found.days)), found.mean

    def against(values: Floats) -> Estimate:
        return measures.with_intervals(
            lambda rows: measures.rank_correlation(mean[rows], values[rows]),
            days,
            block=BLOCK_DAYS,
        )[0]

    return {name: against(values) for name, values in found.index.items()}
