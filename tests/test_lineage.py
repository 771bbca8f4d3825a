"""Each number names its method, run and deliveries; what is named can be hashed again."""

import hashlib
from datetime import date

import pytest

from pipeline.errors import UnknownNameError
from pipeline.lineage import as_rows, lineage
from pipeline.method import installed_method
from pipeline.warehouse import open_copy, open_snapshot

DAY = date(2020, 1, 8)


@pytest.fixture
def con(january_settings):
    with open_snapshot(january_settings) as con:
        yield con


@pytest.mark.parametrize(
    ("name", "what", "key"), [("Energy", "sector", "energy"), ("s-1", "supplier", "S-1")]
)
def test_the_deliveries_named_give_the_hash_of_the_run_again(con, name, what, key):
    found = lineage(con, name, DAY)
    assert (found.what, found.id, found.method_version) == (what, key, installed_method(con))
    hashes = "".join(["then", *(one.content_hash for one in found.deliveries)])
    assert hashlib.sha256(hashes.encode()).hexdigest() == found.inputs_sha256
    assert found.is_reproduced
    assert all(one.sha256 for one in found.deliveries)


def test_no_delivery_of_a_later_day_is_named_and_every_earlier_one_is(con):
    named = {one.delivery_id for one in lineage(con, "energy", DAY).deliveries}
    rows = con.execute("select delivery_id from raw.deliveries where delivered_at < '2020-01-09'")
    assert named == {name for (name,) in rows.fetchall()}


def test_deliveries_that_the_number_itself_rests_on_are_marked(con):
    cited = {one.delivery_id for one in lineage(con, "S-3", DAY).deliveries if one.is_cited}
    assert "stix/2020-01-06/alert" in cited
    assert "scanner_findings/2020-01-07" not in cited


def test_a_day_that_was_put_together_differently_is_not_said_to_be_reproduced(
    january_settings, tmp_path
):
    copy = tmp_path / "copy.duckdb"
    copy.write_bytes(january_settings.snapshot_file.read_bytes())
    with open_copy(copy, january_settings) as con:
        con.execute("delete from quality.inputs where delivery_id = 'kev/2020-01-09'")
        assert lineage(con, "energy", DAY).is_reproduced
        assert not lineage(con, "energy", date(2020, 1, 9)).is_reproduced


def test_who_backfilled_a_day_and_why_is_said(january_settings, tmp_path):
    copy = tmp_path / "copy.duckdb"
    copy.write_bytes(january_settings.snapshot_file.read_bytes())
    with open_copy(copy, january_settings) as con:
        con.execute(
            "insert into quality.backfills values ('b-1', $day, $day, 'then', 'm', [], "
            "'late alert', 'ann', 1, 1, 0.1, 'i', 's', '2020-02-01', null, null, null)",
            {"day": DAY},
        )
        con.execute(
            "update quality.scored_days set backfill_id = 'b-1' where score_date = ?", [DAY]
        )
        found = lineage(con, "energy", DAY)
    assert found.backfill["backfill_reason"] == "late alert"
    assert {"what": "backfill requested by", "is": "ann"} in as_rows(found)


def test_a_name_that_nobody_has_is_refused_with_the_nearest(con):
    with pytest.raises(UnknownNameError, match="Energy"):
        lineage(con, "enrgy", DAY)
