"""What a person decided about pairs of reports: one event, or two."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from pipeline.errors import SectorRiskError
from pipeline.warehouse import Connection

DecisionRow = tuple[str, str, str, str]


class EventDecisionError(SectorRiskError):
    """Rows of event_decisions.csv that cannot all be obeyed."""


@dataclass(frozen=True)
class Decisions:
    """The decided pairs; `same` holds through others (a = b and b = c make a = c).

    Attributes:
        rows: report_id_a, report_id_b, same or different, reason.
    """

    rows: tuple[DecisionRow, ...]
    _group_of: dict[str, str] = field(default_factory=dict)
    _apart: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    _reasons: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, con: Connection) -> "Decisions":
        """Those of method.event_decisions."""
        rows = con.execute(
            "select report_id_a, report_id_b, decision, coalesce(reason, '') "
            "from method.event_decisions order by all"
        ).fetchall()
        return cls(tuple(rows))

    def __post_init__(self) -> None:
        """Form the groups and see that no two rows contradict each other."""
        for row in self.rows:
            self._join(row)
        for a, b, decision, _ in self.rows:
            if decision == "different":
                self._separate(a, b)

    def _join(self, row: DecisionRow) -> None:
        a, b, decision, reason = row
        if decision not in ("same", "different"):
            raise EventDecisionError(
                f"event_decisions.csv: '{decision}' for {a} and {b}. Write same or different."
            )
        if decision == "same":
            keep, give_up = self.group(a), self.group(b)
            members = {a, b, *(x for x, group in self._group_of.items() if group == give_up)}
            self._group_of.update(dict.fromkeys(members, keep))
            self._reasons[a] = self._reasons[b] = reason

    def _separate(self, a: str, b: str) -> None:
        if self.group(a) == self.group(b):
            raise EventDecisionError(
                f"event_decisions.csv: {a} and {b} are different, but other rows make them the "
                "same. Remove one of the rows."
            )
        self._apart[self.group(a)].add(self.group(b))
        self._apart[self.group(b)].add(self.group(a))

    @property
    def report_ids(self) -> set[str]:
        """Every report that a row names."""
        return {report_id for row in self.rows for report_id in row[:2]}

    def group(self, report_id: str) -> str:
        """Name of the group of reports decided to be one event with this one."""
        return self._group_of.get(report_id, report_id)

    def reason(self, report_id: str) -> str:
        """Why it is in its group."""
        return self._reasons.get(report_id, "")

    def forbid(self, report_id: str, groups: Iterable[str]) -> bool:
        """Whether it may not be of one event with any of these groups."""
        return not self._apart.get(self.group(report_id), set()).isdisjoint(groups)
