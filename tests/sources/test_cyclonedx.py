import json
from datetime import date

import pytest
from reader_helpers import DATA, problems, received, received_bytes

from pipeline.errors import DeliveryError

BILL = DATA / "cyclonedx" / "controller.json"


def test_the_product_and_its_parts_are_assets_of_the_supplier():
    rows = received("cyclonedx", BILL)["assets"]
    assert [(row["supplier_id"], row["asset_id"], row["product"]) for row in rows] == [
        ("S-0042", "VALVE-CONTROLLER-3", "Valve Controller"),
        ("S-0042", "VALVE-CONTROLLER-3/VXWORKS", "VxWorks"),
        ("S-0042", "VALVE-CONTROLLER-3/IPNET", "ipnet"),
    ]
    assert {row["reach"] for row in rows} == {"ics"}
    assert (rows[1]["vendor"], rows[1]["product_version"]) == ("Wind River", "6.9.4")
    assert rows[1]["cpe"] == "cpe:2.3:o:windriver:vxworks:6.9.4:*:*:*:*:*:*:*"


def test_statements_become_findings_of_the_product():
    scanned, *rows = received("cyclonedx", BILL)["findings"]
    assert (scanned["status"], scanned["asset_id"]) == ("scanned", "VALVE-CONTROLLER-3")
    assert [(row["cve_id"], row["status"], row["is_inferred"]) for row in rows] == [
        ("CVE-2019-12256", "open", False),
        ("CVE-2019-12255", "not_affected", False),
        ("CVE-2019-12257", "fixed", False),
        ("CVE-2019-12258", "open", True),
        (None, "open", False),
        ("CVE-2019-12259", "open", True),
    ]
    assert (rows[2]["first_seen"], rows[2]["fixed_on"]) == (date(2019, 9, 1), date(2019, 12, 1))
    assert problems(rows[4]) == ["`id` is 'GHSA-xxxx': it must be a CVE id such as CVE-2020-12345."]
    assert "`analysis.state` is 'unsure'" in problems(rows[5])[0]


def test_a_bill_without_statements_covers_nothing(tmp_path):
    bill = json.loads(BILL.read_text())
    del bill["vulnerabilities"]
    found = received_bytes("cyclonedx", json.dumps(bill).encode(), tmp_path)
    assert found.keys() == {"assets"}


def test_the_suppliers_name_stands_where_our_id_is_missing(tmp_path):
    data = BILL.read_bytes().replace(b"sector-risk:supplier_id", b"other")
    (row, *_) = received_bytes("cyclonedx", data, tmp_path)["assets"]
    assert row["supplier_id"] == "LOWFELL CONTROLS"


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"<bom></bom>", "It is XML"),
        (b"{}", "does not say bomFormat"),
        (b'{"bomFormat": "CycloneDX"}', "metadata.component is missing"),
    ],
)
def test_what_is_no_bill_of_materials_is_refused(tmp_path, data, sentence):
    with pytest.raises(DeliveryError, match=sentence):
        received_bytes("cyclonedx", data, tmp_path)
