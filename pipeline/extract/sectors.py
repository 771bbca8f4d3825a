"""Sectors named in a sentence, and what is said of them."""

import re
from collections.abc import Iterator

from pipeline.extract.facts import Fact, Moment, clause, distance, doubted, quote, within
from pipeline.extract.lexicon import Entry, Hit, Sentence, cues

HEAD_WITHIN_WORDS = 3
LIST_GAP = 60
SPEAKER_WITHIN = 25
TOOL_WITHIN = 2
PARTNER_WITHIN = 15
MASK_WITHIN = 40

_CONFIDENCE = {
    "threatened": 0.9,
    "attacked": 0.9,
    "excluded": 0.8,
    "affected": 0.7,
    "history": 0.8,
    "mentioned": 0.5,
}
_WORDS = re.compile(r"[^\W_]+(?:['.-][^\W_]+)*")
_JOINS = re.compile(r"[,/&]| (?:as well as|including|like|to) ")
_STOP = re.compile(r'[.;:!?"()]')
_NAME_GOES_ON = re.compile(r"[._@\\]\w")
_OFFICIAL = re.compile(
    r"(?<![\w./@-])(?:[a-z0-9-]{1,63}\.){1,4}(gov|mil)(?:\.[a-z]{2})?(?![\w.-]*\w)"
)


def sector_facts(sentence: Sentence, moment: Moment) -> Iterator[Fact]:
    """Facts about sectors; members of one list share their stance."""
    for group in _groups(sentence):
        start, end = group[0].start, group[-1].end
        bounds = clause(sentence, start, end)
        stance = _stance(sentence, start, end, bounds, moment)
        for hit in group:
            confidence = _CONFIDENCE[stance] - (0.1 if hit.entry.needs else 0.0)
            yield Fact(
                fact_type="sector",
                vocabulary="text",
                value=hit.entry.value,
                label=sentence.text[hit.start : hit.end],
                stance=stance,
                confidence_0_1=doubted(sentence, bounds, confidence),
                sentence=quote(sentence),
            )


def _groups(sentence: Sentence) -> list[list[Hit]]:
    """Lists of sector words, each word standing alone being a list of one."""
    covers = sentence.found("other", "actor")
    hits = [hit for hit in sentence.found("sector") if not _inside(hit, covers)]
    hits = sorted(_in_prose(sentence, hits) + _official_sites(sentence))
    groups: list[list[Hit]] = []
    for hit in hits:
        if groups and _is_listed(sentence, groups[-1][-1], hit):
            groups[-1].append(hit)
        else:
            groups.append([hit])
    return [group for group in groups if len(group) > 2 or _has_meaning(sentence, group)]


def _in_prose(sentence: Sentence, hits: list[Hit]) -> list[Hit]:
    """Without those that are part of an address or of a file's name."""
    return [
        hit
        for hit in hits
        if sentence.lower[max(0, hit.start - 1) : hit.start] not in (*"./@_\\",)
        and not _NAME_GOES_ON.match(sentence.lower, hit.end)
    ]


def _is_listed(sentence: Sentence, before: Hit, hit: Hit) -> bool:
    gap = sentence.lower[before.end : hit.start]
    if not 0 <= hit.start - before.end <= LIST_GAP or _STOP.search(gap):
        return False
    words = _WORDS.findall(gap)
    between = cues("connective") | cues("head")
    is_joined = bool(_JOINS.search(gap)) or "and" in words or "or" in words
    if not gap.strip():
        return before.entry.needs != "next"
    return is_joined and all(word in between for word in words)


def _has_meaning(sentence: Sentence, group: list[Hit]) -> bool:
    return any(not hit.entry.needs or _has_head(sentence, hit) for hit in group)


def _has_head(sentence: Sentence, hit: Hit) -> bool:
    for head in sentence.hits.get("head", ()):
        if head.start < hit.end:
            continue
        gap = sentence.lower[hit.end : head.start]
        words = HEAD_WITHIN_WORDS if hit.entry.needs == "head" else 1
        return not _STOP.search(gap) and len(_WORDS.findall(gap)) < words
    return False


def _official_sites(sentence: Sentence) -> list[Hit]:
    """Addresses of public bodies, where the sentence tells what happened to them."""
    if not sentence.hits.get("event"):
        return []
    values = {"gov": "government website", "mil": "military"}
    return [
        Hit(*match.span(), Entry("sector", match.group(), values[match[1]]))
        for match in _OFFICIAL.finditer(sentence.lower)
    ]


def _stance(
    sentence: Sentence, start: int, end: int, bounds: tuple[int, int], moment: Moment
) -> str:
    if moment.is_past:
        return "history"
    if within(sentence.found("exclusion"), bounds):
        return "excluded"
    if _is_no_target(sentence, start, end) or _is_kinetic(sentence, bounds):
        return "mentioned"
    return (
        _by_nearest_cue(sentence, start, end, bounds)
        or moment.heading_stance
        or ("affected" if within(sentence.found("affected"), bounds) else "mentioned")
    )


def _is_no_target(sentence: Sentence, start: int, end: int) -> bool:
    """The sector speaks, takes part, or is what attackers use as a tool or as a mask."""
    return (
        any(0 <= hit.start - end <= TOOL_WITHIN for hit in sentence.found("tool"))
        or any(_follows(sentence, end, hit) for hit in sentence.found("speaker"))
        or any(0 <= start - hit.end <= PARTNER_WITHIN for hit in sentence.found("partner"))
        or any(0 <= start - hit.end <= MASK_WITHIN for hit in sentence.found("mask"))
    )


def _is_kinetic(sentence: Sentence, bounds: tuple[int, int]) -> bool:
    """Weapons strike, and nobody attacks through computers."""
    return bool(within(sentence.found("kinetic"), bounds)) and not sentence.found("hostile")


def _follows(sentence: Sentence, end: int, speaker: Hit) -> bool:
    gap = sentence.lower[end : speaker.start]
    return 0 <= speaker.start - end <= SPEAKER_WITHIN and not _JOINS.search(gap)


def _by_nearest_cue(
    sentence: Sentence, start: int, end: int, bounds: tuple[int, int]
) -> str | None:
    threats = within(sentence.found("threat"), bounds)
    events = [hit for hit in within(sentence.found("event"), bounds) if not _inside(hit, threats)]
    attacks = [hit for hit in within(sentence.found("attack"), bounds) if not _inside(hit, threats)]
    is_told_as_past = bool(within(sentence.found("history"), bounds))
    if is_told_as_past and not threats and not sentence.hits.get("ongoing"):
        return "history"
    if threats and events:
        nearest = min(threats + events, key=lambda hit: distance(hit, start, end))
        return "threatened" if nearest in threats else "attacked"
    if threats:
        return "threatened"
    return "attacked" if events or attacks else None


def _inside(hit: Hit, others: list[Hit]) -> bool:
    return any(other.start <= hit.start and hit.end <= other.end for other in others)
