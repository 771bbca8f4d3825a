import json
from datetime import date, datetime

import pyarrow as pa
import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from pipeline import batch, corrections, quarantine, raw, stage
from pipeline.errors import SectorRiskError
from pipeline.sources import Rows
from tests import deliveries
from tests.deliveries import (
    REPORTS,
    collect,
    counts,
    fact,
    put,
    report,
    settings_in,
    supplier,
    tables,
    warehouse,
)

pytestmark = pytest.mark.gx


@pytest.fixture(autouse=True)
def _known_sources(monkeypatch):
    monkeypatch.setattr("pipeline.sources.all_sources", lambda: deliveries.SOURCES)


@pytest.fixture
def con(tmp_path):
    with warehouse(tmp_path) as con:
        yield con


def one(con, sql):
    return con.execute(sql).fetchone()


def test_rows_are_staged_with_their_provenance(con, tmp_path):
    put(tmp_path, "test_reports", "2020-01-06", "a.json", [report("R1", 7)])
    (line,) = collect(con, tmp_path, "test_reports")
    assert counts(line) == (1, 1, 0, 0)
    row = one(
        con,
        "select source_id, delivery_id, source_row, known_at, disclosed_at, is_repeat, "
        "md5(record) = record_md5, record ->> 'report_key' from validated.reports",
    )
    end = datetime(2020, 1, 6, 23, 59, 59)
    assert row == ("test_reports", line.delivery_id, 7, end, end, False, True, "R1")


def test_a_historical_record_is_known_since_its_disclosure(con, tmp_path):
    rows = [report("R1", 1, disclosed_at="2015-03-02T10:00:00"), report("R2", 2)]
    rows.append(report("R3", 3, disclosed_at="2031-01-01T00:00:00"))
    file = put(tmp_path, "test_reports", None, "a.json", rows)
    at = date(2020, 1, 6)
    arrival = raw.archive_file(
        con, settings_in(tmp_path), REPORTS, file, delivered_on=at, is_historical=True
    )
    stage.load(con, settings_in(tmp_path), arrival)
    known = con.execute("select known_at from staged.reports order by source_row").fetchall()
    end = datetime(2020, 1, 6, 23, 59, 59)
    assert known == [(datetime(2015, 3, 2, 10),), (end,), (end,)]


def test_looking_again_finds_nothing_new(con, tmp_path):
    put(tmp_path, "test_reports", "2020-01-06", "a.json", [report("R1", 1)])
    collect(con, tmp_path, "test_reports")
    before = tables(con)
    assert collect(con, tmp_path, "test_reports") == []
    assert tables(con) == before


def test_a_document_delivered_again_is_a_duplicate(con, tmp_path):
    for day in ("2020-01-06", "2020-01-09"):
        put(tmp_path, "test_reports", day, "a.json", [report("R1", 1), report("R2", 2)])
    first, second = collect(con, tmp_path, "test_reports")
    assert (counts(first), first.status) == ((2, 2, 0, 0), "loaded")
    assert (counts(second), second.status) == ((2, 0, 0, 2), "duplicate")
    repeats = "select repeats_delivery_id from raw.deliveries where status = 'duplicate'"
    assert one(con, repeats) == (first.delivery_id,)


def test_the_same_file_handed_in_twice_on_one_day_is_one_delivery(con, tmp_path):
    file = put(tmp_path, "test_reports", None, "a.json", [report("R1", 1)])
    for _ in range(2):
        arrival = raw.archive_file(con, settings_in(tmp_path), REPORTS, file)
        (line,) = stage.load(con, settings_in(tmp_path), arrival)
        assert counts(line) == (1, 1, 0, 0)
    assert one(con, "select count(*) from raw.deliveries") == (1,)


def test_a_list_that_returns_to_an_earlier_state_is_a_revision(con, tmp_path):
    first, second = [supplier("S1", 1)], [supplier("S1", 1, criticality_1_5=5)]
    for day, rows in (("01", first), ("02", first), ("03", second), ("04", first)):
        put(tmp_path, "test_register", f"2020-01-{day}", "register.json", rows)
    lines = collect(con, tmp_path, "test_register")
    assert [line.status for line in lines] == ["loaded", "duplicate", "loaded", "loaded"]


