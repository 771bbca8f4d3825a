"""What a fact is, and how the words around it decide its stance."""

import re
from dataclasses import dataclass
from typing import Any

from pipeline.extract.lexicon import Hit, Sentence

LONGEST_QUOTE = 600
DOUBT_FACTOR = 0.8

_OPENS = re.compile(r"[;(]\s")


@dataclass(frozen=True)
class Fact:
    """One fact; its fields are those of the `facts` column of staged.reports."""

    fact_type: str
    vocabulary: str | None
    value: str
    label: str
    stance: str
    confidence_0_1: float
    sentence: str

    def as_struct(self) -> dict[str, Any]:
        """The fact as the staged table holds it."""
        return dict(vars(self))


@dataclass(frozen=True)
class Moment:
    """When a sentence takes place: told as the past, and the stance its heading gives to a list."""

    is_past: bool
    heading_stance: str | None = None


def clause(sentence: Sentence, start: int, end: int) -> tuple[int, int]:
    """Bounds of the clause around these characters."""
    breaks = [hit.start for hit in sentence.found("clause")]
    breaks += [match.start() for match in _OPENS.finditer(sentence.lower)]
    left = max((b for b in breaks if b < start), default=0)
    right = min((b for b in breaks if b >= end), default=len(sentence.lower))
    return left, right


def within(hits: list[Hit], bounds: tuple[int, int]) -> list[Hit]:
    """Hits that begin inside the bounds."""
    return [hit for hit in hits if bounds[0] <= hit.start < bounds[1]]


def distance(hit: Hit, start: int, end: int) -> int:
    """Characters between a hit and a span."""
    return max(hit.start - end, start - hit.end, 0)


def quote(sentence: Sentence) -> str:
    """The sentence as evidence, shortened where it is overlong."""
    text = sentence.text
    return text if len(text) <= LONGEST_QUOTE else text[: LONGEST_QUOTE - 1] + "…"


def doubted(sentence: Sentence, bounds: tuple[int, int], confidence: float) -> float:
    """Confidence lowered where the clause expresses doubt."""
    has_doubt = bool(within(sentence.found("doubt"), bounds))
    return round(confidence * (DOUBT_FACTOR if has_doubt else 1.0), 2)
