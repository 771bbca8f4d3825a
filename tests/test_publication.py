"""What may be published: each gate opens and closes, and a person decides on what is held."""

import hashlib
import json
from datetime import date, datetime, timedelta
from types import SimpleNamespace

import pytest
from sample import copy_of
from small_world import JANUARY, World, january

from pipeline import flow, publication, validate
from pipeline.doctor import check_all
from pipeline.errors import GateError, SectorRiskError
from pipeline.publication import Decision
from pipeline.publish import read_manifest, read_stale
from pipeline.warehouse import open_snapshot, open_warehouse

pytestmark = pytest.mark.gx

DAY = date(2020, 1, 12)
YES = Decision(True, "ada", datetime(2020, 1, 13, 7, 30), "Two bulletins at once")
NO = Decision(False, "ada", datetime(2020, 1, 13, 7, 30), "The feed is broken")

GOOD_DAY = {
    "score_date": date(2020, 1, 6),
    "n_rows": 240,
    "n_known": 240,
    "n_surplus": 0,
    "n_repeated": 0,
    "lowest": 0,
    "highest": 100,
    "n_outside": 0,
    "widest_gap": 0,
    "n_unexplained": 0,
    "n_unbanded": 0,
    "n_from_later": 0,
    "n_scored": 8,
    "n_sectors": 8,
    "least_coverage": 0.9,
    "widest_move": 6.4,
    "moved_most": "energy",
    "common_move": 2.1,
    "n_not_current": 0,
    "not_current": "none",
    "threat_age_days": 1,
    "reports_ratio": 0.9,
    "n_reports_week": 9,
    "n_reports_usual": 10,
    "n_failed": 0,
    "failed": "none",
    "n_held": 0,
    "held": "none",
    "refused_share": 0.1,
    "n_refused": 24,
    "widest_revision": None,
    "revised": "nothing revised",
    "n_suppliers": 240,
    "n_suppliers_before": 236,
    "suppliers_ratio": 240 / 236,
    "n_columns_lost": 0,
    "columns_lost": "none",
}
SUPPLIERS, SECTORS, SOURCES, CHANGES = publication.SUITES
CLOSING = [
    (SUPPLIERS, {"n_surplus": -1, "n_rows": 239}, "every_supplier", "stop"),
    (SUPPLIERS, {"n_repeated": 1}, "one_score_each", "stop"),
    (SUPPLIERS, {"lowest": -0.1}, "supplier_score_at_least_0", "stop"),
    (SUPPLIERS, {"highest": 100.1}, "supplier_score_at_most_100", "stop"),
    (SUPPLIERS, {"n_outside": 2}, "supplier_score_in_its_interval", "stop"),
    (SUPPLIERS, {"widest_gap": 0.01}, "supplier_parts_sum", "stop"),
    (SUPPLIERS, {"n_unexplained": 3}, "supplier_blank_with_reason", "stop"),
    (SUPPLIERS, {"n_unbanded": 3}, "band_given", "stop"),
    (SUPPLIERS, {"n_from_later": 3}, "nothing_from_later", "stop"),
    (SECTORS, {"n_surplus": -1, "n_rows": 7}, "every_sector", "stop"),
    (SECTORS, {"lowest": -0.1}, "sector_score_at_least_0", "stop"),
    (SECTORS, {"highest": 100.1}, "sector_score_at_most_100", "stop"),
    (SECTORS, {"n_outside": 1}, "sector_score_in_its_interval", "stop"),
    (SECTORS, {"widest_gap": 0.01}, "sector_parts_sum", "stop"),
    (SECTORS, {"n_unexplained": 1}, "sector_blank_with_reason", "stop"),
    (SECTORS, {"n_scored": 0}, "any_sector_scored", "stop"),
    (SECTORS, {"least_coverage": 0.3}, "coverage", "warn"),
    (SECTORS, {"widest_move": 22.0}, "plausible_move", "hold"),
    (SECTORS, {"common_move": -11.0}, "common_move", "hold"),
    (SOURCES, {"n_not_current": 1, "not_current": "kev (late)"}, "sources_current", "warn"),
    (SOURCES, {"threat_age_days": 8}, "threat_reports_recent", "warn"),
    (SOURCES, {"reports_ratio": 0.1}, "reports_thin", "warn"),
    (SOURCES, {"n_failed": 1, "failed": "a.json"}, "files_unreadable", "warn"),
    (SOURCES, {"n_held": 1}, "deliveries_held", "warn"),
    (SOURCES, {"refused_share": 0.6}, "rows_refused", "hold"),
    (CHANGES, {"widest_revision": 12.0}, "history_revised", "hold"),
    (CHANGES, {"suppliers_ratio": 0.4}, "suppliers_kept", "hold"),
    (CHANGES, {"n_columns_lost": 1}, "columns_kept", "hold"),
]


