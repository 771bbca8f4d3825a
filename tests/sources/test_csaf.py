from datetime import date, datetime

import pytest
from reader_helpers import (
    DATA,
    SHARED,
    facts,
    problems,
    realdata,
    received,
    received_bytes,
    tar,
)

from pipeline.errors import DeliveryError

ADVISORY = DATA / "csaf" / "acme-20-006-01.json"


@pytest.fixture
def report():
    (row,) = received("csaf", ADVISORY)["reports"]
    return row


def test_an_advisory_is_one_report(report):
    assert (report["report_key"], report["kind"]) == ("ICSA-20-006-01", "advisory")
    assert report["refs"] == ["ICSA-20-006-01"]
    assert report["url"] == "https://example.org/advisories/acme-20-006-01"
    assert (report["publisher"], report["tlp"]) == ("CISA", "CLEAR")


def test_a_revision_is_known_since_its_own_release(report):
    assert report["published_at"] == datetime(2020, 1, 6, 15)
    assert report["modified_at"] == report["disclosed_at"] == datetime(2020, 2, 11)


def test_sectors_in_prose_are_split_and_normalised(report):
    assert facts(report, "sector") == [
        "energy",
        "nuclear reactors materials and waste",
        "food and agriculture",
        "water and wastewater systems",
    ]


def test_the_highest_score_of_the_newest_cvss_counts(report):
    first, second = received("csaf", ADVISORY)["vulnerabilities"]
    assert (first["cvss_base_0_10"], first["cvss_version"]) == (8.8, "3.1")
    assert report["severity_0_10"] == 8.8
    assert problems(second) == ["`baseScore` is '77': it must be a number from 0 to 10."]


def test_products_are_found_through_the_tree_and_compositions():
    first, second = received("csaf", ADVISORY)["vulnerabilities"]
    assert (first["vendor"], first["product"]) == ("Acme", "Controller")
    assert (second["vendor"], second["product"]) == ("Acme", "Box")
    assert first["published_date"] == date(2020, 1, 6)


def test_advice_and_cves_are_facts(report):
    assert facts(report, "cve") == ["CVE-2020-0001", "CVE-2020-0002"]
    advice = [fact["label"] for fact in report["facts"] if fact["fact_type"] == "action"]
    assert advice == ["Update to 3.0."]


def test_one_torn_advisory_of_an_archive_costs_only_itself(tmp_path):
    packed = tar({"a.json": ADVISORY.read_bytes(), "b.json": b'{"document": '})
    good, torn = received_bytes("csaf", packed, tmp_path)["reports"]
    assert not problems(good)
    assert "b.json: is not valid JSON" in problems(torn)[0]
    assert (good["source_row"], torn["source_row"]) == (1, 2)


def test_an_advisory_nested_too_deeply_costs_only_itself(tmp_path):
    deep = b'{"document": {"tracking": {}}, "x": %b%b}' % (b"[" * 600, b"]" * 600)
    packed = tar({"a.json": deep, "b.json": ADVISORY.read_bytes()})
    refused, good = received_bytes("csaf", packed, tmp_path)["reports"]
    assert problems(refused)[0].startswith("a.json: holds a record that cannot be kept as JSON")
    assert not problems(good)


def test_another_json_is_refused(tmp_path):
    with pytest.raises(DeliveryError, match="has no object"):
        received_bytes("csaf", b'{"type": "bundle"}', tmp_path)


class TestRealData:
    pytestmark = realdata

    def test_five_years_of_advisories_load(self):
        tables = received("csaf", SHARED / "csaf" / "cisa_csaf_ot_2017-2021.tar.xz")
        assert {table: len(rows) for table, rows in tables.items()} == {
            "reports": 1_270,
            "vulnerabilities": 3_482,
        }
        assert not any(problems(row) for rows in tables.values() for row in rows)
        assert len({row["report_key"] for row in tables["reports"]}) == 1_270
        assert sum(bool(facts(row, "sector")) for row in tables["reports"]) == 1_107
