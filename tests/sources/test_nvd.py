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


@pytest.mark.parametrize(
    ("metric", "version", "base"),
    [
        ("cvssMetricV40", "4.0", 9.3),
        ("cvssMetricV31", "3.1", 9.8),
        ("cvssMetricV30", "3.0", 9.1),
        ("cvssMetricV2", "2.0", 7.5),
    ],
)
def test_every_version_of_cvss_is_read(tmp_path, metric, version, base):
    answer = json.loads(ANSWER.read_text())
    said = {"type": "Primary", "cvssData": {"version": version, "baseScore": base}}
    answer["vulnerabilities"][0]["cve"]["metrics"] = {metric: [said]}
    (row,) = only(received_bytes("nvd", json.dumps(answer).encode(), tmp_path))
    assert (row["cvss_version"], row["cvss_base_0_10"]) == (version, base)


def test_products_affected_are_read_with_their_versions(tmp_path):
    answer = json.loads(ANSWER.read_text())
    name = "cpe:2.3:o:citrix:netscaler_firmware:"
    answer["vulnerabilities"][0]["cve"]["configurations"] = [
        {
            "nodes": [
                {
                    "cpeMatch": [
                        {"vulnerable": True, "criteria": f"{name}13.0:*:*:*:*:*:*:*"},
                        {
                            "vulnerable": True,
                            "criteria": f"{name}*:*:*:*:*:*:*:*",
                            "versionStartIncluding": "10.5",
                            "versionEndExcluding": "12.1",
                        },
                        {"vulnerable": False, "criteria": "cpe:2.3:h:citrix:mpx:-:*:*:*:*:*:*:*"},
                    ]
                }
            ]
        }
    ]
    (row,) = only(received_bytes("nvd", json.dumps(answer).encode(), tmp_path))
    said = [
        (one["product"], one["low"], one["high"], one["is_high_open"]) for one in row["affected"]
    ]
    assert said == [
        ("netscaler_firmware", "13.0", "13.0", False),
        ("netscaler_firmware", "10.5", "12.1", True),
    ]


def test_a_record_without_a_score_says_nothing_of_it(tmp_path):
    answer = json.loads(ANSWER.read_text())
    answer["vulnerabilities"][0]["cve"]["metrics"] = {}
    (row,) = only(received_bytes("nvd", json.dumps(answer).encode(), tmp_path))
    assert (row["cvss_base_0_10"], problems(row)) == (None, [])


def test_another_json_is_refused(tmp_path):
    with pytest.raises(DeliveryError, match="has no list `vulnerabilities`"):
        received_bytes("nvd", b"{}", tmp_path)
