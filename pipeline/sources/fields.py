"""Cells to typed values: what cannot be read becomes NULL and a sentence for the quarantine."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import Any

from dateutil import parser as dateutil_parser

EARLIEST, LATEST = datetime(1980, 1, 1), datetime(2100, 1, 1)  # noqa: DTZ001
MAX_TEXT = 2_000_000
ZONES = {"UTC": 0, "GMT": 0, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "PST": -8, "PDT": -7}
_BLANKS = (datetime(1, 1, 1), datetime(2, 2, 2))  # noqa: DTZ001
CVE = re.compile(r"\bCVE-(?:19|20)\d{2}-\d{4,7}\b", re.IGNORECASE)
LABEL_END = re.compile(r"[,;:|\n\r\t]|\.\s|\.$")
LABEL_HEADING = re.compile(r"^\s*critical infrastructure sectors?\s*:", re.IGNORECASE)
LABEL_WITH_COMMAS = re.compile(r"nuclear reactors,? materials,? (?:and|&) waste", re.IGNORECASE)
TECHNIQUE = re.compile(r"\bT\d{4}(?:\.\d{3})?\b")
TLP = {
    "white": "CLEAR",
    "clear": "CLEAR",
    "green": "GREEN",
    "amber": "AMBER",
    "amber+strict": "AMBER+STRICT",
    "red": "RED",
}


def marking(label: str) -> str | None:
    """The TLP marking that a label states; one that TLP does not know counts as the strictest."""
    name = label.lower().strip().removeprefix("tlp:").strip()
    return TLP.get(name, "RED") if name else None


def at(record: object, path: str) -> Any:
    """The value at a dotted path of nested mappings; None where there is none."""
    for key in path.split(".") if "." in path else (path,):
        if not isinstance(record, dict):
            return None
        record = record.get(key)
    return record


def items(value: object) -> list[Any]:
    """A value that may be a list, a single item or missing, as a list."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def mappings(value: object) -> list[dict[str, Any]]:
    """Only the mappings of a list (or the single one); anything else in it is left out."""
    if isinstance(value, list):
        return [item for item in value if isinstance(item, dict)]
    return [value] if isinstance(value, dict) else []


def strings(value: object) -> list[str]:
    """Only the non-blank strings of a list (or the single string), trimmed."""
    if isinstance(value, list):
        return [text for item in value if isinstance(item, str) and (text := item.strip())]
    return [text] if isinstance(value, str) and (text := value.strip()) else []


def label_key(label: str) -> str:
    """A label as it is looked up: lower case, trimmed, single blanks, no full stop at its end."""
    return " ".join(label.lower().split()).rstrip(".")


def unique(values: Iterable[str]) -> list[str]:
    """Without repetitions, in the order of first appearance."""
    return list(dict.fromkeys(values))


def cves_in(text: str) -> list[str]:
    """The CVE ids of a text, in capitals, in order of first appearance."""
    return unique(found.upper() for found in CVE.findall(text))


def fact(
    fact_type: str,
    value: str,
    stance: str | None,
    *,
    vocabulary: str | None = None,
    label: str | None = None,
    confidence: float | None = None,
    sentence: str | None = None,
) -> dict[str, Any]:
    """One fact of a report, with the keys of the staged structure."""
    return {
        "fact_type": fact_type,
        "vocabulary": vocabulary or fact_type,
        "value": value,
        "label": value if label is None else label,
        "stance": stance,
        "confidence_0_1": confidence,
        "sentence": sentence,
    }


def sector_facts(
    labels: Iterable[str], vocabulary: str, stance: str, sentence: str | None = None
) -> list[dict[str, Any]]:
    """One sector fact for each different label."""
    keys = {label_key(label): label for label in labels if label_key(label)}
    return [
        fact("sector", key, stance, vocabulary=vocabulary, label=label, sentence=sentence)
        for key, label in keys.items()
    ]


def split_labels(text: str) -> list[str]:
    """Sector labels written as an English list: commas, semicolons, line ends, a last "and".

    A label with a comma of its own is kept whole.
    """
    text = LABEL_HEADING.sub("", text)
    whole = LABEL_WITH_COMMAS.sub("Nuclear Reactors Materials and Waste", text)
    parts = (re.sub(r"^(?:and|or|&)\s+", "", part.strip()) for part in LABEL_END.split(whole))
    return [part for part in parts if label_key(part)]


