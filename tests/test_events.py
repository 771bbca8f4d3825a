"""Many reports, few events: which reports tell of one event, as a specification."""

from datetime import datetime, timedelta
from itertools import pairwise

import duckdb
import pyarrow as pa
import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from pipeline import warehouse
from pipeline.event_decisions import EventDecisionError
from pipeline.events import assign_events, doubtful_pairs

START = datetime(2020, 1, 6, 12)
STORY = (
    "Attackers took control of the booking system of a large port in the night to Monday and "
    "stopped the handling of containers for several hours, the port authority said in a statement."
)
OTHER_STORY = (
    "A hospital group has restored its patient records after an employee opened a malicious "
    "attachment last week; appointments were moved and the police are looking into the matter."
)


@pytest.fixture(scope="module")
def installed():
    with duckdb.connect() as con:
        warehouse.install(con)
        yield con


@pytest.fixture
def con(installed):
    return emptied(installed)


def emptied(con):
    con.execute("reset variable knowledge")
    for table in ("staged.reports", "facts.report_events", "facts.report_events_basis"):
        con.execute(f"delete from {table}")
    con.execute("delete from method.event_decisions")
    return con


def report(name, day=0, *, version=0, **columns):
    """A report known and published on a day; `name` is source/key."""
    source_id, report_key = name.split("/", 1)
    known_at = START + timedelta(days=day)
    row = {
        "source_id": source_id,
        "delivery_id": f"{source_id}/{known_at:%F}/{version}",
        "source_row": 1,
        "known_at": known_at,
        "disclosed_at": known_at,
        "report_key": report_key,
        "published_at": known_at,
        "kind": "news",
        "record": repr(columns),
        "record_md5": f"{name}{version}",
        "is_repeat": False,
    }
    return row | columns


def fact(fact_type, value, stance="named"):
    return {"fact_type": fact_type, "vocabulary": "text", "value": value, "stance": stance}


def receive(con, *reports):
    columns = {key for row in reports for key in row}
    batch = pa.Table.from_pylist([dict.fromkeys(columns) | row for row in reports])
    con.register("batch", batch)
    con.execute("insert into staged.reports by name select * from batch")
    con.unregister("batch")


def events(con, *reports):
    """The reports' events by report, after they were received."""
    if reports:
        receive(con, *reports)
    assign_events(con)
    return dict(con.execute("select report_id, event_id from facts.report_events").fetchall())


def table(con):
    return con.execute("select * from facts.report_events order by report_id").fetchall()


def decide(con, *rows):
    con.executemany("insert into method.event_decisions values (?, ?, ?, ?)", rows)


def is_one_event(con, first, second):
    found = events(con, first, second)
    return len(set(found.values())) == 1


def test_an_advisory_in_two_feeds_is_one_event(con):
    found = events(
        con,
        report("csaf/ICSA-20-006-01", title="Pump controller", refs=["ICSA-20-006-01"]),
        report("table/17", 300, title="Another name", refs=["icsa-20-006-01 "]),
    )
    assert found == dict.fromkeys(found, "csaf/ICSA-20-006-01")
    reason = con.execute(
        "select link_reason from facts.report_events where report_id = 'table/17'"
    ).fetchone()
    assert reason == ("It shares ICSA-20-006-01 with csaf/ICSA-20-006-01.",)


def test_an_update_letter_does_not_make_another_advisory(con):
    first = report("csaf/1", refs=["ICSA-17-009-01"])
    assert is_one_event(con, first, report("table/1", 1, refs=["ICSA-17-009-01A"]))


def test_a_letter_that_is_part_of_the_number_stays(con):
    first = report("cisa/1", refs=["AA20-006A"])
    assert not is_one_event(con, first, report("press/1", 1, refs=["AA20-006B"]))