def test_a_list_corrected_and_reverted_within_one_day_ends_reverted(con, tmp_path):
    for content in (3, 5, 3):
        file = put(
            tmp_path, "test_register", None, "r.json", [supplier("S1", 1, criticality_1_5=content)]
        )
        arrival = raw.archive_file(
            con, settings_in(tmp_path), deliveries.REGISTER, file, delivered_on=date(2020, 1, 6)
        )
        stage.load(con, settings_in(tmp_path), arrival)
    latest = con.execute(
        "select s.criticality_1_5 from validated.suppliers as s inner join raw.deliveries as d "
        "using (delivery_id) order by d.delivered_at"
    ).fetchall()
    assert latest == [(3,), (5,), (3,)]


def test_a_late_list_between_two_equal_ones_makes_the_second_count(con, tmp_path):
    first, second = [supplier("S1", 1)], [supplier("S1", 1, criticality_1_5=5)]
    put(tmp_path, "test_register", "2020-01-01", "r.json", first)
    put(tmp_path, "test_register", "2020-01-05", "r.json", first)
    collect(con, tmp_path, "test_register")
    put(tmp_path, "test_register", "2020-01-03", "r.json", second)
    lines = collect(con, tmp_path, "test_register")
    assert [(line.delivery_id[:24], line.status) for line in lines] == [
        ("test_register/2020-01-03", "loaded"),
        ("test_register/2020-01-05", "loaded"),
    ]


def test_a_late_document_takes_the_place_of_its_later_copy(con, tmp_path):
    rows = [report("R1", 1, published_at="2020-01-01T00:00:00")]
    put(tmp_path, "test_reports", "2020-01-05", "a.json", rows)
    collect(con, tmp_path, "test_reports")
    put(tmp_path, "test_reports", "2020-01-02", "a.json", rows)
    collect(con, tmp_path, "test_reports")
    assert con.execute("select cast(known_at as date) from validated.reports").fetchall() == [
        (date(2020, 1, 2),)
    ]


def test_a_record_received_before_counts_as_duplicate_in_documents_alone(con, tmp_path):
    put(tmp_path, "test_reports", "2020-01-05", "a.json", [report("R1", 1)])
    put(tmp_path, "test_reports", "2020-01-06", "b.json", [report("R1", 1), report("R2", 2)])
    put(tmp_path, "test_register", "2020-01-05", "r.json", [supplier("S1", 1)])
    put(tmp_path, "test_register", "2020-01-06", "r.json", [supplier("S1", 1), supplier("S2", 2)])
    assert counts(collect(con, tmp_path, "test_reports")[1]) == (2, 1, 0, 1)
    assert counts(collect(con, tmp_path, "test_register")[1]) == (2, 2, 0, 0)
    repeats = con.execute(
        "select supplier_id, is_repeat from staged.suppliers order by delivery_id, source_row"
    ).fetchall()
    assert repeats == [("S1", False), ("S1", True), ("S2", False)]


def test_identical_records_of_one_file_are_staged_once(con, tmp_path):
    put(tmp_path, "test_register", "2020-01-05", "r.json", [supplier("S1", n) for n in (1, 2, 3)])
    (line,) = collect(con, tmp_path, "test_register")
    assert counts(line) == (3, 1, 0, 2)
    assert one(con, "select source_row from staged.suppliers") == (1,)


def test_a_file_that_cannot_be_read_fails_alone(con, tmp_path):
    put(tmp_path, "test_reports", "2020-01-05", "a.json", "{}")
    put(tmp_path, "test_reports", "2020-01-06", "b.json", [report("R1", 1)])
    failed, loaded = collect(con, tmp_path, "test_reports")
    assert (failed.status, failed.problem) == ("failed", "No list in line 1. Deliver a list.")
    assert (loaded.status, counts(loaded)) == ("loaded", (1, 1, 0, 0))


