"""What the explanation of a sector adds: its suppliers, and what they bring into its mean."""

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.attribution import points, susceptibility
from pipeline.explanation import Remedy, Score, Threat


@dataclass(frozen=True)
class Member:
    """A supplier as part of a sector: its share in it and its parts of risk.

    Attributes:
        least_hazard: what it is taken to have at least; above 0 where it has no scan.
    """

    supplier_id: str
    name: str
    share_0_1: float
    consequence: float
    criticality_1_5: int | None
    score_0_100: float | None
    hazards: dict[str | None, float]
    minimum: float
    least_hazard: float

    @property
    def weight(self) -> float:
        """What its susceptibility counts in the sector's mean."""
        return self.share_0_1 * self.consequence

    @property
    def hazard(self) -> float:
        """Sum over its open vulnerabilities."""
        return sum(self.hazards.values())

    def hazard_without(self, cve_id: str) -> float:
        """Its hazard if one CVE were closed."""
        known = sum(hazard for cve, hazard in self.hazards.items() if cve not in (None, cve_id))
        return max(known, self.least_hazard)

    @property
    def susceptibility_0_1(self) -> float:
        """Probability that an attempt succeeds."""
        return susceptibility(self.hazard, self.minimum)

    @property
    def risk_share(self) -> float:
        """Its part of the sector's risk, before it is made a share."""
        return self.weight * self.susceptibility_0_1


@dataclass(frozen=True)
class SectorVulnerability:
    """What one CVE adds to a sector's susceptibility; `cve_id` None = suppliers without a scan."""

    cve_id: str | None
    n_suppliers: int
    share_0_1: float
    points: float


@dataclass(frozen=True)
class SectorMember:
    """A supplier's share of a sector's risk, which is a sum over suppliers."""

    supplier_id: str
    name: str
    criticality_1_5: int | None
    score_0_100: float | None
    risk_share_0_1: float


@dataclass(frozen=True)
class SectorExplanation:
    """A sector's score on a day: its events, its CVEs and its suppliers."""

    sector_id: str
    name: str
    score: Score
    threat: Threat
    usual_susceptibility_points: float
    vulnerabilities: tuple[SectorVulnerability, ...]
    suppliers: tuple[SectorMember, ...]
    remedies: tuple[Remedy, ...]
    members: tuple[Member, ...]

    @property
    def id(self) -> str:
        """Identity among sectors."""
        return self.sector_id

    def recomputed(self, parameters: Mapping[str, float]) -> dict[str, float]:
        """The parts again, from the facts explained here."""
        typical = parameters["typical_susceptibility"], parameters["typical_consequence"]
        return {
            "threat": points(self.threat.rate_30d / parameters["typical_threat_rate_30d"]),
            "susceptibility": points(mean_susceptibility(self.members) / typical[0]),
            "consequence": points(mean_consequence(self.members) / typical[1]),
        }


def mean_susceptibility(members: tuple[Member, ...]) -> float:
    """Mean of the suppliers' susceptibility, weighted by their share and consequence."""
    return sum(one.risk_share for one in members) / sum(one.weight for one in members)


def mean_consequence(members: tuple[Member, ...]) -> float:
    """Mean of the suppliers' consequence, weighted by their share."""
    return sum(one.weight for one in members) / sum(one.share_0_1 for one in members)
