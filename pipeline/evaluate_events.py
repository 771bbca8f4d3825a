"""How well reports are grouped into events, measured where it is known which belong together."""

import csv
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from pipeline.errors import DeliveryError
from pipeline.events import doubtful_pairs
from pipeline.warehouse import Connection

Pair = tuple[str, str]
ADVISORY_NUMBER = r"([A-Z][A-Z-]*-\d{2}-\d{3}-\d{2})"


@dataclass(frozen=True)
class Grouping:
    """Pairs of reports that are of one event by the yardstick, and by the rules."""

    name: str
    n_reports: int
    true_pairs: frozenset[Pair]
    found_pairs: frozenset[Pair]
    n_doubtful: int

    @property
    def missed(self) -> list[Pair]:
        """Of one event, not found."""
        return sorted(self.true_pairs - self.found_pairs)

    @property
    def wrong(self) -> list[Pair]:
        """Found, though of two events by the yardstick."""
        return sorted(self.found_pairs - self.true_pairs)

    @property
    def recall(self) -> float:
        """Share of the true pairs that were found."""
        return 1 - len(self.missed) / max(1, len(self.true_pairs))

    @property
    def precision(self) -> float:
        """Share of the found pairs that are true."""
        return 1 - len(self.wrong) / max(1, len(self.found_pairs))

    def __str__(self) -> str:
        """One line of the table of measurements."""
        return (
            f"{self.name:32} {self.n_reports:6} reports {len(self.true_pairs):6} true pairs, "
            f"{len(self.found_pairs):6} found: recall {self.recall:6.1%} precision "
            f"{self.precision:6.1%}; {self.n_doubtful} doubtful"
        )


def evaluate_events(con: Connection, name: str, story_of: Mapping[str, str]) -> Grouping:
    """Compare the events of the reports in `story_of` with the story that each tells."""
    rows = con.execute("select report_id, event_id from facts.report_events").fetchall()
    known = {report_id: event_id for report_id, event_id in rows if report_id in story_of}
    n_doubtful = sum(
        pair.report_id_a in known and pair.report_id_b in known for pair in doubtful_pairs(con)
    )
    true_pairs = _pairs({report_id: story_of[report_id] for report_id in known})
    return Grouping(name, len(known), true_pairs, _pairs(known), n_doubtful)


def read_stories(file: Path) -> dict[str, str]:
    """Which story each report tells, as a person wrote it: a CSV with report_id and story.

    Raises:
        DeliveryError: the file has no such columns.
    """
    with file.open(newline="", encoding="utf-8-sig") as lines:
        rows = list(csv.DictReader(lines))
    if not rows or not {"report_id", "story"} <= rows[0].keys():
        raise DeliveryError(file.name, "has no columns report_id and story.", "Add them.")
    return {row["report_id"]: row["story"] for row in rows if row["story"]}


def numbered_stories(con: Connection) -> dict[str, str]:
    """Advisories by the number that their issuer gave, without the letter of an update."""
    rows = con.execute(
        "select report_id, regexp_extract(upper(report_id), ?, 1) from facts.report_events "
        "where regexp_matches(upper(report_id), ?)",
        [ADVISORY_NUMBER, ADVISORY_NUMBER],
    ).fetchall()
    return dict(rows)


def _pairs(group_of: Mapping[str, str]) -> frozenset[Pair]:
    groups: dict[str, list[str]] = defaultdict(list)
    for report_id, group in group_of.items():
        groups[group].append(report_id)
    return frozenset(pair for ids in groups.values() for pair in combinations(sorted(ids), 2))