@pytest.mark.parametrize(
    "content",
    [
        '[{"table": "reports", "rows": [{"source_row": 1}, 7]}]',
        '[{"table": "suppliers", "rows": [{"source_row": 1}]}]',
        '[{"table": "reports", "rows": [{"source_row": 1, "colour": "red"}]}]',
        '[{"table": "reports", "rows": [{"title": "No row number"}]}]',
        '[{"table": "reports", "rows": [{"source_row": 1}]}, {"table": 0}]',
        '[{"tab',
    ],
)
def test_a_fault_of_the_reader_leaves_nothing_behind(con, tmp_path, content):
    put(tmp_path, "test_reports", "2020-01-05", "a.json", content)
    (line,) = collect(con, tmp_path, "test_reports")
    assert line.status == "failed"
    assert "The reader of test_reports failed" in line.problem
    assert one(con, "select count(*) from staged.reports") == (0,)


def test_a_mended_reader_reads_what_had_failed(con, tmp_path, monkeypatch):
    put(tmp_path, "test_reports", "2020-01-05", "a.json", "{}")
    collect(con, tmp_path, "test_reports")
    mended = deliveries.source("test_reports", ("reports",))
    object.__setattr__(
        mended, "read", lambda _: [Rows("reports", [deliveries.typed(report("R", 1))])]
    )
    monkeypatch.setitem(deliveries.SOURCES, "test_reports", mended)
    (line,) = stage.retry_failed(con, settings_in(tmp_path))
    assert (line.status, line.problem, counts(line)) == ("loaded", None, (1, 1, 0, 0))


def test_a_cell_that_does_not_fit_its_column_is_a_problem_of_its_row(con, tmp_path):
    rows = [
        supplier("S1", 1, criticality_1_5=900),
        supplier("S2", 2, criticality_1_5="high"),
        supplier("S3", 3, spend_eur=float("nan")),
        supplier("S4", 4, supplier_name=17),
        *(supplier(f"S{n}", n) for n in range(5, 15)),
    ]
    put(tmp_path, "test_register", "2020-01-05", "r.json", rows)
    (line,) = collect(con, tmp_path, "test_register")
    assert counts(line) == (14, 10, 4, 0)
    reasons = [row.reasons for row in quarantine.list_rows(con)]
    assert reasons == [
        ["criticality_1_5 is 900, which is not a whole number of at most 8 bits."],
        ["criticality_1_5 is 'high', which is not a whole number of at most 8 bits."],
        ["spend_eur is nan, which is not a number."],
        ["supplier_name is 17, which is not text."],
    ]


def test_rows_come_as_arrow_tables_too(con):
    schema = stage.staged.schema(con, "epss_scores")
    rows = pa.table({"source_row": [1, 2], "cve_id": ["CVE-2019-1", None], "epss_0_1": [0.5, 1]})
    table = batch.as_table(rows, schema)
    assert table.column_names[:4] == ["source_row", "disclosed_at", "record", "problems"]
    assert table["epss_0_1"].to_pylist() == [0.5, 1.0]
    wrong = batch.as_table(pa.table({"source_row": [1], "epss_0_1": ["much"]}), schema)
    assert wrong["problems"].to_pylist() == [["epss_0_1 is 'much', which is not a number."]]


def test_a_reader_of_many_parts_is_read_in_bounded_chunks(con, monkeypatch):
    monkeypatch.setattr(batch, "CHUNK_ROWS", 10)
    schema = stage.staged.schema(con, "reports")
    parts = [Rows("reports", [{"source_row": n} for n in range(size)]) for size in (3, 25, 4, 1)]
    sizes = [len(table) for _, table in batch.batches(parts, {"reports": schema})]
    assert max(sizes) <= 10
    assert sum(sizes) == 33


def test_a_finding_waits_for_the_register_that_names_its_supplier(con, tmp_path):
    rows = [{"source_row": 1, "supplier_id": "S1", "cve_id": "CVE-2019-19781", "status": "open"}]
    parts = [{"table": "findings", "rows": rows}]
    put(tmp_path, "test_assets", "2020-01-05", "f.json", json.dumps(parts))
    assert counts(collect(con, tmp_path, "test_assets")[0]) == (1, 0, 1, 0)
    put(tmp_path, "test_register", "2020-01-06", "r.json", [supplier("S1", 1)])
    collect(con, tmp_path, "test_register")
    assert one(
        con, "select n_loaded, n_quarantined from quality.ledger where table_name = 'findings'"
    ) == (1, 0)