@pytest.mark.parametrize(("suite", "measure", "gate", "policy"), CLOSING)
def test_each_gate_opens_for_a_good_day_and_closes_for_a_bad_one(suite, measure, gate, policy):
    results = validate.gates(suite, [GOOD_DAY, GOOD_DAY | measure])
    failed = [each for each in results if not each.is_passed]
    assert [(each.gate, each.policy) for each in failed] == [(gate, policy)]
    assert failed[0].blocks is (policy != "warn")
    assert not failed[0].found.endswith("blank")


def test_after_a_month_without_a_report_the_day_is_held_not_shown_as_calm():
    results = validate.gates(SOURCES, [GOOD_DAY | {"threat_age_days": 31}])
    failed = {each.gate: each.policy for each in results if not each.is_passed}
    assert failed == {"threat_reports_recent": "warn", "threat_reports_silent": "hold"}


def test_every_gate_of_a_day_has_a_bad_day_here():
    tested = {gate for _, _, gate, _ in CLOSING} | {"threat_reports_silent"}
    assert tested == {
        each["meta"]["rule_id"] for name in publication.SUITES for each in validate.suite(name)
    }


@pytest.fixture(scope="module")
def scored(tmp_path_factory):
    """A month of scores; to be copied."""
    one = january(tmp_path_factory.mktemp("scored"))
    one.score(JANUARY - timedelta(days=10), date(2020, 1, 20))
    one.close()
    return one.settings


@pytest.fixture
def settings(scored, tmp_path):
    return copy_of(scored, tmp_path)


@pytest.fixture
def world(settings):
    """The same with a connection that writes."""
    one = World(settings.home)
    yield one
    one.close()


def found(one, day=DAY):
    results = publication.judge(one.con, one.settings, day)
    return {each.gate: each.found for each in results if not each.is_passed}


def test_what_was_received_is_measured(world):
    assert found(world) == {
        "coverage": "least: 0",
        "sources_current": "late or missing: epss (missing)",
    }
    world.con.execute("update raw.deliveries set status = 'held' where source_id = 'kev'")
    world.con.execute(
        "update raw.deliveries set status = 'failed', name = 'torn.json' "
        "where delivery_id = 'stix/2020-01-10/alert'"
    )
    assert found(world)["deliveries_held"] == "held: kev/2020-01-09"
    assert found(world)["files_unreadable"] == "unreadable: torn.json"


def test_a_silent_month_is_measured_in_days_since_the_last_report(world):
    late = date(2020, 2, 29)
    world.score(late, late)
    assert found(world, late)["threat_reports_silent"] == "newest received 35 days ago"


