import gzip
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
)

from pipeline.errors import DeliveryError

SCORES = DATA / "epss" / "epss_scores-2023-03-07.csv"


def test_a_score_carries_its_model_and_day():
    first = only(received("epss", SCORES))[0]
    assert first["cve_id"] == "CVE-2019-19781"
    assert (first["epss_0_1"], first["percentile_0_1"]) == (0.97483, 0.99962)
    assert first["model_version"] == "v2023.03.01"
    assert first["epss_date"] == date(2023, 3, 7)
    assert first["disclosed_at"] == datetime(2023, 3, 7)


def test_a_score_out_of_range_or_blank_is_a_problem():
    _, high, blank = only(received("epss", SCORES))
    assert problems(high) == ["`epss` is '1.5': it must be a number from 0 to 1."]
    assert problems(blank) == ["`epss` is blank: a row must state a score."]


def test_gzip_is_known_by_its_bytes(tmp_path):
    packed = received_bytes("epss", gzip.compress(SCORES.read_bytes()), tmp_path, "today")
    assert packed == received("epss", SCORES)


@pytest.mark.parametrize(
    ("header", "cells", "percentile"),
    [
        ("cve,epss", "CVE-2020-0001,0.1", 1.0),
        ("cve,epss,percentile", "CVE-2020-0001,0.1,0.2", 0.2),
        ("CVE,CVSS3,EPSS,Description", 'CVE-2020-0001,9.8,0.1,"a, b"', 1.0),
        ("CVE,CVSS3,EPSS,EPSS Percentile,Vendor", "CVE-2020-0001,9.8,0.1,0.2,Acme", 0.2),
    ],
)
def test_every_layout_since_2021(tmp_path, header, cells, percentile):
    data = f"{header}\r\n{cells}\r\n".encode()
    (row,) = only(received_bytes("epss", data, tmp_path, "epss_scores-2021-04-14.csv"))
    assert (row["epss_0_1"], row["percentile_0_1"]) == (0.1, percentile)
    assert (row["epss_date"], row["model_version"]) == (date(2021, 4, 14), None)


def test_without_percentiles_the_rank_is_that_within_the_file(tmp_path):
    cells = "CVE-2020-0001,0.9\nCVE-2020-0002,\nCVE-2020-0003,0.1\nCVE-2020-0004,0.1\n"
    data = f"cve,epss\n{cells}CVE-2020-0005,0.2\n".encode()
    rows = only(received_bytes("epss", data, tmp_path, "epss_scores-2021-04-14.csv"))
    assert [row["percentile_0_1"] for row in rows] == [1.0, None, 0.5, 0.5, 0.75]
    assert [row["source_row"] for row in rows] == [1, 2, 3, 4, 5]


def test_the_day_may_be_given_with_the_file(tmp_path):
    data = b"cve,epss\nCVE-2020-0001,0.1\n"
    (row,) = only(received_bytes("epss", data, tmp_path, published_on=date(2021, 5, 1)))
    assert row["epss_date"] == date(2021, 5, 1)


def test_a_file_without_a_day_is_refused(tmp_path):
    with pytest.raises(DeliveryError, match="does not say which day it scores"):
        received_bytes("epss", b"cve,epss\nCVE-2020-0001,0.1\n", tmp_path)


def test_another_table_is_refused(tmp_path):
    with pytest.raises(DeliveryError, match="lacks the columns epss"):
        received_bytes("epss", b"cve,price\n", tmp_path, "prices-2021-01-01.csv")


class TestRealData:
    pytestmark = realdata

    def test_every_daily_file_loads(self):
        files = sorted((SHARED / "epss").glob("*.csv"))
        rows = [row for file in files for row in only(received("epss", file))]
        assert len(rows) == 8_431
        assert not any(problems(row) for row in rows)
        assert len({row["epss_date"] for row in rows}) == 8
