"""Why a score is what it is, from the published snapshot: every day's parts down to files and rows.

Nothing is estimated: the facts that the score was computed from are shared out by
`pipeline.attribution`. Where they no longer give the stored score, that is an error.
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
    Overruled,
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
from pipeline.method import models_for
from pipeline.warehouse import Connection, query, replace_range

Row = dict[str, Any]


def explain_supplier(con: Connection, supplier_id: str, day: date) -> SupplierExplanation:
    """A supplier's score on a stored day, down to files and rows.

    Raises:
        SectorRiskError: the day is not scored, or its inputs have changed since.
    """
    with _day(con, day) as reading:
        rows = query(reading, "explain_score", day=day, supplier_id=supplier_id)
        row = _one(reading, day, f"supplier {supplier_id}", rows)
        explained = _supplier(reading, day, row)
        _check(explained, explained.recomputed(_parameters(reading)))
        return explained


def explain_sector(con: Connection, sector_id: str, day: date) -> SectorExplanation:
    """A sector's score on a stored day: its events, CVEs and suppliers.

    Raises:
        SectorRiskError: the day is not scored, or its inputs have changed since.
    """
    with _day(con, day) as reading:
        rows = query(reading, "explain_sector_score", day=day, sector_id=sector_id)
        row = _one(reading, day, f"sector {sector_id}", rows)
        explained = _sector(reading, day, row)
        _check(explained, explained.recomputed(_parameters(reading)))
        return explained


def resolve(con: Connection, name: str, day: date) -> tuple[str, str]:
    """('sector' or 'supplier', id) for an id or name in any case.

    Raises:
        UnknownNameError: with the nearest names.
    """
    rows = query(con, "names_on_day", day=day, wanted=name)
    if not rows:
        raise SectorRiskError(_not_scored(con, day))
    if rows[0]["is_meant"]:
        return rows[0]["what"], rows[0]["id"]
    raise UnknownNameError(
        "Sector or supplier", name, [row[column] for row in rows for column in ("name", "id")]
    )


@contextmanager
def _day(con: Connection, day: date) -> Iterator[Connection]:
    """A cursor of its own, with the day's events as the day knew them in a temporary table."""
    with con.cursor() as reading:
        row = reading.execute(
            "select knowledge from quality.scored_days where score_date = ?", [day]
        ).fetchone()
        reading.execute(f"set variable knowledge = '{row[0] if row else 'then'}'")
        for model in models_for(con):
            if model.name == "temp.event_sector_daily":
                replace_range(reading, model, day, day)
        yield reading


def _one(reading: Connection, day: date, what: str, rows: list[Row]) -> Row:
    if not rows:
        raise SectorRiskError(f"There is no score of {what} on {day}. {_not_scored(reading, day)}")
    return rows[0]


def _check(one: SupplierExplanation | SectorExplanation, parts: dict[str, float]) -> None:
    """What is explained must be what is stored."""
    stored = {name: value for name, value in one.score.parts.items() if name in parts}
    if one.score.score_0_100 is None:
        return
    worst = max(stored, key=lambda name: abs(stored[name] - parts[name]))
    if abs(stored[worst] - parts[worst]) > 1e-9:
        day = one.score.score_date
        raise SectorRiskError(
            f"The {worst} points of {one.id} on {day} were computed from other data or with "
            f"another method ({stored[worst]:.6f}) than are published now ({parts[worst]:.6f}). "
            f"Score the day again: sector-risk score --from {day} --to {day} --force."
        )


def _supplier(reading: Connection, day: date, row: Row) -> SupplierExplanation:
    supplier_id, usual = row["supplier_id"], row["usual_susceptibility_points"]
    minimum = _parameters(reading)["susceptibility_minimum"]
    score = _score(row)
    lines = _vulnerabilities(reading, day, row, row["susceptibility_points"] - usual)
    least = _least_hazard(reading, is_unscanned=row["last_scan_date"] is None)
    sectors = query(reading, "explain_mix", day=day, mix_id=row["mix_id"])
    return SupplierExplanation(
        supplier_id=supplier_id,
        name=row["supplier_name"] or supplier_id,
        score=score,
        loss_probability_30d=row["loss_probability_30d"],
        threat=_threat(reading, day, score, sectors),
        usual_susceptibility_points=usual,
        minimum_susceptibility=minimum,
        vulnerabilities=lines,
        overruled=_overruled(reading, day, supplier_id),
        consequence=_consequence(reading, day, row),
        remedies=_supplier_remedies(score, lines, minimum, least),
    )


def _sector(reading: Connection, day: date, row: Row) -> SectorExplanation:
    sector_id, score = row["sector_id"], _score(row)
    minimum = _parameters(reading)["susceptibility_minimum"]
    usual = points(minimum / _parameters(reading)["typical_susceptibility"])
    members = _members(reading, sector_id, day, minimum)
    calm_rate = row["base_rate_30d"]
    sectors = [{"sector_id": sector_id, "share_0_1": 1.0, "base_rate_30d": calm_rate}]
    return SectorExplanation(
        sector_id=sector_id,
        name=row["title"],
        score=score,
        threat=_threat(reading, day, score, sectors),
        usual_susceptibility_points=usual if members else 0.0,
        vulnerabilities=_sector_vulnerabilities(score, members, usual),
        suppliers=_sector_members(members),
        remedies=_sector_remedies(score, members),
        members=members,
    )


