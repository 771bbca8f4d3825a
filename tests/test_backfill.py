"""Backfills: what is planned, computed aside, swapped in at once and rolled back."""

import shutil
from datetime import date, timedelta

import pytest
from sample import content, content_of, copy_of
from small_world import World, january, sector

from pipeline import backfill, backfill_stage, backfill_swap, flow
from pipeline.backfill_plan import Request, late_deliveries, plan
from pipeline.errors import GateError, SectorRiskError, UnknownNameError
from pipeline.method import METHOD_FOLDER, installed_method, read_method
from pipeline.warehouse import install, open_snapshot, open_warehouse

pytestmark = pytest.mark.slow

START, END = date(2019, 12, 22), date(2020, 2, 5)
ONE = timedelta(days=1)


def request(start=START, end=END, **given):
    return Request(start, end, given.pop("reason", "the tests ask"), "tester", **given)


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    """The small world of January 2020, scored once day by day."""
    world = january(tmp_path_factory.mktemp("template"))
    world.score(START, END)
    return world.publish()


@pytest.fixture
def settings(template, tmp_path):
    return copy_of(template, tmp_path)


def deliver_late(settings, day=date(2020, 1, 8)):
    """A report that reached us on that day and is staged only now."""
    world = World(settings.home)
    world.report(day, "late-alert", "alert", [sector("military"), sector("energy")])
    world.close()


def set_typical_score(settings, tmp_path, points):
    """Install another method in the warehouse; its version."""
    folder = shutil.copytree(METHOD_FOLDER, tmp_path / f"method-{points}")
    table = folder / "parameters.csv"
    text = table.read_text(encoding="utf-8")
    table.write_text(text.replace("typical_score,40", f"typical_score,{points}"), encoding="utf-8")
    with open_warehouse(settings) as con:
        first = installed_method(con)
        install(con, read_method(folder))
        other = installed_method(con)
        install(con, read_method())
    assert first != other
    return other


def planned(settings, asked):
    with open_warehouse(settings) as con:
        return plan(con, asked)


def test_a_plan_says_how_many_days_why_and_how_long(settings):
    found = planned(settings, request(END - 4 * ONE, END + 3 * ONE))
    assert (found.n_due, found.n_current) == (3, 5)
    assert found.reasons == {"not scored yet": 3}
    assert found.n_rows == 3 * found.n_suppliers
    assert found.expected_s > 0
    assert not found.is_rate_measured


def test_a_late_delivery_touches_the_days_from_its_arrival_on(settings):
    deliver_late(settings, date(2020, 1, 8))
    with open_warehouse(settings) as con:
        (late,) = late_deliveries(con)
    assert (late.first_date, late.last_date) == (date(2020, 1, 8), END)
    assert (late.what, late.n_days) == ("came late", (END - date(2020, 1, 8)).days + 1)
    found = planned(settings, request())
    assert found.reasons == {"deliveries came or changed since": late.n_days}
    assert found.late == (late,)


def test_a_corrected_delivery_touches_its_days_too(settings):
    with open_warehouse(settings) as con:
        con.execute(
            "update quality.ledger set content_hash = 'other' "
            "where delivery_id = 'supplier_register/2020-01-20'"
        )
        (late,) = late_deliveries(con)
    assert (late.what, late.first_date) == ("changed since", date(2020, 1, 20))


def test_what_cannot_be_planned_is_refused_with_the_reason(settings):
    with pytest.raises(SectorRiskError, match="before the first"):
        planned(settings, request(END, START))
    with pytest.raises(UnknownNameError, match="Method 'ffff' is not known"):
        planned(settings, request(method_version="ffff"))
    with pytest.raises(UnknownNameError, match="Nearest: energy"):
        planned(settings, request(sectors=("enrgy",)))
    with pytest.raises(SectorRiskError, match=r"also in logistics .*, transit"):
        planned(settings, request(sectors=("energy",)))
    with pytest.raises(SectorRiskError, match="a day is of one method"):
        planned(settings, request(end=END + ONE, sectors=("military",)))


