"""The bundled sample through every stage: what January 2020 must look like."""

import shutil
from datetime import date, timedelta
from pathlib import Path

import orjson
import pytest
from sample import (
    FIRST,
    LAST,
    collect_all,
    content,
    content_of,
    copy_of,
    published_hashes,
    sample_settings,
)

from pipeline import flow
from pipeline.alerts import read_alerts
from pipeline.publish import read_manifest
from pipeline.warehouse import open_snapshot

pytestmark = [pytest.mark.gx, pytest.mark.slow]

CALM, ALERT = date(2019, 12, 20), date(2020, 1, 6)


@pytest.fixture(scope="module")
def settings(collected, tmp_path_factory):
    settings = copy_of(collected, tmp_path_factory.mktemp("published"))
    flow.backfill(FIRST, LAST, reason="the sample", settings=settings)
    flow.publish(LAST, settings=settings)
    return settings


@pytest.fixture
def con(settings):
    with open_snapshot(settings) as con:
        yield con


def threat_points(con, day):
    rows = con.execute(
        "select sector_id, threat_points from scores.sector_daily where score_date = ?", [day]
    ).fetchall()
    return dict(rows)


def test_every_delivery_adds_up(con):
    assert con.execute("select count(*) from quality.ledger").fetchone()[0] > 40
    wrong = con.execute(
        "select * from quality.ledger where n_received <> n_loaded + n_quarantined + n_duplicate"
    ).fetchall()
    assert wrong == []


def test_no_delivery_of_the_sample_fails(con):
    assert (
        con.execute("select problem from raw.deliveries where status = 'failed'").fetchall() == []
    )


def test_the_alert_of_january_is_told_on_its_day_and_only_then(con):
    by_day = {
        day: [alert.sentence for alert in read_alerts(con, day, day, "warning")]
        for day in (CALM, ALERT - timedelta(1), ALERT, ALERT + timedelta(1))
    }
    title = '"Possible Iranian cyber response to the US strike in Baghdad"'
    event, *rest = by_day[ALERT]
    assert event.startswith(f"New evidence, {title} (alert), adds ")
    for sector in ("Energy", "Military"):
        assert any(one.startswith(f"{sector} rose to Elevated: ") and title in one for one in rest)
    assert not any(title in one for day in by_day if day != ALERT for one in by_day[day][:1])
    assert all(len(one) <= 3 for day, one in by_day.items() if day in (CALM,))


def test_a_flaw_in_reach_at_many_suppliers_is_told_when_its_exploitation_is_known(con):
    alerts = read_alerts(con, FIRST, LAST)
    [citrix] = [alert for alert in alerts if alert.subject_id == "CVE-2019-19781"]
    assert citrix.score_date == date(2020, 1, 11)
    n = con.execute(
        "select count(*) from scores.vulnerability_spans where cve_id = 'CVE-2019-19781' "
        "and date '2020-01-11' between first_date and last_date"
    ).fetchone()[0]
    assert f"It is open at {n} suppliers" in citrix.sentence


def test_every_sector_rises_with_the_alert_and_falls_after(con):
    calm, alert, later = (threat_points(con, day) for day in (CALM, ALERT, LAST))
    named = {"military", "energy", "transit", "logistics", "healthcare", "manufacturing"}
    for sector in named | {"government"}:
        assert alert[sector] > calm[sector] + 3, sector
    for sector in ("military", "transit", "healthcare", "manufacturing"):
        assert later[sector] < alert[sector] / 2, sector
    for sector in ("energy", "government"):  # named by the bulletin in force until 2020-03-18
        assert later[sector] < 0.7 * alert[sector], sector
    assert sorted(named, key=alert.get)[-2:] in (["energy", "military"], ["military", "energy"])


def test_finance_rises_only_where_a_notice_names_it(con):
    (kind,) = con.execute(
        "select driver_kind from scores.sector_driver_daily "
        "where score_date = ? and sector_id = 'finance' and driver_rank = 1",
        [ALERT],
    ).fetchone()
    assert kind == "alert"
    before = threat_points(con, date(2020, 1, 3))
    assert before["finance"] < min(before["military"], before["energy"]) / 2


def test_files_of_later_years_move_nothing(con, tmp_path):
    early = sample_settings(tmp_path)
    collect_all(early, until=LAST)
    flow.score_range(FIRST, LAST, settings=early)
    assert content(early) == content_of(con)


def test_days_in_any_order_equal_the_range(con, collected, tmp_path):
    apart = copy_of(collected, tmp_path)
    days = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]
    for day in days[1::2] + days[::2][::-1]:
        flow.score_range(day, day, settings=apart)
    assert content(apart) == content_of(con)


def test_publishing_again_changes_no_byte(settings):
    before = published_hashes(settings)
    collect_all(settings)
    assert flow.score_range(FIRST, LAST, settings=settings).n_scored == 0
    flow.publish(LAST, settings=settings)
    assert published_hashes(settings) == before


def test_the_publication_before_stays_and_shares_what_has_not_changed(settings, tmp_path):
    again = copy_of(settings, tmp_path)
    month = Path("parquet", "sector_daily", "2019-12.parquet")
    before = again.published_folder.resolve()
    flow.publish(LAST - timedelta(days=1), settings=again)
    after = again.published_folder.resolve()
    assert after != before
    assert (before / "manifest.json").exists()
    assert (before / month).samefile(after / month)
    assert {path.name for path in before.glob("*.xlsx")} < {p.name for p in after.glob("*.xlsx")}
    flow.publish(LAST - timedelta(days=2), settings=again)
    assert not before.exists()


def test_a_past_day_published_anew_leaves_the_newest_the_latest(settings, tmp_path):
    again = copy_of(settings, tmp_path)
    before = read_manifest(again)
    past = LAST - timedelta(days=3)
    assert flow.publish(past, settings=again) == before
    books = {path.name: path.read_bytes() for path in again.published_folder.glob("*.xlsx")}
    assert books["sector-risk-latest.xlsx"] == books[f"sector-risk-{LAST}.xlsx"]
    assert f"sector-risk-{past}.xlsx" in books


def test_a_folder_of_an_earlier_release_becomes_a_publication(settings, tmp_path):
    again = sample_settings(shutil.copytree(settings.home, tmp_path / "home"))
    assert not again.published_folder.is_symlink()
    manifest = again.published_folder / "manifest.json"
    known = orjson.loads(manifest.read_bytes())
    del known["months"]
    manifest.write_bytes(orjson.dumps(known))
    flow.publish(LAST - timedelta(days=1), settings=again)
    assert again.published_folder.is_symlink()
    assert (again.published_folder / f"sector-risk-{LAST}.xlsx").exists()


def test_another_home_publishes_the_same_workbook_and_tables(settings, tmp_path):
    other = sample_settings(tmp_path)
    collect_all(other)
    flow.score_range(FIRST, LAST, settings=other)
    flow.publish(LAST, settings=other)
    mine, theirs = published_hashes(settings), published_hashes(other)
    for name in mine:
        if name.endswith((".xlsx", ".parquet")):
            assert mine[name] == theirs[name], name
