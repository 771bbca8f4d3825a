"""Spans of days are stored the same whichever ranges they came in; only what changed is written."""

from datetime import date, timedelta
from itertools import pairwise

import duckdb
import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from pipeline.warehouse import replace_spans

FIRST = date(2020, 1, 1)


@pytest.fixture
def con():
    with duckdb.connect() as con:
        con.execute(
            "create table spans (supplier_id varchar, first_date date, last_date date, v integer)"
        )
        yield con


def day(number):
    return FIRST + timedelta(days=number)


def spans(values, first, last):
    """Runs of equal values on the days first…last; None = there is no span."""
    found = []
    for n in range(first, last + 1):
        if values[n] is None:
            continue
        if found and found[-1][2] == day(n - 1) and found[-1][3] == values[n]:
            found[-1] = (*found[-1][:2], day(n), values[n])
        else:
            found.append(("S-1", day(n), day(n), values[n]))
    return found


def replace(con, values, first, last):
    con.execute("create or replace temp table fresh as from spans limit 0")
    rows = spans(values, first, last)
    if rows:
        con.executemany("insert into fresh values (?, ?, ?, ?)", rows)
    replace_spans(con, "spans", day(first), day(last))


def stored(con, columns="*"):
    return con.execute(f"select {columns} from spans order by first_date").fetchall()


@pytest.mark.slow
@given(
    values=st.lists(st.sampled_from([None, 1, 1, 2]), min_size=8, max_size=8),
    old=st.lists(st.sampled_from([None, 1, 2]), min_size=8, max_size=8),
    cuts=st.sets(st.integers(1, 7)),
    order=st.randoms(use_true_random=False),
)
@examples(40)
def test_any_ranges_in_any_order_give_the_spans_of_the_whole(con, values, old, cuts, order):
    con.execute("delete from spans")
    replace(con, old, 0, 7)
    ranges = [(a, b - 1) for a, b in pairwise([0, *sorted(cuts), 8])]
    order.shuffle(ranges)
    for first, last in ranges:
        replace(con, values, first, last)
    assert stored(con) == spans(values, 0, 7)


def test_a_day_that_changes_cuts_the_span_around_it(con):
    replace(con, [1, 1, 1, 1, 1], 0, 4)
    replace(con, [1, 1, 2, 1, 1], 2, 2)
    assert stored(con) == spans([1, 1, 2, 1, 1], 0, 4)
    replace(con, [1, 1, 1, 1, 1], 2, 2)
    assert stored(con) == spans([1, 1, 1, 1, 1], 0, 4)


def test_a_span_that_goes_on_stays_where_it_is(con):
    replace(con, [1, 1, 2, 2], 0, 2)
    places = stored(con, "rowid")
    replace(con, [1, 1, 2, 2], 2, 2)
    assert stored(con, "rowid") == places
    replace(con, [1, 1, 2, 2], 3, 3)
    assert stored(con, "rowid, last_date") == [(*places[0], day(1)), (*places[1], day(3))]
