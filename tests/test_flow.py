"""The bundled sample through every stage: what January 2020 must look like."""

from datetime import date, timedelta

import pytest
from sample import (
    FIRST,
    LAST,
    collect_all,
    content,
    content_of,
    published_hashes,
    sample_settings,
)

from pipeline import flow
from pipeline.warehouse import open_snapshot

pytestmark = [pytest.mark.gx, pytest.mark.slow]

CALM, ALERT = date(2019, 12, 20), date(2020, 1, 6)


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    settings = sample_settings(tmp_path_factory.mktemp("home"))
    collect_all(settings)
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


def test_every_sector_rises_with_the_alert_and_falls_after(con):
    calm, alert, later = (threat_points(con, day) for day in (CALM, ALERT, LAST))
    named = {"military", "energy", "transit", "logistics", "healthcare", "manufacturing"}
    for sector in named | {"government"}:
        assert alert[sector] > calm[sector] + 3, sector
        assert later[sector] < (alert[sector] + calm[sector]) / 2, sector
    assert sorted(named, key=alert.get)[-2:] in (["energy", "military"], ["military", "energy"])
    assert alert["finance"] < min(alert[sector] for sector in named)


def test_files_of_later_years_move_nothing(con, tmp_path):
    early = sample_settings(tmp_path)
    collect_all(early, until=LAST)
    flow.score_range(FIRST, LAST, settings=early)
    assert content(early) == content_of(con)


def test_days_in_any_order_equal_the_range(con, tmp_path):
    apart = sample_settings(tmp_path)
    collect_all(apart)
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


def test_another_home_publishes_the_same_workbook_and_tables(settings, tmp_path):
    other = sample_settings(tmp_path)
    collect_all(other)
    flow.score_range(FIRST, LAST, settings=other)
    flow.publish(LAST, settings=other)
    mine, theirs = published_hashes(settings), published_hashes(other)
    for name in mine:
        if name.endswith((".xlsx", ".parquet")):
            assert mine[name] == theirs[name], name