def test_the_same_request_has_the_same_id_whoever_asks():
    assert request().name == Request(START, END, "the tests ask", "another").name
    assert request().name != request(knowledge="now").name


@pytest.mark.gx
class TestSwap:
    def test_it_gives_what_scoring_the_days_one_by_one_gives(self, settings, tmp_path):
        deliver_late(settings)
        apart = type(settings)(home=shutil.copytree(settings.home, tmp_path / "apart"))
        for n in range((END - START).days + 1):
            flow.score_range(START + n * ONE, START + n * ONE, settings=apart)
        done = flow.backfill(START, END, reason="late alert", settings=settings)
        assert done.n_scored == (END - date(2020, 1, 8)).days + 1
        assert content(settings) == content(apart)
        with open_snapshot(settings) as con:
            assert content_of(con) == content(apart)

    def test_it_records_reason_who_method_and_inputs_and_which_days_it_made(self, settings):
        deliver_late(settings)
        done = flow.backfill(START, END, reason="late alert", requested_by="ann", settings=settings)
        with open_warehouse(settings) as con:
            row = con.execute(
                "select reason, requested_by, knowledge, method_version, length(inputs_sha256), "
                "n_days from quality.backfills"
            ).fetchone()
            days = con.execute(
                "select min(score_date), max(score_date) from quality.scored_days "
                "where backfill_id = ?",
                [done.backfill_id],
            ).fetchone()
            assert late_deliveries(con) == ()
        assert row == ("late alert", "ann", "then", done.method_version, 64, done.n_scored)
        assert days == (date(2020, 1, 8), END)

    def test_a_rollback_brings_back_every_table_and_publishes_it(self, settings):
        before = content(settings)
        deliver_late(settings)
        done = flow.backfill(START, END, reason="late alert", settings=settings)
        assert content(settings) != before
        flow.rollback_backfill(done.backfill_id, reason="a mistake", settings=settings)
        assert content(settings) == before
        with open_snapshot(settings) as con:
            assert content_of(con) == before
            assert con.execute("select count(*) from quality.scored_days").fetchone() == (46,)
        with pytest.raises(SectorRiskError, match="No backfill"):
            flow.rollback_backfill(done.backfill_id, reason="again", settings=settings)
        again = flow.backfill(START, END, reason="late alert", settings=settings)
        assert again.backfill_id == f"{done.backfill_id}-2"

    def test_a_rollback_of_what_was_scored_anew_since_is_refused(self, settings):
        deliver_late(settings)
        done = flow.backfill(START, END, reason="late alert", settings=settings)
        deliver_late(settings, date(2020, 1, 20))
        flow.score_range(END, END, settings=settings)
        with pytest.raises(SectorRiskError, match="scored anew since"):
            flow.rollback_backfill(done.backfill_id, reason="too late", settings=settings)

    def test_nothing_to_do_does_nothing(self, settings):
        done = flow.backfill(START, END, reason="nothing new", settings=settings)
        assert (done.n_scored, done.n_current) == (0, 46)
        assert not settings.backfills_folder.exists()

    def test_days_beyond_those_stored_are_added_and_go_again(self, settings):
        before = content(settings)
        done = flow.backfill(START, END + 40 * ONE, reason="further days", settings=settings)
        assert done.n_scored == 40
        flow.rollback_backfill(done.backfill_id, reason="not these", settings=settings)
        assert content(settings) == before

    def test_a_stored_method_scores_days_again_and_back(self, settings, tmp_path):
        before = content(settings)
        other = set_typical_score(settings, tmp_path, 45)
        done = flow.backfill(
            START, END, method=other[:6], reason="as if it were typical", settings=settings
        )
        assert done.method_version == other
        with open_warehouse(settings) as con:
            assert con.execute(
                "select distinct method_version from quality.scored_days"
            ).fetchall() == [(other,)]
            moved = con.execute(
                "select distinct baseline_points from scores.sector_daily "
                "where baseline_points is not null"
            ).fetchall()
            assert moved == [(45.0,)]
            assert installed_method(con) == read_method().version
        flow.backfill(START, END, reason="and back again", settings=settings)
        assert content(settings) == before

    def test_hindsight_is_marked_on_its_days_and_no_others(self, settings):
        flow.backfill(
            date(2020, 1, 3),
            date(2020, 1, 5),
            knowledge="now",
            reason="hindsight",
            settings=settings,
        )
        with open_snapshot(settings) as con:
            rows = con.execute(
                "select score_date from quality.scored_days where knowledge = 'now' order by 1"
            ).fetchall()
        assert [day.day for (day,) in rows] == [3, 4, 5]
        found = planned(settings, request())
        assert found.reasons == {"knowledge now becomes then": 3}

    def test_only_sectors_without_shared_suppliers_move_alone(self, settings):
        deliver_late(settings)
        with open_warehouse(settings) as con:
            threat = (
                "select score_date, sector_id, threat_intensity from scores.sector_threat_daily"
            )
            before = con.execute(f"{threat} where sector_id <> 'military' order by all").fetchall()
            military = con.execute(f"{threat} where sector_id = 'military' order by all").fetchall()
        done = flow.backfill(
            START, END, sectors=("military",), reason="only this", settings=settings
        )
        with open_warehouse(settings) as con:
            after = con.execute(f"{threat} where sector_id <> 'military' order by all").fetchall()
            moved = con.execute(f"{threat} where sector_id = 'military' order by all").fetchall()
            assert len(late_deliveries(con)) == 1
        assert after == before
        assert moved != military
        flow.rollback_backfill(done.backfill_id, reason="not alone", settings=settings)
        flow.backfill(START, END, reason="all of them", settings=settings)
        with open_warehouse(settings) as con:
            assert (
                con.execute(f"{threat} where sector_id = 'military' order by all").fetchall()
                == moved
            )

    def test_what_changed_since_the_plan_is_not_overwritten(self, settings):
        deliver_late(settings)
        staged = backfill_stage.stage(settings, request())
        flow.score_range(END, END, settings=settings)
        before = content(settings)
        with pytest.raises(SectorRiskError, match="have changed since backfill"):
            backfill_swap.swap(settings, staged)
        assert content(settings) == before
        assert flow.backfill(START, END, reason="the tests ask", settings=settings).n_scored > 20

    def test_a_comparison_shows_what_would_move_and_moves_nothing(self, settings):
        deliver_late(settings)
        before = content(settings)
        staged = backfill_stage.stage(settings, request())
        found = backfill.compare(settings, staged)
        energy = next(row for row in found.sectors if row["sector"] == "Energy")
        assert energy["moved"] > 0
        assert any("late-alert came late" in line for line in found.differences)
        assert content(settings) == before
        with open_snapshot(settings) as con:
            assert content_of(con) == before

    def test_scores_that_break_a_rule_are_not_swapped_in(self, settings, monkeypatch):
        deliver_late(settings)
        before = content(settings)
        compute = backfill_stage._compute

        def broken(con, *given):
            n_scored = compute(con, *given)
            con.execute(
                "update scores.sector_daily set score_0_100 = 130 where sector_id = 'energy'"
            )
            return n_scored

        monkeypatch.setattr(backfill_stage, "_compute", broken)
        with pytest.raises(GateError, match="not swapped in"):
            flow.backfill(START, END, reason="broken", settings=settings)
        assert content(settings) == before

    def test_what_waits_can_be_forgotten(self, settings):
        deliver_late(settings)
        staged = backfill_stage.stage(settings, request())
        assert backfill.unfinished(settings) == {staged.backfill_id: request()}
        backfill.discard(settings, staged.backfill_id)
        assert backfill.unfinished(settings) == {}
