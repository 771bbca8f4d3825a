import json
from datetime import date, datetime

import pytest
from reader_helpers import DATA, only, problems, received, received_bytes

from pipeline.errors import DeliveryError

ANSWER = DATA / "nvd" / "one.json"


def test_the_newest_score_is_taken():
    (row,) = only(received("nvd", ANSWER))
    assert (row["cve_id"], row["published_date"]) == ("CVE-2019-19781", date(2019, 12, 27))
    assert (row["cvss_version"], row["cvss_base_0_10"]) == ("3.1", 9.8)
    assert row["disclosed_at"] == datetime(2020, 1, 8)


def test_nvd_itself_goes_before_others_of_the_same_version(tmp_path):
    answer = json.loads(ANSWER.read_text())
    metrics = answer["vulnerabilities"][0]["cve"]["metrics"]["cvssMetricV31"]
    metrics.insert(0, {"type": "Secondary", "cvssData": {"version": "3.1", "baseScore": 5.0}})
    (row,) = only(received_bytes("nvd", json.dumps(answer).encode(), tmp_path))
    assert row["cvss_base_0_10"] == 9.8


def test_a_record_without_a_score_says_nothing_of_it(tmp_path):
    answer = json.loads(ANSWER.read_text())
    answer["vulnerabilities"][0]["cve"]["metrics"] = {}
    (row,) = only(received_bytes("nvd", json.dumps(answer).encode(), tmp_path))
    assert (row["cvss_base_0_10"], problems(row)) == (None, [])


def test_another_json_is_refused(tmp_path):
    with pytest.raises(DeliveryError, match="has no list `vulnerabilities`"):
        received_bytes("nvd", b"{}", tmp_path)
