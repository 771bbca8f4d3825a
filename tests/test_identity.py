"""Who is who: joined by what both sides carry or by decision, never by a likeness of names."""

from datetime import date, datetime, time, timedelta

import pyarrow as pa
import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from pipeline.identity import (
    END,
    Supplier,
    SupplierDecisionError,
    assign_identities,
    doubtful_suppliers,
    identity_spans,
    joints,
)
from pipeline.method import models
from pipeline.names import likeness, plain_name, similar_pairs
from tests.deliveries import warehouse

START = date(2020, 1, 1)


def day(n):
    return START + timedelta(n)


def supplier(supplier_id, name="Harrow Valley Castings", known=0, **identifiers):
    return Supplier(
        supplier_id,
        name,
        "GB",
        day(known),
        {(kind, value): day(known) for kind, value in identifiers.items()},
    )


def identity_of(pairs, supplier_id, on, decisions=()):
    for member, start, end, identity, _ in identity_spans(pairs, decisions):
        if member == supplier_id and start <= on < end:
            return identity
    return supplier_id


class TestNames:
    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("Harrow Valley Castings Ltd", "HARROW VALLEY CASTINGS LIMITED"),
            ("Königsau Werke GmbH", "Konigsau Werke"),
            ("Castings of Harrow & Co.", "castings, of Harrow Co"),
            ("Valdoro S.p.A.", "Valdoro SpA"),
        ],
    )
    def test_legal_forms_accents_and_case_do_not_count(self, one, other):
        assert plain_name(one) == plain_name(other)

    def test_a_name_that_is_nothing_but_a_legal_form_stays(self):
        assert plain_name("SAS AG") == "sas ag"

    def test_like_names_are_found_and_unlike_ones_are_not(self):
        suppliers = [
            ("S-1", "Harrow Valley Castings Ltd", "GB"),
            ("S-2", "Castings Harrow Valey", "GB"),
            ("S-3", "Harrow Valley Glass", "GB"),
            ("S-4", "Castings Harow Valey", "US"),
        ]
        assert [pair[:2] for pair in similar_pairs(suppliers)] == [("S-1", "S-2"), ("S-2", "S-4")]

    def test_a_large_register_compares_only_names_that_share_a_rare_word(self):
        many = [(f"S-{n}", f"Works {n} North", "GB") for n in range(2_000)]
        many += [("T-1", "Quarrington Works", "GB"), ("T-2", "Quarringtom Works North", "GB")]
        many += [("T-3", "Quarrington  works Ltd", "GB")]
        assert [pair[:2] for pair in similar_pairs(many)] == [("T-1", "T-3")]

    @given(st.text(), st.text())
    def test_likeness_is_a_share_and_has_no_direction(self, one, other):
        assert 0 <= likeness(one, other) <= 1
        assert likeness(one, other) == likeness(other, one)


class TestJoints:
    def test_a_shared_identifier_joins_from_the_day_both_were_known(self):
        pairs = joints([supplier("S-2", lei="X", known=5), supplier("S-1", lei="X")], [])
        assert pairs[0].reason == "both have lei X"
        assert identity_of(pairs, "S-2", day(4)) == "S-2"
        assert identity_of(pairs, "S-2", day(5)) == "S-1"

    def test_another_identifier_may_speak_against_it(self):
        (pair,) = joints(
            [supplier("S-1", lei="X", duns="1"), supplier("S-2", lei="X", duns="2")], []
        )
        assert (pair.is_joined, pair.reason) == (False, "both have lei X, but different duns")

    def test_unlike_names_speak_against_it(self):
        (pair,) = joints([supplier("S-1", lei="X"), supplier("S-2", "Metro Bus", lei="X")], [])
        assert not pair.is_joined
        assert "are unlike" in pair.reason

    def test_decisions_go_first(self):
        suppliers = [supplier("S-1", lei="X"), supplier("S-2", lei="X"), supplier("S-3")]
        decisions = [("S-1", "S-2", "different", ""), ("S-3", "S-1", "same", "asked them")]
        pairs = joints(suppliers, decisions)
        assert identity_of(pairs, "S-2", day(1), decisions) == "S-2"
        assert identity_of(pairs, "S-3", day(1), decisions) == "S-1"

    def test_suppliers_decided_to_be_different_stay_apart_through_a_third(self):
        suppliers = [
            supplier("S-1", lei="X"),
            supplier("S-2", lei="X", uei="Y"),
            supplier("S-3", uei="Y"),
        ]
        decisions = [("S-1", "S-3", "different", "")]
        pairs = joints(suppliers, decisions)
        assert identity_of(pairs, "S-2", day(1), decisions) == "S-1"
        assert identity_of(pairs, "S-3", day(1), decisions) == "S-3"


