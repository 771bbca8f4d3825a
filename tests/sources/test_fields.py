import contextlib
from datetime import datetime

import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from pipeline.sources.fields import Cells, at, cves_in, label_key, marking, sector_facts, utc


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2020-01-06", datetime(2020, 1, 6)),
        ("2020-01-06T15:01:00-05:00", datetime(2020, 1, 6, 20, 1)),
        ("2025-08-25T17:04:19.9796Z", datetime(2025, 8, 25, 17, 4, 19, 979600)),
        ("May 14, 2020", datetime(2020, 5, 14)),
        ("Mon, 06 Jan 2020 10:00:00 EST", datetime(2020, 1, 6, 15)),
    ],
)
def test_points_in_time_become_naive_utc(written, moment):
    assert utc(written) == moment


@pytest.mark.parametrize(
    "written", ["01/02/2020", "May 2020", "2020-13-01", "tomorrow", "", "0001-01-01"]
)
def test_what_is_no_certain_date_is_refused(written):
    with pytest.raises(ValueError, match=r".*"):
        utc(written)


@examples(50)
@given(st.text(max_size=70))
def test_any_text_is_a_date_or_a_value_error(text):
    with contextlib.suppress(ValueError, OverflowError):
        assert isinstance(utc(text), datetime)


def test_a_path_through_anything_but_mappings_finds_nothing():
    assert at({"a": {"b": 1}}, "a.b") == 1
    assert at({"a": [1]}, "a.b") is None


def test_each_problem_names_the_cell_the_finding_and_the_remedy():
    cells = Cells({"n": True, "d": "soon", "t": {"x": 1}, "word": "maybe"})
    assert cells.number("n", 0, 1) is None
    assert cells.moment("d") is None
    assert cells.text("t") is None
    assert cells.choice("word", {"yes": True, "no": False}) is None
    assert cells.cve("gone", required=True) is None
    assert [problem.split()[0] for problem in cells.problems] == [
        "`n`",
        "`d`",
        "`t`",
        "`word`",
        "`gone`",
    ]


def test_cve_ids_are_found_once_each():
    assert cves_in("cve-2019-19781, (CVE-2019-19781) and CVE-2020-1234567") == [
        "CVE-2019-19781",
        "CVE-2020-1234567",
    ]


def test_labels_are_normalised_and_kept_as_written():
    (one,) = sector_facts([" Critical   Manufacturing. "], "csaf", "affected")
    assert (one["value"], one["vocabulary"]) == ("critical manufacturing", "csaf")
    assert label_key("A\tB") == "a b"


@pytest.mark.parametrize(
    ("label", "expected"),
    [("TLP:Amber", "AMBER"), ("tlp: red", "RED"), ("white", "CLEAR"), ("", None), ("tlp:", None),
     ("TLP:PURPLE", "RED"), ("tlp:ex:chr", "RED")],
)  # fmt: skip
def test_a_marking_that_tlp_does_not_know_is_the_strictest(label, expected):
    assert marking(label) == expected
