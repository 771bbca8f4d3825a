"""CVEs, techniques, advice and stated severity in a sentence."""

import re
from collections.abc import Iterator

from pipeline.extract.facts import Fact, Moment, quote
from pipeline.extract.lexicon import Sentence

LONGEST_ADVICE = 300

_CONFIDENCE_OF_ID = 0.95
_CONFIDENCE_OF_WORDS = 0.7

_CVE = re.compile(r"\bcve[- ]{1,2}((?:19|20)\d{2})[- ]{1,2}(\d{4,7})\b")
_TECHNIQUE = re.compile(r"\bT[01]\d{3}(?:\.\d{3})?\b")
_CVSS = re.compile(r"\b(?:cvss|severity score|base score)\b[^.;]{0,60}?\b(10(?:\.0)?|\d\.\d)\b")


def cve_facts(sentence: Sentence, moment: Moment) -> Iterator[Fact]:
    """CVE ids as they are written everywhere else."""
    for match in _CVE.finditer(sentence.lower):
        value = f"CVE-{match[1]}-{match[2]}"
        yield _fact("cve", value, value, moment, sentence)


def technique_facts(sentence: Sentence, moment: Moment) -> Iterator[Fact]:
    """Techniques of ATT&CK, by id or by the usual words for them."""
    for match in _TECHNIQUE.finditer(sentence.text):
        value = match.group()
        yield _fact("technique", value, value, moment, sentence)
    for hit in sentence.found("technique"):
        label = sentence.text[hit.start : hit.end]
        yield _fact("technique", hit.entry.value, label, moment, sentence)


def action_facts(sentence: Sentence) -> Iterator[Fact]:
    """Advice: an action named after words of advice, or in a sentence that begins as an order."""
    advice = _advice_start(sentence)
    if advice is None:
        return
    label = sentence.text[advice:][:LONGEST_ADVICE].rstrip()
    for hit in sentence.found("action"):
        if hit.end > advice:
            yield Fact("action", "action", hit.entry.value, label, "named", 0.8, quote(sentence))


def _advice_start(sentence: Sentence) -> int | None:
    orders = [hit.start for hit in sentence.found("imperative") if hit.start == 0]
    asked = [hit.start for hit in sentence.found("advice")]
    return min(orders + asked, default=None)


def stated_severity(sentence: Sentence) -> float | None:
    """The highest CVSS score that the sentence states."""
    scores = [float(match[1]) for match in _CVSS.finditer(sentence.lower)]
    return max(scores, default=None)


def _fact(fact_type: str, value: str, label: str, moment: Moment, sentence: Sentence) -> Fact:
    stance = "history" if moment.is_past else "named"
    confidence = _CONFIDENCE_OF_ID if label.upper() == value else _CONFIDENCE_OF_WORDS
    return Fact(fact_type, fact_type, value, label, stance, confidence, quote(sentence))
