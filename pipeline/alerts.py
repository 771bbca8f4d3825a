"""What there was to tell on a day: reading the alerts that are stored with the scores."""

from dataclasses import dataclass
from datetime import date

from pipeline.errors import SectorRiskError
from pipeline.marking import mark
from pipeline.warehouse import Connection, query

SEVERITIES = ("critical", "warning", "info")


@dataclass(frozen=True)
class Alert:
    """One thing to tell.

    Attributes:
        alert_kind: band, move, event or exploitation.
        subject_kind: sector, supplier, event or vulnerability; `subject_id` is its id.
        points: change of the score, or what the event or vulnerability adds to it.
        sentence: what happened and why.
        delivery_id: delivery of the report or finding, and `source_row` its row there.
    """

    score_date: date
    severity: str
    alert_kind: str
    subject_kind: str
    subject_id: str
    sector_id: str
    supplier_id: str | None
    points: float
    sentence: str
    delivery_id: str | None
    source_row: int | None


def read_alerts(
    con: Connection, start: date, end: date, severity: str = "info", tlp: str = "RED"
) -> tuple[Alert, ...]:
    """The alerts of the days start…end from that severity on; none says what is marked above `tlp`.

    Within a day events come first, then vulnerabilities, sectors and suppliers, gravest first.

    Raises:
        SectorRiskError: none of the days is scored.
    """
    marked = con.cursor()
    mark(marked, tlp)
    rows = query(marked, "alerts", start_date=start, end_date=end, severity=severity)
    if not rows and not _is_scored(con, start, end):
        raise SectorRiskError(
            f"No day from {start} to {end} is scored and published: "
            f"sector-risk backfill --from {start} --to {end}."
        )
    return tuple(Alert(**row) for row in rows)


def headlines(con: Connection, day: date, n: int = 10, tlp: str = "RED") -> list[str]:
    """What to say of a day in a message: the first `n` sentences, and how many more there are."""
    alerts = read_alerts(con, day, day, "warning", tlp)
    shown = [alert.sentence for alert in alerts[:n]]
    more = len(alerts) - len(shown)
    return [*shown, f"And {more} more: sector-risk alerts --date {day}"] if more else shown


def _is_scored(con: Connection, start: date, end: date) -> bool:
    row = con.execute(
        "select count(*) from quality.scored_days where score_date between ? and ?", [start, end]
    ).fetchone()
    return bool(row and row[0])
