import shutil
from dataclasses import asdict
from datetime import date

import orjson
import pytest

from pipeline import announce as announcing
from pipeline.announce import announce, announcement
from pipeline.publish import Published
from pipeline.settings import Settings

pytestmark = pytest.mark.slow

DAY = date(2020, 1, 8)
PUBLISHED = Published(
    *(str(DAY), "2020-01-08-run", "method", "state", "sector-risk.duckdb"),
    *("sector-risk-2020-01-08.xlsx", "ab" * 32),
)


@pytest.fixture
def settings(january_settings, tmp_path):
    settings = Settings(home=tmp_path, contact="risk@example.org")
    settings.published_folder.mkdir()
    shutil.copy(january_settings.snapshot_file, settings.snapshot_file)
    publish(settings, PUBLISHED)
    return settings


def publish(settings, published):
    (settings.published_folder / "manifest.json").write_bytes(orjson.dumps(asdict(published)))


@pytest.fixture
def told():
    return []


def test_the_text_holds_the_sentences_of_the_summary(settings):
    from pipeline.export import summary_sentences
    from pipeline.warehouse import open_snapshot

    notice = announcement(PUBLISHED, settings)
    with open_snapshot(settings) as con:
        said = summary_sentences(con, DAY, settings)
    assert set(said) == {"What changed", "How far to trust it", "What to do first"}
    assert said["What changed"][0].startswith("Energy is the highest sector at ")
    for sentences in said.values():
        for sentence in sentences:
            assert f"- {sentence}\n" in notice.text
    assert "sector-risk-2020-01-08.xlsx" in notice.text
    assert notice.text.endswith("Marked TLP:AMBER. Questions: risk@example.org.")
    assert notice.subject == "TLP:AMBER Sector Risk: scores of 2020-01-08"


def test_the_same_publication_gives_the_same_text(settings):
    assert announcement(PUBLISHED, settings) == announcement(PUBLISHED, settings)


def test_a_publication_is_told_once(settings, told):
    def tell(subject, text):
        told.append(subject)

    assert announce(DAY, tell, settings)
    assert not announce(DAY, tell, settings)
    assert len(told) == 1
    publish(settings, Published(**{**asdict(PUBLISHED), "workbook_sha256": "cd" * 32}))
    assert announce(DAY, tell, settings)
    assert len(told) == 2


def test_a_channel_that_breaks_does_not_make_it_told_twice(settings, told):
    def breaks(subject, text):
        raise ConnectionError("reset")

    with pytest.raises(ConnectionError):
        announce(DAY, breaks, settings)
    assert not announce(DAY, lambda *notice: told.append(notice), settings)
    assert told == []


def test_a_day_that_is_not_what_is_published_is_not_told(settings, told):
    assert not announce(date(2020, 1, 7), lambda *notice: told.append(notice), settings)
    (settings.published_folder / "manifest.json").unlink()
    assert not announce(DAY, lambda *notice: told.append(notice), settings)
    assert told == []


def test_another_part_adds_its_sentences_after_the_summary(settings, monkeypatch):
    def alerts(con, day, settings):
        return {"Alerts": [f"Something is up on {day}."]}

    monkeypatch.setattr(announcing, "PARTS", (*announcing.PARTS, alerts))
    text = announcement(PUBLISHED, settings).text
    assert text.index("What to do first") < text.index("Alerts\n- Something is up on 2020-01-08.")
