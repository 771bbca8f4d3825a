from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scored_day import resolve_day

from pipeline.errors import SectorRiskError

DAY = date(2020, 2, 15)
MIDNIGHT = datetime(2020, 2, 15, tzinfo=UTC)
CLICK = datetime(2026, 11, 23, 8, 15, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    "said",
    [
        {"stated": "2020-02-15"},
        {"partition_key": "2020-02-15"},
        {"partition_key": "2020-02-15T06:00:00"},
        {"logical_date": MIDNIGHT},
        {"stated": "2020-02-15", "logical_date": CLICK},
        {"stated": "2020-02-15", "partition_key": "2020-02-15", "logical_date": MIDNIGHT},
    ],
)
def test_the_day_is_the_one_that_the_run_states(said):
    assert resolve_day(**said) == DAY


@pytest.mark.parametrize("said", [{}, {"logical_date": CLICK}, {"stated": "", "partition_key": ""}])
def test_a_run_that_states_no_day_is_refused_rather_than_scored_for_today(said):
    with pytest.raises(SectorRiskError, match="does not say which day"):
        resolve_day(**said)


def test_a_run_that_states_two_days_is_refused_with_both_named():
    with pytest.raises(SectorRiskError, match=r"parameter day 2020-02-14, partition 2020-02-15"):
        resolve_day(stated="2020-02-14", partition_key="2020-02-15")


@pytest.mark.parametrize("text", ["yesterday", "2020-02-30", "15.02.2020"])
def test_what_is_no_day_is_named(text):
    with pytest.raises(SectorRiskError, match=f"parameter day is '{text}'"):
        resolve_day(stated=text)


@given(st.dates())
def test_every_day_survives_parameter_partition_and_logical_date(day):
    said = datetime(day.year, day.month, day.day, tzinfo=UTC)
    assert resolve_day(stated=day.isoformat(), partition_key=str(day), logical_date=said) == day
