"""Many reports, few events: each report joins the event of the earlier one that it best matches.

A report is compared only with those known before it, so what arrives later never changes which
event an earlier report belongs to, and a past day's score cannot see the future.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any

from pipeline import resemblance
from pipeline.event_decisions import Decisions
from pipeline.resemblance import Index, Match, Report
from pipeline.settings import ROOT
from pipeline.warehouse import Connection

EVENTS_FOLDER = ROOT / "warehouse" / "events"


@dataclass(frozen=True)
class Assignment:
    """Which event a report belongs to and why; a row of facts.report_events."""

    report_id: str
    event_id: str
    parent_report_id: str | None
    nearest_report_id: str | None
    link_reason: str
    similarity_0_1: float | None
    is_doubtful: bool


@dataclass(frozen=True)
class DoubtfulPair:
    """Two reports that may or may not tell of one event: for a person to decide."""

    report_id_a: str
    report_id_b: str
    similarity_0_1: float
    is_linked: bool
    reason: str


@dataclass(frozen=True)
class Thresholds:
    """Similarity at which a person should look, at which reports are linked, and beyond doubt."""

    doubtful: float
    linked: float
    sure: float
    window_days: int


def assign_events(con: Connection) -> int:
    """Give each validated report its event, in facts.report_events; how many were assigned anew.

    Costs one pass for a fingerprint when nothing is new. Only new reports are compared when all
    of them became known after those assigned before; otherwise all are. Either way the table is
    the same function of the reports, the decisions and the thresholds.
    """
    con.execute("create or replace temp view first_reports as " + _sql("first_reports"))
    thresholds, decisions = _thresholds(con), Decisions.of(con)
    method = _method_fingerprint(con, thresholds, decisions)
    basis, are_later, n_new = _state(con, method)
    is_current = (basis,) in con.execute("select basis from facts.report_events_basis").fetchall()
    if is_current and not n_new:
        return 0
    if not (is_current and are_later):
        con.execute("delete from facts.report_events")
    assignments = _assign(con, thresholds, decisions)
    _store(con, assignments)
    con.execute("delete from facts.report_events_basis")
    con.execute("insert into facts.report_events_basis values (?)", [_state(con, method)[0]])
    return len(assignments)


def doubtful_pairs(con: Connection) -> list[DoubtfulPair]:
    """Pairs of reports in the grey zone that no decision settles, the most alike first."""
    rows = con.execute(
        "select nearest_report_id, report_id, similarity_0_1, parent_report_id is not null, "
        "link_reason from facts.report_events where is_doubtful order by 3 desc, 2"
    ).fetchall()
    return [DoubtfulPair(*row) for row in rows]


def _sql(name: str) -> str:
    return (EVENTS_FOLDER / f"{name}.sql").read_text(encoding="utf-8")


def _thresholds(con: Connection) -> Thresholds:
    return Thresholds(
        *_row(
            con,
            "select method.parameter('event_similarity_doubtful'), "
            "method.parameter('event_similarity_linked'), "
            "method.parameter('event_similarity_sure'), "
            "cast(method.parameter('event_window_days') as integer)",
        )
    )


def _method_fingerprint(con: Connection, thresholds: Thresholds, decisions: Decisions) -> str:
    digest = hashlib.sha256(repr((thresholds, decisions.rows)).encode())
    for path in [Path(__file__), Path(resemblance.__file__), *sorted(EVENTS_FOLDER.glob("*.sql"))]:
        digest.update(path.read_bytes())
    knowledge = _row(con, "select coalesce(getvariable('knowledge'), 'then')")
    return f"{digest.hexdigest()[:16]} {knowledge[0]}"


def _state(con: Connection, method: str) -> tuple[str, bool, int]:
    """Fingerprint of the reports assigned so far; whether all others came later; their number."""
    *assigned, n_new, are_later = _row(
        con,
        "select count(e.report_id), bit_xor(hash(f)) filter (where e.report_id is not null), "
        "count(*) filter (where e.report_id is null), coalesce("
        "min(f.order_key) filter (where e.report_id is null) "
        "> max(f.order_key) filter (where e.report_id is not null), true) "
        "from first_reports as f left join facts.report_events as e using (report_id)",
    )
    n_assigned = _row(con, "select count(*) from facts.report_events")
    return f"{method} {assigned} {n_assigned}", bool(are_later), int(n_new)


def _row(con: Connection, sql: str) -> tuple[Any, ...]:
    """The one row of a query that always has one."""
    return con.execute(sql).fetchall()[0]


def _assign(con: Connection, thresholds: Thresholds, decisions: Decisions) -> list[Assignment]:
    chain = _Chain(Index(thresholds.window_days), thresholds, decisions)
    assignments = []
    for report, event_id in _reports(con, thresholds, decisions):
        if event_id is None:
            assignments.append(chain.link(report))
        else:
            chain.remember(report, event_id)
    return assignments


def _reports(
    con: Connection, thresholds: Thresholds, decisions: Decisions
) -> Iterator[tuple[Report, str | None]]:
    """Reports in the order in which they became known, each with its event where it has one."""
    con.execute(
        "create or replace temp table chosen_reports as " + _sql("chosen_reports"),
        {"window_days": thresholds.window_days, "decided": sorted(decisions.report_ids)},
    )
    names = [field.name for field in fields(Report) if field.name != "bands"]
    columns = ", ".join(f'"{name}"' for name in names)
    rows = con.execute(
        f"with bands as ({_sql('bands')}) select event_id, {columns}, coalesce(bands, []) "
        "from chosen_reports left join bands using (report_id) order by order_key"
    )
    while row := rows.fetchone():
        event_id, *values, bands = row
        values = [frozenset(value) if isinstance(value, list) else value for value in values]
        yield Report(**dict(zip(names, values, strict=True)), bands=tuple(bands)), event_id


class _Chain:
    """The events so far: which report belongs to which."""

    def __init__(self, index: Index, thresholds: Thresholds, decisions: Decisions) -> None:
        self._index, self._thresholds, self._decisions = index, thresholds, decisions
        self._event_of: dict[str, str] = {}
        self._groups_in: dict[str, set[str]] = defaultdict(set)
        self._first_of: dict[str, str] = {}

    def link(self, report: Report) -> Assignment:
        """Decide on the event of the next report."""
        best = self._decided(report) or self._best(report)
        if best is None:
            reason, event_id = "Nothing known before resembles it.", report.report_id
            assignment = Assignment(report.report_id, event_id, None, None, reason, None, False)
        else:
            assignment = self._linked(report, best)
        self.remember(report, assignment.event_id)
        return assignment

    def _linked(self, report: Report, best: Match) -> Assignment:
        is_linked = best.similarity >= self._thresholds.linked
        return Assignment(
            report_id=report.report_id,
            event_id=self._event_of[best.report_id] if is_linked else report.report_id,
            parent_report_id=best.report_id if is_linked else None,
            nearest_report_id=best.report_id,
            link_reason=best.reason,
            similarity_0_1=best.similarity,
            is_doubtful=self._thresholds.doubtful <= best.similarity < self._thresholds.sure,
        )

    def remember(self, report: Report, event_id: str) -> None:
        """Take note of a report and of its event."""
        self._index.add(report)
        self._event_of[report.report_id] = event_id
        group = self._decisions.group(report.report_id)
        self._groups_in[event_id].add(group)
        self._first_of.setdefault(group, report.report_id)

    def _decided(self, report: Report) -> Match | None:
        first = self._first_of.get(self._decisions.group(report.report_id))
        if first is None:
            return None
        reason = self._decisions.reason(report.report_id)
        return Match(first, 1.0, f"Decided to be one event with {first}: {reason}")

    def _best(self, report: Report) -> Match | None:
        """The most alike; of equals the one known first."""
        best = None
        for match in self._index.matches(report):
            if best is None or match.similarity > best.similarity:
                best = best if self._is_forbidden(report, match) else match
        return best

    def _is_forbidden(self, report: Report, match: Match) -> bool:
        groups = self._groups_in[self._event_of[match.report_id]]
        return self._decisions.forbid(report.report_id, groups)


def _store(con: Connection, assignments: list[Assignment]) -> None:
    """As lists of values: DuckDB would import pandas to look at a table of Arrow, for a second."""
    columns = [list(column) for column in zip(*map(astuple, assignments), strict=True)]
    if columns:
        con.execute(
            "insert into facts.report_events select unnest(?::varchar[]), unnest(?::varchar[]), "
            "unnest(?::varchar[]), unnest(?::varchar[]), unnest(?::varchar[]), "
            "unnest(?::double[]), unnest(?::boolean[])",
            columns,
        )
