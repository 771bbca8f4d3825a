"""Each task says by events of OpenLineage what it read and wrote, in files and no further."""

import json
from datetime import UTC, datetime

import embedded
import pytest

from pipeline.settings import get_settings

pytestmark = [pytest.mark.airflow, pytest.mark.gx, pytest.mark.filterwarnings("ignore")]

FILE = "warehouse.duckdb"
MIDNIGHT = datetime(2020, 1, 6, tzinfo=UTC)


@pytest.fixture(scope="module")
def events(dags):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SECTOR_RISK_STIX_TOKEN", "hunter2")
        assert embedded.run_dag(dags["ingest_threat_reports"], MIDNIGHT)
        assert embedded.run_dag(dags["ingest_sector_exposure"], MIDNIGHT)
        assert embedded.run_dag(dags["score_sectors"], MIDNIGHT)
    files = sorted((get_settings().home / "lineage").glob("event*"))
    return [json.loads(file.read_text()) for file in files]


def of(events, job, kind):
    return [one for one in events if one["job"]["name"] == job and one["eventType"] == kind]


def names(events, side):
    home = f"{get_settings().home}/"
    return {each["name"].removeprefix(home) for one in events for each in one[side]}


@pytest.mark.parametrize(
    ("job", "read", "written"),
    [
        ("ingest_threat_reports.collect", "stix", "raw/stix"),
        ("score_sectors.score", f"{FILE}/staged.reports", f"{FILE}/scores.sector_daily"),
        (
            "score_sectors.publish",
            f"{FILE}/scores.sector_daily",
            "published/sector-risk-2020-01-06.xlsx",
        ),
    ],
)
def test_a_task_starts_and_completes_with_what_it_read_and_wrote(events, job, read, written):
    assert of(events, job, "START")
    done = of(events, job, "COMPLETE")
    assert any(name.endswith(read) for name in names(done, "inputs"))
    assert written in names(done, "outputs")


def test_a_task_tells_of_nothing_that_the_one_before_it_did(events):
    done = of(events, "score_sectors.publish", "COMPLETE")
    assert not any("staged." in name for name in names(done, "inputs"))


def test_no_secret_and_no_source_code_is_in_them(events):
    said = json.dumps(events)
    assert "hunter2" not in said
    assert "flow.collect" not in said