@pytest.mark.parametrize("is_late", [False, True])
def test_a_bulletin_and_the_one_that_replaces_it_are_one_event_whichever_comes_first(con, is_late):
    first = report("ntas/jan-04", 1 if is_late else 0)
    second = report("ntas/jan-18", 0 if is_late else 1, supersedes_key="jan-04")
    assert is_one_event(con, first, second)


def test_a_key_of_another_source_is_not_replaced(con):
    first = report("ntas/jan-04")
    assert not is_one_event(con, first, report("blog/9", 1, supersedes_key="jan-04"))


def test_a_story_copied_by_another_paper_is_one_event(con):
    first = report("paper/1", title="Port stands still", body=STORY)
    copy = report(
        "wire/8", 1, title="Containers pile up", body="HAMBURG - " + STORY + " More soon."
    )
    assert is_one_event(con, first, copy)


def test_one_long_headline_is_one_event(con):
    headline = "Attackers halt container handling at a large port"
    assert is_one_event(con, report("paper/1", title=headline), report("wire/8", 1, title=headline))


def test_the_same_words_a_year_later_are_another_event(con):
    first = report("paper/1", title="Port stands still", body=STORY)
    assert not is_one_event(con, first, report("wire/8", 365, title="Again", body=STORY))


def test_different_stories_are_different_events(con):
    first = report("paper/1", title="Port stands still after attack", body=STORY)
    second = report("paper/2", title="Hospital back after attack", body=OTHER_STORY)
    assert not is_one_event(con, first, second)


@pytest.mark.parametrize("shared", [fact("cve", "CVE-2019-19781"), fact("actor", "apt33")])
def test_one_vulnerability_or_one_actor_alone_is_not_one_event(con, shared):
    first = report("paper/1", title="Port stands still", body=STORY, facts=[shared])
    second = report("paper/2", 1, title="Hospital is back", body=OTHER_STORY, facts=[shared])
    assert not is_one_event(con, first, second)


def test_an_issuers_two_numbers_are_two_events_however_alike_the_words(con):
    first = report("csaf/1", title="Siemens SIMATIC", body=STORY, refs=["ICSA-20-006-01"])
    second = report("csaf/2", title="Siemens SIMATIC", body=STORY, refs=["ICSA-20-006-02"])
    assert not is_one_event(con, first, second)


def test_one_victim_and_one_address_are_one_attack_however_late_it_is_recorded(con):
    address = "https://news.example/2019/port-attacked"
    first = report("veris/a", title="Port of Harwell", refs=[address])
    second = report("veris/b", 500, title="Harwell, Port of", refs=[address + "/?utm_source=feed"])
    assert is_one_event(con, first, second)


def test_two_victims_in_one_article_are_two_attacks(con):
    address = "https://news.example/2019/breaches-of-the-year"
    first = report("veris/a", title="Port of Harwell", refs=[address])
    assert not is_one_event(con, first, report("veris/b", title="Lindenbank", refs=[address]))


def test_a_home_page_is_not_an_article(con):
    refs = ["https://www.cisa.gov/"]
    first = report("a/1", title="Port of Harwell", refs=refs)
    assert not is_one_event(con, first, report("b/1", title="Port of Harwell", refs=refs))


def test_one_victim_on_another_day_is_left_to_a_person(con):
    address = "https://news.example/2019/port-attacked-twice"
    day = [fact("date", "2019-03-02", "event")], [fact("date", "2019-03", "event")]
    other_day = [fact("date", "2019-11-20", "event")]
    reports = [
        report("veris/a", title="Port of Harwell", refs=[address], facts=day[0]),
        report("veris/b", 1, title="Port of Harwell", refs=[address], facts=day[1]),
        report("veris/c", 2, title="Port of Harwell", refs=[address], facts=other_day),
    ]
    assert events(con, *reports) == {
        "veris/a": "veris/a",
        "veris/b": "veris/a",
        "veris/c": "veris/c",
    }
    (pair,) = doubtful_pairs(con)
    assert (pair.report_id_a, pair.report_id_b, pair.is_linked) == ("veris/a", "veris/c", False)


