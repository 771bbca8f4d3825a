"""Text and links that no spreadsheet program can misread."""

import re
from urllib.parse import urlsplit

MAX_TEXT = 1_000
MAX_LINK = 2_079

_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_LINE = re.compile(r"\s*[\r\n\t\u2028\u2029]+\s*")
_DIRECTION = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_ODD = re.compile(f"{_NOT_XML.pattern}|{_LINE.pattern}|{_DIRECTION.pattern}")
_ESCAPE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_LINK = re.compile(r"[!#-&(-;=?-\[\]_a-z~]+")


def clean(text: str) -> str:
    """The text as it is shown: one line, no control or direction characters, of bounded length."""
    if len(text) <= MAX_TEXT and not _ODD.search(text):
        return text
    line = _DIRECTION.sub("", _NOT_XML.sub(" ", _LINE.sub(" ", text)))
    return line if len(line) <= MAX_TEXT else line[: MAX_TEXT - 1] + "…"


def escape(text: str) -> str:
    """Cleaned text with what Excel would read as an escape (`_x0041_`) escaped itself."""
    return _ESCAPE.sub("_x005F_", clean(text))


def is_formula_like(text: str) -> bool:
    """Whether a spreadsheet program would take the text for a formula if it were typed in."""
    return text[:1] in ("=", "+", "-", "@", "\t", "\r")


def for_csv(text: str) -> str:
    """Cleaned text that stays text when a spreadsheet program opens the CSV file."""
    line = clean(text)
    return f"'{line}" if is_formula_like(line.lstrip()) else line


def safe_link(url: str | None) -> str | None:
    """The link if it is a plain https address with a host, else None: then only text is shown."""
    if not url or len(url) > MAX_LINK or not _LINK.fullmatch(url):
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme == "https" and parts.hostname and not parts.username else None