def test_half_a_list_is_held_until_a_person_releases_it(con, tmp_path):
    put(tmp_path, "test_register", "2020-01-05", "r.json", [supplier(f"S{n}", n) for n in range(9)])
    put(tmp_path, "test_register", "2020-01-06", "r.json", [supplier(f"S{n}", n) for n in range(4)])
    _, held = collect(con, tmp_path, "test_register")
    assert (held.status, counts(held)) == ("held", (4, 0, 4, 0))
    assert "suppliers: 4, before: 9" in held.problem
    (line,) = quarantine.replay(con, settings_in(tmp_path))
    assert line.status == "held"
    (line,) = quarantine.release(con, settings_in(tmp_path), held.delivery_id, "Five were sold")
    assert (line.status, counts(line)) == ("loaded", (4, 4, 0, 0))


def test_replay_takes_a_new_alias_into_account(con, tmp_path):
    rows = [report("R1", 1, facts=[fact(value="power plants")]), report("R2", 2)]
    put(tmp_path, "test_reports", "2020-01-05", "a.json", rows)
    put(tmp_path, "test_reports", "2020-01-07", "again.json", rows)
    first, _ = collect(con, tmp_path, "test_reports")
    assert counts(first) == (2, 1, 1, 0)
    (row,) = quarantine.list_rows(con)
    assert row.reasons[0].startswith(
        "sector 'power plants' is not a known label of vocabulary sector; nearest: "
    )
    con.execute(
        "insert into method.sector_aliases values ('sector', 'power plants', 'energy', 1, '')"
    )
    assert counts(quarantine.replay(con, settings_in(tmp_path))[0]) == (2, 2, 0, 0)
    assert quarantine.list_rows(con) == []


def test_replaying_changes_nothing_where_nothing_has_changed(con, tmp_path):
    rows = [report("R1", 1, severity_0_10=11), report("R2", 2)]
    for day in ("05", "07"):
        put(tmp_path, "test_reports", f"2020-01-{day}", f"{day}.json", [*rows, report(day, 3)])
    collect(con, tmp_path, "test_reports")
    before = tables(con)
    quarantine.replay(con, settings_in(tmp_path))
    assert tables(con) == before


@pytest.fixture
def correct(tmp_path, monkeypatch):
    def write(*rows):
        file = tmp_path / "corrections.csv"
        header = corrections.FILE.read_text().splitlines()[0]
        file.write_text("\n".join([header, *rows]) + "\n")
        monkeypatch.setattr(corrections, "FILE", file)

    return write


CORRECTION = "test_register,suppliers,supplier_id,S1,criticality_1_5,9,4,Agreed with procurement"


def test_a_correction_replaces_the_delivered_value(con, tmp_path, correct):
    correct(CORRECTION)
    put(tmp_path, "test_register", "2020-01-05", "r.json", [supplier("S1", 1, criticality_1_5=9)])
    assert counts(collect(con, tmp_path, "test_register")[0]) == (1, 1, 0, 0)
    assert one(
        con, "select criticality_1_5, (record ->> 'criticality_1_5') from staged.suppliers"
    ) == (4, "9")
    assert one(
        con, "select is_passed, found from quality.gates where gate = 'correction_still_needed'"
    ) == (
        True,
        "Corrected to 4: Agreed with procurement",
    )


def test_a_correction_replaces_what_could_not_be_read(con, tmp_path, correct):
    correct("test_register,suppliers,supplier_id,S1,criticality_1_5,vital,5,Agreed")
    row = supplier("S1", 1, criticality_1_5=None, problems=["Column 'Criticality' is 'vital'."])
    put(tmp_path, "test_register", "2020-01-05", "r.json", [row])
    assert counts(collect(con, tmp_path, "test_register")[0]) == (1, 1, 0, 0)
    assert one(con, "select criticality_1_5 from validated.suppliers") == (5,)