def test_a_decision_settles_a_doubtful_pair(con):
    test_one_victim_on_another_day_is_left_to_a_person(con)
    decide(con, ("veris/c", "veris/a", "same", "one campaign"))
    assert set(events(con).values()) == {"veris/a"}
    assert doubtful_pairs(con) == []


def test_a_decision_keeps_reports_apart_and_those_that_follow_them(con):
    decide(con, ("csaf/1", "table/1", "different", "the table's number is wrong"))
    found = events(
        con,
        report("csaf/1", refs=["ICSA-20-006-01"]),
        report("table/1", 1, refs=["ICSA-20-006-01"]),
        report("wire/1", 2, refs=["ICSA-20-006-01"]),
    )
    assert found == {"csaf/1": "csaf/1", "table/1": "table/1", "wire/1": "csaf/1"}


def test_decisions_that_contradict_each_other_are_refused(con):
    decide(
        con,
        ("a/1", "b/1", "same", ""),
        ("b/1", "c/1", "same", ""),
        ("a/1", "c/1", "different", ""),
    )
    with pytest.raises(EventDecisionError, match=r"a/1 and c/1 are different, but"):
        assign_events(con)


def test_a_decision_is_same_or_different(con):
    decide(con, ("a/1", "b/1", "maybe", ""))
    with pytest.raises(EventDecisionError, match=r"'maybe' for a/1 and b/1\. Write same or diff"):
        assign_events(con)


def test_nothing_new_assigns_nothing(con):
    receive(con, report("a/1"), report("b/1"))
    assert [assign_events(con), assign_events(con)] == [2, 0]
    receive(con, report("c/1", 1))
    assert [assign_events(con), assign_events(con)] == [1, 0]


def test_a_quarantined_report_has_no_event(con):
    receive(con, report("a/1"), report("b/1"))
    assign_events(con)
    con.execute(
        "insert into quality.verdicts select 'reports', delivery_id, source_row, 'r', 'critical', "
        "'', '' from staged.reports where source_id = 'b'"
    )
    try:
        assert events(con) == {"a/1": "a/1"}
    finally:
        con.execute("delete from quality.verdicts")


def test_it_works_inside_the_callers_transaction_and_rolls_back_with_it(con):
    receive(con, report("a/1"))
    assign_events(con)
    before = table(con)
    con.execute("begin")
    receive(con, report("b/1", -1, title="earlier"))
    assert assign_events(con) == 2
    con.execute("rollback")
    assert table(con) == before


def test_hindsight_orders_by_disclosure(con):
    refs = ["AA20-006A"]
    receive(
        con,
        report("a/1", 0, refs=refs, disclosed_at=START),
        report("b/1", 1, refs=refs, disclosed_at=START - timedelta(days=9)),
    )
    assert set(events(con).values()) == {"a/1"}
    con.execute("set variable knowledge = 'now'")
    assert set(events(con).values()) == {"b/1"}


TITLES = [
    "",
    "Port stands still",
    "Port of Harwell",
    "Hospital is back after a malicious attachment",
]
BODIES = [None, STORY, OTHER_STORY, "Correction. " + STORY]
REFS = [
    "ICSA-20-006-01",
    "ICSA-20-006-02",
    "AA20-006A",
    "https://news.example/port",
    "https://x.y/",
]


@st.composite
def worlds(draw):
    """A few reports in any order, some of them in several versions."""
    rows = draw(
        st.lists(
            st.fixed_dictionaries(
                {
                    "name": st.sampled_from([f"{s}/{k}" for s in "abc" for k in "1234"]),
                    "day": st.integers(0, 40),
                    "title": st.sampled_from(TITLES),
                    "body": st.sampled_from(BODIES),
                    "refs": st.lists(st.sampled_from(REFS), max_size=2, unique=True),
                    "supersedes_key": st.sampled_from([None, None, "1", "2"]),
                    "disclosed_at": st.integers(0, 40).map(lambda day: START + timedelta(days=day)),
                    "published_at": st.integers(0, 40).map(lambda day: START + timedelta(days=day)),
                }
            ),
            min_size=1,
            max_size=12,
        )
    )
    return [report(row.pop("name"), row.pop("day"), version=i, **row) for i, row in enumerate(rows)]


