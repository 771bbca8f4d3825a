import json
import shutil
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import pytest

from pipeline import explain, warehouse
from pipeline.errors import SectorRiskError, UnknownNameError
from pipeline.moves import sector_moves, supplier_moves

FIRST, LAST = date(2019, 12, 22), date(2020, 2, 5)
DAYS = [FIRST + timedelta(days=n) for n in (0, 12, 15, 16, 18, 27, 29, 30, 34, 45)]
SUPPLIERS = ("S-1", "S-2", "S-3")


@pytest.fixture(scope="module")
def con(january_settings):
    with warehouse.open_snapshot(january_settings) as opened:
        yield opened


@pytest.fixture(scope="module")
def suppliers(con):
    return {one: [explain.explain_supplier(con, one, day) for day in DAYS] for one in SUPPLIERS}


@pytest.fixture(scope="module")
def sectors(con):
    return {
        one: [explain.explain_sector(con, one, day) for day in DAYS]
        for one in ("energy", "healthcare")
    }


def every(explained):
    return [one for days in explained.values() for one in days]


def test_parts_sum_to_the_stored_score(con, suppliers, sectors):
    for one in [*every(suppliers), *every(sectors)]:
        table = "supplier" if hasattr(one, "supplier_id") else "sector"
        stored = con.execute(
            f"select score_0_100 from scores.{table}_daily where score_date = ? and {table}_id = ?",
            [one.score.score_date, one.id],
        ).fetchone()
        assert sum(one.score.parts.values()) == pytest.approx(stored[0], abs=1e-9)


def test_events_sum_to_threat_and_vulnerabilities_to_susceptibility(suppliers, sectors):
    for one in [*every(suppliers), *every(sectors)]:
        events = sum(line.points for line in one.threat.events)
        assert one.threat.usual_points + events == pytest.approx(one.score.threat_points, abs=1e-9)
        open_now = sum(line.points for line in one.vulnerabilities)
        assert one.usual_susceptibility_points + open_now == pytest.approx(
            one.score.susceptibility_points, abs=1e-9
        )


def test_register_fields_sum_to_consequence(suppliers):
    for one in every(suppliers):
        fields = one.consequence.criticality_points + one.consequence.dependency_points
        assert fields == pytest.approx(one.score.consequence_points, abs=1e-9)


def test_moves_sum_to_the_change_part_by_part(suppliers, sectors):
    for explained, compare in ((suppliers, supplier_moves), (sectors, sector_moves)):
        for days in explained.values():
            for before, after in [*pairwise(days), (days[0], days[-1]), (days[-1], days[0])]:
                moves = compare(before, after)
                change = after.score.score_0_100 - before.score.score_0_100
                assert sum(move.points for move in moves.moves) == pytest.approx(change, abs=1e-9)
                for part, value in after.score.parts.items():
                    expected = value - before.score.parts[part]
                    assert moves.of(part) == pytest.approx(expected, abs=1e-9)


def moves_of(explained, n, compare=supplier_moves):
    return {(move.what, move.how): move.points for move in compare(*explained[n : n + 2]).moves}


def test_what_happened_is_named(suppliers):
    first = suppliers["S-1"]
    assert moves_of(first, 0)[("event stix/warning", "new (energy)")] > 0
    assert moves_of(first, 1)[("event stix/alert", "new (energy)")] > 0
    scanned = moves_of(first, 2)
    assert scanned[("CVE-2019-0001", "closed")] < 0 < scanned[("CVE-2019-0003", "opened")]
    assert moves_of(first, 5)[("criticality", "register")] == pytest.approx(-10)
    assert moves_of(first, 6)[("CVE-2019-0003", "closed")] < 0
    assert moves_of(first, 7)[("event stix/alert", "withdrawn, revised or faded out (energy)")] < 0
    assert moves_of(suppliers["S-2"], 3)[("CVE-2019-0002", "re-scored")] > 0


def test_a_supplier_that_joins_or_leaves_moves_its_sector(sectors):
    moved = moves_of(sectors["energy"], 5, sector_moves)
    assert ("S-5", "joined the sector") in moved
    assert ("S-4", "left the sector") in moved


def test_each_line_names_file_row_and_sentence(suppliers):
    reports = {
        report.origin.file: report
        for event in suppliers["S-1"][2].threat.events
        for report in event.reports
    }
    alert = reports["stix-2020-01-06-alert.csv"]
    assert alert.sentence == "Attacks on energy are expected."
    found = suppliers["S-1"][2].vulnerabilities[0]
    assert (found.cve_id, found.asset_ids, found.open_since) == (
        "CVE-2019-0001",
        ("A-1", "A-2"),
        FIRST,
    )
    assert found.reasons[0].evidence == "EPSS rank"
    ranked = found.reasons[0].origin
    assert (ranked.file, ranked.source_row) == ("epss-2019-12-22.csv", 8)
    assert found.origin.source_row is not None
    listed = suppliers["S-2"][4].vulnerabilities[0]
    assert [reason.evidence for reason in listed.reasons] == ["listed", "EPSS rank"]


