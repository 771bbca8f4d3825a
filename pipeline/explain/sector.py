"""A sector's parts: what its suppliers bring into the mean, CVE by CVE and supplier by supplier."""

from collections import defaultdict
from datetime import date

from pipeline.attribution import points, shared, susceptibility
from pipeline.explain.exposure import assumed, least_hazard, remedies
from pipeline.explain.rows import Row, parameters, score_of
from pipeline.explain.threat import threat
from pipeline.explanation import Remedy, Score
from pipeline.explanation_sector import (
    Member,
    SectorExplanation,
    SectorMember,
    SectorVulnerability,
    mean_susceptibility,
)
from pipeline.warehouse import Connection, query


def sector(reading: Connection, day: date, row: Row) -> SectorExplanation:
    """Everything that makes the score of a row, which is a sector's on a day."""
    sector_id, score = row["sector_id"], score_of(row)
    minimum = parameters(reading)["susceptibility_minimum"]
    usual = points(minimum / parameters(reading)["typical_susceptibility"])
    members = _members(reading, sector_id, day, minimum)
    calm_rate = row["base_rate_30d"]
    sectors = [{"sector_id": sector_id, "share_0_1": 1.0, "base_rate_30d": calm_rate}]
    return SectorExplanation(
        sector_id=sector_id,
        name=row["title"],
        score=score,
        threat=threat(reading, day, score, sectors),
        usual_susceptibility_points=usual if members else 0.0,
        vulnerabilities=_sector_vulnerabilities(score, members, usual),
        suppliers=_sector_members(members),
        remedies=_sector_remedies(score, members),
        members=members,
    )


def _members(reading: Connection, sector_id: str, day: date, minimum: float) -> tuple[Member, ...]:
    hazards: dict[str, dict[str | None, float]] = defaultdict(dict)
    for row in query(reading, "explain_hazards", day=day, sector_id=sector_id):
        hazards[row["supplier_id"]][row["cve_id"]] = row["hazard"]
    members = query(reading, "explain_members", day=day, sector_id=sector_id)
    least = {flag: least_hazard(reading, is_unscanned=flag) for flag in (False, True)}
    for row in members:
        own = hazards[row["supplier_id"]]
        own |= assumed(least[row["is_unscanned"]], own)
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
    return remedies(score, changes)