def clock(row):
    return row["known_at"], row["published_at"], row["source_id"] + "/" + row["report_key"]


few = examples(5)


@pytest.mark.slow
@given(
    world=worlds(),
    seed=st.randoms(use_true_random=False),
    knowledge=st.sampled_from(["then", "now"]),
)
@few
def test_the_order_of_arrival_changes_nothing(installed, world, seed, knowledge):
    tables = []
    for _ in range(2):
        con = emptied(installed)
        con.execute(f"set variable knowledge = '{knowledge}'")
        events(con, *world)
        tables.append(table(con))
        seed.shuffle(world)
    assert tables[0] == tables[1]


@pytest.mark.slow
@given(world=worlds())
@few
def test_what_becomes_known_later_never_changes_an_earlier_row(installed, world):
    world.sort(key=clock)
    con = emptied(installed)
    events(con, *world)
    whole = table(con)
    for n_known in (len(world) // 3, 2 * len(world) // 3):
        con = emptied(installed)
        if world[:n_known]:
            events(con, *world[:n_known])
        known = {row[0] for row in table(con)}
        assert table(con) == [row for row in whole if row[0] in known]


@pytest.mark.slow
@given(world=worlds(), cuts=st.lists(st.integers(0, 12), max_size=3))
@few
def test_day_by_day_equals_all_at_once(installed, world, cuts):
    con = emptied(installed)
    events(con, *world)
    at_once = table(con)
    con = emptied(installed)
    world.sort(key=clock)
    for start, end in pairwise([0, *sorted(cuts), len(world)]):
        if world[start:end]:
            events(con, *world[start:end])
    assert table(con) == at_once


@pytest.mark.slow
@given(world=worlds(), days=st.integers(0, 9))
@few
def test_repetition_changes_nothing(installed, world, days):
    con = emptied(installed)
    events(con, *world)
    before = table(con)
    later = timedelta(days=days)
    repeated = [
        row
        | {
            "known_at": row["known_at"] + later,
            "disclosed_at": row["disclosed_at"] + later,
            "delivery_id": "again",
            "is_repeat": True,
        }
        for row in world
    ]
    receive(con, *repeated)
    assert assign_events(con) == 0 or days == 0
    assert table(con) == before


@pytest.mark.slow
@given(
    world=worlds(),
    pairs=st.lists(
        st.tuples(
            st.sampled_from([f"{s}/{k}" for s in "abc" for k in "1234"]),
            st.sampled_from([f"{s}/{k}" for s in "abc" for k in "1234"]),
            st.sampled_from(["same", "different"]),
            st.just("so it is"),
        ).filter(lambda pair: pair[0] != pair[1]),
        max_size=5,
    ),
)
@few
def test_decisions_are_obeyed(installed, world, pairs):
    con = emptied(installed)
    decide(con, *pairs) if pairs else None
    try:
        found = events(con, *world)
    except EventDecisionError:
        return
    for a, b, decision, _ in pairs:
        if a in found and b in found:
            assert (found[a] == found[b]) == (decision == "same")


@pytest.mark.slow
@given(world=worlds())
@few
def test_each_event_is_named_after_its_first_report_and_each_parent_is_in_it(installed, world):
    found = events(emptied(installed), *world)
    first = {}
    for row in sorted(world, key=clock):
        first.setdefault(row["source_id"] + "/" + row["report_key"], clock(row))
    for report_id, event_id, parent, *_ in table(installed):
        assert found[event_id] == event_id
        assert (parent is None) == (event_id == report_id)
        assert parent is None or (found[parent] == event_id and first[parent] < first[report_id])
