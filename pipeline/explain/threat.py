"""The threat part: the usual level, and each event's share with its reports."""

from collections import defaultdict
from datetime import date

from pipeline.attribution import points, shared
from pipeline.explain.rows import Row, origin, parameters
from pipeline.explanation import EventLine, ReportLine, Score, Threat, UsualLevel
from pipeline.warehouse import Connection, query


def threat(reading: Connection, day: date, score: Score, sectors: list[Row]) -> Threat:
    """The threat to some sectors, weighted by their rows' shares, down to reports."""
    usual = tuple(UsualLevel(**row) for row in sectors)
    if score.threat_points is None:
        return Threat(0.0, usual, ())
    calm_rate = sum(one.rate_30d for one in usual)
    usual_points = points(calm_rate / parameters(reading)["typical_threat_rate_30d"])
    weights = {one.sector_id: one.rate_30d for one in usual}
    rows = query(reading, "explain_events", day=day, sector_ids=list(weights))
    rates = {
        (row["sector_id"], row["event_id"]): weights[row["sector_id"]] * row["intensity"]
        for row in rows
    }
    by_event = shared(score.threat_points - usual_points, rates)
    reports = _reports(reading, day, sorted({row["event_id"] for row in rows}))
    whole = sum(rates.values())
    lines = (
        _event(row, rates[key], by_event[key], rates[key] / whole if whole else 0.0, reports)
        for row in rows
        for key in [(row["sector_id"], row["event_id"])]
    )
    return Threat(
        usual_points, usual, tuple(sorted(lines, key=lambda line: (-line.points, line.event_id)))
    )


_EVENT_COLUMNS = EventLine.__dataclass_fields__.keys() - {
    "share_0_1", "points", "rate_30d", "reports"
}  # fmt: skip


def _event(
    row: Row, rate: float, own_points: float, share: float, reports: dict[str, list[Row]]
) -> EventLine:
    return EventLine(
        **{name: row[name] for name in _EVENT_COLUMNS},
        share_0_1=share,
        points=own_points,
        rate_30d=rate,
        reports=tuple(_report(one, row["sector_id"]) for one in reports[row["event_id"]]),
    )


def _reports(reading: Connection, day: date, event_ids: list[str]) -> dict[str, list[Row]]:
    by_event = defaultdict(list)
    for row in query(reading, "explain_reports", day=day, event_ids=event_ids):
        by_event[row.pop("event_id")].append(row)
    return by_event


def _report(row: Row, sector_id: str) -> ReportLine:
    sentences = {one["sector_id"]: one["sentence"] for one in row["sentences"]}
    names = set(ReportLine.__dataclass_fields__) & row.keys()
    return ReportLine(
        **{name: row[name] for name in names},
        sentence=sentences.get(sector_id),
        origin=origin(row),
    )
