"""Clocks that jump, zones with summer time, days that not every year has."""

import os
import subprocess
import sys
from datetime import date, datetime, timedelta

import pytest
from sample import copy_of

from pipeline import flow, raw
from pipeline.errors import SectorRiskError
from pipeline.settings import ROOT, Settings
from pipeline.warehouse import open_snapshot, open_warehouse

NOTICE = (
    '{"doc_id": "%s", "issuer": "CISA", "title": "Attacks on energy", "doc_type": "alert", '
    '"published": "2024-03-08", "text": "Attackers target the energy sector."}\n'
)


@pytest.fixture
def arrives(tmp_path, monkeypatch):
    """Puts a notice into the inbox and collects it, by a clock that says `at`."""
    settings = Settings(home=tmp_path / "home", inbox=tmp_path / "inbox")

    def arrive(at, name, day=""):
        monkeypatch.setattr(raw, "utc_now", lambda: datetime.fromisoformat(at))
        path = settings.inbox_folder / "bulletin" / day / f"{name}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(NOTICE % name)
        flow.collect("bulletin", settings=settings)
        with open_warehouse(settings) as con:
            return con.execute(
                "select delivered_at from raw.deliveries where name = ?", [path.name]
            ).fetchone()[0]

    return arrive


@pytest.mark.gx
def test_a_clock_that_jumps_within_the_day_keeps_the_order(arrives):
    first = arrives("2024-03-10T12:00:00", "a")
    assert first < arrives("2024-03-10T03:00:00", "b") < arrives("2024-03-10T12:00:01", "c")


@pytest.mark.gx
def test_a_clock_that_goes_back_by_days_moves_nothing_into_the_past(arrives):
    arrives("2024-03-10T12:00:00", "a")
    with pytest.raises(SectorRiskError, match="says 2024-03-01, but a delivery"):
        arrives("2024-03-01T12:00:00", "b")
    assert arrives("2024-03-10T12:00:00", "c").date() == date(2024, 3, 10)
    assert arrives("2024-03-01T12:00:00", "d", day="2024-02-29").date() == date(2024, 2, 29)


@pytest.mark.gx
@pytest.mark.slow
def test_the_zone_of_the_machine_changes_no_score(collected, tmp_path):
    """Apia had no 2011-12-30; New York's clocks went forward on 2020-03-08."""
    script = (
        "import sys; sys.path.insert(0, 'tests')\n"
        "from datetime import date\n"
        "from pathlib import Path\n"
        "from pipeline import flow\n"
        "from sample import collect_all, content, sample_settings\n"
        "settings = sample_settings(Path(sys.argv[1]))\n"
        "collect_all(settings)\n"
        "flow.score_range(date(2011, 12, 29), date(2011, 12, 31), settings=settings)\n"
        "flow.score_range(date(2020, 3, 7), date(2020, 3, 9), settings=settings)\n"
        "print(sorted(content(settings).items()))\n"
    )
    copy_of(collected, tmp_path / "UTC")
    said = {
        subprocess.run(
            [sys.executable, "-c", script, tmp_path / zone / "home"],
            env={**os.environ, "TZ": zone, "PYTHONPATH": str(ROOT)},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for zone in ("UTC", "America/New_York", "Pacific/Apia")
    }
    assert len(said) == 1


@pytest.mark.gx
@pytest.mark.slow
def test_a_leap_day_is_a_day_like_any_other(collected, tmp_path):
    settings = copy_of(collected, tmp_path)
    flow.score_range(date(2020, 2, 27), date(2020, 3, 2), settings=settings)
    flow.publish(date(2020, 2, 29), settings=settings)
    with open_snapshot(settings) as con:
        days = con.execute(
            "select score_date, count(*) from scores.sector_daily group by 1 order by 1"
        ).fetchall()
    assert days == [(date(2020, 2, 27) + timedelta(days=n), 8) for n in range(5)]
    assert (settings.published_folder / "sector-risk-2020-02-29.xlsx").exists()
