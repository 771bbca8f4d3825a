"""Why a score is what it is: the method run again for one day and the suppliers concerned.

Nothing is estimated: the day's models run over the published facts, in memory, and what they give
is shared out by `pipeline.attribution`. A result that differs from the stored score is an error.
"""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

from pipeline.attribution import points, shared, susceptibility
from pipeline.errors import SectorRiskError, UnknownNameError
from pipeline.explanation import (
    Consequence,
    EventLine,
    Member,
    Origin,
    Reason,
    Remedy,
    ReportLine,
    Score,
    SectorExplanation,
    SectorMember,
    SectorVulnerability,
    SupplierExplanation,
    Threat,
    UsualLevel,
    VulnerabilityLine,
    mean_susceptibility,
)
from pipeline.warehouse import Connection, models_for, open_beside, query, replace_days

Row = dict[str, Any]


def explain_supplier(con: Connection, supplier_id: str, day: date) -> SupplierExplanation:
    """A supplier's score on a stored day, down to files and rows.

    Raises:
        SectorRiskError: the day is not scored, or its inputs have changed since.
    """
    return explain_supplier_days(con, supplier_id, [day])[0]


def explain_supplier_days(
    con: Connection, supplier_id: str, days: list[date]
) -> list[SupplierExplanation]:
    """The same for several days, cheaper than one by one."""
    with _recomputing(con, "select ? as supplier_id", supplier_id) as beside:
        return [_supplier(beside, supplier_id, day) for day in days]


def explain_sector(con: Connection, sector_id: str, day: date) -> SectorExplanation:
    """A sector's score on a stored day: its events, CVEs and suppliers.

    Raises:
        SectorRiskError: the day is not scored, or its inputs have changed since.
    """
    return explain_sector_days(con, sector_id, [day])[0]


def explain_sector_days(
    con: Connection, sector_id: str, days: list[date]
) -> list[SectorExplanation]:
    """The same for several days, cheaper than one by one."""
    scope = "select distinct supplier_id from published.facts.supplier_sectors where sector_id = ?"
    with _recomputing(con, scope, sector_id) as beside:
        return [_sector(beside, sector_id, day) for day in days]


def resolve(con: Connection, name: str, day: date) -> tuple[str, str]:
    """('sector' or 'supplier', id) for an id or name in any case.

    Raises:
        UnknownNameError: with the nearest names.
    """
    rows = query(con, "names_on_day", day=day)
    if not rows:
        raise SectorRiskError(_not_scored(con, day))
    wanted = name.strip().casefold()
    for column in ("id", "name"):
        for row in rows:
            if row[column].casefold() == wanted:
                return row["what"], row["id"]
    raise UnknownNameError(
        "Sector or supplier", name, [row[column] for row in rows for column in ("name", "id")]
    )


@contextmanager
def _recomputing(con: Connection, scope: str, key: str) -> Iterator[Connection]:
    """Beside the published warehouse, with the facts of the suppliers in scope only."""
    with open_beside(con) as beside:
        beside.execute(f"create temp table scope as {scope}", [key])
        for (table,) in beside.execute(
            "select table_name from duckdb_tables() where database_name = 'published' "
            "and schema_name = 'raw'"
        ).fetchall():
            beside.execute(f"drop table raw.{table}")
            beside.execute(f"create view raw.{table} as from published.raw.{table}")
        for table, concerns_suppliers in beside.execute(
            "select table_name, bool_or(column_name = 'supplier_id') from duckdb_columns() "
            "where database_name = 'published' and schema_name = 'facts' "
            "and table_name <> 'source_coverage_daily' group by all"
        ).fetchall():
            only = "semi join temp.scope using (supplier_id)" if concerns_suppliers else ""
            beside.execute(f"drop table facts.{table}")
            beside.execute(
                f"create view facts.{table} as select * from published.facts.{table} {only}"
            )
        yield beside


