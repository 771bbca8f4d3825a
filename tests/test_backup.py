"""From a copy of the archive alone: the same warehouse, the same decisions, the same bytes."""

import shutil
from datetime import date, datetime

import pytest
from sample import collect_all, published_hashes

from pipeline import flow
from pipeline.publication import Decision
from pipeline.restore import restore
from pipeline.settings import ROOT, Settings

pytestmark = [pytest.mark.gx, pytest.mark.slow]

FIRST, DAY = date(2020, 1, 3), date(2020, 1, 6)
YES = Decision(True, "ada", datetime(2020, 1, 7, 7, 30), "The retired feed sends rubbish")


@pytest.fixture(scope="module")
def lost(tmp_path_factory):
    """A published day that a person had to approve."""
    folder = tmp_path_factory.mktemp("lost")
    shutil.copytree(ROOT / "warehouse" / "sample", folder / "inbox")
    refused = folder / "inbox" / "bulletin" / str(DAY) / "broken-export.jsonl"
    record = '{{"doc_id": "{}", "published": "soon"}}'
    refused.write_text("\n".join(map(record.format, range(9000))))
    settings = Settings(home=folder / "home", inbox=folder / "inbox")
    collect_all(settings, until=DAY)
    flow.score_range(FIRST, DAY, settings=settings)
    flow.decide(DAY, YES, settings=settings)
    flow.publish(DAY, settings=settings)
    return settings


def test_everything_published_comes_back_byte_for_byte(lost, tmp_path):
    shutil.copytree(lost.raw_folder, tmp_path / "home" / "raw")
    found = Settings(home=tmp_path / "home", inbox=tmp_path / "inbox")
    restore(found)
    flow.score_range(FIRST, DAY, settings=found)
    published = flow.publish(DAY, settings=found)
    assert published.approval.startswith("Approved by ada on 2020-01-07 07:30 UTC: The retired")
    before, after = published_hashes(lost), published_hashes(found)
    assert before.keys() == after.keys()
    snapshots = {name for name in before if name.endswith(".duckdb")}
    assert len(snapshots) == 1
    for name in before.keys() - snapshots:
        assert after[name] == before[name], name
