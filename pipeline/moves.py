"""What moved a score between two days: every term's change in points, summing to the score's.

A term that has not changed moves nothing. What the bounds 0 and 100 swallow is a move of its own.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from pipeline.attribution import changes, hazard_secant, secant
from pipeline.explanation import (
    Consequence,
    EventLine,
    SupplierExplanation,
    Threat,
    VulnerabilityLine,
)
from pipeline.explanation_sector import (
    Member,
    SectorExplanation,
    mean_consequence,
    mean_susceptibility,
)


@dataclass(frozen=True)
class Move:
    """One change and its points.

    Attributes:
        part: threat, susceptibility, consequence or bound.
        what: event, sector, CVE, supplier or register field.
        how: new, fading, revised, superseded, withdrawn, opened, closed …
    """

    part: str
    what: str
    title: str
    how: str
    points: float


@dataclass(frozen=True)
class Moves:
    """Everything that moved a score from one day to another; the points sum to `change`."""

    from_date: date
    to_date: date
    before: float | None
    after: float | None
    change: float | None
    moves: tuple[Move, ...]

    def of(self, part: str) -> float:
        """Points by which a part moved."""
        return sum(move.points for move in self.moves if move.part == part)


def moves(
    before: SupplierExplanation | SectorExplanation, after: SupplierExplanation | SectorExplanation
) -> Moves:
    """What moved the score of one supplier or sector."""
    if isinstance(before, SupplierExplanation) and isinstance(after, SupplierExplanation):
        return supplier_moves(before, after)
    if isinstance(before, SectorExplanation) and isinstance(after, SectorExplanation):
        return sector_moves(before, after)
    raise TypeError("a sector and a supplier cannot be compared")


def supplier_moves(before: SupplierExplanation, after: SupplierExplanation) -> Moves:
    """What moved a supplier's score."""
    lines = [
        *_threat_moves(before.threat, after.threat),
        *_vulnerability_moves(before, after),
        *_register_moves(before.consequence, after.consequence),
    ]
    return _moves(before, after, lines)


def sector_moves(before: SectorExplanation, after: SectorExplanation) -> Moves:
    """What moved a sector's score."""
    lines = _threat_moves(before.threat, after.threat)
    if before.members and after.members:
        lines += _member_moves(before.members, after.members)
    return _moves(before, after, lines)


def _moves(
    before: SupplierExplanation | SectorExplanation,
    after: SupplierExplanation | SectorExplanation,
    lines: list[Move],
) -> Moves:
    old, new = before.score, after.score
    is_scored = old.score_0_100 is not None and new.score_0_100 is not None
    if is_scored:
        bound = new.parts["bound"] - old.parts["bound"]
        lines.append(Move("bound", "scale", "Ends of the scale, 0 and 100", "cut off", bound))
    told = sorted(
        (one for one in lines if abs(one.points) > 1e-12), key=lambda one: -abs(one.points)
    )
    return Moves(
        old.score_date,
        new.score_date,
        old.score_0_100,
        new.score_0_100,
        sum(new.parts.values()) - sum(old.parts.values()) if is_scored else None,
        tuple(told) if is_scored else (),
    )


def _threat_moves(before: Threat, after: Threat) -> list[Move]:
    per_unit = secant(before.rate_30d, after.rate_30d)
    usual = changes(
        {one.sector_id: one.rate_30d for one in before.usual},
        {one.sector_id: one.rate_30d for one in after.usual},
        per_unit,
    )
    old = {(one.sector_id, one.event_id): one for one in before.events}
    new = {(one.sector_id, one.event_id): one for one in after.events}
    moved = changes(
        {key: one.rate_30d for key, one in old.items()},
        {key: one.rate_30d for key, one in new.items()},
        per_unit,
    )
    return [
        *(
            Move("threat", f"sector {sector_id}", f"Usual level of {sector_id}", "share", value)
            for sector_id, value in usual.items()
        ),
        *(
            Move(
                "threat",
                f"event {key[1]}",
                (new.get(key) or old[key]).title,
                f"{_event_change(old.get(key), new.get(key))} ({key[0]})",
                value,
            )
            for key, value in moved.items()
        ),
    ]


def _event_change(old: EventLine | None, new: EventLine | None) -> str:
    if old is None:
        return "new"
    if new is None:
        return "withdrawn, revised or faded out"
    tests: list[tuple[str, Callable[[EventLine], object]]] = [
        ("superseded", lambda one: one.is_superseded),
        ("revised", lambda one: (one.report_id, one.known_date)),
        ("credibility", lambda one: one.credibility_0_1),
    ]
    for how, told in tests:
        if told(old) != told(new):
            return how
    return "fading" if new.rate_30d < old.rate_30d else "share"


