"""Names of companies: written alike, or alike enough for a person to look."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import combinations

ALIKE = 0.9
ALIKE_ABROAD = 0.97
COMMON_WORD = 40
SMALL_REGISTER = 1_500
LEGAL_FORM = re.compile(
    r"\b(ab|ag|as|asa|bv|co|company|corp|corporation|doo|fze|gmbh|inc|incorporated|kg|kk|limited|"
    r"llc|llp|ltd|lp|nv|oy|oyj|plc|pte|pty|sa|sarl|sas|sl|spa|srl|the|and|und|et)\b"
)
Named = tuple[str, str, str | None]
"""Id, one of its names, country."""


def plain_name(name: str) -> str:
    """Letters and digits in small letters, without accents and legal forms."""
    bare = unicodedata.normalize("NFKD", name).casefold().replace(".", "")
    bare = "".join(letter for letter in bare if not unicodedata.combining(letter))
    words = re.findall(r"\w+", LEGAL_FORM.sub(" ", bare)) or re.findall(r"\w+", bare)
    return " ".join(words)


def likeness(name_a: str, name_b: str) -> float:
    """0 = nothing in common, 1 = the same name whatever the order of its words."""
    from rapidfuzz import fuzz

    return fuzz.token_sort_ratio(plain_name(name_a), plain_name(name_b)) / 100


def similar_pairs(suppliers: Iterable[Named]) -> list[tuple[str, str, float]]:
    """Pairs of ids whose names are alike, the most alike first.

    Names in two different countries must be almost equal. In a large register only names that
    share a word that is not common are compared.
    """
    from rapidfuzz import fuzz

    named = [(one[0], plain_name(one[1]), one[2]) for one in suppliers if one[1]]
    found: dict[tuple[str, str], float] = {}
    for a, b in _candidates(named):
        if a[0] == b[0]:
            continue
        abroad = a[2] and b[2] and a[2] != b[2]
        limit = ALIKE_ABROAD if abroad else ALIKE
        score = fuzz.token_sort_ratio(a[1], b[1], score_cutoff=limit * 100) / 100
        if score:
            pair = min(a[0], b[0]), max(a[0], b[0])
            found[pair] = max(score, found.get(pair, 0.0))
    pairs = [(a, b, score) for (a, b), score in found.items()]
    return sorted(pairs, key=lambda pair: (-pair[2], pair[0], pair[1]))


def _candidates(named: list[Named]) -> Iterator[tuple[Named, Named]]:
    if len(named) <= SMALL_REGISTER:
        yield from combinations(named, 2)
        return
    by_word: dict[str, list[Named]] = defaultdict(list)
    by_name: dict[str, list[Named]] = defaultdict(list)
    for one in named:
        by_name[one[1]].append(one)
        for word in set(one[1].split()):
            by_word[word].append(one)
    for sharing in by_word.values():
        if len(sharing) <= COMMON_WORD:
            yield from combinations(sharing, 2)
    for same in by_name.values():
        yield from combinations(same, 2)
