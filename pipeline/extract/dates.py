"""Dates told in prose, absolute and relative, and whether a sentence tells the past."""

import re
from calendar import monthrange
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from dateutil.relativedelta import relativedelta

HISTORY_AFTER_DAYS = 180

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_NUMBERS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6,
            "seven": 7, "eight": 8, "nine": 9, "ten": 10, "several": 3, "few": 3,
            "couple of": 2}  # fmt: skip
_ZONES = {"utc": 0, "gmt": 0, "z": 0, "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7,
          "mdt": -6, "pst": -8, "pdt": -7, "cet": 1, "cest": 2, "bst": 1}  # fmt: skip
_MONTH = (
    r"(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_YEAR = r"(19[5-9]\d|20[0-4]\d)"
_COUNT = rf"({'|'.join(_NUMBERS)}|\d{{1,3}})"
_PATTERNS = (
    ("iso", rf"\b{_YEAR}-(\d\d)-(\d\d)\b"),
    ("month_day", rf"\b{_MONTH} (\d{{1,2}})(?:st|nd|rd|th)?\b,?(?: {_YEAR}\b)?"),
    ("day_month", rf"\b(\d{{1,2}})(?:st|nd|rd|th)? (?:of )?{_MONTH},?(?: {_YEAR}\b)?"),
    ("month", rf"\b(?:(last|this) )?{_MONTH},? ?(?:of )?{_YEAR}?\b"),
    ("distance", rf"\b{_COUNT} (day|week|month|year|decade)s? (ago|earlier|later)\b"),
    ("distance", r"\b()(year|decade)s (ago)\b"),
    ("period", r"\b(last|past|this|earlier this) (week|month|year|decade)\b"),
    ("weekday", r"\b(?:on|last|this|since) (mon|tues|wednes|thurs|fri|satur|sun)day\b"),
    ("near", r"\b(yesterday|today|last night|this morning)\b"),
    ("year", rf"(?<![-.\w/$,:]){_YEAR}(?![-\w/%:]|\.\d|,\d)"),
)
_FINDERS = tuple((name, re.compile(pattern)) for name, pattern in _PATTERNS)
_WORDS_ONLY = tuple(
    (n, f) for n, f in _FINDERS if n in ("month", "distance", "period", "weekday", "near")
)
_DIGIT = re.compile(r"\d")
_PRODUCT = re.compile(
    r"(?:cve|windows|server|office|exchange|sharepoint|version|port|studio|rfc|acrobat|v|word|excel"
    r"|project|iso|id|sql|r2|microsoft) $"
)
_CLOCK = re.compile(r"\b(\d{1,2})(?::(\d\d))? ?([ap])\.?m\.?(?: ?\(?([a-z]{1,4})\b)?")


@dataclass(frozen=True)
class DateFound:
    """A period told: its first and last day, and the words."""

    start: int
    end: int
    first: date
    last: date
    label: str


def find_dates(lowered: str, published_on: date, anchor: date | None = None) -> list[DateFound]:
    """Dates of a sentence; `anchor` is what 'two years later' counts from."""
    found: list[DateFound] = []
    taken: list[tuple[int, int]] = []
    finders = _FINDERS if _DIGIT.search(lowered) else _WORDS_ONLY
    for name, finder in finders:
        for match in finder.finditer(lowered):
            span = match.span()
            if any(start < span[1] and span[0] < end for start, end in taken[-40:]):
                continue
            period = _resolve(name, match, lowered, published_on, anchor)
            if period is not None:
                taken.append(span)
                found.append(DateFound(*span, *period, match.group().strip(" ,")))
    return sorted(found, key=lambda d: d.start)


def is_past(dates: list[DateFound], published_on: date) -> bool:
    """All that the sentence dates lies before what still counts as news."""
    return bool(dates) and all(
        (published_on - found.last).days > HISTORY_AFTER_DAYS for found in dates
    )


def end_of_validity(lowered: str, published_on: date) -> datetime | None:
    """The moment (naive UTC) that the words after an expiry cue name; a bare day ends with it."""
    dates = find_dates(lowered, published_on)
    if not dates or dates[-1].last < published_on:
        return None
    found = dates[-1]
    clock = _CLOCK.search(lowered, found.end)
    if clock is None or not 1 <= int(clock[1]) <= 12:
        return datetime.combine(found.last, time(23, 59, 59))
    hour = int(clock[1]) % 12 + (12 if clock[3] == "p" else 0)
    moment = datetime.combine(found.last, time(hour, min(int(clock[2] or 0), 59)))
    with suppress(OverflowError):
        moment -= timedelta(hours=_ZONES.get(clock[4] or "utc", 0))
    return moment


Period = tuple[date, date]
_STEPS = {
    "day": relativedelta(days=1),
    "week": relativedelta(weeks=1),
    "month": relativedelta(months=1),
    "year": relativedelta(years=1),
    "decade": relativedelta(years=10),
}


def _resolve(
    name: str, match: re.Match[str], lowered: str, published_on: date, anchor: date | None
) -> Period | None:
    try:
        if name == "distance":
            return _distance(match, published_on, anchor)
        if name == "year":
            return _year(match, lowered)
        return _RESOLVERS[name](match, published_on)
    except (ValueError, OverflowError):
        return None


def _iso(match: re.Match[str], _: date) -> Period:
    day = date(int(match[1]), int(match[2]), int(match[3]))
    return day, day


def _month_day(match: re.Match[str], published_on: date) -> Period:
    return _day(match[3], match[1], match[2], published_on)


def _day_month(match: re.Match[str], published_on: date) -> Period:
    return _day(match[3], match[2], match[1], published_on)


def _day(year: str | None, month: str, day: str, published_on: date) -> Period:
    found = date(int(year or published_on.year), _MONTHS.index(month[:3]) + 1, int(day))
    if not year and found > published_on + timedelta(days=60):
        found = found.replace(year=found.year - 1)
    return found, found


def _month(match: re.Match[str], published_on: date) -> Period | None:
    which, word, year = match.groups()
    if not which and not year:
        return None
    month = _MONTHS.index(word[:3]) + 1
    number = int(year) if year else published_on.year
    if not year and (
        month > published_on.month or (month == published_on.month and which == "last")
    ):
        number -= 1
    return date(number, month, 1), date(number, month, monthrange(number, month)[1])


def _distance(match: re.Match[str], published_on: date, anchor: date | None) -> Period | None:
    count, unit, direction = match.groups()
    number = _NUMBERS.get(count) or int(count or 3)
    origin = published_on if direction == "ago" else anchor
    if origin is None:
        return None
    step = _STEPS[unit] * number
    day = origin + step if direction == "later" else origin - step
    if unit in ("year", "decade"):
        return day.replace(month=1, day=1), day.replace(month=12, day=31)
    return day, day


def _period(match: re.Match[str], published_on: date) -> Period:
    which, unit = match.groups()
    if unit == "year":
        year = published_on.year - (which in ("last",))
        return date(year, 1, 1), date(year, 12, 31)
    days = {"week": 7, "month": 31, "decade": 3652}[unit]
    return published_on - timedelta(days=days), published_on


def _weekday(match: re.Match[str], published_on: date) -> Period:
    back = (published_on.weekday() - _DAYS.index(match[1][:3])) % 7
    day = published_on - timedelta(days=back)
    return day, day


def _near(match: re.Match[str], published_on: date) -> Period:
    day = published_on - timedelta(days=match[1] in ("yesterday", "last night"))
    return day, day


def _year(match: re.Match[str], lowered: str) -> Period | None:
    if _PRODUCT.search(lowered, max(0, match.start() - 12), match.start()):
        return None
    year = int(match[1])
    return date(year, 1, 1), date(year, 12, 31)


_RESOLVERS = {
    "iso": _iso,
    "month_day": _month_day,
    "day_month": _day_month,
    "month": _month,
    "period": _period,
    "weekday": _weekday,
    "near": _near,
}