def _compute(beside: Connection, day: date, target: str) -> None:
    for model in models_for(target):
        if model.is_daily:
            replace_days(beside, model, day, day)


def _supplier(beside: Connection, supplier_id: str, day: date) -> SupplierExplanation:
    _compute(beside, day, "scores.supplier_daily")
    rows = query(beside, "explain_score", day=day, supplier_id=supplier_id)
    row = _checked(beside, day, f"supplier {supplier_id}", rows)
    sectors = query(beside, "explain_supplier_sectors", day=day, supplier_id=supplier_id)
    minimum = _parameter(beside, "susceptibility_minimum")
    score = _score(row)
    usual = points(minimum / _parameter(beside, "typical_susceptibility"))
    lines = _vulnerabilities(
        beside, supplier_id, day, score.parts["susceptibility"] - usual, row["last_scan_date"]
    )
    return SupplierExplanation(
        supplier_id=supplier_id,
        name=row["supplier_name"],
        score=score,
        loss_probability_30d=row["loss_probability_30d"],
        threat=_threat(beside, day, score, sectors),
        usual_susceptibility_points=usual,
        minimum_susceptibility=minimum,
        vulnerabilities=lines,
        consequence=_consequence(beside, supplier_id, day),
        remedies=_supplier_remedies(score, lines, minimum),
    )


def _sector(beside: Connection, sector_id: str, day: date) -> SectorExplanation:
    _compute(beside, day, "scores.sector_daily")
    rows = query(beside, "explain_sector_score", day=day, sector_id=sector_id)
    row = _checked(beside, day, f"sector {sector_id}", rows)
    score = _score(row)
    minimum = _parameter(beside, "susceptibility_minimum")
    usual = points(minimum / _parameter(beside, "typical_susceptibility"))
    members = _members(beside, sector_id, day, minimum)
    level = beside.execute(
        "select base_rate_30d from scores.sector_threat_daily "
        "where score_date = ? and sector_id = ?",
        [day, sector_id],
    ).fetchone()
    assert level is not None
    sectors = [{"sector_id": sector_id, "share_0_1": 1.0, "base_rate_30d": level[0]}]
    return SectorExplanation(
        sector_id=sector_id,
        name=_title(beside, sector_id),
        score=score,
        threat=_threat(beside, day, score, sectors),
        usual_susceptibility_points=usual if members else 0.0,
        vulnerabilities=_sector_vulnerabilities(score, members, usual),
        suppliers=_sector_members(members),
        remedies=_sector_remedies(score, members),
        members=members,
    )


def _checked(beside: Connection, day: date, what: str, rows: list[Row]) -> Row:
    if not rows or not rows[0]["is_stored"]:
        raise SectorRiskError(
            f"There is no score of {what} on {day}. {_not_scored(beside, day, 'published.')}"
        )
    now, stored = rows[0]["score_0_100"], rows[0]["stored_score_0_100"]
    if (now is None) != (stored is None) or (now is not None and abs(now - stored) > 1e-9):
        raise SectorRiskError(
            f"The score of {what} on {day} was computed from other data or with another method "
            f"({stored}) than are published now ({now}). Score the day again: "
            f"sector-risk score --from {day} --to {day}."
        )
    return rows[0]


def _not_scored(con: Connection, day: date, catalog: str = "") -> str:
    row = con.execute(
        f"select min(score_date), max(score_date) from {catalog}quality.scored_days"
    ).fetchone()
    first, last = row or (None, None)
    if first is None:
        return "No day is scored yet: sector-risk run --date DAY."
    return f"Published days run from {first} to {last}; {day} has no such score."


def _score(row: Row) -> Score:
    published = row["published_score"]
    return Score(
        **{
            name: row[name]
            for name in Score.__dataclass_fields__
            if name not in ("published_score",)
        },
        published_score=None if published is None else float(published),
    )


def _parameter(con: Connection, name: str) -> float:
    row = con.execute("select method.parameter($name)", {"name": name}).fetchone()
    assert row is not None
    return float(row[0])


