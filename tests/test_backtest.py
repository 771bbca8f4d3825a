"""Backtests of worlds whose answer is known, and of the real incidents where they are at hand."""

import io
import tarfile
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random

import duckdb
import numpy as np
import orjson
import pytest
from typer.testing import CliRunner

from pipeline import facts, warehouse
from pipeline.backtest import backtest, figures, measures
from pipeline.backtest.table import sector_months
from pipeline.backtest.world import sql
from pipeline.cli import app
from pipeline.errors import SectorRiskError

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
VCDB = SHARED / "vcdb" / "vcdb_dev.jsonl.xz"
FIRST, LAST = date(2015, 1, 1), date(2017, 12, 1)
HOSPITAL, BANK, GARDEN = "622110", "522110", "111419"
realdata = pytest.mark.skipif(
    not VCDB.is_file(), reason="the public data is not beside the checkout"
)


def month_after(day, n=1):
    index = day.year * 12 + day.month - 1 + n
    return date(index // 12, index % 12 + 1, 1)


def incident(key, happened, known, industry=HOSPITAL, action="hacking"):
    """A VERIS record; `happened` is a date, or (year, month), or (year,)."""
    parts = happened.timetuple()[:3] if isinstance(happened, date) else happened
    return {
        "incident_id": key,
        "action": {action: {"variety": ["Unknown"]}},
        "victim": {"industry": industry, "victim_id": f"Victim {key}"},
        "timeline": {"incident": dict(zip(("year", "month", "day"), parts, strict=False))},
        "plus": {"created": f"{known}T12:00:00Z"},
        "security_incident": "Confirmed",
    }


class World:
    """Reports put straight into the staged table, each known since its day."""

    def __init__(self):
        self.con = duckdb.connect()
        warehouse.install(self.con)
        self._row = 0

    def _stage(self, source_id, key, kind, day, facts, record="{}"):
        self._row += 1
        known = datetime.combine(day, datetime.min.time())
        row = {
            "source_id": source_id,
            "delivery_id": f"{source_id}/1",
            "source_row": self._row,
            "known_at": known,
            "disclosed_at": known,
            "published_at": known,
            "report_key": key,
            "kind": kind,
            "title": key,
            "publisher": source_id,
            "facts": facts,
            "record": record,
            "record_md5": str(self._row),
            "is_repeat": False,
        }
        names, marks = ", ".join(row), ", ".join(f"${name}" for name in row)
        self.con.execute(f"insert into staged.reports ({names}) values ({marks})", row)

    def incident(self, key, happened, known, industry=HOSPITAL, action="hacking"):
        fact = named_sector("naics", industry, "attacked")
        record = orjson.dumps(incident(key, happened, known, industry, action)).decode()
        self._stage("veris", key, "incident", known, [fact], record)

    def alert(self, key, day, sector_id):
        self._stage(
            "bulletin", key, "alert", day, [named_sector("sector", sector_id, "threatened")]
        )

    def judge(self, first=FIRST, last=LAST):
        self.con.execute("delete from quality.facts_inputs")
        facts.refresh_facts(self.con, "then")
        return sector_months(self.con, first, last)

    def fates(self):
        return dict(self.con.execute("select event_id, fate from backtest.incidents").fetchall())


def named_sector(vocabulary, value, stance):
    return {
        "fact_type": "sector",
        "vocabulary": vocabulary,
        "value": value,
        "label": value,
        "stance": stance,
        "confidence_0_1": None,
        "sentence": "",
    }


def bad_months(generator, n=36, share=0.3):
    return [month_after(FIRST, k) for k in range(n) if generator.random() < share]


def incidents_known_years_later(world, months):
    """Each bad month has three, recorded three years later, so that none is evidence here."""
    for month in months:
        for k in range(3):
            world.incident(f"{month} {k}", month + timedelta(days=9 * k), month_after(month, 40))


def own(table, sector_id, column):
    return getattr(table, column)[table.sector == table.sectors.index(sector_id)]


@pytest.mark.slow
def test_alerts_before_each_bad_month_rank_perfectly():
    world, months = World(), bad_months(Random(2))
    incidents_known_years_later(world, months)
    for month in months:
        world.alert(f"alert {month}", month - timedelta(days=1), "healthcare")
    table = world.judge()
    above, points = own(table, "healthcare", "is_above"), own(table, "healthcare", "points")
    assert above.sum() == len(months)
    assert measures.auc(above, points) == 1
    found = dict(zip(("correlation", "correlation_within", "auc", "auc_within"), figures(table),
                     strict=False))  # fmt: skip
    assert found["auc_within"] == 1
    assert measures.brier_skill(above, own(table, "healthcare", "printed"), np.full(36, 0.5)) > 0
    moved = own(table, "healthcare", "climatology_and_threat")
    assert measures.brier_skill(above, moved, own(table, "healthcare", "climatology")) > 0


@pytest.mark.slow
def test_alerts_without_connection_rank_like_chance():
    generator, values = Random(4), []
    world = World()
    incidents_known_years_later(world, bad_months(generator, n=60))
    for month in bad_months(generator, n=60):
        world.alert(f"alert {month}", month - timedelta(days=1), "healthcare")
    table = world.judge(FIRST, month_after(FIRST, 59))
    values.append(measures.auc_within(table.is_above, table.points, table.sector))
    interval = measures.with_intervals(
        lambda rows: measures.auc_within(
            table.is_above[rows], table.points[rows], table.sector[rows]
        ),
        table.month,
        n_replicates=200,
    )[0]
    assert interval.low < 0.5 < interval.high


@pytest.mark.slow
def test_what_became_of_each_incident():
    world = World()
    world.incident("counted", (2016, 3), date(2017, 1, 5))
    world.incident("bank", date(2016, 3, 9), date(2016, 3, 1), industry=BANK)
    world.incident("a lost laptop", (2016, 3), date(2017, 2, 5), action="error")
    world.incident("a garden", (2016, 3), date(2017, 3, 5), industry=GARDEN)
    world.incident("some time in 2016", (2016,), date(2017, 4, 5))
    world.incident("foreseen", (2016, 3), date(2016, 2, 29))
    table = world.judge()
    assert world.fates() == {
        "veris/counted": "counted",
        "veris/bank": "counted",
        "veris/a lost laptop": "no hacking, malware or social engineering",
        "veris/a garden": "victim unknown or outside the eight sectors",
        "veris/some time in 2016": "month unknown",
        "veris/foreseen": "known before its month",
    }
    assert own(table, "healthcare", "n_incidents").sum() == 1
    assert own(table, "finance", "n_incidents").sum() == 1


@pytest.mark.slow
def test_records_of_one_event_are_one_incident_known_since_the_first():
    world = World()
    world.incident("one", (2016, 3), date(2016, 2, 20))
    world.incident("again", (2016, 3), date(2016, 6, 1))
    world.con.execute(
        "update staged.reports set refs = ['https://example.org/breach-at-the-hospital']"
    )
    world.con.execute("update staged.reports set title = 'Breach at the one hospital of the town'")
    table = world.judge()
    assert world.con.execute("select n_records, fate from backtest.incidents").fetchall() == [
        (2, "known before its month")
    ]
    assert table.n_incidents.sum() == 0


@pytest.mark.slow
def test_above_usual_is_more_than_the_mean_month_of_the_year_before():
    world = World()
    for n, k in ((1, 3), (1, 9), (13, 1), (14, 1), (15, 1)):
        for i in range(k):
            happened = month_after(date(2014, 1, 1), n)
            world.incident(f"{n} {k} {i}", happened, date(2018, 6, 1))
    table = world.judge(date(2015, 1, 1), date(2015, 6, 1))
    n, above = own(table, "healthcare", "n_incidents"), own(table, "healthcare", "is_above")
    # The mean is 12/12 up to February 2015, then the 12 of February 2014 have left the year.
    assert n.tolist() == [0, 1, 1, 1, 0, 0]
    assert above.tolist() == [False, False, 1 > 1 / 12, 1 > 2 / 12, False, False]


@pytest.mark.slow
def test_baselines_learn_only_from_earlier_months():
    world, months = World(), bad_months(Random(6))
    incidents_known_years_later(world, months)
    before = world.judge()
    cut = 20
    later = [key for (key,) in world.con.execute(
        "select event_id from backtest.incidents where incident_month >= ?", [before.months[cut]]
    ).fetchall()]  # fmt: skip
    world.con.execute("delete from staged.reports where 'veris/' || report_key in ?", [later])
    after = world.judge()
    early = before.month <= cut
    for column in ("climatology", "last_month", "climatology_and_threat", "printed", "points"):
        assert (getattr(before, column)[early] == getattr(after, column)[early]).all(), column
    assert before.n_incidents.sum() > after.n_incidents.sum()


@pytest.mark.slow
def test_no_record_is_evidence_and_outcome_of_one_sector_month():
    """Records made at any time, some before what they tell of: none is on both sides."""
    generator, world = Random(8), World()
    for k in range(300):
        happened = FIRST + timedelta(days=generator.randrange(36 * 30))
        known = happened + timedelta(days=generator.randrange(-60, 400))
        world.incident(f"record {k}", happened, known, generator.choice([HOSPITAL, BANK]))
    table = world.judge()
    days = {"start_date": FIRST, "end_date": LAST}
    assert world.con.execute(sql("shared_records"), days).fetchone() == (0,)
    assert "known before its month" in world.fates().values()
    for number in (6, 18, 30):
        month = table.months[number]
        world.con.execute("create or replace temp table kept as from staged.reports")
        world.con.execute(
            "delete from staged.reports where 'veris/' || report_key in (select event_id "
            "from backtest.incidents where fate = 'counted' and incident_month = ?)",
            [month],
        )
        without = world.judge()
        rows = table.month == number
        assert table.n_incidents[rows].sum() > 0
        assert without.n_incidents[rows].sum() == 0
        for column in ("intensity", "points", "printed"):
            assert (getattr(table, column)[rows] == getattr(without, column)[rows]).all(), column
        world.con.execute("delete from staged.reports")
        world.con.execute("insert into staged.reports from kept")
        world.judge()


@pytest.mark.slow
def test_what_becomes_known_in_or_after_a_month_does_not_move_its_eve():
    world = World()
    world.alert("before", date(2016, 4, 30), "energy")
    eve = own(world.judge(), "energy", "points")[16]
    assert eve > 0
    world.alert("in the month", date(2016, 5, 1), "energy")
    world.incident("next year", (2016, 4), date(2017, 1, 1), industry="2211")
    points = own(world.judge(), "energy", "points")
    assert points[16] == eve
    assert points[17] > 0


@pytest.mark.slow
def test_the_walk_in_one_range_is_the_walk_day_by_day():
    world = World()
    for k, month in enumerate(bad_months(Random(9))):
        world.alert(f"alert {k}", month + timedelta(days=k), "energy")
    at_once = world.judge()
    for number in (3, 17, 33):
        month = at_once.months[number]
        alone = world.judge(month, month)
        assert (alone.points == at_once.points[at_once.month == number]).all()


@pytest.mark.slow
def test_the_printed_probability_is_the_formula():
    world = World()
    world.alert("alert", date(2015, 12, 31), "military")
    table = world.judge()
    calm = dict(
        world.con.execute("select sector_id, calm_probability_0_1 from method.outlook").fetchall()
    )
    (slope,) = world.con.execute("select method.parameter('outlook_log_odds_per_point')").fetchone()
    for sector, points, printed in zip(table.sector, table.points, table.printed, strict=True):
        p = calm[table.sectors[sector]]
        assert printed == pytest.approx(1 / (1 + (1 - p) / p * np.exp(-slope * points)))
    alert = own(table, "military", "printed")
    assert alert[12] == alert.max() > alert[11] == calm["military"]


def write_incidents(folder):
    generator, records = Random(10), []
    for k in range(160):
        happened = date(2014, 1, 1) + timedelta(days=generator.randrange(4 * 365))
        known = happened + timedelta(days=generator.choice([5, 40, 300]))
        industry = generator.choice([HOSPITAL, HOSPITAL, BANK, "921190", "2211"])
        records.append(incident(f"record-{k}", happened, known, industry))
    file = folder / "incidents.jsonl"
    file.write_bytes(b"\n".join(orjson.dumps(record) for record in records))
    return file, records


def run(*arguments):
    return CliRunner().invoke(app, ["backtest", *map(str, arguments)])


@pytest.mark.gx
@pytest.mark.slow
def test_the_report_is_one_page_and_the_same_bytes_each_time(tmp_path):
    file, _ = write_incidents(tmp_path)
    pages = []
    for name in ("a.html", "b.html"):
        answer = run("--incidents", file, "--out", tmp_path / name)
        assert answer.exit_code == 0, answer.output
        pages.append((tmp_path / name).read_bytes())
    assert pages[0] == pages[1]
    page = pages[0].decode()
    for word in ("Brier skill", "Climatology", "0 records were evidence and outcome", "<svg"):
        assert word in page
    outside = [part for part in ("<script", "src=", "@import", "url(http") if part in page]
    assert outside == []


@pytest.mark.gx
@pytest.mark.slow
def test_a_folder_or_an_archive_of_records_is_the_same_as_their_list(tmp_path):
    file, records = write_incidents(tmp_path)
    folder, archive = tmp_path / "records", tmp_path / "records.tar.gz"
    folder.mkdir()
    with tarfile.open(archive, "w:gz") as tar:
        for record in records:
            written = orjson.dumps(record, option=orjson.OPT_INDENT_2)
            (folder / f"{record['incident_id']}.json").write_bytes(written)
            member = tarfile.TarInfo(f"validated/{record['incident_id']}.json")
            member.size = len(written)
            tar.addfile(member, io.BytesIO(written))
    results = [
        (found.fates, found.headline, found.bins)
        for found in (backtest([one]) for one in (file, folder, archive))
    ]
    assert repr(results[0]) == repr(results[1]) == repr(results[2])


def test_options_that_make_no_sense_are_refused(tmp_path):
    page = tmp_path / "x.html"
    assert "--incidents" in str(run("--out", page).exception)
    file = tmp_path / "x.json"
    file.write_text("{}")
    assert "--reports" in str(run("--incidents", file, "--reports", "a", "--out", page).exception)
    assert "--evidence" in str(run("--gpr", file, "--evidence", "a", "--out", page).exception)
    nowhere = tmp_path / "no" / "x.html"
    assert "no such folder" in str(run("--incidents", file, "--out", nowhere).exception)
    assert not page.exists()


@pytest.mark.gx
@pytest.mark.slow
def test_it_says_what_is_missing(tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(SectorRiskError, match=r"holds no \.json file"):
        backtest([empty])
    garbage = tmp_path / "garbage.jsonl"
    garbage.write_text("\n".join('{"a": 1}' for _ in range(30)))
    with pytest.raises(SectorRiskError, match="no VERIS record"):
        backtest([garbage])
    file = tmp_path / "short.jsonl"
    file.write_bytes(orjson.dumps(incident("one", (2016, 3), date(2016, 4, 1))))
    with pytest.raises(SectorRiskError, match="Give --from and --to"):
        backtest([file])


@realdata
@pytest.mark.realdata
@pytest.mark.gx
def test_real_incidents_and_the_stored_probability():
    found = backtest([VCDB])
    assert found.n_shared == 0
    assert sum(found.fates.values()) == 6_300
    assert (found.headline.first, found.headline.last) == (date(2016, 1, 1), date(2017, 11, 1))
    with duckdb.connect() as con:
        warehouse.install(con)
        stored = con.execute("select calm_probability_0_1 from method.outlook order by sector_id")
        calm = [value for (value,) in stored.fetchall()]
        (slope,) = con.execute("select method.parameter('outlook_log_odds_per_point')").fetchone()
    assert calm == [round(value, 2) for value in found.calibration.refitted.calm]
    assert slope == round(found.calibration.refitted.slope, 2)
    assert sum(each.n for each in found.bins) == found.headline.n_sector_months == 23 * 8
