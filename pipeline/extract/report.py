"""A whole text: its sentences in order, the time they tell of, and the facts they add up to."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from pipeline.errors import SectorRiskError
from pipeline.extract.actors import actor_facts
from pipeline.extract.dates import DateFound, end_of_validity, find_dates, is_past
from pipeline.extract.details import action_facts, cve_facts, stated_severity, technique_facts
from pipeline.extract.facts import Fact, Moment, quote
from pipeline.extract.kinds import kind_of
from pipeline.extract.lexicon import Sentence, cues, match
from pipeline.extract.prose import normalise, paragraphs, sentences
from pipeline.extract.sectors import sector_facts

MAX_CHARACTERS = 5_000_000
LONGEST_TITLE = 200

_RANK = {"mentioned": 0, "affected": 1, "threatened": 2, "attacked": 2}


class TextTooLongError(SectorRiskError):
    """A text beyond what a report can be."""

    def __init__(self, n_characters: int) -> None:
        """Say how long it is and what the limit is."""
        super().__init__(
            f"The text has {n_characters:,} characters; at most {MAX_CHARACTERS:,} are read. "
            "Split it into reports."
        )


@dataclass(frozen=True)
class Extraction:
    """What a text says.

    Attributes:
        title: as given, else its first line.
        kind: one of method.report_kinds.
        kind_sentence: the sentence that decided the kind.
        facts: dictionaries with the keys of staged.reports.facts, in reading order.
        valid_until: naive UTC; None = nothing said.
        severity_0_10: the highest CVSS score stated; None = the default of its kind.
        confidence_0_1: from estimative words beside the threat; None = none used.
    """

    title: str
    kind: str
    kind_sentence: str
    facts: list[dict[str, Any]] = field(default_factory=list)
    valid_until: datetime | None = None
    severity_0_10: float | None = None
    confidence_0_1: float | None = None


def extract(text: str, published_on: date, title: str | None = None) -> Extraction:
    """Facts of a text published on that day; TextTooLongError beyond MAX_CHARACTERS."""
    if len(text) > MAX_CHARACTERS:
        raise TextTooLongError(len(text))
    title = " ".join((title or "").split())
    story = list(_sentences(text if text.lstrip().startswith(title) else f"{title}\n\n{text}"))
    facts: list[Fact] = []
    for sentence, moment, dates in _told(story, published_on):
        facts += sector_facts(sentence, moment)
        facts += actor_facts(sentence, moment, published_on)
        facts += cve_facts(sentence, moment)
        facts += technique_facts(sentence, moment)
        facts += action_facts(sentence)
        facts += _date_facts(sentence, dates, published_on)
    kept = _strongest(facts)
    kind = kind_of(story, kept)
    severities = [s for s in map(stated_severity, story) if s is not None]
    return Extraction(
        title=title or (story[0].text[:LONGEST_TITLE] if story else ""),
        kind=kind.value,
        kind_sentence=kind.sentence,
        facts=[fact.as_struct() for fact in [*kept, kind]],
        valid_until=_valid_until(story, published_on),
        severity_0_10=max(severities, default=None),
        confidence_0_1=_stated_confidence(story),
    )


def _sentences(text: str) -> Iterator[Sentence]:
    for number, paragraph in enumerate(paragraphs(normalise(text))):
        for sentence in sentences(paragraph, cues("abbreviation")):
            yield match(sentence, number)


def _told(
    story: list[Sentence], published_on: date
) -> Iterator[tuple[Sentence, Moment, list[DateFound]]]:
    """Each sentence with its time: its own dates, else those of the sentence that it continues."""
    anchor: date | None = None
    was_past, paragraph, heading = False, -1, None
    for sentence in story:
        dates = find_dates(sentence.lower, published_on, anchor)
        if dates:
            past = is_past(dates, published_on) and not sentence.hits.get("ongoing")
            anchor = dates[0].first
        else:
            past = was_past and _continues(sentence, is_same=sentence.paragraph == paragraph)
        yield sentence, Moment(past, heading), dates
        heading = _heading_stance(sentence, heading)
        was_past, paragraph = past, sentence.paragraph


def _continues(sentence: Sentence, *, is_same: bool) -> bool:
    if any(hit.start <= 3 for hit in sentence.found("anaphora")):
        return True
    return is_same and not sentence.found("threat", "ongoing")


def _heading_stance(sentence: Sentence, current: str | None) -> str | None:
    """The stance that a line ending in a colon gives to the list below it."""
    if not sentence.text.endswith(":"):
        return current if len(sentence.text) < LONGEST_TITLE // 2 else None
    if sentence.found("threat"):
        return "threatened"
    return "attacked" if sentence.found("event", "attack") else None


def _date_facts(sentence: Sentence, dates: list[DateFound], published_on: date) -> Iterator[Fact]:
    for found in dates:
        is_publication = found.first == found.last == published_on and len(sentence.text) < 60
        stance = "history" if is_past([found], published_on) else "event"
        stance = "published" if is_publication else stance
        label = sentence.text[found.start : found.end].strip(" ,")
        value = found.first.isoformat()
        yield Fact("date", "date", value, label, stance, 0.8, quote(sentence))


def _strongest(facts: list[Fact]) -> list[Fact]:
    """One fact per thing and stance, the surest; a bare mention only where nothing more is said."""
    best: dict[tuple[str, str, str], Fact] = {}
    for fact in facts:
        key = (fact.fact_type, fact.value, fact.stance)
        if key not in best or fact.confidence_0_1 > best[key].confidence_0_1:
            best[key] = fact
    rank: dict[str, int] = {}
    for fact in best.values():
        if fact.fact_type == "sector":
            rank[fact.value] = max(rank.get(fact.value, 0), _RANK.get(fact.stance, 1))
    return [f for f in best.values() if f.stance != "mentioned" or rank[f.value] == 0]


def _valid_until(story: list[Sentence], published_on: date) -> datetime | None:
    for sentence in story:
        for hit in sentence.found("expiry"):
            moment = end_of_validity(sentence.lower[hit.end :], published_on)
            if moment is not None:
                return moment
    return None


def _stated_confidence(story: list[Sentence]) -> float | None:
    for sentence in story:
        if sentence.found("threat", "attack", "event"):
            for hit in sentence.found("estimative"):
                return hit.entry.weight
    return None
