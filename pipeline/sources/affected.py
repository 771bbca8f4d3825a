"""Which versions of a product a statement on a CVE is about, for CSAF, NVD and CVE records alike.

A statement is a dictionary with the keys of `staged.vulnerabilities.affected`. Its versions are
`all`, a `range` with its ends, or `unknown` where the text cannot be compared (or says nothing).
"""

import re
from functools import lru_cache
from typing import Any

EVERY = {"all", "all versions", "any", "all/*", "*"}
_VERSION = r"v?\d[\w.\-()]*"
_ENDS = re.compile(
    rf"(?P<op>>=|<=|=|>|<|before|prior to|up to)?\s*(?P<version>{_VERSION})"
    r"(?P<after>\s+(?:and|or) (?:earlier|prior|older|below))?"
)
_SPAN = re.compile(rf"({_VERSION})\s+(?:-|to|through|up to)\s+({_VERSION})")
_ABOVE = {">=": False, ">": True}
_BELOW = {"<=": False, "up to": False, "<": True, "before": True, "prior to": True}


def statement(
    vendor: str | None,
    product: str | None,
    versions: dict[str, Any],
    *,
    status: str = "affected",
    justification: str | None = None,
) -> dict[str, Any]:
    """What is said of one product; status is affected, fixed or not_affected."""
    return {
        "status": status,
        "vendor": vendor,
        "product": product,
        "justification": justification,
        **versions,
    }


def all_versions() -> dict[str, Any]:
    """Every version."""
    return _versions("all")


def unknown_versions() -> dict[str, Any]:
    """Some versions, of which nothing can be compared."""
    return _versions("unknown")


def version_range(
    low: str | None, high: str | None, *, is_low_open: bool = False, is_high_open: bool = False
) -> dict[str, Any]:
    """From low to high; an open end does not belong to the range, a missing one has no bound."""
    return _versions("range", low, high, is_low_open=is_low_open, is_high_open=is_high_open)


def _versions(
    versions: str,
    low: str | None = None,
    high: str | None = None,
    *,
    is_low_open: bool = False,
    is_high_open: bool = False,
) -> dict[str, Any]:
    return {
        "versions": versions,
        "low": low,
        "is_low_open": is_low_open,
        "high": high,
        "is_high_open": is_high_open,
    }


@lru_cache(maxsize=4_096)
def versions_of(text: str | None) -> dict[str, Any]:
    """Versions as people write them: `< V4.1.4`, `>= 1.0 | <= 1.32`, `8.3 and prior`.

    The same dictionary for the same text: not to be changed.
    """
    written = " ".join((text or "").lower().replace("≤", "<=").replace("≥", ">=").split())
    written = re.sub(r"^vers:[a-z]+/", "", written)
    if written in EVERY:
        return all_versions()
    written = re.sub(r"^all versions\s*", "", written)
    if span := _SPAN.fullmatch(written):
        return version_range(span[1], span[2])
    parts = re.split(r"\s*(?:\||,|;|\band\b(?! (?:earlier|prior|older|below)))\s*", written)
    if len(parts) == 1:
        parts = re.split(r"(?<=[\w)])\s+(?=[<>])", written)
    ends = [_ENDS.fullmatch(part) for part in parts]
    if len(ends) > 2 or not all(ends):
        return unknown_versions()
    return _range_of([end for end in ends if end])


def _range_of(ends: list[re.Match[str]]) -> dict[str, Any]:
    """The range that one or two ends give; `unknown` where they are no range."""
    low: tuple[str | None, bool] = (None, False)
    high: tuple[str | None, bool] = (None, False)
    for end in ends:
        op, version = end["op"] or "=", end["version"]
        if end["after"] and op == "=":
            op = "<="
        if op in _ABOVE and low[0] is None:
            low = (version, _ABOVE[op])
        elif op in _BELOW and high[0] is None:
            high = (version, _BELOW[op])
        elif op == "=" and len(ends) == 1:
            low = high = (version, False)
        else:
            return unknown_versions()
    return version_range(low[0], high[0], is_low_open=low[1], is_high_open=high[1])


def cpe_parts(cpe: str | None) -> tuple[str, str, str] | None:
    """Vendor, product and version of a CPE name, 2.3 or 2.2; None where it is none."""
    parts = re.split(r"(?<!\\):", cpe or "")
    first = 3 if parts[:2] == ["cpe", "2.3"] else 2
    if parts[0] != "cpe" or len(parts) < first + 2:
        return None
    vendor, product, version = (*parts[first : first + 3], "*")[:3]
    return tuple(part.replace("\\", "") for part in (vendor, product, version))  # type: ignore[return-value]