@pytest.mark.parametrize(
    ("row", "found"),
    [(supplier("S1", 1, criticality_1_5=3), "it is 3"), (supplier("S2", 1), "the record is not")],
)
def test_a_correction_that_is_no_longer_needed_says_so(con, tmp_path, correct, row, found):
    correct(CORRECTION)
    put(tmp_path, "test_register", "2020-01-05", "r.json", [row])
    assert counts(collect(con, tmp_path, "test_register")[0]) == (1, 1, 0, 0)
    severity, is_passed, said = one(
        con,
        "select severity, is_passed, found from quality.gates "
        "where gate = 'correction_still_needed'",
    )
    assert (severity, is_passed) == ("warning", False)
    assert found in said
    assert "remove the correction" in said


@pytest.mark.parametrize(
    ("column", "new", "said"),
    [
        ("critcality", "4", "'critcality' is not known. Nearest: criticality_1_5"),
        ("criticality_1_5", "vital", "which does not fit the column"),
    ],
)
def test_a_correction_that_cannot_be_applied_is_refused(con, tmp_path, correct, column, new, said):
    correct(f"test_register,suppliers,supplier_id,S1,{column},9,{new},Agreed")
    put(tmp_path, "test_register", "2020-01-05", "r.json", [supplier("S1", 1, criticality_1_5=9)])
    with pytest.raises(SectorRiskError, match=said):
        collect(con, tmp_path, "test_register")
    assert one(con, "select count(*) from raw.deliveries") == (0,)


ROWS = st.lists(
    st.builds(
        lambda key, severity: {"report_key": key, "severity_0_10": severity},
        st.sampled_from(["R1", "R2", "R3", None]),
        st.sampled_from([1, 9, 11, "bad", None]),
    ),
    max_size=4,
)
DELIVERIES = st.lists(
    st.tuples(st.integers(5, 9), ROWS | st.just("torn")),
    min_size=1,
    max_size=5,
    unique_by=lambda delivery: delivery[0],
)


@given(deliveries_=DELIVERIES, seed=st.randoms(use_true_random=False))
@examples(8)
def test_the_ledger_adds_up_and_the_order_of_loading_changes_nothing(
    tmp_path_factory, deliveries_, seed
):
    states = []
    for order in ("sorted", "shuffled"):
        folder = tmp_path_factory.mktemp("ledger")
        files = list(enumerate(deliveries_))
        if order == "shuffled":
            seed.shuffle(files)
        with warehouse(folder) as con:
            if order == "sorted":
                _deliver(folder, files)
                collect(con, folder, "test_reports")
            else:
                for file in files:
                    _deliver(folder, [file])
                    collect(con, folder, "test_reports")
            _check_ledger(con, deliveries_)
            states.append(tables(con))
    assert states[0] == states[1]


def _deliver(folder, files):
    for number, (day, rows) in files:
        content = (
            "torn" if rows == "torn" else [report(None, n) | row for n, row in enumerate(rows, 1)]
        )
        put(folder, "test_reports", f"2020-01-0{day}", f"{number}.json", content)


def _check_ledger(con, deliveries_):
    received = con.execute("select coalesce(sum(n_received), 0) from quality.ledger").fetchone()
    assert received == (sum(len(rows) for _, rows in deliveries_ if rows != "torn"),)
    assert con.execute("select count(*) from raw.deliveries").fetchone() == (len(deliveries_),)
    wrong = con.execute(
        "select * from quality.ledger as l where "
        "n_received <> n_loaded + n_quarantined + n_duplicate or n_loaded <> "
        "(select count(*) from validated.reports as v "
        "where v.delivery_id = l.delivery_id and not v.is_repeat) "
        "or n_quarantined <> (select count(*) from quarantine.reports as q "
        "where q.delivery_id = l.delivery_id)"
    ).fetchall()
    assert wrong == []
    unexplained = con.execute(
        "select * from quarantine.reports as q where not exists ("
        "select 1 from quality.verdicts as v where v.delivery_id = q.delivery_id "
        "and v.source_row = q.source_row and v.reason <> '')"
    ).fetchall()
    assert unexplained == []
