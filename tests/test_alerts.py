"""Alerts: each thing once, whatever is scored in which order, with its reasons."""

import random
from datetime import date, timedelta
from itertools import pairwise

import duckdb
import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from small_world import january

from pipeline import method, warehouse
from pipeline.alerts import headlines, read_alerts
from pipeline.errors import SectorRiskError
from pipeline.warehouse import open_snapshot, replace_range

FIRST_DAY = date(2020, 1, 1)
MARGIN, MEMORY, MOVE = 1, 30, 6
LIMITS = [30, 50, 60, 70]


@pytest.fixture(scope="module")
def con():
    with duckdb.connect(config={"threads": 1}) as con:
        warehouse.install(con)
        yield con


@pytest.fixture(scope="module")
def snapshot(january_settings):
    with open_snapshot(january_settings) as opened:
        yield opened


def told(con, kind, subject):
    return con.execute(
        "select score_date, severity, sentence from scores.alerts_daily "
        "where alert_kind = ? and subject_id = ? order by all",
        [kind, subject],
    ).fetchall()


def test_strong_new_evidence_is_told_once_with_every_sector(snapshot):
    warning, *later = told(snapshot, "event", "stix/warning")
    assert warning[:2] == (date(2020, 1, 3), "critical")
    assert later == []
    points = dict(
        snapshot.execute(
            "select sector_id, points from scores.sector_driver_daily "
            "where score_date = date '2020-01-03' and driver_id = 'stix/warning'"
        ).fetchall()
    )
    effects = ", ".join(
        f"{points[name]:.1f} points to {name.title()}"
        for name in sorted(points, key=lambda name: (-points[name], name))
    )
    assert warning[2] == f'New evidence, "Warning" (bulletin), adds {effects}.'


def test_a_catalog_entry_for_an_open_vulnerability_is_told_once(snapshot):
    """The first catalog of all is no news; the alert of 01-06 names a CVE open from 01-07 on."""
    assert told(snapshot, "exploitation", "CVE-2019-0002") == []


def test_an_alert_says_what_moved_the_score(snapshot):
    day, _, sentence = next(row for row in told(snapshot, "band", "S-1"))
    scores = dict(
        snapshot.execute(
            "select score_date, published_score from scores.supplier_daily "
            "where supplier_id = 'S-1'"
        ).fetchall()
    )
    before = day - timedelta(1)
    assert scores[day] < 69
    assert scores[before] >= 71
    assert f"{scores[day]} points, {scores[before] - scores[day]} less than on {before}" in sentence


def test_the_report_that_an_alert_names_is_given_by_file_and_row(snapshot):
    named = snapshot.execute(
        "select r.title from scores.alerts_daily as a "
        "inner join staged.reports as r "
        "on a.delivery_id = r.delivery_id and a.source_row = r.source_row "
        "where a.subject_id = 'healthcare' and a.score_date = date '2020-01-06'"
    ).fetchall()
    assert named == [("Alert",)]


def test_the_first_scored_day_tells_nothing(snapshot):
    first = snapshot.execute("select min(score_date) from quality.scored_days").fetchone()[0]
    assert read_alerts(snapshot, first, first) == ()


def test_what_concerns_most_comes_first_and_the_rest_is_counted(snapshot):
    day = date(2020, 1, 6)
    event, sector_, *_ = read_alerts(snapshot, day, day, "warning")
    assert (event.alert_kind, sector_.subject_id) == ("event", "healthcare")
    assert headlines(snapshot, day, n=1) == [
        event.sentence,
        "And 2 more: sector-risk alerts --date 2020-01-06",
    ]


