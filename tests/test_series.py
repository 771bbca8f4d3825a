"""Daily EPSS files of which only the changes are staged: the facts are those of all their rows."""

import csv
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from itertools import count

import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from pipeline import facts, raw, stage, validate
from pipeline.method import read_method
from pipeline.series import RANK_STEPS
from pipeline.sources import get_source
from tests import deliveries
from tests.deliveries import settings_in, tables, warehouse

EPSS = get_source("epss")
FIRST = date(2022, 1, 10)
CVES = [f"CVE-2020-{n:04}" for n in range(1, 6)]
STATED_FROM = 5
TEXTS = {False: "cve,epss", True: "cve,epss,percentile"}


def day_of(n):
    return FIRST + timedelta(n)


def text_of(day, scores, *, is_ranked=True, model=None):
    """A file as published: `scores` are pairs of CVE, and of score and percentile as text."""
    lines = [f"#model_version:{model},score_date:{day_of(day)}"] if model else []
    lines.append(TEXTS[is_ranked])
    lines += [",".join([cve, *cells[: 1 + is_ranked]]) for cve, cells in scores]
    return "\n".join(lines) + "\n"


@pytest.fixture
def stream(tmp_path, monkeypatch):
    """Loads files into a warehouse of their own, in the order given, as a series or row by row."""
    monkeypatch.setattr(validate, "breaches", lambda *_: [])
    number = count()

    @contextmanager
    def load(files, order=None, *, is_series=True):
        source = replace(EPSS, is_series=is_series)
        monkeypatch.setattr(deliveries, "SOURCES", {"epss": source})
        monkeypatch.setattr("pipeline.sources.all_sources", lambda: {"epss": source})
        folder = tmp_path / str(next(number))
        with warehouse(folder) as con:
            for place in order or range(len(files)):
                deliver(con, folder, source, *files[place])
            yield con

    return load


def deliver(con, folder, source, day, arrived, is_historical, text):
    file = folder / f"epss_scores-{day_of(day)}.csv"
    file.write_text(text)
    arrival = raw.archive_file(
        con,
        settings_in(folder),
        source,
        file,
        delivered_on=day_of(arrived),
        is_historical=is_historical,
    )
    return stage.load(con, settings_in(folder), arrival)


def history(con, knowledge):
    """What the ranks say of every CVE of the files from which day on, were all of them found."""
    con.execute(f"set variable knowledge = '{knowledge}'")
    con.execute("create or replace table facts.found_cves as select unnest(?) as cve_id", [CVES])
    for model in facts.models_for(con):
        if model.name in {"facts.epss_files", "facts.exploitation_estimates"}:
            con.execute(f"create or replace table {model.name} as {model.sql}")
    return con.execute("from facts.exploitation_estimates order by all").fetchall()


scores = st.lists(
    st.tuples(
        st.sampled_from([*CVES, *CVES, *CVES, "CVE-20"]),
        st.tuples(
            st.sampled_from(["0.1", "0.1", "0.1", "0.9", "n/a"]),
            st.sampled_from(["0.15", "0.15", "0.14", "0.81", "0.955", "0.9985", ""]),
        ),
    ),
    max_size=6,
)


@st.composite
def files(draw):
    """Files that arrive on days of their own, late or as history; models stated at last."""
    found = {}
    for day in draw(st.lists(st.integers(0, 9), min_size=1, max_size=5)):
        model = draw(st.sampled_from(["v1", "v2"])) if day >= STATED_FROM else None
        is_ranked = draw(st.booleans())
        late = draw(st.sampled_from([0, 0, 0, 1, 3, 8]))
        text = text_of(day, draw(scores), is_ranked=is_ranked, model=model)
        found.setdefault(day + late, (day, day + late, draw(st.booleans()), text))
    return list(found.values())


FILE = [(cve, ("0.1", "0.15")) for cve in CVES]
RISEN = [FILE[0], (CVES[1], ("0.1", "0.96")), *FILE[2:]]
LATE = [
    (6, 6, False, text_of(6, FILE, model="v1")),
    (8, 8, False, text_of(8, FILE, model="v1")),
    (7, 9, False, text_of(7, RISEN, model="v1")),
]


@pytest.mark.slow
@given(drawn=files(), data=st.data())
@examples(12)
def test_changes_alone_give_the_history_of_all_rows_in_whatever_order_they_come(
    stream, drawn, data
):
    order = data.draw(st.permutations(range(len(drawn))))
    with stream(drawn, is_series=False) as con:
        whole = histories(con)
    with stream(drawn) as con:
        found, state = histories(con), tables(con)
    with stream(drawn, order) as con:
        assert found == whole == histories(con)
        for name, rows in tables(con).items():
            assert state[name] == rows, name


def histories(con):
    return [history(con, knowledge) for knowledge in ("then", "now")]


@pytest.mark.slow
def test_a_file_is_staged_by_what_it_changes(stream):
    with stream(LATE[:2]) as con:
        rows = con.execute(
            "select cve_id, epss_date, n_scores, is_repeat from staged.epss_scores order by 2, 1"
        ).fetchall()
        first = [(cve, day_of(6), 5 if cve == CVES[0] else None, False) for cve in CVES]
        assert rows == [*first, (CVES[0], day_of(8), 5, False)]
        assert con.execute(
            "select n_received, n_loaded, n_quarantined, n_duplicate from quality.ledger order by 2"
        ).fetchall() == [(5, 1, 0, 4), (5, 5, 0, 0)]


@pytest.mark.slow
def test_a_late_file_is_new_in_hindsight_alone(stream):
    """The day after it is compared with it too, and what was said of that day stays the same."""
    with stream(LATE[:2]) as con:
        before = contents(con)
    with stream(LATE) as con:
        repeats = con.execute("select epss_date, cve_id from staged.epss_scores where is_repeat")
        assert repeats.fetchall() == [(day_of(8), CVES[1])]
        assert contents(con).items() >= before.items()
        assert {row[3] for row in history(con, "then")} == {0.002}
        assert [row[1:] for row in history(con, "now") if row[0] == CVES[1]] == [
            (day_of(6), 2, 0.002),
            (day_of(7), 2, 0.1),
            (day_of(8), 2, 0.002),
        ]


def contents(con):
    return dict(con.execute("select delivery_id, content_hash from quality.ledger").fetchall())


def test_classes_of_ranks_are_drawn_no_finer_than_ranks_are_kept():
    classes = list(csv.DictReader(read_method().tables["epss_classes"].splitlines()))
    bounds = {float(row["lower_percentile_0_1"]) for row in classes}
    assert bounds <= {0, *RANK_STEPS}
