"""Sector-months: what stood on the eve of each month, and what followed in it."""

from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any

import numpy as np

from pipeline.backtest.measures import Flags, Floats, Indices
from pipeline.backtest.world import sql, walk_forward
from pipeline.warehouse import Connection


@dataclass(frozen=True)
class SectorMonths:
    """Columns over sector-months, in order of sector and month.

    Attributes:
        months: first days of the months.
        sectors: ids of the sectors.
        month: number of the month in `months`.
        sector: number of the sector in `sectors`.
        n_incidents: hostile incidents of the month.
        is_above: more of them than in the mean month of the year before.
        intensity: threat intensity Λ on the eve.
        points: threat points on the eve.
        printed: probability of `is_above` as printed on the eve.
        climatology: share of the sector's earlier months above usual.
        last_month: share of earlier months above usual after one like the last.
        climatology_and_threat: climatology, its log-odds moved by the threat points above the
            sector's mean so far, with the slope of the printed probability.
    """

    months: tuple[date, ...]
    sectors: tuple[str, ...]
    month: Indices
    sector: Indices
    n_incidents: Floats
    is_above: Flags
    intensity: Floats
    points: Floats
    printed: Floats
    climatology: Floats
    last_month: Floats
    climatology_and_threat: Floats

    def rows(self, rows: Indices) -> "SectorMonths":
        """Those rows, one of them several times if need be."""
        columns: dict[str, Any] = {
            field.name: getattr(self, field.name)[rows]
            for field in fields(self)
            if field.name not in {"months", "sectors"}
        }
        return replace(self, **columns)

    def where(self, chosen: Flags) -> "SectorMonths":
        """Only the chosen rows; their months are numbered anew."""
        part = self.rows(np.flatnonzero(chosen))
        kept = np.unique(part.month)
        return replace(
            part,
            months=tuple(self.months[n] for n in kept),
            month=np.searchsorted(kept, part.month),
        )

    def between(self, first: date, last: date) -> "SectorMonths":
        """The months first…last."""
        inside = np.array([first <= month <= last for month in self.months], bool)
        return self.where(inside[self.month])


def sector_months(con: Connection, first: date, last: date) -> SectorMonths:
    """Walk forward day by day and pair the eve of each month first…last with the month.

    Args:
        con: a warehouse that holds the incidents, its facts up to date.
        first: first day of the first month.
        last: first day of the last month.
    """
    walk_forward(con, date.fromordinal(first.toordinal() - 1), last)
    days = {"start_date": first, "end_date": last}
    con.execute("create schema if not exists backtest")
    con.execute("create or replace table backtest.incidents as " + sql("incidents"))
    con.execute("create or replace table backtest.sector_months as " + sql("sector_months"), days)
    frame = con.execute("from backtest.sector_months order by sector_id, incident_month").df()
    months = sorted(set(frame["incident_month"]))
    sectors = sorted(set(frame["sector_id"]))

    def column(name: str) -> Floats:
        return frame[name].to_numpy(dtype=np.float64)

    return SectorMonths(
        months=tuple(month.date() for month in months),
        sectors=tuple(sectors),
        month=np.searchsorted(months, frame["incident_month"].to_list()),
        sector=np.searchsorted(sectors, frame["sector_id"].to_list()),
        n_incidents=column("n_incidents"),
        is_above=frame["is_above"].to_numpy(dtype=np.bool_),
        intensity=column("threat_intensity"),
        points=column("threat_points"),
        printed=column("printed"),
        climatology=column("climatology"),
        last_month=column("last_month"),
        climatology_and_threat=column("climatology_and_threat"),
    )
