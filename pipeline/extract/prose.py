"""Prose made uniform and cut into sentences, in linear time."""

import re
import unicodedata
from collections.abc import Iterator

LONGEST_SENTENCE = 1000
LONGEST_WRAPPED_LINE = 100

_PUNCTUATION = str.maketrans(
    {
        "‘": "'", "’": "'", "‚": "'", "‛": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"',
        "‐": "-", "‑": "-", "‒": "-", "–": "-", "—": "-", "―": "-", "−": "-", "•": "*", "▪": "*",
        "\r": "\n", "\v": "\n", "\f": "\n", "\x85": "\n", "\u2028": "\n", "\u2029": "\n",
    }
)  # fmt: skip
_LINK = re.compile(r"!?\[([^\[\]\n]{0,200})\]\((?:[^()\s]{1,1000})\)")
_ADDRESS = re.compile(r"<?\bhttps?://([^\s/<>()\[\]\"']{1,255})[^\s<>()\[\]\"']*>?")
_MARKUP = re.compile(r"[*_`#]{2,}|^[ \t]*[#>]+[ \t]|(?<!\w)[*_`](?=\w)|(?<=\w)[*_`](?!\w)", re.M)
_RULE = re.compile(r"^[-=~ \t]{3,}$", re.M)
_BULLET = re.compile(r"^\s*(?:[*+>-]|\d{1,2}[.)]|[a-z][.)])\s+")
_BLANKS = re.compile(r"[^\S\n]+")
_END = re.compile(r"[.!?]+[\"')\]]{0,2}\s+(?=[\"'(\[*]{0,2}[A-Z0-9])")
_CLOSED = re.compile(r"[.!?:;][\"')\]]{0,2}$")


def normalise(text: str) -> str:
    """Plain characters, no mark-up, single blanks, one newline between lines."""
    text = unicodedata.normalize("NFKC", text.replace("\r\n", "\n")).translate(_PUNCTUATION)
    text = _RULE.sub("", _MARKUP.sub("", _ADDRESS.sub(r"\1", _LINK.sub(r"\1", text))))
    lines = (_BLANKS.sub(" ", _visible(line)).strip() for line in text.split("\n"))
    return "\n".join(lines)


def _visible(line: str) -> str:
    if line.isprintable():
        return line
    return "".join(c for c in line if c == "\t" or unicodedata.category(c)[0] != "C")


def paragraphs(text: str) -> Iterator[str]:
    """Paragraphs of a normalised text; lines wrapped by hand are joined again."""
    lines = text.split("\n")
    is_wrapped = max(map(len, lines), default=0) <= LONGEST_WRAPPED_LINE
    parts: list[str] = []
    for line in lines:
        if parts and not (line and _continues(parts[-1], line, is_wrapped=is_wrapped)):
            yield " ".join(parts)
            parts = []
        if line:
            parts.append(_BULLET.sub("", line) if not parts else line)
    if parts:
        yield " ".join(parts)


def _continues(before: str, line: str, *, is_wrapped: bool) -> bool:
    if _BULLET.match(line) or before.endswith(":"):
        return False
    if line[0].islower():
        return True
    return is_wrapped and len(before) >= LONGEST_WRAPPED_LINE // 2 and not _CLOSED.search(before)


def sentences(paragraph: str, abbreviations: frozenset[str]) -> Iterator[str]:
    """Sentences of a paragraph, none longer than LONGEST_SENTENCE."""
    start = 0
    for match in _END.finditer(paragraph):
        word = paragraph[max(start, match.start() - 12) : match.start() + 1].rsplit(" ", 1)[-1]
        word = word.lstrip("\"'([").lower()
        if word in abbreviations or (len(word) == 2 and word[0].isalpha()):
            continue
        yield from _bounded(paragraph[start : match.end()].strip())
        start = match.end()
    yield from _bounded(paragraph[start:].strip())


def _bounded(sentence: str) -> Iterator[str]:
    while len(sentence) > LONGEST_SENTENCE:
        cut = sentence.rfind(" ", LONGEST_SENTENCE // 2, LONGEST_SENTENCE)
        cut = cut if cut > 0 else LONGEST_SENTENCE
        yield sentence[:cut].strip()
        sentence = sentence[cut:].strip()
    if sentence:
        yield sentence
