"""What an explanation consists of; every `points` of one level sums to that of the level above."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from pipeline.attribution import points, susceptibility


@dataclass(frozen=True)
class Origin:
    """Where a statement stands: the delivered file and the row in it."""

    delivery_id: str | None
    file: str | None
    source_row: int | None


@dataclass(frozen=True)
class Score:
    """A score and the five kinds of points that sum to it; None = not enough data to score."""

    score_date: date
    published_score: float | None
    score_0_100: float | None
    score_low_0_100: float | None
    score_high_0_100: float | None
    band_id: str | None
    coverage_state: str
    baseline_points: float | None
    threat_points: float | None
    susceptibility_points: float | None
    consequence_points: float | None
    bound_points: float | None

    @property
    def parts(self) -> dict[str, float]:
        """The points by part; 0 where the score is missing."""
        return {
            name: getattr(self, f"{name}_points") or 0.0
            for name in ("baseline", "threat", "susceptibility", "consequence", "bound")
        }

    def moved(self, change: float) -> float:
        """The score if its sum before the bounds changed by so many points."""
        unbounded = sum(self.parts.values()) - (self.bound_points or 0.0)
        return max(0.0, min(100.0, unbounded + change))


@dataclass(frozen=True)
class ReportLine:
    """One report of an event, as known on the day."""

    report_id: str
    publisher: str
    kind: str
    title: str | None
    url: str | None
    published_at: datetime | None
    credibility_0_1: float
    decay_0_1: float
    is_withdrawn: bool
    sentence: str | None
    origin: Origin


@dataclass(frozen=True)
class EventLine:
    """What one event adds to the threat to one sector.

    Attributes:
        rate_30d: attempts per 30 days.
        report_id: the strongest report; with its `known_date` it tells one version from another.
        strength: weight of its kind times its severity.
        decay_0_1: what is left of it: 1 while the notice is in force.
    """

    sector_id: str
    event_id: str
    report_id: str
    known_date: date
    title: str
    kind: str
    url: str | None
    share_0_1: float
    points: float
    rate_30d: float
    strength: float
    relevance_0_1: float
    basis: str
    credibility_0_1: float
    decay_0_1: float
    is_superseded: bool
    reports: tuple[ReportLine, ...]


@dataclass(frozen=True)
class UsualLevel:
    """The calm-day threat to one sector of a supplier."""

    sector_id: str
    share_0_1: float
    base_rate_30d: float

    @property
    def rate_30d(self) -> float:
        """Attempts per 30 days."""
        return self.share_0_1 * self.base_rate_30d


@dataclass(frozen=True)
class Threat:
    """Threat points = `usual_points` + those of the events."""

    usual_points: float
    usual: tuple[UsualLevel, ...]
    events: tuple[EventLine, ...]

    @property
    def rate_30d(self) -> float:
        """Attempts per 30 days."""
        return sum(one.rate_30d for one in self.usual) + sum(one.rate_30d for one in self.events)


@dataclass(frozen=True)
class Reason:
    """One thing known of a CVE's exploitation; the most probable one counts.

    Attributes:
        origin: of an EPSS rank the row that states it; later files that rank it alike are not kept.
    """

    evidence: str
    since: date
    probability: float
    origin: Origin | None = None


@dataclass(frozen=True)
class VulnerabilityLine:
    """What one open CVE adds to a supplier's susceptibility; `cve_id` None = no scan on file.

    Attributes:
        credibility_0_1: how sure it is that an asset has it; 1 = a scan found it.
        inferred_from: what the inventory and an advisory let conclude; None = found.
    """

    cve_id: str | None
    share_0_1: float
    points: float
    hazard: float
    probability: float | None = None
    reach: str | None = None
    asset_ids: tuple[str, ...] = ()
    open_since: date | None = None
    reasons: tuple[Reason, ...] = ()
    origin: Origin | None = None
    credibility_0_1: float = 1.0
    inferred_from: str | None = None


@dataclass(frozen=True)
class Overruled:
    """What is found but does not count: `status` is fixed or not_affected, `origin` says so."""

    cve_id: str
    asset_id: str
    status: str
    justification: str | None
    since: date
    origin: Origin


@dataclass(frozen=True)
class Remedy:
    """What the score would be without one CVE (at every supplier, in a sector)."""

    cve_id: str
    n_suppliers: int
    points: float
    score_after: float


@dataclass(frozen=True)
class Consequence:
    """Consequence points = those of criticality and of dependency, with the register's row.

    The fields without points say who it is and whom to ask; spend is in euro a year.
    """

    criticality_1_5: int | None
    dependency_0_1: float | None
    criticality_points: float
    dependency_points: float
    origin: Origin | None
    aliases: tuple[str, ...] = ()
    parent_id: str | None = None
    sites: str | None = None
    spend_eur: float | None = None
    contact_group: str | None = None


@dataclass(frozen=True)
class SupplierExplanation:
    """A supplier's score on a day, down to files and rows."""

    supplier_id: str
    name: str
    score: Score
    loss_probability_30d: float | None
    threat: Threat
    usual_susceptibility_points: float
    minimum_susceptibility: float
    vulnerabilities: tuple[VulnerabilityLine, ...]
    overruled: tuple[Overruled, ...]
    consequence: Consequence
    remedies: tuple[Remedy, ...]

    @property
    def id(self) -> str:
        """Identity among suppliers."""
        return self.supplier_id

    @property
    def hazard(self) -> float:
        """Sum over the open vulnerabilities."""
        return sum(one.hazard for one in self.vulnerabilities)

    def recomputed(self, parameters: Mapping[str, float]) -> dict[str, float]:
        """The parts again, from the facts explained here."""
        openness = susceptibility(self.hazard, self.minimum_susceptibility)
        return {
            "threat": points(self.threat.rate_30d / parameters["typical_threat_rate_30d"]),
            "susceptibility": points(openness / parameters["typical_susceptibility"]),
            "consequence": self.consequence.criticality_points + self.consequence.dependency_points,
        }
