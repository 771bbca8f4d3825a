import json
from datetime import date, datetime

import pytest
from reader_helpers import (
    DATA,
    SHARED,
    only,
    problems,
    realdata,
    received,
    received_bytes,
    tar,
)

from pipeline.errors import DeliveryError

RECORD = DATA / "vulnrichment" / "CVE-2020-0001.json"


def test_a_record_carries_the_decision_and_the_score():
    (row,) = only(received("vulnrichment", RECORD))
    assert (row["cve_id"], row["published_date"]) == ("CVE-2020-0001", date(2020, 1, 6))
    assert (row["ssvc_exploitation"], row["ssvc_automatable"]) == ("active", True)
    assert (row["cvss_version"], row["cvss_base_0_10"]) == ("3.1", 7.5)
    assert row["disclosed_at"] == datetime(2024, 10, 4, 13, 32, 40, 662258)
    assert not problems(row)


def test_names_that_say_nothing_give_way_to_those_that_do():
    (row,) = only(received("vulnrichment", RECORD))
    assert (row["vendor"], row["product"]) == ("acme", "controller; box")


def test_the_score_of_the_assigner_goes_first(tmp_path):
    record = json.loads(RECORD.read_text())
    record["containers"]["cna"]["metrics"] = [{"cvssV3_0": {"version": "3.0", "baseScore": 5}}]
    (row,) = only(received_bytes("vulnrichment", json.dumps(record).encode(), tmp_path))
    assert (row["cvss_version"], row["cvss_base_0_10"]) == ("3.0", 5)


def test_an_unknown_decision_is_a_problem(tmp_path):
    data = RECORD.read_bytes().replace(b'"active"', b'"perhaps"')
    (row,) = only(received_bytes("vulnrichment", data, tmp_path))
    assert problems(row) == [
        "`Exploitation` is 'perhaps': it must be one of none, poc, public poc, active."
    ]


def test_a_bad_member_of_an_archive_costs_only_itself(tmp_path):
    packed = tar({"a.json": b"{}", "b.json": RECORD.read_bytes()})
    bad, good = only(received_bytes("vulnrichment", packed, tmp_path))
    assert "a.json: has no object `cveMetadata`" in problems(bad)[0]
    assert (good["source_row"], good["cve_id"]) == (2, "CVE-2020-0001")


def test_another_json_is_refused(tmp_path):
    with pytest.raises(DeliveryError, match="has no object"):
        received_bytes("vulnrichment", b'{"document": {}}', tmp_path)


class TestRealData:
    pytestmark = realdata

    def test_every_record_loads(self):
        rows = only(
            received(
                "vulnrichment",
                SHARED / "vulnrichment" / "cisa_vulnrichment_kev_subset_2024-10.tar.xz",
            )
        )
        assert len(rows) == 251
        assert not any(problems(row) for row in rows)
        assert {row["ssvc_exploitation"] for row in rows} == {"active", "poc", "none"}
