"""Which kind of report a text is."""

from collections import defaultdict
from itertools import chain, repeat

from pipeline.extract.facts import Fact, quote
from pipeline.extract.lexicon import Hit, Sentence

OPENING_SENTENCES = 6
WEIGHT_OF_TITLE = 3.0
WEIGHT_OF_OPENING = 2.0


def kind_of(story: list[Sentence], facts: list[Fact]) -> Fact:
    """The kind whose phrases weigh most, those of title and opening more than the rest."""
    weights: dict[str, float] = {}
    best: dict[str, tuple[float, Sentence, Hit]] = {}
    for weight, sentence in _weighted(story):
        for hit in sentence.found("kind"):
            phrase = f"{hit.entry.value} {hit.entry.phrase}"
            weights[phrase] = max(weights.get(phrase, 0.0), weight * hit.entry.weight)
            best.setdefault(hit.entry.value, (weight, sentence, hit))
    totals: dict[str, float] = defaultdict(float)
    for phrase, weight in weights.items():
        totals[phrase.split(" ", 1)[0]] += weight
    if not totals:
        return _default(story, facts)
    kind = max(sorted(totals), key=lambda k: totals[k])
    _, sentence, hit = best[kind]
    confidence = round(totals[kind] / sum(totals.values()), 2)
    return Fact("kind", "kind", kind, hit.entry.phrase, "named", confidence, quote(sentence))


def _weighted(story: list[Sentence]) -> list[tuple[float, Sentence]]:
    weights = chain([WEIGHT_OF_TITLE], repeat(WEIGHT_OF_OPENING, OPENING_SENTENCES), repeat(1.0))
    return list(zip(weights, story, strict=False))


def _default(story: list[Sentence], facts: list[Fact]) -> Fact:
    """News if it names a sector as a target; otherwise the lightest kind of prose."""
    telling = [f for f in facts if f.stance in ("threatened", "attacked")]
    kind, sentence = ("news", telling[0].sentence) if telling else ("analysis", "")
    return Fact(
        "kind", "kind", kind, "", "named", 0.3, sentence or (quote(story[0]) if story else "")
    )