def _not_scored(con: Connection, day: date) -> str:
    row = con.execute("select min(score_date), max(score_date) from quality.scored_days").fetchone()
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


def _parameters(con: Connection) -> dict[str, float]:
    return dict(con.execute("select name, value from method.parameters").fetchall())


def _origin(row: Row) -> Origin:
    return Origin(row["delivery_id"], row["file"], row["source_row"])


def _threat(reading: Connection, day: date, score: Score, sectors: list[Row]) -> Threat:
    usual = tuple(UsualLevel(**row) for row in sectors)
    if score.threat_points is None:
        return Threat(0.0, usual, ())
    calm_rate = sum(one.rate_30d for one in usual)
    usual_points = points(calm_rate / _parameters(reading)["typical_threat_rate_30d"])
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
        origin=_origin(row),
    )


def _vulnerabilities(
    reading: Connection, day: date, supplier: Row, total: float
) -> tuple[VulnerabilityLine, ...]:
    supplier_id = supplier["supplier_id"]
    rows = query(reading, "explain_vulnerabilities", day=day, supplier_id=supplier_id)
    hazards: dict[str | None, float] = {row["cve_id"]: row["hazard"] for row in rows}
    least = _least_hazard(reading, is_unscanned=supplier["last_scan_date"] is None)
    hazards |= _assumed(least, hazards)
    own = shared(total, hazards)
    lines = tuple(
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
            credibility_0_1=row["credibility_0_1"],
            inferred_from=row["inferred_from"],
        )
        for row in rows
    )
    if None not in hazards:
        return lines
    share = hazards[None] / sum(hazards.values())
    return (*lines, VulnerabilityLine(None, share, own[None], hazards[None]))


def _least_hazard(reading: Connection, *, is_unscanned: bool) -> float:
    """Hazard below which a supplier is never taken to be: without a scan, the usual one."""
    return _parameters(reading)["unscanned_hazard"] if is_unscanned else 0.0


def _assumed(least: float, hazards: dict[str | None, float]) -> dict[str | None, float]:
    """What is assumed above what is known."""
    rest = least - sum(hazards.values())
    return {None: rest} if rest > 0 else {}


def _overruled(reading: Connection, day: date, supplier_id: str) -> tuple[Overruled, ...]:
    rows = query(reading, "explain_overruled", day=day, supplier_id=supplier_id)
    names = Overruled.__dataclass_fields__.keys() - {"origin"}
    return tuple(
        Overruled(**{name: row[name] for name in names}, origin=_origin(row)) for row in rows
    )


def _supplier_remedies(
    score: Score, lines: tuple[VulnerabilityLine, ...], minimum: float, least: float
) -> tuple[Remedy, ...]:
    known = sum(line.hazard for line in lines if line.cve_id)
    now = susceptibility(max(known, least), minimum)
    changes = [
        (line.cve_id, points(susceptibility(max(known - line.hazard, least), minimum) / now))
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


def _consequence(reading: Connection, day: date, row: Row) -> Consequence:
    keys = {name: row[name] for name in ("supplier_id", "delivery_id", "source_row")}
    said = query(reading, "explain_register", day=day, **keys)
    dependency = said[0]["dependency_0_1"] if said else None
    parameters = _parameters(reading)
    step = row["criticality_1_5"] or parameters["default_criticality"]
    kept = max(1.0 if dependency is None else dependency, parameters["dependency_minimum"])
    return Consequence(
        criticality_1_5=row["criticality_1_5"],
        dependency_0_1=dependency,
        criticality_points=10 * (step - 1) - points(parameters["typical_consequence"]),
        dependency_points=points(kept),
        origin=_origin(row),
        aliases=tuple((said[0]["aliases"] or ()) if said else ()),
        **{
            name: said[0][name] if said else None
            for name in ("parent_id", "sites", "spend_eur", "contact_group")
        },
    )


def _members(reading: Connection, sector_id: str, day: date, minimum: float) -> tuple[Member, ...]:
    hazards: dict[str, dict[str | None, float]] = defaultdict(dict)
    for row in query(reading, "explain_hazards", day=day, sector_id=sector_id):
        hazards[row["supplier_id"]][row["cve_id"]] = row["hazard"]
    members = query(reading, "explain_members", day=day, sector_id=sector_id)
    least = {flag: _least_hazard(reading, is_unscanned=flag) for flag in (False, True)}
    for row in members:
        own = hazards[row["supplier_id"]]
        own |= _assumed(least[row["is_unscanned"]], own)
    return tuple(
        Member(
            supplier_id=row["supplier_id"],
            name=row["supplier_name"] or row["supplier_id"],
            share_0_1=row["share_0_1"],
            consequence=row["consequence"],
            criticality_1_5=row["criticality_1_5"],
            score_0_100=row["score_0_100"],
            hazards=hazards[row["supplier_id"]],
            minimum=minimum,
            least_hazard=least[row["is_unscanned"]],
        )
        for row in members
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
            one.score_0_100,
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
        for cve_id in member.hazards:
            if cve_id is not None:
                rest = susceptibility(member.hazard_without(cve_id), member.minimum)
                lowered[cve_id] += member.weight * (member.susceptibility_0_1 - rest)
                count[cve_id] += 1
    changes = [
        (cve_id, count[cve_id], points(1 - amount / weight / now))
        for cve_id, amount in lowered.items()
    ]
    return _remedies(score, changes)