def _title(con: Connection, sector_id: str) -> str:
    row = con.execute("select title from method.sectors where sector_id = ?", [sector_id])
    found = row.fetchone()
    return str(found[0]) if found else sector_id


def _origin(row: Row) -> Origin:
    return Origin(row["delivery_id"], row["file"], row["source_row"])


def _threat(beside: Connection, day: date, score: Score, sectors: list[Row]) -> Threat:
    usual = tuple(UsualLevel(**row) for row in sectors)
    if score.threat_points is None:
        return Threat(0.0, usual, ())
    calm_rate = sum(one.rate_30d for one in usual)
    usual_points = points(calm_rate / _parameter(beside, "typical_threat_rate_30d"))
    weights = {one.sector_id: one.rate_30d for one in usual}
    rows = query(beside, "explain_events", day=day, sector_ids=list(weights))
    rates = {
        (row["sector_id"], row["event_id"]): weights[row["sector_id"]] * row["intensity"]
        for row in rows
    }
    by_event = shared(score.threat_points - usual_points, rates)
    reports = _reports(beside, day, sorted({row["event_id"] for row in rows}))
    whole = sum(rates.values())
    lines = (
        _event(row, rates[key], by_event[key], rates[key] / whole if whole else 0.0, reports)
        for row in rows
        for key in [(row["sector_id"], row["event_id"])]
    )
    return Threat(
        usual_points, usual, tuple(sorted(lines, key=lambda line: (-line.points, line.event_id)))
    )


_EVENT_COLUMNS = (
    "sector_id event_id report_id known_date title kind url strength relevance_0_1 basis "
    "credibility_0_1 decay_0_1 is_superseded"
).split()


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


def _reports(beside: Connection, day: date, event_ids: list[str]) -> dict[str, list[Row]]:
    by_event = defaultdict(list)
    for row in query(beside, "explain_reports", day=day, event_ids=event_ids):
        by_event[row.pop("event_id")].append(row)
    return by_event


def _report(row: Row, sector_id: str) -> ReportLine:
    sentences = {one["sector_id"]: one["sentence"] for one in row["sentences"]}
    names = set(ReportLine.__dataclass_fields__) & row.keys()
    return ReportLine(
        **{name: row[name] for name in names},
        sentence=sentences.get(sector_id),
        origin=_origin(row),
    )


def _vulnerabilities(
    beside: Connection, supplier_id: str, day: date, total: float, last_scan: date | None
) -> tuple[VulnerabilityLine, ...]:
    if last_scan is None:
        hazard = _parameter(beside, "unscanned_hazard")
        return (VulnerabilityLine(None, 1.0, total, hazard),)
    rows = query(beside, "explain_vulnerabilities", day=day, supplier_id=supplier_id)
    hazards = {row["cve_id"]: row["hazard"] for row in rows}
    own = shared(total, hazards)
    return tuple(
        VulnerabilityLine(
            cve_id=row["cve_id"],
            share_0_1=row["hazard"] / sum(hazards.values()) if row["hazard"] else 0.0,
            points=own[row["cve_id"]],
            hazard=row["hazard"],
            probability=row["probability"],
            reach=row["reach"],
            asset_ids=tuple(row["asset_ids"] or ()),
            open_since=row["open_since"],
            reasons=tuple(Reason(**reason) for reason in row["reasons"]),
            origin=_origin(row),
        )
        for row in rows
    )


def _supplier_remedies(
    score: Score, lines: tuple[VulnerabilityLine, ...], minimum: float
) -> tuple[Remedy, ...]:
    hazard = sum(line.hazard for line in lines)
    now = susceptibility(hazard, minimum)
    changes = [
        (line.cve_id, points(susceptibility(hazard - line.hazard, minimum) / now))
        for line in lines
        if line.cve_id
    ]
    return _remedies(score, [(cve_id, 1, change) for cve_id, change in changes])


