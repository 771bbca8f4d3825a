"""The bundled sample says of itself which rows are wrong; its readers must agree."""

import re
from collections import Counter

import pytest

from pipeline.settings import ROOT
from pipeline.sources import get_source

OURS = {"supplier_register", "assets", "scanner_findings", "nvd"}
FOUND_BY_RULES = {  # what a row says of other rows and dates is judged by rules, not by a reader
    ("suppliers-2019-12.csv", 122),
    ("suppliers-2019-12.csv", 243),
    ("suppliers-2020-01.csv", 246),
    ("assets-2019-12.csv", 933),
    ("findings-2019-12-22.csv", 336),
    ("findings-2020-01-05.csv", 330),
}
SENTENCES = {
    ("suppliers-2019-12.csv", 244): "Column 'Criticality' is 9.",
    ("suppliers-2019-12.csv", 245): "Column 'Dependency' is 35, above 1.",
    ("suppliers-2019-12.csv", 246): "Column 'Valid from' is the text '03/04/2019'",
    ("suppliers-2020-01.csv", 166): "Column 'Valid to' is the text '03/04/2020'",
    ("assets-2019-12.csv", 932): "Column 'Reach' is 'dmz'.",
    ("assets-2019-12.csv", 934): "Neither product nor cpe is given.",
    ("findings-2019-12-29.csv", 206): "Column 'CVE' is 'CVE-2019-1151O', which is no CVE id.",
    ("findings-2020-01-19.csv", 315): "Column 'Status' is 'exploitable'.",
    ("findings-2020-02-02.csv", 293): "Column 'First seen' is the text '03/04/2019'",
    ("findings-2020-02-02.csv", 294): "cve_id is missing.",
}


@pytest.fixture(scope="module")
def exposure(sample_deliveries):
    return {
        delivery.delivery_id: [
            row
            for rows in get_source(delivery.source_id).read(delivery)
            for row in (rows.rows if isinstance(rows.rows, list) else rows.rows.to_pylist())
        ]
        for delivery in sample_deliveries
        if delivery.source_id in OURS
    }


def test_every_record_is_yielded_once(exposure):
    n_rows = Counter()
    for delivery_id, rows in exposure.items():
        assert len({row["source_row"] for row in rows}) == len(rows)
        n_rows[delivery_id.split("/")[0]] += len(rows)
    assert n_rows == {
        "supplier_register": 245 + 245,
        "assets": 933 + 933 + 919,
        "scanner_findings": 2440,
        "nvd": 29,
    }


def test_the_wrong_rows_and_no_others_carry_a_sentence(exposure):
    found = {
        (delivery_id.split("/")[2], row["source_row"]): " ".join(row["problems"])
        for delivery_id, rows in exposure.items()
        for row in rows
        if row["problems"]
    }
    assert found.keys() == SENTENCES.keys()
    assert all(sentence in found[place] for place, sentence in SENTENCES.items())


def test_the_sample_lists_its_wrong_rows():
    listed = re.findall(
        r"^\| (\S+\.csv) \| (\d+) \|",
        (ROOT / "warehouse" / "sample" / "README.md").read_text(),
        re.MULTILINE,
    )
    assert {(name, int(row)) for name, row in listed} == SENTENCES.keys() | FOUND_BY_RULES


def test_the_citrix_flaw_is_found_after_its_advisory_and_patched_from_late_january(exposure):
    n_open = {
        delivery_id.split("/")[1]: sum(
            row["cve_id"] == "CVE-2019-19781" and row["status"] == "open" for row in rows
        )
        for delivery_id, rows in exposure.items()
        if delivery_id.startswith("scanner_findings/")
    }
    assert n_open["2019-12-15"] == 0
    assert n_open["2019-12-22"] == n_open["2020-01-05"] == n_open["2020-01-19"] == 34
    assert n_open["2020-02-02"] == 21


def test_a_score_is_known_only_once_nvd_has_given_it(exposure):
    scores = {
        delivery_id.split("/")[1]: row.get("cvss_base_0_10")
        for delivery_id, rows in exposure.items()
        for row in rows
        if row.get("cve_id") == "CVE-2019-19781" and delivery_id.startswith("nvd/")
    }
    assert scores == {"2019-12-27": None, "2020-01-08": 9.8}


def test_every_sector_has_suppliers_of_each_weight(exposure):
    rows = exposure["supplier_register/2019-12-15/suppliers-2019-12.csv"]
    sectors = Counter(sector["value"] for row in rows for sector in row["sectors"] or [])
    assert sectors.keys() - {"enregy"} == {
        "energy",
        "finance",
        "government",
        "healthcare",
        "logistics",
        "manufacturing",
        "military",
        "transit",
    }
    assert {row["criticality_1_5"] for row in rows} == {None, 1, 2, 3, 4, 5}
    assert sum(len(row["sectors"] or []) > 1 for row in rows) == 25
