"""Parts sum to the score, moves to the change: each supplier and sector, each day of a year."""

from collections import defaultdict
from datetime import timedelta
from itertools import pairwise

import duckdb
import pytest
from benchmarks.world import World, fill

from pipeline import warehouse
from pipeline.attribution import changes, hazard_secant, secant
from pipeline.score import score_range

pytestmark = pytest.mark.slow

WORLD = World(n_suppliers=300, n_days=365, n_reports=300, n_cves=300, n_findings=8)
LAST = WORLD.start + timedelta(days=WORLD.n_days - 1)
PARTS = ("baseline", "threat", "susceptibility", "consequence", "bound")
SUBJECTS = {"supplier": WORLD.n_suppliers, "sector": 8}


@pytest.fixture(scope="module")
def con():
    with duckdb.connect(config={"threads": 2}) as con:
        warehouse.install(con)
        fill(con, WORLD)
        score_range(con, WORLD.start, LAST)
        yield con


@pytest.mark.parametrize(("subject", "n"), SUBJECTS.items())
def test_parts_sum_to_every_score(con, subject, n):
    parts = " + ".join(f"{part}_points" for part in PARTS)
    found = con.execute(
        f"select count(score_0_100), max(abs({parts} - score_0_100)) from scores.{subject}_daily"
    ).fetchone()
    assert found == (n * WORLD.n_days, pytest.approx(0, abs=1e-9))


@pytest.mark.parametrize(("subject", "n"), SUBJECTS.items())
def test_what_the_parts_move_by_sums_to_every_change(con, subject, n):
    moved = " + ".join(f"({part}_points - lag({part}_points) over own)" for part in PARTS)
    found = con.execute(
        f"select count(gap), max(abs(gap)) from ("
        f"select {moved} - (score_0_100 - lag(score_0_100) over own) as gap "
        f"from scores.{subject}_daily "
        f"window own as (partition by {subject}_id order by score_date))"
    ).fetchone()
    assert found == (n * (WORLD.n_days - 1), pytest.approx(0, abs=1e-9))


@pytest.mark.parametrize(
    ("subject", "part"), [("supplier", "susceptibility_points"), ("sector", "threat_points")]
)
def test_drivers_sum_to_every_part(con, subject, part):
    found = con.execute(
        f"select count(*), max(abs(d.points - s.{part})) from ("
        f"select score_date, {subject}_id, sum(points) as points "
        f"from scores.{subject}_driver_daily group by all) as d "
        f"inner join scores.{subject}_daily as s using (score_date, {subject}_id)"
    ).fetchone()
    assert found == (SUBJECTS[subject] * WORLD.n_days, pytest.approx(0, abs=1e-9))


def test_vulnerabilities_moves_sum_to_every_change_of_susceptibility(con):
    (minimum,) = con.execute("select method.parameter('susceptibility_minimum')").fetchone()
    open_on = defaultdict(dict)
    for supplier_id, day, cve_id, hazard in con.execute(
        "select s.supplier_id, s.first_date, v.cve_id, v.hazard from scores.supplier_spans as s "
        "inner join scores.vulnerability_spans as v on s.supplier_id = v.supplier_id "
        "and s.first_date between v.first_date and v.last_date"
    ).fetchall():
        open_on[supplier_id, day][cve_id] = hazard
    spans = con.execute(
        "select supplier_id, first_date, susceptibility_points from scores.supplier_spans "
        "order by supplier_id, first_date"
    ).fetchall()
    gaps = []
    for (one, day, points), (other, next_day, next_points) in pairwise(spans):
        if one == other:
            before, after = open_on[one, day], open_on[one, next_day]
            per_unit = hazard_secant(sum(before.values()), sum(after.values()), minimum)
            gaps.append(sum(changes(before, after, per_unit).values()) - (next_points - points))
    assert len(gaps) > 10 * WORLD.n_suppliers
    assert max(map(abs, gaps)) < 1e-9


def test_events_moves_sum_to_every_change_of_a_sectors_threat(con):
    rates = defaultdict(dict)
    for sector_id, day, event_id, rate in con.execute(
        "select e.sector_id, e.score_date, e.event_id, t.base_rate_30d * e.intensity "
        "from temp.event_sector_daily as e "
        "inner join scores.sector_threat_daily as t using (score_date, sector_id)"
    ).fetchall():
        rates[sector_id, day][event_id] = rate
    gaps = []
    days = con.execute(
        "select sector_id, score_date, base_rate_30d, threat_points "
        "from scores.sector_threat_daily order by all"
    ).fetchall()
    for (one, day, base, points), (other, next_day, _, next_points) in pairwise(days):
        if one == other:
            before, after = rates[one, day], rates[one, next_day]
            per_unit = secant(base + sum(before.values()), base + sum(after.values()))
            gaps.append(sum(changes(before, after, per_unit).values()) - (next_points - points))
    assert len(gaps) == 8 * (WORLD.n_days - 1)
    assert max(map(abs, gaps)) < 1e-9
