"""Versions as advisories write them, and products as CPE names write them."""

import pytest

from pipeline.sources.affected import cpe_parts, versions_of


def said(text):
    found = versions_of(text)
    if found["versions"] != "range":
        return found["versions"]
    left = "(" if found["is_low_open"] else "["
    right = ")" if found["is_high_open"] else "]"
    return f"{left}{found['low'] or ''}, {found['high'] or ''}{right}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("vers:all/*", "all"),
        ("All versions", "all"),
        ("*", "all"),
        ("< V4.1.3", "[, v4.1.3)"),
        ("vers:all/<V4.1.4", "[, v4.1.4)"),
        ("All Versions < V6.4", "[, v6.4)"),
        ("<= 4.00.02", "[, 4.00.02]"),
        (" <1.000.HW00.21.20190812", "[, 1.000.hw00.21.20190812)"),
        (">= 1.0 | <= 1.32", "[1.0, 1.32]"),
        (">= V2.3 and < V6.30.016", "[v2.3, v6.30.016)"),
        ("> V3.0 < V4.0", "(v3.0, v4.0)"),
        ("8.3 and prior", "[, 8.3]"),
        ("prior to 2.0", "[, 2.0)"),
        ("1.0 through 1.4", "[1.0, 1.4]"),
        ("≤ 7.93", "[, 7.93]"),
        ("7.1", "[7.1, 7.1]"),
        ("< 1.99 | 2.20 | 2.40", "unknown"),
        ("All versions with U-Boot < V2016.05RS09", "unknown"),
        ("<=the_first_5_digits_of_serial_number_22081", "unknown"),
        ("< FW14", "unknown"),
        ("No version", "unknown"),
        ("", "unknown"),
        (None, "unknown"),
    ],
)
def test_versions(text, expected):
    assert said(text) == expected


@pytest.mark.parametrize(
    ("cpe", "expected"),
    [
        ("cpe:2.3:o:cisco:ios:15.2\\(5\\)e:*:*:*:*:*:*:*", ("cisco", "ios", "15.2(5)e")),
        ("cpe:2.3:a:x\\:y:z:1.0:*:*:*:*:*:*:*", ("x:y", "z", "1.0")),
        ("cpe:/a:apache:struts:2.5.10", ("apache", "struts", "2.5.10")),
        ("cpe:/a:apache:struts", ("apache", "struts", "*")),
        ("struts", None),
        (None, None),
    ],
)
def test_cpe_names(cpe, expected):
    assert cpe_parts(cpe) == expected