def test_no_scan_is_said_and_counts(suppliers):
    unscanned = suppliers["S-3"][0]
    assert [line.cve_id for line in unscanned.vulnerabilities] == [None]
    assert unscanned.remedies == ()


def without(settings, cve_id, day, tmp_path):
    """The same world scored again after every finding of the CVE is taken out."""
    from pipeline import score

    home = tmp_path / "patched"
    home.mkdir()
    shutil.copyfile(settings.snapshot_file, home / "warehouse.duckdb")
    with warehouse.open_warehouse(settings.model_copy(update={"home": home})) as con:
        con.execute("delete from staged.findings where cve_id = ?", [cve_id])
        con.execute("delete from quality.facts_inputs")
        score.score_range(con, day, day, force=True)
        return {
            table: dict(
                con.execute(
                    f"select {table}_id, score_0_100 from scores.{table}_daily "
                    "where score_date = ?",
                    [day],
                ).fetchall()
            )
            for table in ("supplier", "sector")
        }


def test_remedies_are_what_scoring_again_without_the_cve_gives(
    january_settings, suppliers, sectors, tmp_path
):
    day, cve_id = DAYS[2], "CVE-2019-0001"
    patched = without(january_settings, cve_id, day, tmp_path)
    for one in (suppliers["S-1"][2], sectors["energy"][2]):
        remedy = next(remedy for remedy in one.remedies if remedy.cve_id == cve_id)
        table = "sector" if one.id == "energy" else "supplier"
        assert remedy.score_after == pytest.approx(patched[table][one.id], abs=1e-9)
        assert remedy.points == pytest.approx(remedy.score_after - one.score.score_0_100, abs=1e-12)


def test_a_score_that_no_longer_follows_from_the_data_is_not_explained(january_settings, tmp_path):
    home = tmp_path / "changed"
    (home / "published").mkdir(parents=True)
    changed = january_settings.model_copy(update={"home": home})
    shutil.copyfile(january_settings.snapshot_file, changed.snapshot_file)
    with warehouse._connect(changed.snapshot_file, changed) as con:
        con.execute(
            "update scores.supplier_spans set susceptibility_points = susceptibility_points + 1e-6"
        )
    with (
        warehouse.open_snapshot(changed) as con,
        pytest.raises(SectorRiskError, match="Score the day again"),
    ):
        explain.explain_supplier(con, "S-1", DAYS[2])


def test_names_resolve_in_any_case(con):
    assert explain.resolve(con, "AQUILA power", LAST) == ("supplier", "S-1")
    assert explain.resolve(con, "Energy", LAST) == ("sector", "energy")
    with pytest.raises(UnknownNameError, match="Aquila Power"):
        explain.resolve(con, "Aquila Powr", LAST)


def test_a_day_without_scores_is_an_error_that_names_the_days(con):
    with pytest.raises(SectorRiskError, match="2019-12-22 to 2020-02-05"):
        explain.explain_supplier(con, "S-1", date(2018, 1, 1))


def test_an_unscored_supplier_has_parts_but_no_score(suppliers):
    one = suppliers["S-1"][0]
    blank = replace(one.score, score_0_100=None, threat_points=None)
    assert supplier_moves(replace(one, score=blank), one).change is None


def scans(node):
    """Every scan of spans in a plan, as the names of the columns that it is filtered by."""
    said = node["extra_info"]
    if said.get("Table", "").endswith("_spans"):
        filters = said.get("Filters", [])
        listed = [filters] if isinstance(filters, str) else filters
        yield {one.split()[0].strip("(") for one in listed}
    for child in node["children"]:
        yield from scans(child)


@pytest.mark.parametrize("view", ["scores.supplier_daily", "scores.supplier_driver_daily"])
def test_a_day_of_a_supplier_reads_no_other_spans(con, view):
    plan = json.loads(
        con.execute(
            f"explain (format json) from {view} where supplier_id = 'S-1' and score_date = ?",
            [DAYS[3]],
        ).fetchone()[1]
    )
    read = list(scans(plan[0]))
    assert read
    for filtered in read:
        assert "supplier_id" in filtered


@pytest.mark.parametrize("view", ["scores.supplier_daily", "scores.supplier_driver_daily"])
def test_a_list_of_a_day_starts_from_the_spans_of_that_day(con, view):
    plan = json.loads(
        con.execute(
            f"explain (format json) from {view} where score_date = ?", [DAYS[3]]
        ).fetchone()[1]
    )
    assert any({"first_date", "last_date"} & filtered for filtered in scans(plan[0]))
