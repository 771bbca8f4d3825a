"""Which real reports become one event: measured, with floors.

`pytest -m realdata -s tests/test_evaluate_events.py` prints the table.
"""

import json
import lzma
import re
import tarfile
from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from reader_helpers import SHARED, delivery, realdata

from pipeline import warehouse
from pipeline.evaluate import read_corpus
from pipeline.evaluate_events import evaluate_events
from pipeline.events import assign_events, doubtful_pairs
from pipeline.sources import get_source

NUMBER = re.compile(r"[A-Z][A-Z-]*-\d{2}-\d{3}-\d{2}")
LATE = datetime(2026, 1, 1)


def world(*reports):
    """A warehouse with these reports, each known since its own disclosure."""
    con = duckdb.connect()
    warehouse.install(con)
    rows = []
    for number, (source_id, report) in enumerate(reports):
        known_at = report.get("disclosed_at") or LATE
        row = {key: value for key, value in report.items() if key != "problems"}
        rows.append(
            row
            | {
                "source_id": source_id,
                "delivery_id": "one",
                "source_row": number,
                "known_at": known_at,
                "disclosed_at": known_at,
                "record": "",
                "record_md5": str(number),
                "is_repeat": False,
            }
        )
    columns = dict.fromkeys(key for row in rows for key in row)
    con.register("batch", pa.Table.from_pylist([columns | row for row in rows]))
    con.execute("insert into staged.reports by name select * from batch")
    assign_events(con)
    return con


def read(source_id, path):
    return [
        (source_id, row)
        for rows in get_source(source_id).read(delivery(source_id, path, LATE))
        if rows.table == "reports"
        for row in rows.rows
        if not row.get("problems")
    ]


def measured(name, reports, story):
    story_of = {
        f"{source_id}/{row['report_key']}": story(row) for source_id, row in reports if story(row)
    }
    con = world(*reports)
    grouping = evaluate_events(con, name, story_of)
    print("\n" + str(grouping))  # noqa: T201 - the table of measurements
    return grouping, con


def test_pairs_are_counted_against_the_yardstick():
    reports = [
        ("a", {"report_key": str(n), "refs": ["AA20-006A"] if n < 3 else []}) for n in range(5)
    ]
    story_of = {"a/0": "x", "a/1": "x", "a/2": "y", "a/3": "y"}
    grouping = evaluate_events(world(*reports), "worked example", story_of)
    assert grouping.missed == [("a/2", "a/3")]
    assert grouping.wrong == [("a/0", "a/2"), ("a/1", "a/2")]
    assert (grouping.n_reports, grouping.recall, round(grouping.precision, 3)) == (4, 0.5, 0.333)


@pytest.fixture(scope="module")
def advisories():
    return [
        *read("csaf", SHARED / "csaf" / "cisa_csaf_ot_2017-2021.tar.xz"),
        *read("icsadv", SHARED / "icsadv" / "CISA_ICS_ADV_Master_20231219.csv"),
    ]


@pytest.fixture(scope="module")
def incidents():
    return read("veris", SHARED / "vcdb" / "vcdb_dev.jsonl.xz")


class TestRealData:
    pytestmark = realdata

    def test_advisories_in_two_feeds_by_their_numbers(self, advisories):
        grouping, con = measured("ICS advisories, by number", advisories, number)
        assert (grouping.missed, doubtful_pairs(con)) == ([], [])
        # One advisory was issued as ICSA and as ICSMA.
        wrong = {NUMBER.search(name)[0] for pair in grouping.wrong for name in pair}
        assert wrong == {"ICSA-19-274-01", "ICSMA-19-274-01"}

    def test_advisories_in_two_feeds_by_their_words_alone(self, advisories):
        in_archive = {number(row) for source_id, row in advisories if source_id == "csaf"}
        told_twice = [
            (source_id, row | {"refs": [], "url": None, "disclosed_at": row["published_at"]})
            for source_id, row in advisories
            if number(row) in in_archive
        ]
        grouping, _ = measured("ICS advisories, words alone", told_twice, number)
        assert grouping.recall > 0.98
        assert grouping.precision > 0.96

    def test_incident_records_of_one_issue_of_the_community_database(self, incidents):
        """An issue there is a news story, which may tell of many victims: low recall is right.

        The pairs of different issues that are found are, when read, the same attack.
        """
        with lzma.open(SHARED / "vcdb" / "vcdb_dev.jsonl.xz") as file:
            records = [json.loads(line) for line in file]
        issues = {record["incident_id"]: record.get("plus", {}).get("github") for record in records}
        grouping, _ = measured("VERIS, by issue", incidents, lambda row: issues[row["report_key"]])
        assert grouping.recall > 0.25
        assert grouping.precision > 0.85

    def test_prose_of_many_authors_has_one_story_told_twice(self):
        grouping, con = measured("prose, read by hand", [*annoctr(), *tram()], told_twice)
        assert len(grouping.true_pairs) == 1
        assert (grouping.missed, grouping.wrong, doubtful_pairs(con)) == ([], [], [])

    def test_a_renewed_bulletin_is_one_event_and_an_alert_of_those_days_another(self):
        reports = [
            *read("bulletin", SHARED / "reports" / "us_gov_alerts_iran_2020.jsonl"),
            *read("news", SHARED / "reports" / "news_2020-01-06_iran_retaliation.txt"),
        ]
        grouping, _ = measured(
            "Alerts of January 2020", reports, lambda row: row["report_key"].split("-2020-")[0]
        )
        assert grouping.found_pairs == {("bulletin/NTAS-2020-01-04", "bulletin/NTAS-2020-01-18")}


def number(row):
    """Its advisory number without the letter of an update."""
    return NUMBER.search(row["report_key"].upper())[0]


def annoctr():
    for report in read_corpus(SHARED / "reports" / "annoctr_train_dev.tar.xz"):
        yield "annoctr", prose(report.name, report.name.split("_")[-1], report.text)


def tram():
    with tarfile.open(SHARED / "reports" / "tram_reports.tar.xz") as archive:
        for member in archive:
            if member.name.endswith(".mjson"):
                text = json.load(archive.extractfile(member))["signal"]
                name = Path(member.name).stem
                yield "tram", prose(name, name, text)


def prose(name, title, text):
    """All as if of one day, so that each is compared with each."""
    moment = datetime(2022, 1, 1)
    title = title.replace("-", " ")
    return {
        "report_key": name,
        "kind": "analysis",
        "title": title,
        "body": text,
        "published_at": moment,
        "disclosed_at": moment,
    }


def told_twice(row):
    if "APT Actors Compromise Federal Network" in row["title"]:
        return "AA22-320A"
    return row["report_key"]
