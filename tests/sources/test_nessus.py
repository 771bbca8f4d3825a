from datetime import date

import pytest
from reader_helpers import DATA, only, problems, received, received_bytes

from pipeline.errors import DeliveryError

SCAN = DATA / "nessus" / "weekly.nessus"


def test_each_finding_of_a_host_is_one_row_whatever_the_number_of_plugins():
    rows = [row for row in only(received("nessus", SCAN)) if row.get("status") == "open"]
    assert [(row["supplier_id"], row["asset_id"], row["cve_id"]) for row in rows] == [
        ("S-0042", "VPN.LOWFELL.EXAMPLE", "CVE-2019-11510"),
        ("S-0042", "VPN.LOWFELL.EXAMPLE", "CVE-2019-11539"),
    ]
    assert rows[0]["first_seen"] == rows[0]["last_seen"] == date(2020, 1, 5)
    assert '"plugins":["127897","124766"]' in rows[0]["record"]


def test_a_host_is_covered_once_its_scan_came_to_its_end():
    rows = only(received("nessus", SCAN))
    scanned = [
        (row["asset_id"], row["last_seen"]) for row in rows if row.get("status") == "scanned"
    ]
    assert scanned == [
        ("VPN.LOWFELL.EXAMPLE", date(2020, 1, 5)),
        ("192.0.2.11", date(2020, 1, 5)),
    ]
    (broken,) = [row for row in rows if problems(row)]
    assert problems(broken) == ["The scan of 192.0.2.12 did not end. Scan the host again."]
    assert "CVE-2018-15473" in broken["record"]


def test_a_report_without_a_supplier_is_kept_with_its_reason(tmp_path):
    data = SCAN.read_bytes().replace(b'name="S-0042 weekly scan"', b"")
    rows = only(received_bytes("nessus", data, tmp_path))
    assert all("The report names no supplier" in problems(row)[0] for row in rows)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"<NessusClientData_v2></NessusClientData_v2>", "No host was scanned"),
        (SCAN.read_bytes()[:900], "not a whole Nessus file"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', "not a whole Nessus file"),
    ],
)
def test_what_is_no_scan_is_refused(tmp_path, data, sentence):
    with pytest.raises(DeliveryError, match=sentence):
        received_bytes("nessus", data, tmp_path)
