"""How alike two threat reports are: whether they tell of one event, how surely and why."""

import re
from collections import Counter, defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from heapq import nsmallest
from itertools import chain, pairwise, product

MOST_IN_BUCKET = 30
"""Only so many of the latest reports that share a feature are looked at: never quadratic."""

MOST_COMPARED = 10
"""Of those, only so many that share the most features are compared word by word."""

MOST_SHARING_ADDRESS = 20
"""An address given by more reports than this is a general reference, not the story's own."""

LEAST_PAIRS_OF_WORDS = 12
"""A shorter text says too little to be recognised by its words alone."""

CONTRADICTED = 0.7
"""What each contradiction between the facts of two reports leaves of their similarity."""

_NUMBER = re.compile(r"^([A-Z]{2,}(?:-[A-Z]+)*)[-#]?\d{2,}[-0-9A-Z.]*$")
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Report:
    """The first received version of one report, as far as it tells which event it is about.

    Attributes:
        day: when it was published, in days.
        window: which run of days that falls into; look-alikes are sought in it and beside it.
        bands: hashes of parts of its title and text; look-alikes have some in common.
    """

    report_id: str
    source_id: str
    report_key: str
    supersedes_key: str | None
    title: str
    body: str
    day: int
    window: int
    identifiers: frozenset[str]
    addresses: frozenset[str]
    cves: frozenset[str]
    event_dates: frozenset[str]
    bands: tuple[int, ...]

    @cached_property
    def numbers(self) -> dict[str, set[str]]:
        """Advisory numbers by their issuer's prefix, such as ICSA or AA."""
        found: dict[str, set[str]] = defaultdict(set)
        for identifier in self.identifiers:
            if match := _NUMBER.match(identifier):
                found[match[1]].add(identifier)
        return found

    @cached_property
    def telling(self) -> float:
        """How far the title alone identifies a story: a headline of six words does, a name not."""
        return 0.8 * min(1.0, len(set(_WORD.findall(self.title.lower()))) / 6)


@dataclass(frozen=True, slots=True)
class Match:
    """An earlier report that a report resembles."""

    report_id: str
    similarity: float
    reason: str


class Index:
    """The reports known so far, to be asked for those that a next one may resemble."""

    def __init__(self, window_days: int) -> None:
        """Texts published further apart than the window are not compared."""
        self._window_days = window_days
        self._reports: dict[str, Report] = {}
        self._places: dict[str, int] = {}
        self._buckets: dict[object, deque[str]] = defaultdict(lambda: deque(maxlen=MOST_IN_BUCKET))
        self._n_sharing: dict[str, int] = defaultdict(int)

    def add(self, report: Report) -> None:
        """Remember a report."""
        self._places[report.report_id] = len(self._reports)
        self._reports[report.report_id] = report
        for bucket in self._buckets_of(report):
            self._buckets[bucket].append(report.report_id)
        for address in report.addresses:
            self._n_sharing[address] += 1

    def _buckets_of(self, report: Report) -> Iterator[object]:
        yield "key", report.source_id, report.report_key
        if report.supersedes_key:
            yield "superseded", report.source_id, report.supersedes_key
        for identifier in report.identifiers:
            yield "identifier", identifier
        for address in report.addresses:
            yield "address", address
        for band in report.bands:
            yield band, report.window

    def matches(self, report: Report) -> Iterator[Match]:
        """Each earlier report that it resembles at all."""
        yield from self._stated(report)
        addresses = self._own_addresses(report)
        for other_id in self._look_alikes(report, addresses):
            yield compare(report, self._reports[other_id], addresses)

    def _own_addresses(self, report: Report) -> frozenset[str]:
        """Its addresses without the general references."""
        return frozenset(
            address
            for address in report.addresses
            if self._n_sharing.get(address, 0) <= MOST_SHARING_ADDRESS
        )

    def _stated(self, report: Report) -> Iterator[Match]:
        for other in self._buckets.get(("key", report.source_id, report.supersedes_key), ()):
            yield Match(other, 1.0, f"It replaces {other}.")
        for other in self._buckets.get(("superseded", report.source_id, report.report_key), ()):
            yield Match(other, 1.0, f"{other} replaces it.")
        for identifier in sorted(report.identifiers):
            for other in self._buckets.get(("identifier", identifier), ()):
                yield Match(other, 1.0, f"It shares {identifier} with {other}.")

    def _look_alikes(self, report: Report, addresses: frozenset[str]) -> list[str]:
        """Those with most features in common; of equals those known first."""
        features: list[object] = [("address", address) for address in addresses]
        windows = range(report.window - 1, report.window + 2)
        features += product(report.bands, windows)
        n_shared = Counter(
            chain.from_iterable(self._buckets.get(feature, ()) for feature in features)
        )
        near = (
            (-n, self._places[other], other)
            for other, n in n_shared.items()
            if self._is_near(report, self._reports[other], addresses)
        )
        return [other for *_, other in nsmallest(MOST_COMPARED, near)]

    def _is_near(self, report: Report, other: Report, addresses: frozenset[str]) -> bool:
        days = abs(report.day - other.day)
        return days <= self._window_days or not addresses.isdisjoint(other.addresses)