REGISTERS = st.lists(
    st.tuples(
        st.sampled_from("ABCDEF"), st.integers(0, 9), st.sampled_from("XYZ"), st.sampled_from("PQR")
    ),
    unique_by=lambda row: row[0],
)


@pytest.mark.slow
@examples(60)
@given(REGISTERS, st.randoms(), st.integers(0, 9))
def test_the_order_does_not_matter_and_nothing_later_changes_an_earlier_day(rows, random, n):
    suppliers = [supplier(one, known=known, lei=lei, uei=uei) for one, known, lei, uei in rows]
    pairs = joints(suppliers, [])
    assert joints(random.sample(suppliers, len(suppliers)), []) == pairs
    early = joints([one for one in suppliers if one.known_date < day(n)], [])
    for one in suppliers:
        for earlier in range(n):
            if one.known_date <= day(earlier):
                assert identity_of(early, one.supplier_id, day(earlier)) == identity_of(
                    pairs, one.supplier_id, day(earlier)
                )


class TestWarehouse:
    REGISTER = ("register_deliveries", "register_versions", "supplier_versions")

    @pytest.fixture
    def con(self, tmp_path):
        with warehouse(tmp_path) as con:
            con.execute("set variable knowledge = 'then'")
            con.execute("begin")
            yield con
            con.execute("rollback")

    def deliver(self, con, n, *rows, source_id="supplier_register"):
        """A register of the day n: id, name, LEI, country."""
        known_at = datetime.combine(day(n), time(23))
        columns = ("supplier_id", "supplier_name", "lei", "country")
        listed = [
            dict(zip(columns, row, strict=True)) | {"source_row": i}
            for i, row in enumerate(rows, 1)
        ]
        con.register("listed", pa.Table.from_pylist(listed))
        con.execute(
            "insert into staged.suppliers by name select *, ? as source_id, ? as delivery_id, "
            "? as known_at, known_at as disclosed_at, [{'vocabulary': 'sector', 'value': 'energy', "
            "'share_0_1': 1.0}] as sectors, '' as record, '' as record_md5, false as is_repeat "
            "from listed",
            [source_id, f"{source_id}/{day(n)}", known_at],
        )
        con.unregister("listed")

    def versions(self, con):
        assign_identities(con)
        for model in models():
            if model.name.removeprefix("facts.") in self.REGISTER:
                con.execute(f"create or replace table {model.name} as {model.sql}")
        return con.execute(
            "select supplier_id, supplier_name, from_date, until_date "
            "from facts.supplier_versions order by 1, 3"
        ).fetchall()

    def test_a_supplier_with_a_new_number_stays_one_supplier(self, con):
        self.deliver(con, 0, ("S-1", "Lowfell Glass", "X", "GB"))
        self.deliver(con, 5, ("S-9", "Lowfell Glass Ltd", "X", "GB"))
        assert self.versions(con) == [
            ("S-1", "Lowfell Glass", day(0), day(5)),
            ("S-1", "Lowfell Glass Ltd", day(5), END),
        ]

    def test_two_registers_give_one_version_at_a_time_the_more_reliable_first(self, con):
        self.deliver(con, 0, ("S-1", "Lowfell Glass (inventory)", "X", "GB"), source_id="assets")
        self.deliver(con, 5, ("S-1", "Lowfell Glass", "X", "GB"))
        assert self.versions(con) == [
            ("S-1", "Lowfell Glass (inventory)", day(0), day(5)),
            ("S-1", "Lowfell Glass", day(5), END),
        ]

    def test_names_alone_are_a_question_for_a_person(self, con):
        self.deliver(
            con, 0, ("S-1", "Lowfell Glass", None, "GB"), ("S-2", "Lowfell Glas Ltd", None, "GB")
        )
        assert [row[0] for row in self.versions(con)] == ["S-1", "S-2"]
        (pair,) = doubtful_suppliers(con)
        assert (pair.supplier_id_a, pair.supplier_id_b, pair.is_joined) == ("S-1", "S-2", False)
        assert "are alike" in pair.reason

    def test_a_decision_joins_them_and_ends_the_question(self, con):
        self.deliver(
            con, 0, ("S-1", "Lowfell Glass", None, "GB"), ("S-2", "Lowfell Glas Ltd", None, "GB")
        )
        con.execute("delete from method.supplier_decisions")
        con.execute("insert into method.supplier_decisions values ('S-2', 'S-1', 'same', 'asked')")
        assert [row[:2] for row in self.versions(con)] == [("S-1", "Lowfell Glass")]
        assert doubtful_suppliers(con) == []

    def test_a_decision_that_cannot_be_read_is_named(self, con):
        con.execute("insert into method.supplier_decisions values ('S-2', 'S-1', 'maybe', '')")
        with pytest.raises(SupplierDecisionError, match="'maybe' for S-2 and S-1"):
            assign_identities(con)
