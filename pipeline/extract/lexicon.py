"""The word lists, and one automaton that finds all of them in a single pass."""

import csv
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

import ahocorasick

from pipeline.settings import ROOT

METHOD_FOLDER = ROOT / "warehouse" / "method"

_NOT_SEARCHED = ("abbreviation", "connective")


class Entry(NamedTuple):
    """One listed phrase: the list that it belongs to, what it stands for and what it needs."""

    group: str
    phrase: str
    value: str
    needs: str = ""
    known_since: int = 0
    weight: float = 1.0
    is_stem: bool = False


class Hit(NamedTuple):
    """A phrase found: characters `start` to `end` of the sentence."""

    start: int
    end: int
    entry: Entry


@dataclass(frozen=True)
class Sentence:
    """A sentence and what was found in it, by list."""

    text: str
    lower: str
    paragraph: int
    hits: dict[str, list[Hit]] = field(default_factory=dict)

    def found(self, *groups: str) -> list[Hit]:
        """Hits of these lists in reading order."""
        return sorted(hit for group in groups for hit in self.hits.get(group, ()))


def read_table(name: str) -> list[dict[str, str]]:
    """Rows of one table of the method."""
    with (METHOD_FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def lower(text: str) -> str:
    """Lower case with every character in its place."""
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


def _stem(phrase: str) -> tuple[str, bool]:
    return phrase.rstrip("*").lower(), phrase.endswith("*")


def _plurals(phrase: str) -> set[str]:
    if phrase.endswith("s"):
        return {phrase}
    if phrase.endswith("y") and phrase[-2:-1] not in "aeiou":
        return {phrase, phrase[:-1] + "ies"}
    return {phrase, phrase + "s"}


def _sector_entries() -> Iterator[Entry]:
    needs = {row["value"]: row["needs"] for row in read_table("lexicon_sector_context")}
    values = {r["value"] for r in read_table("sector_aliases") if r["vocabulary"] == "text"}
    for value in sorted(values):
        for phrase in _plurals(value) - (values - {value}):
            yield Entry("sector", phrase, value, needs.get(value, ""))


def _actor_entries() -> Iterator[Entry]:
    for row in read_table("lexicon_actor_aliases"):
        since = int(row["known_since"])
        yield Entry("actor", row["alias"], row["actor_id"], row["needs"], since)


def _cue_entries() -> Iterator[Entry]:
    for row in read_table("lexicon_cues"):
        phrase, is_stem = _stem(row["cue"])
        yield Entry(row["cue_class"], phrase, row["cue"], is_stem=is_stem)
    for row in read_table("lexicon_kinds"):
        phrase, is_stem = _stem(row["phrase"])
        weight = float(row["weight"])
        yield Entry("kind", phrase, row["kind"], weight=weight, is_stem=is_stem)
    for row in read_table("lexicon_estimative"):
        yield Entry("estimative", row["phrase"], "", weight=float(row["confidence_0_1"]))
    for name, column in (("action", "action_id"), ("technique", "technique_id")):
        for row in read_table(f"lexicon_{name}s"):
            phrase, is_stem = _stem(row["phrase"])
            yield Entry(name, phrase, row[column], is_stem=is_stem)


@cache
def cues(cue_class: str) -> frozenset[str]:
    """The cues of one class."""
    return frozenset(r["cue"] for r in read_table("lexicon_cues") if r["cue_class"] == cue_class)


@cache
def known_actors() -> dict[str, dict[str, str]]:
    """Rows of the table of actors, by id."""
    return {row["actor_id"]: row for row in read_table("lexicon_actors")}


@cache
def _automaton() -> "ahocorasick.Automaton":
    by_phrase: dict[str, list[Entry]] = defaultdict(list)
    for source in (_sector_entries, _actor_entries, _cue_entries):
        for entry in source():
            if entry.group not in _NOT_SEARCHED:
                by_phrase[entry.phrase.lower()].append(entry)
    automaton = ahocorasick.Automaton()
    for phrase, entries in by_phrase.items():
        automaton.add_word(phrase, (len(phrase), tuple(entries)))
    automaton.make_automaton()
    return automaton


def match(text: str, paragraph: int) -> Sentence:
    """One sentence with every listed phrase in it; of one list, the longest at each place."""
    lowered = lower(text)
    hits: dict[str, list[Hit]] = defaultdict(list)
    for last, (length, entries) in _automaton().iter(lowered):
        start, end = last + 1 - length, last + 1
        if start and lowered[start - 1].isalnum() and lowered[start].isalnum():
            continue
        is_whole = end == len(lowered) or not lowered[end].isalnum()
        for entry in entries:
            if is_whole or entry.is_stem:
                hits[entry.group].append(Hit(start, end, entry))
    longest = {group: _longest(found) for group, found in hits.items()}
    return Sentence(text, lowered, paragraph, longest)


def _longest(hits: list[Hit]) -> list[Hit]:
    kept: list[Hit] = []
    for hit in sorted(hits, key=lambda h: (h.start, -h.end)):
        if not kept or hit.start >= kept[-1].end:
            kept.append(hit)
    return kept
