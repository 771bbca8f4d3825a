"""Many records at once give what one at a time gives, or are left to it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.sources.columns import Columns, UnusualError, as_written
from pipeline.sources.fields import MAX_TEXT, Cells
from pipeline.sources.parsing import as_json

CHOICES = {"known": True, "unknown": False}
TEXTS = [
    *("", " \u2003", " a\u00a0", "\x1f", "Known", "unKnown ", "CVE-2020-1234\nCVE-2020-1235"),
    *("2020-01-31", " 2020-01-31T23:00:00-05:00", "31 January 2020", "2020-02-30", "01/02/2020"),
    *("1979-12-31", "2100-01-01", "CVE-2020-1234", "cve-2020-1234 ", "CVE-2020-١٢٣٤", "CVE-2020-1"),
]
CELLS = st.sampled_from([*TEXTS, None, 7, True, 1.5, [], {}, ["Known"]])
READ = {
    "text": lambda cells: cells.text("a"),
    "required": lambda cells: cells.text("a", required=True),
    "moment": lambda cells: cells.moment("a"),
    "day": lambda cells: cells.day("a"),
    "cve": lambda cells: cells.cve("a"),
    "choice": lambda cells: cells.choice("a", CHOICES),
}


@pytest.mark.parametrize("way", READ)
@settings(deadline=None)
@given(st.lists(st.one_of(st.just({}), CELLS.map(lambda cell: {"a": cell, "b": 1})), min_size=1))
def test_columns_are_the_cells_of_each_record_unless_one_has_a_fault(way, records):
    one_by_one = [Cells(record) for record in records]
    values = [READ[way](cells) for cells in one_by_one]
    try:
        found = READ[way](Columns(records, ("a",))).to_pylist()
    except UnusualError:
        return
    assert not any(cells.problems for cells in one_by_one)
    assert found == values


@pytest.mark.parametrize(
    ("way", "cells"),
    [
        ("text", ["a", " b ", "", None]),
        ("moment", ["2020-01-31", "31 January 2020", None]),
        ("cve", ["cve-2020-1234", None]),
        ("choice", ["Known", "unknown", None]),
    ],
)
def test_what_has_no_fault_is_read_at_once(way, cells):
    records = [{"a": cell} for cell in cells]
    assert READ[way](Columns(records, ("a",))).to_pylist() == [READ[way](Cells(r)) for r in records]


def test_a_text_that_is_too_long_is_left_to_the_reader_of_single_records():
    with pytest.raises(UnusualError):
        Columns([{"a": "x" * (MAX_TEXT + 1)}], ("a",))


def test_records_are_written_as_they_are_one_by_one():
    records = [{"a": "é\n\u2028", "b": [1.0, None]}, {}, {"c": {"d": "\x7f"}}]
    assert as_written(records).to_pylist() == [as_json(record) for record in records]