def test_a_feed_that_runs_dry_is_measured_against_its_own_weeks(world):
    for n in range(56):
        day = DAY - timedelta(days=7 + n // 2)
        world.report(day, f"daily-{n}", "news", [], source_id="news")
    assert found(world)["reports_thin"] == "reports in 7 days: 2, usual: 14.5"


def test_most_rows_of_a_week_refused_are_measured(world):
    world.con.execute("delete from quality.ledger")
    world.con.execute(
        "insert into quality.ledger values ('kev/2020-01-09', 'exploited_vulnerabilities', "
        "30, 10, 20, 0, '')"
    )
    assert found(world)["rows_refused"] == "20 of 30 rows in quarantine"


def test_what_readers_would_see_change_is_measured(settings):
    flow.publish(DAY, settings=settings)
    with open_warehouse(settings) as con:
        con.execute(
            "update scores.sector_daily set published_score = published_score + 12.5 "
            "where sector_id = 'energy' and score_date = '2020-01-02'"
        )
        con.execute("alter table scores.sector_threat_daily rename n_events to n_things")
        failed = found(SimpleNamespace(con=con, settings=settings))
    assert failed["history_revised"] == "energy of 2020-01-02 by 12.5 points; days revised: 1"
    assert failed["columns_kept"] == "lost or changed: sector_threat_daily.n_events"


@pytest.fixture(scope="module")
def jumped(scored, tmp_path_factory):
    """One day published; on the next, energy has jumped by more than anybody believes."""
    settings = copy_of(scored, tmp_path_factory.mktemp("jumped"))
    flow.publish(DAY, settings=settings)
    with open_warehouse(settings) as con:
        con.execute(
            "update scores.sector_daily set published_score = published_score + 17 "
            "where sector_id = 'energy' and score_date = '2020-01-13'"
        )
    return settings


@pytest.fixture
def held(jumped, tmp_path):
    return copy_of(jumped, tmp_path)


NEXT = date(2020, 1, 13)


def test_the_latest_workbook_is_the_one_whose_hash_the_manifest_states(held):
    published, folder = read_manifest(held), held.published_folder
    assert published.workbook == f"sector-risk-{DAY}.xlsx"
    assert published.workbook_sha256 == sha256_of(folder / published.workbook)
    assert published.workbook_sha256 == sha256_of(folder / "sector-risk-latest.xlsx")


def sha256_of(file):
    return hashlib.sha256(file.read_bytes()).hexdigest()


def test_an_implausible_jump_is_held_and_the_last_day_stays(held):
    before = read_manifest(held)
    with pytest.raises(GateError, match=r"plausible_move: .* energy moved by 1\d.*sector-risk app"):
        flow.publish(NEXT, settings=held)
    assert read_manifest(held) == before
    assert read_stale(held)["score_date"] == "2020-01-13"
    assert read_stale(held)["published"] == "2020-01-12"
    finding = next(each for each in check_all(held) if each.check == "publication")
    assert not finding.is_fine
    assert "2020-01-13 is held: plausible_move" in finding.found
    status = (held.published_folder / "status.html").read_text()
    assert "2020-01-13 is held back until somebody decides" in status
    assert "Sectors, as published for 2020-01-12" in status


def test_the_question_shows_what_would_change_against_what_is_published(held):
    said = flow.changes_as_markdown(flow.check(NEXT, settings=held), settings=held)
    assert "energy moved by 1" in said.replace("\\", "")
    energy = next(line for line in said.splitlines() if line.startswith("| Energy"))
    cells = [cell.strip() for cell in energy.split("|")[1:-1]]
    assert float(cells[2]) - float(cells[1]) == pytest.approx(float(cells[3].replace("\\", "")))
    assert float(cells[3]) > 15


def test_names_in_the_question_cannot_pose_as_markup(held):
    name = "| [x](https://a.b) <b>*bold*</b> `code`"
    with open_warehouse(held) as con:
        con.execute("update scores.sector_driver_daily set driver_title = ?", [name])
    said = flow.changes_as_markdown(flow.check(NEXT, settings=held), settings=held)
    assert r"\| \[x\](https://a.b) \<b\>\*bold\*\</b\> \`code\`" in said


def test_an_approval_publishes_and_is_carried_by_what_is_published(held):
    assert flow.decide(NEXT, YES, settings=held).outcome == "open"
    published = flow.publish(NEXT, settings=held)
    sentence = "Approved by ada on 2020-01-13 07:30 UTC: Two bulletins at once"
    assert published.approval == read_manifest(held).approval == sentence
    assert read_stale(held) is None
    with open_snapshot(held) as con:
        row = con.execute(
            "select outcome, decided_by, decided_at, reason from quality.publications "
            "where score_date = '2020-01-13'"
        ).fetchone()
    assert row == ("published", "ada", datetime(2020, 1, 13, 7, 30), "Two bulletins at once")


def test_a_rejected_day_stays_rejected_until_somebody_thinks_again(held):
    flow.decide(NEXT, NO, settings=held)
    with pytest.raises(GateError, match=r"Rejected by ada .* The feed is broken"):
        flow.publish(NEXT, settings=held)
    flow.decide(NEXT, YES, settings=held)
    assert flow.publish(NEXT, settings=held).approval.startswith("Approved by ada")


def test_an_approval_is_for_what_was_seen_and_for_nothing_else(held):
    flow.decide(NEXT, YES, settings=held)
    with open_warehouse(held) as con:
        con.execute(
            "update scores.sector_daily set published_score = published_score + 3 "
            "where sector_id = 'energy' and score_date = '2020-01-13'"
        )
    with pytest.raises(GateError, match="held back"):
        flow.publish(NEXT, settings=held)


def test_what_no_gate_holds_cannot_be_decided(settings):
    with pytest.raises(SectorRiskError, match="nothing to decide"):
        flow.decide(DAY, YES, settings=settings)


def test_what_a_gate_stops_cannot_be_approved(held):
    with open_warehouse(held) as con:
        con.execute("update scores.sector_daily set threat_points = threat_points + 1")
    with pytest.raises(SectorRiskError, match=r"sector_parts_sum.*Put the input right"):
        flow.decide(NEXT, YES, settings=held)


def test_a_day_that_was_never_scored_stops(world):
    failed = found(world, date(2020, 3, 1))
    assert failed == {"day_scored": "no scores of 2020-03-01"}
    stored = world.con.execute("select count(*) from quality.gates where not is_passed").fetchone()
    assert stored == (1,)


def test_decisions_are_kept_beside_the_archive(held):
    flow.decide(NEXT, YES, settings=held)
    kept = (held.raw_folder / ".manifest" / "publications.csv").read_text()
    assert "Two bulletins at once" in kept
    assert json.dumps("2020-01-13")[1:-1] in kept


def test_the_question_withholds_what_is_marked_above_the_publication(held):
    with open_warehouse(held) as con:
        con.execute("update staged.reports set tlp = 'RED', title = 'Told in confidence'")
        con.execute("update scores.sector_driver_daily set driver_title = 'Told in confidence'")
    said = flow.changes_as_markdown(flow.check(NEXT, settings=held), settings=held)
    assert "Told in confidence" not in said
    assert r"withheld (TLP:RED)" in said
