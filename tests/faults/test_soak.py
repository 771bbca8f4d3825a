"""Weeks of unattended runs with faults end where a clean replay of the archive does.

FAULT_SOAK_DAYS=400 makes it a year and more, in which memory and open files must stay flat.
"""

import os
from datetime import timedelta

import pytest
from sample import content
from soak import START, Life, growth, replayed

pytestmark = [pytest.mark.gx, pytest.mark.slow]

N_DAYS = int(os.environ.get("FAULT_SOAK_DAYS", "20"))


def test_a_long_life_equals_its_clean_replay(tmp_path, record_property):
    life = Life(tmp_path / "life", seed=7)
    figures = life.live(N_DAYS)
    record_property("faults", dict(figures.faults))
    assert sum(figures.faults.values()) >= N_DAYS // 5
    assert figures.open_files[-1] <= figures.open_files[0]
    if N_DAYS >= 100:
        assert growth(figures.resident_mb) < 1.25
    last = START + timedelta(days=N_DAYS - 1)
    assert content(life.settings) == replayed(life, tmp_path / "again", last)