def _vulnerability_moves(before: SupplierExplanation, after: SupplierExplanation) -> list[Move]:
    old = {line.cve_id: line for line in before.vulnerabilities}
    new = {line.cve_id: line for line in after.vulnerabilities}
    moved = changes(
        {cve_id: line.hazard for cve_id, line in old.items()},
        {cve_id: line.hazard for cve_id, line in new.items()},
        hazard_secant(before.hazard, after.hazard, before.minimum_susceptibility),
    )
    return [
        Move(
            "susceptibility",
            cve_id or "no scan",
            _probability(old.get(cve_id), new.get(cve_id)) if cve_id else "Usual hazard assumed",
            _vulnerability_change(old.get(cve_id), new.get(cve_id)),
            value,
        )
        for cve_id, value in moved.items()
    ]


def _vulnerability_change(old: VulnerabilityLine | None, new: VulnerabilityLine | None) -> str:
    if old is None:
        return "opened"
    if new is None:
        return "closed"
    return "re-scored" if old.probability != new.probability else "reach"


def _probability(old: VulnerabilityLine | None, new: VulnerabilityLine | None) -> str:
    texts = [f"{line.probability:.0%}" for line in (old, new) if line and line.probability]
    return f"exploitation {' → '.join(dict.fromkeys(texts))} within 30 days"


def _register_moves(before: Consequence, after: Consequence) -> list[Move]:
    return [
        Move(
            "consequence",
            "criticality",
            f"Criticality {before.criticality_1_5 or '–'} → {after.criticality_1_5 or '–'}",
            "register",
            after.criticality_points - before.criticality_points,
        ),
        Move(
            "consequence",
            "dependency",
            f"Dependency {_share(before.dependency_0_1)} → {_share(after.dependency_0_1)}",
            "register",
            after.dependency_points - before.dependency_points,
        ),
    ]


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.0%}"


def _member_moves(before: tuple[Member, ...], after: tuple[Member, ...]) -> list[Move]:
    """Each supplier against the former mean, so that those unchanged move nothing."""
    old = {member.supplier_id: member for member in before}
    new = {member.supplier_id: member for member in after}
    harm = mean_consequence(before)
    openness = mean_susceptibility(before)
    per_harm = secant(harm, mean_consequence(after)) / sum(one.share_0_1 for one in after)
    per_openness = secant(openness, mean_susceptibility(after)) / sum(one.weight for one in after)
    lines: list[Move] = []
    for supplier_id in [*old, *(key for key in new if key not in old)]:
        was, now = old.get(supplier_id), new.get(supplier_id)
        lines += _consequence_move(was, now, harm, per_harm)
        lines += _susceptibility_moves(was, now, openness, per_openness)
    return lines


def _consequence_move(
    was: Member | None, now: Member | None, mean: float, per_unit: float
) -> Iterable[Move]:
    pull = [one.share_0_1 * (one.consequence - mean) if one else 0.0 for one in (was, now)]
    how = _membership(was, now) or "register"
    yield Move("consequence", *_named(was, now), how, per_unit * (pull[1] - pull[0]))


def _susceptibility_moves(
    was: Member | None, now: Member | None, mean: float, per_unit: float
) -> Iterable[Move]:
    pull = [one.weight * (one.susceptibility_0_1 - mean) if one else 0.0 for one in (was, now)]
    how = _membership(was, now)
    if how or was is None or now is None:
        yield Move("susceptibility", *_named(was, now), how, per_unit * (pull[1] - pull[0]))
        return
    risen = now.weight * (now.susceptibility_0_1 - was.susceptibility_0_1)
    weighed = per_unit * (pull[1] - pull[0] - risen)
    yield Move("susceptibility", *_named(was, now), "weight in the sector", weighed)
    step = hazard_secant(was.hazard, now.hazard, now.minimum) / secant(
        was.susceptibility_0_1, now.susceptibility_0_1
    )
    moved = changes(was.hazards, now.hazards, per_unit * now.weight * step)
    for cve_id, value in moved.items():
        state = [cve_id in one.hazards for one in (was, now)]
        changed = {(False, True): "opened", (True, False): "closed"}.get((state[0], state[1]))
        title = f"{cve_id or 'No scan'} at {now.name}"
        yield Move("susceptibility", cve_id or "no scan", title, changed or "re-scored", value)


def _named(was: Member | None, now: Member | None) -> tuple[str, str]:
    member = now or was
    return (member.supplier_id, member.name) if member else ("", "")


def _membership(was: Member | None, now: Member | None) -> str:
    if was is None:
        return "joined the sector"
    return "" if now else "left the sector"
