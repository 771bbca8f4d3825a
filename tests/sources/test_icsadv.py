from datetime import datetime

import pytest
from reader_helpers import (
    DATA,
    SHARED,
    facts,
    only,
    problems,
    realdata,
    received,
    received_bytes,
)

from pipeline.errors import DeliveryError

TABLE = DATA / "icsadv" / "advisories.csv"


@pytest.fixture(scope="module")
def rows():
    return only(received("icsadv", TABLE))


def test_a_row_is_an_advisory_with_the_number_it_shares(rows):
    first = rows[0]
    assert (first["kind"], first["refs"]) == ("advisory", ["ICSA-20-006-01"])
    assert first["published_at"] == datetime(2020, 1, 6)
    assert first["modified_at"] == first["disclosed_at"] == datetime(2020, 2, 11)
    assert facts(first, "cve") == ["CVE-2020-0001", "CVE-2020-0002"]


def test_every_separator_of_sectors(rows):
    assert facts(rows[0], "sector") == [
        "commercial facilities",
        "critical manufacturing",
        "energy",
        "transportation systems",
    ]


def test_two_vendors_of_one_advisory_are_two_reports_of_one_event(rows):
    first, second = rows[:2]
    assert first["report_key"] != second["report_key"]
    assert first["refs"] == second["refs"]


def test_what_does_not_apply_is_not_a_problem(rows):
    assert rows[1]["severity_0_10"] is None
    assert facts(rows[3], "cve") == []
    assert not problems(rows[1]) + problems(rows[3])


def test_supplements_and_letters_share_the_number_of_the_advisory(rows):
    assert [row["refs"] for row in rows[2:]] == [["ICSA-15-237-02"], ["ICSA-11-175-03"]]


def test_bad_cells_are_named(rows):
    assert [problem.split(" ")[0] for problem in problems(rows[2])] == [
        "`Original_Release_Date`",
        "`Cumulative_CVSS`",
        "`CVE_Number`",
    ]


def test_byte_order_mark_and_line_ends_do_not_matter(tmp_path, rows):
    data = b"\xef\xbb\xbf" + TABLE.read_bytes().replace(b"\n", b"\r\n")
    assert only(received_bytes("icsadv", data, tmp_path)) == rows


def test_another_table_is_refused(tmp_path):
    with pytest.raises(DeliveryError, match="lacks the columns Original_Release_Date"):
        received_bytes("icsadv", b"a,b\n1,2\n", tmp_path)


class TestRealData:
    pytestmark = realdata

    def test_the_whole_table_loads(self):
        rows = only(received("icsadv", SHARED / "icsadv" / "CISA_ICS_ADV_Master_20231219.csv"))
        assert len(rows) == 2_718
        bad = [problems(row)[0] for row in rows if problems(row)]
        assert [text[:22] for text in bad] == ["`CVE_Number` is 'SeeSS", "`CVE_Number` is 'CVE-2"]
        assert all(row["refs"] for row in rows)
