"""The status report: what it says, that it asks nothing of any network, that nothing breaks it."""

import json
import re
from datetime import date, timedelta
from html.parser import HTMLParser

import pytest
from hostile import HOSTILE
from small_world import JANUARY, january, sector

from pipeline import audit, flow, publication
from pipeline.publication import Check
from pipeline.publish import STATUS
from pipeline.report import pictures
from pipeline.report.status import FOLDER, Shown, write_status
from pipeline.settings import Settings
from pipeline.warehouse import open_snapshot, open_warehouse

DAY = date(2020, 1, 12)
VOID = {"meta", "link", "img", "br", "hr", "input", "base", "wbr"}


class Page(HTMLParser):
    """Elements, their attributes and texts; an element left open or crossed is refused."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.texts, self._open = [], [], []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.texts).split())

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


def write(settings, target, **options):
    with open_snapshot(settings) as con:
        write_status(con, settings, DAY, target, **options)
    return target.read_text()


@pytest.fixture(scope="module")
def text(january_settings, tmp_path_factory):
    return write(january_settings, tmp_path_factory.mktemp("report") / STATUS)


@pytest.fixture(scope="module")
def page(text):
    return Page(text)


def test_it_says_what_the_warehouse_holds(page, january_settings):
    with open_snapshot(january_settings) as con:
        rows = con.execute(
            "select m.title, published_score from scores.sector_daily "
            "inner join method.sectors as m using (sector_id) where score_date = ?",
            [DAY],
        ).fetchall()
    for title, score in rows:
        assert f"{title} {score if score is not None else '–'} " in page.text
    assert "Energy is the sector most at risk" in page.text
    assert "Late or missing: EPSS" in page.text


def test_the_ledger_adds_up_on_the_page(page):
    numbers = re.search(r"All ([\d,]+) ([\d,]+) ([\d,]+) ([\d,]+) ✓ adds up", page.text).groups()
    received, *parts = (int(number.replace(",", "")) for number in numbers)
    assert received == sum(parts)


def test_nothing_is_loaded_from_anywhere(page, text):
    for tag, attributes in page.elements:
        assert tag not in {"script", "iframe", "object", "embed", "link", "img", "form", "base"}
        assert not {"src", "srcset", "style", "background", "poster"} & attributes.keys(), tag
        assert not any(name.startswith("on") for name in attributes)
    assert not re.search(r"url\s*\(|@import|@font-face", text)
    addresses = {each["href"] for each in page.all("a") if "://" in each["href"]}
    assert addresses == {"http://127.0.0.1:8080"}


def test_its_policy_allows_nothing_but_its_own_style(page):
    (policy,) = [
        each["content"]
        for each in page.all("meta")
        if each.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy


def test_whoever_does_not_see_the_pictures_is_told_what_they_show(page):
    assert page.all("html") == [{"lang": "en"}]
    for picture in page.all("svg"):
        labelled = picture.get("aria-label") or picture.get("aria-labelledby")
        assert labelled or picture.get("aria-hidden") == "true"
    assert {each["scope"] for each in page.all("th")} <= {"row", "col"}
    ids = {each["id"] for _, each in page.elements if "id" in each}
    for _, each in page.elements:
        assert set(each.get("aria-labelledby", "").split()) <= ids
        assert each.get("href", "#content")[0] != "#" or each.get("href", "#content")[1:] in ids
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert set(levels[1:]) == {2}


def test_the_same_warehouse_gives_the_same_bytes(text, january_settings, tmp_path):
    assert write(january_settings, tmp_path / STATUS) == text


def test_a_day_held_back_shows_why_and_only_the_scores_that_readers_have(
    january_settings, tmp_path
):
    held = Check(DAY, "run", "held", ("plausible_move: expected <15>, found & 17",))
    with open_snapshot(january_settings) as con:
        shown = Shown(con, date(2020, 1, 11))
        write_status(con, january_settings, DAY, tmp_path / STATUS, held=held, shown=shown)
    said = Page((tmp_path / STATUS).read_text())
    assert "plausible_move: expected <15>, found & 17" in said.text
    assert "Sectors, as published for 2020-01-11" in said.text
    assert {"href": "sector-risk-2020-01-11.xlsx"} in said.all("a")


def test_before_the_first_publication_there_are_no_scores_to_show(january_settings, tmp_path):
    held = Check(DAY, "run", "stopped", ("sector_parts_sum: expected this, found that",))
    with open_snapshot(january_settings) as con:
        shown = Shown(con, None)
        write_status(con, january_settings, DAY, tmp_path / STATUS, held=held, shown=shown)
    said = Page((tmp_path / STATUS).read_text())
    assert "Nothing is published yet." in said.text
    assert "days at a glance" not in said.text


@pytest.mark.slow
def test_nothing_that_others_wrote_becomes_markup(tmp_path):
    world = january(tmp_path)
    for number, title in enumerate(HOSTILE):
        facts = [sector("energy")]
        world.report(JANUARY, f"hostile-{number}", "alert", facts, title=title, source_id="news")
    world.score(JANUARY, DAY)
    for text in HOSTILE:
        world.con.execute(
            "insert into quality.verdicts values ('reports', 'kev/2020-01-09', 1, ?, 'critical', "
            "?, ?)",
            [text[:200], text, text],
        )
        world.con.execute(
            "insert into quality.gates values (null, ?, ?, 'warning', false, ?, ?, 'warn', 'row')",
            [DAY, text[:200], text, text],
        )
        world.con.execute("update raw.deliveries set name = ? where source_id = 'kev'", [text])
    world.con.execute("update method.sectors set title = '<b>E' where sector_id = 'energy'")
    write_status(world.con, world.settings, DAY, tmp_path / STATUS)
    text = (tmp_path / STATUS).read_text()
    page = Page(text)
    template = (FOLDER / "status.html.j2").read_text()
    assert {tag for tag, _ in page.elements} <= set(re.findall(r"<([a-z]\w*)", template))
    assert "<b>bold</b>" in page.text
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]", text)


def test_colours_run_from_light_to_dark_and_stop_at_the_ends():
    lightness = [
        sum(int(pictures.heat_colour(score)[i : i + 2], 16) for i in (1, 3, 5))
        for score in range(101)
    ]
    assert lightness == sorted(lightness, reverse=True)
    assert lightness[0] == lightness[30]
    assert lightness[75] == lightness[100]
    assert pictures.heat_colour(None) is None


def test_the_pictures_are_no_longer_than_what_is_scored_but_never_tiny():
    spans = [len(pictures.days_until(DAY, DAY - timedelta(days=n))) for n in (0, 40, 400)]
    assert spans == [30, 41, 60]
    assert len(pictures.days_until(DAY, None)) == 30


def test_a_line_is_cut_where_a_day_was_not_scored():
    row = {"score": 40.0, "low": 35.0, "high": 46.0, "band": "Guarded"}
    days = pictures.days_until(DAY, date(2019, 1, 1))
    by_day = dict.fromkeys(days[:10] + days[20:], row) | {days[30]: {**row, "score": None}}
    axis = pictures.axis({"energy": by_day})
    line = pictures.line("Energy", by_day, days, axis)
    assert (axis.lowest, axis.highest) == (30.0, 50.0)
    assert [len(points.split()) for points in line.lines] == [10, 10, 29]
    assert [len(points.split()) for points in line.intervals] == [20, 20, 58]
    assert axis.y(50) < axis.y(40) < axis.y(30)


@pytest.mark.gx
def test_every_publication_has_its_report_and_what_the_gates_were_answered(tmp_path):
    world = january(tmp_path)
    world.score(JANUARY, DAY)
    settings = world.publish()
    flow.publish(DAY, settings=settings)
    page = Page((settings.published_folder / STATUS).read_text())
    assert "✓ published" in page.text
    folder = audit.folder(settings) / str(DAY) / "publication"
    assert {file.stem for file in folder.iterdir()} == set(publication.SUITES)
    answer = json.loads((folder / "scores_sector_daily.json").read_text())
    assert answer["statistics"]["evaluated_expectations"] == len(answer["results"])


def test_old_answers_are_removed_by_the_setting(tmp_path):
    settings = Settings(home=tmp_path, validation_days=3)
    for day in ("2020-01-01", "2020-01-08", "2020-01-09", "2020-01-10"):
        (audit.folder(settings) / day / "publication").mkdir(parents=True)
    audit.prune(settings, date(2020, 1, 10))
    kept = sorted(path.name for path in audit.folder(settings).iterdir())
    assert kept == ["2020-01-08", "2020-01-09", "2020-01-10"]


@pytest.mark.slow
def test_a_warehouse_without_any_day_has_nothing_to_report(tmp_path):
    with open_warehouse(Settings(home=tmp_path)) as con:
        write_status(con, Settings(home=tmp_path), DAY, tmp_path / STATUS, shown=Shown(con, None))
    assert "nothing published" in Page((tmp_path / STATUS).read_text()).text
