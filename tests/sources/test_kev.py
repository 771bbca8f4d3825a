from datetime import date, datetime

import orjson
import pytest
from reader_helpers import (
    DATA,
    SHARED,
    only,
    problems,
    realdata,
    received,
    received_bytes,
)

from pipeline.errors import DeliveryError

CATALOG = DATA / "kev" / "catalog.json"


def test_an_entry_is_read_whole():
    first = only(received("kev", CATALOG))[0]
    assert first["cve_id"] == "CVE-2019-19781"
    assert (first["vendor"], first["product"]) == ("Citrix", "ADC")
    assert first["added_date"] == date(2021, 11, 3)
    assert first["due_date"] == date(2022, 5, 3)
    assert first["is_ransomware"] is True
    assert first["disclosed_at"] == datetime(2021, 11, 3)
    assert not problems(first)


def test_bad_cells_are_named_and_the_rest_is_kept():
    _, second, third = only(received("kev", CATALOG))
    assert second["added_date"] is None
    assert second["cve_id"] == "CVE-2019-11510"
    assert "`dateAdded` is '2021-11-31'" in problems(second)[0]
    assert "`knownRansomwareCampaignUse` is 'Perhaps'" in problems(second)[1]
    assert "a CVE id such as CVE-2020-12345" in problems(third)[0]


def test_csv_and_json_give_the_same_record():
    in_json = only(received("kev", CATALOG))[0]
    in_csv = only(received("kev", DATA / "kev" / "catalog.csv"))[0]
    assert in_csv == in_json


def test_a_torn_csv_row_names_its_line():
    torn = only(received("kev", DATA / "kev" / "catalog.csv"))[1]
    assert "Line 3 has 6 cells where the header has 11" in problems(torn)[0]


def test_a_catalog_that_is_not_whole_is_refused(tmp_path):
    data = CATALOG.read_bytes().replace(b'"count": 3', b'"count": 4')
    with pytest.raises(DeliveryError, match="`count` is 4 but the catalog holds 3"):
        received_bytes("kev", data, tmp_path)


def test_a_torn_file_is_refused_with_the_place(tmp_path):
    with pytest.raises(DeliveryError, match="not valid JSON at line 10"):
        received_bytes("kev", CATALOG.read_bytes()[:500], tmp_path)


def _catalog(entries):
    return orjson.dumps({"vulnerabilities": entries})


def test_a_fault_of_one_entry_changes_no_other(tmp_path):
    entries = orjson.loads(CATALOG.read_bytes())["vulnerabilities"]
    alone = only(received_bytes("kev", _catalog(entries[:1]), tmp_path))
    beside = only(received_bytes("kev", _catalog([entries[0], "torn"]), tmp_path))
    assert beside[0] == alone[0] | {"problems": []}
    assert problems(beside[1]) == [
        "Entry 2 is not a JSON object.",
        "`dateAdded` is missing: every record must state it.",
        "`cveID` is missing: every record must state it.",
    ]


def test_an_entry_nested_too_deeply_to_be_kept_is_a_typed_error(tmp_path):
    deep = b'{"vulnerabilities": [{"x": %b%b}]}' % (b"[" * 600, b"]" * 600)
    with pytest.raises(DeliveryError, match="cannot be kept as JSON"):
        received_bytes("kev", deep, tmp_path)


class TestRealData:
    pytestmark = realdata

    def test_both_layouts_of_the_catalog_agree(self):
        in_json, in_csv = (
            only(received("kev", SHARED / "kev" / f"known_exploited_vulnerabilities.{suffix}"))
            for suffix in ("json", "csv")
        )
        assert len(in_json) == len(in_csv) == 1_404
        assert not any(problems(row) for row in in_json + in_csv)
        columns = ("cve_id", "added_date", "due_date", "is_ransomware", "product")
        pairs = zip(in_json, in_csv, strict=True)
        assert all(a[column] == b[column] for a, b in pairs for column in columns)
        assert sum(a["record"] == b["record"] for a, b in zip(in_json, in_csv, strict=True)) > 1_300
