"""What the incidents can and cannot say about the method's weights.

Each question has one parameter, is asked on the years of the fit and told beside the later ones.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np

from pipeline.backtest import measures
from pipeline.backtest.measures import Estimate, Indices
from pipeline.backtest.outlook import Fit, fit
from pipeline.backtest.table import SectorMonths, sector_months
from pipeline.backtest.world import walk_forward
from pipeline.facts import replace_facts
from pipeline.warehouse import Connection

LARGEST_MULTIPLIER = 8.0
N_REPLICATES = 200


@dataclass(frozen=True)
class Multiplier:
    """How many times the threat intensity should count so that incidents follow it best.

    1 = as the method has it, 0 = not at all; a Poisson model with a rate of its own per sector.
    """

    title: str
    n_incidents: int
    best: Estimate
    gain_of_method: float


@dataclass(frozen=True)
class Variant:
    """Another half-life of incidents, and how well the threat part then ranks months."""

    title: str
    auc_within: float
    correlation_within: float


@dataclass(frozen=True)
class Calibration:
    """The answers.

    Attributes:
        refitted: the printed probability fitted anew on the years of the fit; None without them.
        multipliers: for the years of the fit, the later ones, and each without the busiest sector.
        variants: on the years of the fit.
    """

    refitted: Fit | None
    multipliers: tuple[Multiplier, ...]
    variants: tuple[Variant, ...]


def calibrate(
    con: Connection, table: SectorMonths, fitted_from: date, fitted_to: date
) -> Calibration:
    """Ask the incidents; the warehouse's incident parameters are as before afterwards."""
    fitted = table.between(fitted_from, fitted_to)
    later = table.between(date.fromordinal(fitted_to.toordinal() + 1), date.max)
    parts = [("Years of the fit", fitted), ("Later months", later)]
    multipliers = []
    for title, part in parts:
        if part.n_incidents.sum() > 0:
            busiest = int(np.bincount(part.sector, part.n_incidents).argmax())
            name = part.sectors[busiest]
            multipliers += [
                multiplier(title, part),
                multiplier(f"{title}, without {name}", part.where(part.sector != busiest)),
            ]
    if not fitted.months:
        return Calibration(None, tuple(multipliers), ())
    refitted = fit(fitted.is_above, fitted.points, fitted.sector, len(fitted.sectors))
    return Calibration(
        refitted, tuple(multipliers), tuple(_variants(con, table, fitted_from, fitted_to))
    )


def multiplier(title: str, table: SectorMonths) -> Multiplier:
    """The best multiplier with its interval, and the gain in log-likelihood of 1 over 0."""
    from scipy.optimize import minimize_scalar

    def log_likelihood(times: float, rows: Indices) -> float:
        sector, n = table.sector[rows], table.n_incidents[rows]
        shape = 1 + times * table.intensity[rows]
        n_sectors = len(table.sectors)
        rates = np.bincount(sector, n, n_sectors) / np.maximum(
            np.bincount(sector, shape, n_sectors), 1e-9
        )
        expected = np.maximum(rates[sector] * shape, 1e-12)
        return float((n * np.log(expected) - expected).sum())

    def best(rows: Indices) -> float:
        found = minimize_scalar(
            lambda times: -log_likelihood(times, rows),
            bounds=(0, LARGEST_MULTIPLIER),
            method="bounded",
        )
        return float(found.x)

    every = np.arange(len(table.month))
    return Multiplier(
        title,
        int(table.n_incidents.sum()),
        measures.with_intervals(best, table.month, n_replicates=N_REPLICATES)[0],
        log_likelihood(1, every) - log_likelihood(0, every),
    )


def _variants(
    con: Connection, judged: SectorMonths, fitted_from: date, fitted_to: date
) -> list[Variant]:
    first, last = judged.months[0], judged.months[-1]
    changes = {
        "Half": 0.5,
        "As the method has it": 1.0,
        "Twice": 2.0,
        "Four times": 4.0,
    }
    con.execute("create or replace temp table kinds_before as from method.report_kinds")
    found = []
    for title, times in changes.items():
        con.execute(
            "create or replace table method.report_kinds as select * replace ("
            "if(kind = 'incident', half_life_days * $times, half_life_days) as half_life_days) "
            "from kinds_before",
            {"times": times},
        )
        replace_facts(con)
        table = sector_months(con, first, last).between(fitted_from, fitted_to)
        found.append(
            Variant(
                title,
                measures.auc_within(table.is_above, table.points, table.sector),
                measures.correlation_within(table.points, table.n_incidents, table.sector),
            )
        )
    con.execute("create or replace table method.report_kinds as from kinds_before")
    replace_facts(con)
    walk_forward(con, first, last)
    return found
