"""A supplier's own parts: its vulnerabilities, what is overruled, its register, what would help."""

from datetime import date

from pipeline.attribution import points, shared, susceptibility
from pipeline.explain.rows import Row, origin, parameters, score_of
from pipeline.explain.threat import threat
from pipeline.explanation import (
    Consequence,
    Overruled,
    Reason,
    Remedy,
    Score,
    SupplierExplanation,
    VulnerabilityLine,
)
from pipeline.warehouse import Connection, query


def supplier(reading: Connection, day: date, row: Row) -> SupplierExplanation:
    """Everything that makes the score of a row, which is a supplier's on a day."""
    supplier_id, usual = row["supplier_id"], row["usual_susceptibility_points"]
    minimum = parameters(reading)["susceptibility_minimum"]
    score = score_of(row)
    lines = _vulnerabilities(reading, day, row, row["susceptibility_points"] - usual)
    least = least_hazard(reading, is_unscanned=row["last_scan_date"] is None)
    sectors = query(reading, "explain_mix", day=day, mix_id=row["mix_id"])
    return SupplierExplanation(
        supplier_id=supplier_id,
        name=row["supplier_name"] or supplier_id,
        score=score,
        loss_probability_30d=row["loss_probability_30d"],
        threat=threat(reading, day, score, sectors),
        usual_susceptibility_points=usual,
        minimum_susceptibility=minimum,
        vulnerabilities=lines,
        overruled=_overruled(reading, day, supplier_id),
        consequence=_consequence(reading, day, row),
        remedies=_supplier_remedies(score, lines, minimum, least),
    )


def _vulnerabilities(
    reading: Connection, day: date, supplier: Row, total: float
) -> tuple[VulnerabilityLine, ...]:
    supplier_id = supplier["supplier_id"]
    rows = query(reading, "explain_vulnerabilities", day=day, supplier_id=supplier_id)
    hazards: dict[str | None, float] = {row["cve_id"]: row["hazard"] for row in rows}
    least = least_hazard(reading, is_unscanned=supplier["last_scan_date"] is None)
    hazards |= assumed(least, hazards)
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
            reasons=tuple(map(_reason, row["reasons"])),
            origin=origin(row),
            credibility_0_1=row["credibility_0_1"],
            inferred_from=row["inferred_from"],
        )
        for row in rows
    )
    if None not in hazards:
        return lines
    share = hazards[None] / sum(hazards.values())
    return (*lines, VulnerabilityLine(None, share, own[None], hazards[None]))


def _reason(row: Row) -> Reason:
    stands = origin(row) if row["delivery_id"] else None
    return Reason(row["evidence"], row["since"], row["probability"], stands)


def least_hazard(reading: Connection, *, is_unscanned: bool) -> float:
    """Hazard below which a supplier is never taken to be: without a scan, the usual one."""
    return parameters(reading)["unscanned_hazard"] if is_unscanned else 0.0


def assumed(least: float, hazards: dict[str | None, float]) -> dict[str | None, float]:
    """What is assumed above what is known."""
    rest = least - sum(hazards.values())
    return {None: rest} if rest > 0 else {}


def _overruled(reading: Connection, day: date, supplier_id: str) -> tuple[Overruled, ...]:
    rows = query(reading, "explain_overruled", day=day, supplier_id=supplier_id)
    names = Overruled.__dataclass_fields__.keys() - {"origin"}
    return tuple(
        Overruled(**{name: row[name] for name in names}, origin=origin(row)) for row in rows
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
    return remedies(score, [(cve_id, 1, change) for cve_id, change in changes])


def remedies(score: Score, changes: list[tuple[str, int, float]]) -> tuple[Remedy, ...]:
    """What each CVE, at so many suppliers, would take off: the score computed again without it."""
    if score.score_0_100 is None:
        return ()
    computed = (
        Remedy(cve_id, n, score.moved(change) - score.score_0_100, score.moved(change))
        for cve_id, n, change in changes
    )
    return tuple(sorted(computed, key=lambda one: (one.points, one.cve_id)))


def _consequence(reading: Connection, day: date, row: Row) -> Consequence:
    keys = {name: row[name] for name in ("supplier_id", "delivery_id", "source_row")}
    said = query(reading, "explain_register", day=day, **keys)
    dependency = said[0]["dependency_0_1"] if said else None
    method = parameters(reading)
    step = row["criticality_1_5"] or method["default_criticality"]
    kept = max(1.0 if dependency is None else dependency, method["dependency_minimum"])
    return Consequence(
        criticality_1_5=row["criticality_1_5"],
        dependency_0_1=dependency,
        criticality_points=10 * (step - 1) - points(method["typical_consequence"]),
        dependency_points=points(kept),
        origin=origin(row),
        aliases=tuple((said[0]["aliases"] or ()) if said else ()),
        **{
            name: said[0][name] if said else None
            for name in ("parent_id", "sites", "spend_eur", "contact_group")
        },
    )
