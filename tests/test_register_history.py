"""Registers as histories: what was believed of each supplier on each day, then and in hindsight."""

from datetime import timedelta

import duckdb
import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from method_worlds import FIRST, at, fill, received

from pipeline import warehouse
from pipeline.identity import assign_identities
from tests import facts_of

pytestmark = pytest.mark.slow

N_DAYS = 24


@pytest.fixture(scope="module")
def con():
    with duckdb.connect(config={"threads": 2}) as con:
        warehouse.install(con)
        con.execute("begin")
        yield con


def day_of(n):
    return FIRST + timedelta(n)


def row(supplier_id, criticality=3, **columns):
    sectors = [{"vocabulary": "sector", "value": columns.pop("sector", "energy"), "share_0_1": 1.0}]
    dates = {name: columns.pop(name, None) for name in ("valid_from", "valid_to")}
    dates = {name: None if n is None else day_of(n) for name, n in dates.items()}
    return {
        "supplier_id": supplier_id,
        "supplier_name": f"Supplier {supplier_id}",
        "criticality_1_5": criticality,
        "sectors": sectors,
        "lei": None,
        **dates,
        **columns,
    }


def register(day, *rows, source_id="supplier_register", as_of=None):
    """One delivery of the whole list; `as_of` is the day that it states itself."""
    return [
        received(source_id, day, 0, **one)
        | {"source_row": n, "disclosed_at": at(day if as_of is None else as_of, 0)}
        for n, one in enumerate(rows, 1)
    ]


def derive(con, rows, knowledge="then"):
    fill(con, {"deliveries": [], "suppliers": rows})
    con.execute(f"set variable knowledge = '{knowledge}'")
    assign_identities(con)
    facts_of.make(con, "facts.supplier_sectors")


def criticalities(con, supplier_id="S-1"):
    """Criticality on each day; None = no supplier on file, 0 = none given."""
    rows = con.execute(
        "select from_date, until_date, coalesce(criticality_1_5, 0) from facts.supplier_versions "
        "where supplier_id = ?",
        [supplier_id],
    ).fetchall()
    found = []
    for n in range(N_DAYS):
        on_day = [value for start, end, value in rows if start <= day_of(n) < end]
        assert len(on_day) <= 1
        found.append(on_day[0] if on_day else None)
    return found


def spelled(text):
    """`-3355` as [None, 3, 3, 5, 5], the last one repeated to the end."""
    values = [None if letter == "-" else int(letter) for letter in text]
    return values + values[-1:] * (N_DAYS - len(values))


@pytest.mark.parametrize(("knowledge", "expected"), [("then", "333335"), ("now", "33555")])
def test_a_late_register_changes_the_past_in_hindsight_alone(con, knowledge, expected):
    derive(con, register(0, row("S-1", 3)) + register(5, row("S-1", 5, valid_from=2)), knowledge)
    assert criticalities(con) == spelled(expected)


@pytest.mark.parametrize(("knowledge", "expected"), [("then", "---3"), ("now", "-3")])
def test_a_register_that_states_its_day_holds_from_there_in_hindsight(con, knowledge, expected):
    derive(con, register(3, row("S-1"), as_of=1), knowledge)
    assert criticalities(con) == spelled(expected)


@pytest.mark.parametrize(("knowledge", "expected"), [("then", "-3335"), ("now", "3355")])
def test_a_history_within_one_list(con, knowledge, expected):
    rows = register(1, row("S-1", 3, valid_from=0), row("S-1", 5, valid_from=4))
    expected = expected if knowledge == "then" else "33335"
    derive(con, rows, knowledge)
    assert criticalities(con) == spelled(expected)


@pytest.mark.parametrize("knowledge", ["then", "now"])
def test_a_supplier_that_is_missing_has_ended_and_may_return(con, knowledge):
    rows = register(0, row("S-1"), row("S-2")) + register(4, row("S-2"))
    derive(con, rows + register(7, row("S-1", 4), row("S-2")), knowledge)
    assert criticalities(con) == spelled("3333---4")
    assert criticalities(con, "S-2") == spelled("3")


def test_a_change_of_sector_counts_from_its_delivery(con):
    rows = register(0, row("S-1")) + register(6, row("S-1", sector="transit"))
    derive(con, rows)
    assert con.execute(
        "select from_date, sector_id from facts.supplier_sectors order by 1"
    ).fetchall() == [(day_of(0), "energy"), (day_of(6), "transit")]


LEI = "5493001KJTIIGC8Y1R12"


@pytest.mark.parametrize(
    ("knowledge", "first", "second"), [("then", "3", "-222-"), ("now", "3", "-")]
)
def test_suppliers_that_merge_count_as_one_from_the_day_that_is_known(
    con, knowledge, first, second
):
    one, other = row("S-1", 3, lei=LEI), row("S-2", 2, supplier_name="Supplier S-1")
    rows = register(0, one) + register(1, other, source_id="assets")
    rows += register(4, other | {"lei": LEI}, source_id="assets")
    derive(con, rows, knowledge)
    assert criticalities(con) == spelled(first)
    assert criticalities(con, "S-2") == spelled(second)


def test_of_two_registers_the_more_reliable_one_says_what_a_supplier_is(con):
    """Reliability B of the register goes before C of the other; alone, the other one counts."""
    rows = register(0, row("S-1", 5), source_id="assets") + register(3, row("S-1", 2))
    derive(con, rows + register(8, row("S-9", 1)))
    assert criticalities(con) == spelled("555222225")


LISTS = st.lists(
    st.tuples(
        st.integers(0, N_DAYS - 2),
        st.lists(
            st.builds(
                lambda number, criticality, start, length: row(
                    f"S-{number}",
                    criticality,
                    valid_from=start,
                    valid_to=None if start is None or length is None else start + length,
                ),
                st.integers(1, 2),
                st.integers(1, 5),
                st.none() | st.integers(0, N_DAYS - 2),
                st.none() | st.integers(1, 9),
            ),
            min_size=1,
            max_size=2,
            unique_by=lambda one: one["supplier_id"],
        ),
    ),
    min_size=1,
    max_size=5,
    unique_by=lambda one: one[0],
)


def painted(lists, knowledge):
    """The definition: each list wipes what follows it, each row what it says anew."""
    days = {supplier_id: [None] * N_DAYS for supplier_id in ("S-1", "S-2")}
    for day, rows in sorted(lists, key=lambda one: one[0]):
        for known in days.values():
            known[day:] = [None] * (N_DAYS - day)
        for one in rows:
            start = (one["valid_from"] - FIRST).days if one["valid_from"] else day
            start = max(start, day) if knowledge == "then" else start
            end = (one["valid_to"] - FIRST).days if one["valid_to"] else N_DAYS
            known = days[one["supplier_id"]]
            for n in range(start, N_DAYS):
                known[n] = one["criticality_1_5"] if n < end else None
    return days


@examples(25)
@given(LISTS, st.randoms(), st.integers(0, N_DAYS - 1))
def test_histories_are_those_of_the_definition_whatever_the_order(con, lists, random, day):
    rows = [one for n, listed in lists for one in register(n, *listed)]
    for knowledge in ("then", "now"):
        derive(con, random.sample(rows, len(rows)), knowledge)
        found = {one: criticalities(con, one) for one in ("S-1", "S-2")}
        assert found == painted(lists, knowledge)
    derive(con, [one for one in rows if one["known_at"] < at(day + 1, 0)])
    before = painted(lists, "then")
    for one in ("S-1", "S-2"):
        assert criticalities(con, one)[: day + 1] == before[one][: day + 1]