def _remedies(score: Score, changes: list[tuple[str, int, float]]) -> tuple[Remedy, ...]:
    if score.score_0_100 is None:
        return ()
    remedies = (
        Remedy(cve_id, n, score.moved(change) - score.score_0_100, score.moved(change))
        for cve_id, n, change in changes
    )
    return tuple(sorted(remedies, key=lambda one: (one.points, one.cve_id)))


def _consequence(beside: Connection, supplier_id: str, day: date) -> Consequence:
    rows = query(beside, "explain_register", day=day, supplier_id=supplier_id)
    row = rows[0]
    criticality, dependency = row["criticality_1_5"], row["dependency_0_1"]
    step = criticality or _parameter(beside, "default_criticality")
    typical = points(_parameter(beside, "typical_consequence"))
    floor = _parameter(beside, "dependency_minimum")
    kept = max(1.0 if dependency is None else dependency, floor)
    return Consequence(criticality, dependency, 10 * (step - 1) - typical, points(kept), _origin(row))


def _members(beside: Connection, sector_id: str, day: date, minimum: float) -> tuple[Member, ...]:
    hazards: dict[str, dict[str | None, float]] = defaultdict(dict)
    for row in query(beside, "explain_hazards", day=day):
        hazards[row["supplier_id"]][row["cve_id"]] = row["hazard"]
    return tuple(
        Member(
            supplier_id=row["supplier_id"],
            name=row["supplier_name"],
            share_0_1=row["share_0_1"],
            consequence=row["consequence"],
            criticality_1_5=row["criticality_1_5"],
            published_score=None if row["published_score"] is None else float(row["published_score"]),
            hazards=hazards[row["supplier_id"]],
            minimum=minimum,
        )
        for row in query(beside, "explain_members", day=day, sector_id=sector_id)
    )


def _sector_vulnerabilities(
    score: Score, members: tuple[Member, ...], usual: float
) -> tuple[SectorVulnerability, ...]:
    """Above the usual each supplier counts by its susceptibility, each CVE by its hazard there."""
    amounts: dict[str | None, float] = defaultdict(float)
    count: dict[str | None, int] = defaultdict(int)
    for member in members:
        above = member.weight * (member.susceptibility_0_1 - member.minimum)
        for cve_id, amount in shared(above, member.hazards).items():
            amounts[cve_id] += amount
            count[cve_id] += 1
    by_cve = shared(score.parts["susceptibility"] - usual, amounts)
    whole = sum(amounts.values())
    lines = (
        SectorVulnerability(cve_id, count[cve_id], amount / whole if whole else 0.0, by_cve[cve_id])
        for cve_id, amount in amounts.items()
    )
    return tuple(sorted(lines, key=lambda one: (-one.points, one.cve_id or "")))


def _sector_members(members: tuple[Member, ...]) -> tuple[SectorMember, ...]:
    whole = sum(one.risk_share for one in members)
    lines = (
        SectorMember(
            one.supplier_id,
            one.name,
            one.criticality_1_5,
            one.published_score,
            one.risk_share / whole,
        )
        for one in members
    )
    return tuple(sorted(lines, key=lambda one: (-one.risk_share_0_1, one.supplier_id)))


def _sector_remedies(score: Score, members: tuple[Member, ...]) -> tuple[Remedy, ...]:
    if not members:
        return ()
    now = mean_susceptibility(members)
    weight = sum(one.weight for one in members)
    lowered: dict[str, float] = defaultdict(float)
    count: dict[str, int] = defaultdict(int)
    for member in members:
        for cve_id, hazard in member.hazards.items():
            if cve_id is not None:
                rest = susceptibility(member.hazard - hazard, member.minimum)
                lowered[cve_id] += member.weight * (member.susceptibility_0_1 - rest)
                count[cve_id] += 1
    changes = [
        (cve_id, count[cve_id], points(1 - amount / weight / now))
        for cve_id, amount in lowered.items()
    ]
    return _remedies(score, changes)
