"""Actors named in a sentence, and how surely what is told is theirs."""

import re
from collections.abc import Iterator
from datetime import date
from functools import cache

from pipeline.extract.facts import Fact, Moment, clause, distance, doubted, quote, within
from pipeline.extract.lexicon import Entry, Hit, Sentence, read_table

REACH_OF_NAME = 80
REACH_OF_ADJECTIVE = 30

_CONFIDENCE = {"named": 0.9, "claimed": 0.6, "suspected": 0.6, "denied": 0.8, "history": 0.8}
_DOUBTS = (("denied", "denial", 100), ("claimed", "claim", 80), ("suspected", "doubt", 50))
_PATTERN = re.compile(
    r"\b(?:APT[- ]?(?:C-)?\d{1,3}|TA[1-9]\d{2,3}|FIN\d{1,2}|UNC\d{3,5}|DEV-\d{4}|Storm-\d{4}"
    r"|TEMP\.[A-Z]\w{2,20}"
    r"|[A-Z][a-z]{2,12} (?:Panda|Bear|Kitten|Spider|Chollima|Tiger|Leopard|Buffalo|Jackal|Crane"
    r"|Typhoon|Sandstorm|Blizzard|Sleet|Tempest))\b"
)
_GROUP_AFTER = re.compile(
    r"\W{0,3}(?:(?:apt|threat|hacking|hacker|ransomware|cyber|cybercrime|criminal|crime) ?){0,2}"
    r"(?:groups?|gangs?|actors?|apt|hackers|team|operators|affiliates?|crew)\b"
)
_GROUP_BEFORE = re.compile(
    r"(?:groups?|gang|actors?|apt|hackers|dubbed|named|called|aka|known as|tracked as|crew)\W{1,3}$"
)
_BESIDE = re.compile(
    r"(?:\]\(\S{0,200}\))?[\W_]{0,6}(?:(?:and|or|aka|also known as|also called)[\W_]{1,4})?",
    re.IGNORECASE,
)
_PLACE_BEFORE = re.compile(
    r"\b(?:against|in|on|into|at|within|of|outside|inside|across|towards?|to|with|between)"
    r"\W(?:the )?$"
)
_ORIGIN_BEFORE = re.compile(
    r"\b(?:linked|attributed|tied|belonging|traced|connected|loyal|link|ties|links|affiliated"
    r"|aligned|associated|blamed) (?:to|with|on) (?:the )?$"
)


def actor_facts(sentence: Sentence, moment: Moment, published_on: date) -> Iterator[Fact]:
    """Facts about actors whose names were in use when the text was published."""
    listed = [h for h in sentence.found("actor") if _is_meant(sentence, h, published_on)]
    sure = listed + _patterned(sentence, published_on)
    for hit in sorted(sure + _beside(sentence, sure, published_on)):
        bounds = clause(sentence, hit.start, hit.end)
        stance = _stance(sentence, hit, bounds, moment)
        yield Fact(
            fact_type="actor",
            vocabulary="actor",
            value=hit.entry.value,
            label=sentence.text[hit.start : hit.end],
            stance=stance,
            confidence_0_1=doubted(sentence, (hit.start, hit.start), _CONFIDENCE[stance]),
            sentence=quote(sentence),
        )


def _beside(sentence: Sentence, sure: list[Hit], published_on: date) -> list[Hit]:
    """Names that need a noun, such as Patchwork, where they stand beside one that needs none."""
    return [
        hit
        for hit in sentence.found("actor")
        if hit.entry.needs == "head"
        and hit not in sure
        and hit.entry.known_since <= published_on.year
        and _as_written(sentence, hit)
        and any(_is_beside(sentence, hit, other) for other in sure if _is_name(other))
    ]


def _is_name(hit: Hit) -> bool:
    return hit.entry.needs not in ("hostile", "adjective")


def _is_beside(sentence: Sentence, hit: Hit, other: Hit) -> bool:
    first, second = sorted((hit, other))
    return bool(_BESIDE.fullmatch(sentence.text, first.end, second.start))


def _is_meant(sentence: Sentence, hit: Hit, published_on: date) -> bool:
    if hit.entry.known_since > published_on.year:
        return False
    return _NEEDS[hit.entry.needs](sentence, hit)


def _as_written(sentence: Sentence, hit: Hit) -> bool:
    written, listed = sentence.text[hit.start : hit.end], hit.entry.phrase
    return written == listed or (written[0].isupper() and not listed.isupper())


def _as_group(sentence: Sentence, hit: Hit) -> bool:
    before = sentence.lower[max(0, hit.start - 20) : hit.start]
    after = sentence.lower[hit.end : hit.end + 50]
    return _as_written(sentence, hit) and bool(
        _GROUP_AFTER.match(after) or _GROUP_BEFORE.search(before)
    )


def _country_acts(sentence: Sentence, hit: Hit) -> bool:
    before = sentence.lower[max(0, hit.start - 30) : hit.start]
    if _ORIGIN_BEFORE.search(before):
        return True
    return not _PLACE_BEFORE.search(before) and _acts(sentence, hit, REACH_OF_NAME)


def _nation_acts(sentence: Sentence, hit: Hit) -> bool:
    return _acts(sentence, hit, REACH_OF_ADJECTIVE)


def _acts(sentence: Sentence, hit: Hit, reach: int) -> bool:
    if sentence.lower.endswith("anti-", 0, hit.start):
        return False
    hostile = sentence.hits.get("hostile", [])
    victims = [h.start for h in sentence.hits.get("sector", []) if h.start >= hit.end]
    limit = min([hit.end + reach, *victims])
    is_followed = any(hit.end <= h.start < limit for h in hostile)
    return is_followed or any(0 <= hit.start - h.end <= REACH_OF_ADJECTIVE // 2 for h in hostile)


_NEEDS = {
    "": lambda _sentence, _hit: True,
    "case": _as_written,
    "head": _as_group,
    "hostile": _country_acts,
    "adjective": _nation_acts,
}


def _patterned(sentence: Sentence, published_on: date) -> list[Hit]:
    """Names built like those of actors (APT99, TA999) that are not listed."""
    listed = [(hit.start, hit.end) for hit in sentence.found("actor")]
    return [
        Hit(*match.span(), Entry("actor", match.group(), _actor_id(match.group())))
        for match in _PATTERN.finditer(sentence.text)
        if not any(start < match.end() and match.start() < end for start, end in listed)
        and _known_since().get(match.group().lower(), 0) <= published_on.year
    ]


def _actor_id(name: str) -> str:
    return re.sub(r"[\W_]+", "-", name.lower())


@cache
def _known_since() -> dict[str, int]:
    rows = read_table("lexicon_actor_aliases")
    return {row["alias"].lower(): int(row["known_since"]) for row in rows}


def _stance(sentence: Sentence, hit: Hit, bounds: tuple[int, int], moment: Moment) -> str:
    if moment.is_past:
        return "history"
    for stance, group, reach in _DOUBTS:
        cues = within(sentence.found(group), bounds)
        if any(distance(cue, hit.start, hit.end) <= reach for cue in cues):
            return stance
    return "named"