def utc(value: str) -> datetime:
    """A point in time as naive UTC; a bare date is its midnight. ValueError if it is none."""
    try:
        moment = datetime.fromisoformat(value.strip())
    except ValueError:
        moment = _parsed_loosely(value)
    naive = moment if moment.tzinfo is None else moment.replace(tzinfo=None)
    if not EARLIEST <= naive < LATEST:
        raise ValueError(value)
    return naive if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)


def _parsed_loosely(value: str) -> datetime:
    """Dates with the month in letters; 01/02/2020 is refused, because it has two meanings."""
    if len(value) > 60 or not re.search(r"\d{4}", value) or not re.search(r"[A-Za-z]{3}", value):
        raise ValueError(value)
    try:
        first, second = (
            dateutil_parser.parse(value, default=default, tzinfos=_offset) for default in _BLANKS
        )
    except (ArithmeticError, TypeError, RecursionError, AttributeError) as error:
        raise ValueError(value) from error
    if first != second:
        raise ValueError(value)
    return first


def _offset(name: str | None, seconds: int | None) -> tzinfo | None:
    hours = ZONES.get(name or "")
    if hours is not None:
        return timezone(timedelta(hours=hours))
    return None if seconds is None else timezone(timedelta(seconds=seconds))


class Cells:
    """Reads the cells of one record and collects what is wrong with them.

    Names are dotted paths into the record, so that each sentence names the place.
    """

    def __init__(self, record: dict[str, Any]) -> None:
        self.record = record
        self.problems: list[str] = []

    def text(self, name: str, *, required: bool = False) -> str | None:
        """A trimmed string; blank counts as missing."""
        value = at(self.record, name)
        if isinstance(value, str) and (value := value.strip()):
            return value if len(value) <= MAX_TEXT else self._shortened(name, value)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return str(value)
        if value is not None and not isinstance(value, str):
            self.bad(name, value, "text")
        elif required:
            self.problems.append(f"`{name}` is missing: every record must state it.")
        return None

    def moment(self, name: str, *, required: bool = False) -> datetime | None:
        """A point in time as naive UTC."""
        text = self.text(name, required=required)
        if text is None:
            return None
        try:
            return utc(text)
        except (ValueError, OverflowError):
            self.bad(name, text, "a date such as 2020-01-31 or 2020-01-31T12:00:00Z")
            return None

    def day(self, name: str, *, required: bool = False) -> date | None:
        """A calendar day."""
        return self.day_of(self.moment(name, required=required))

    @staticmethod
    def day_of(moment: datetime | None) -> date | None:
        """The calendar day of a point in time."""
        return None if moment is None else moment.date()

    def number(self, name: str, low: float, high: float) -> float | None:
        """A number within bounds."""
        value = at(self.record, name)
        if value is None or value == "":
            return None
        try:
            number = float(value)
        except (TypeError, ValueError, OverflowError):
            number = float("nan")
        if isinstance(value, bool) or not low <= number <= high:
            self.bad(name, value, f"a number from {low:g} to {high:g}")
            return None
        return number

    def cve(self, name: str, *, required: bool = False) -> str | None:
        """A CVE id in capitals."""
        text = self.text(name, required=required)
        if text is None:
            return None
        if CVE.fullmatch(text) is None:
            self.bad(name, text, "a CVE id such as CVE-2020-12345")
            return None
        return text.upper()

    def choice(self, name: str, choices: Mapping[str, Any]) -> Any:
        """The meaning of one of a few words, whatever their case."""
        text = self.text(name)
        if text is None:
            return None
        if text.lower() not in choices:
            self.bad(name, text, f"one of {', '.join(choices)}")
            return None
        return choices[text.lower()]

    def bad(self, name: str, found: object, expected: str) -> None:
        """Note that a cell is not what it must be."""
        self.problems.append(f"`{name}` is {str(found)[:60]!r}: it must be {expected}.")

    def _shortened(self, name: str, value: str) -> str:
        self.problems.append(f"`{name}` has {len(value):,} characters: shorten it to {MAX_TEXT:,}.")
        return value[:MAX_TEXT]