def test_a_range_without_scores_is_an_error(snapshot):
    with pytest.raises(SectorRiskError, match="sector-risk backfill --from 2018-01-01"):
        read_alerts(snapshot, date(2018, 1, 1), date(2018, 1, 2))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_ranges_and_orders_of_days_tell_the_same(snapshot, tmp_path, seed):
    days = [date(2019, 12, 22) + timedelta(n) for n in range(46)]
    cuts = sorted(random.Random(seed).sample(range(1, len(days)), 4))
    ranges = [days[a:b] for a, b in pairwise([0, *cuts, len(days)])]
    random.Random(seed + 10).shuffle(ranges)
    world = january(tmp_path)
    for part in [*ranges, ranges[0], days[cuts[1] : cuts[1] + 1]]:
        world.score(part[0], part[-1])
    found = world.con.execute("select * from scores.alerts_daily order by all").fetchall()
    assert found == snapshot.execute("select * from scores.alerts_daily order by all").fetchall()
    assert found


def expected_alerts(scores):
    """The rule in plain Python: (day, kind, whether it rose) from scores by day."""
    days = sorted(scores)
    for previous, day in pairwise(days):
        if (day - previous).days > MEMORY:
            continue
        crossed = {
            side(scores[day], limit) > 0
            for limit in LIMITS
            if side(scores[day], limit)
            and side(scores[day], limit) != last_clear_side(scores, days, day, limit)
        }
        if crossed:
            yield day, "band", crossed.pop()
        elif abs(scores[day] - scores[previous]) >= MOVE:
            yield day, "move", scores[day] > scores[previous]


def side(score, limit):
    return (score >= limit + MARGIN) - (score < limit - MARGIN)


def last_clear_side(scores, days, day, limit):
    """Where the score stood on the last day within memory on which that was clear."""
    return next(
        (
            side(scores[before], limit)
            for before in reversed(days)
            if before < day and (day - before).days <= MEMORY and side(scores[before], limit)
        ),
        None,
    )


def store(con, scores):
    """One supplier whose score on each day is the given one."""
    for table in ("mix_threat_daily", "supplier_spans", "sector_daily", "alerts_daily"):
        con.execute(f"delete from scores.{table}")
    for day, score in scores.items():
        con.execute(
            "insert into scores.mix_threat_daily by name select ? as score_date, 'm' as mix_id, "
            "0 as threat_coverage_0_1, 0 as baseline_points, ? as threat_points",
            [day, score],
        )
    con.execute(
        "insert into scores.supplier_spans by name select 'S' as supplier_id, 'm' as mix_id, "
        "'energy' as main_sector_id, 'energy' as sectors, 1 as consequence, 0 as hazard, "
        "0 as susceptibility_0_1, 'd' as delivery_id, 1 as source_row, "
        "0 as susceptibility_points, 0 as usual_susceptibility_points, 0 as consequence_points, "
        "0 as inferred_variance_points2, '' as gaps, ? as first_date, ? as last_date",
        [min(scores), max(scores)],
    )


def alerts_of(con, start, end):
    for model in method.models():
        if model.name in ("temp.score_steps", "temp.score_alerts"):
            replace_range(con, model, start, end)
    return con.execute(
        "select score_date, alert_kind, contains(sentence, ' rose ') "
        "from temp.score_alerts order by all"
    ).fetchall()


def test_a_score_that_swings_about_a_limit_is_told_once_each_way(con):
    """The worked example of METHODOLOGY.md."""
    scores = {FIRST_DAY + timedelta(n): score for n, score in enumerate(SWINGING)}
    store(con, scores)
    assert alerts_of(con, min(scores), max(scores)) == [
        (FIRST_DAY + timedelta(2), "band", True),
        (FIRST_DAY + timedelta(5), "band", False),
    ]


SWINGING = [48.0, 50.9, 51.0, 49.2, 51.3, 48.9]

series = st.dictionaries(
    st.integers(0, 90),
    st.one_of(
        st.integers(480, 520).map(lambda tenths: tenths / 10),
        st.integers(0, 1000).map(lambda tenths: tenths / 10),
    ),
    min_size=2,
    max_size=40,
).map(lambda days: {FIRST_DAY + timedelta(n): score for n, score in sorted(days.items())})


@pytest.mark.slow
def test_alerts_are_those_of_the_rule(con):
    @examples(30)
    @given(scores=series)
    def check(scores):
        store(con, scores)
        assert alerts_of(con, min(scores), max(scores)) == list(expected_alerts(scores))

    check()