def compare(report: Report, other: Report, addresses: frozenset[str]) -> Match:
    """How surely two reports tell of one event, from their words and the facts that they share.

    `addresses` are those of the report that stand for its story.
    """
    title = title_likeness(report.title, other.title)
    body = body_likeness(report.body, other.body)
    agreement, said = _agreement(report, other, addresses)
    floor = min(report.telling, other.telling)
    similarity = max(body or 0.0, title * (floor + (1 - floor) * agreement))
    similarity *= CONTRADICTED ** len(contradictions(report, other, body))
    days = abs(report.day - other.day)
    return Match(
        other.report_id,
        0.0 if numbered_apart(report, other) else similarity,
        f"It resembles {other.report_id}: title {title:.0%} alike, text {body or 0:.0%}, "
        f"{days} days apart{said}.",
    )


def title_likeness(title: str, other: str) -> float:
    """0 nothing in common … 1 the same words; extra words count half."""
    from rapidfuzz import fuzz, utils

    title, other = utils.default_process(title), utils.default_process(other)
    if not title or not other:
        return 0.0
    return (fuzz.token_set_ratio(title, other) + fuzz.token_sort_ratio(title, other)) / 200


def body_likeness(body: str, other: str) -> float | None:
    """Share of the shorter text's pairs of neighbouring words that the longer text has too.

    None where a text is too short to say.
    """
    pairs, others = pairs_of_words(body), pairs_of_words(other)
    fewest = min(len(pairs), len(others))
    return len(pairs & others) / fewest if fewest >= LEAST_PAIRS_OF_WORDS else None


@lru_cache(maxsize=5_000)
def pairs_of_words(text: str) -> frozenset[tuple[str, str]]:
    """Pairs of neighbouring words."""
    words = _WORD.findall(text.lower())
    return frozenset(pairwise(words))


def _agreement(report: Report, other: Report, addresses: frozenset[str]) -> tuple[float, str]:
    """How far the stated facts agree, 0 where there are none to compare."""
    if addresses & other.addresses:
        return 1.0, ", same address"
    if any(len(day) == 10 for day in report.event_dates & other.event_dates):
        return 1.0, ", same day of attack"
    if report.cves and other.cves:
        share = len(report.cves & other.cves) / min(len(report.cves), len(other.cves))
        return share, f", {share:.0%} of the CVEs shared"
    return 0.0, ""


def contradictions(report: Report, other: Report, body: float | None) -> list[str]:
    """What speaks against one event: other CVEs, another day, or one source in other words."""
    found = []
    if report.cves and other.cves and not report.cves & other.cves:
        found.append("other CVEs")
    if report.event_dates and other.event_dates and not _may_be_one_day(report, other):
        found.append("another day of attack")
    if report.source_id == other.source_id and body is not None and body < 0.35:
        found.append("one source in other words")
    return found


def _may_be_one_day(report: Report, other: Report) -> bool:
    """Whether a day of one may be a day of the other: 2013-10 and 2013-10-20 may."""
    return any(
        mine.startswith(theirs) or theirs.startswith(mine)
        for mine in report.event_dates
        for theirs in other.event_dates
    )


def numbered_apart(report: Report, other: Report) -> bool:
    """Whether one issuer gave them different advisory numbers."""
    numbers, others = report.numbers, other.numbers
    return any(not numbers[prefix] & others[prefix] for prefix in numbers.keys() & others.keys())
