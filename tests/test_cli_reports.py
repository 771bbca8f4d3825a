import json

import pytest
from deliveries import settings_in, warehouse
from test_evaluate import archive  # noqa: F401 - a corpus of one report
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.settings import get_settings

run = CliRunner().invoke
EVENTS = """
insert into facts.report_events by name
select * from (values
    ('csaf/ICSA-20-006-01', 'csaf/ICSA-20-006-01', null, null, 'Nothing.', null, false),
    ('icsadv/ICSA-20-006-01A', 'csaf/ICSA-20-006-01', 'csaf/ICSA-20-006-01', 'csaf/ICSA-20-006-01',
     'It shares a number.', 1.0, false),
    ('icsadv/ICSA-20-007-02', 'csaf/ICSA-20-006-01', 'csaf/ICSA-20-006-01', 'csaf/ICSA-20-006-01',
     'It resembles it.', 0.85, true),
    ('news/a', 'news/a', null, 'csaf/ICSA-20-006-01', 'It resembles it a little.', 0.7, true)
) as t (report_id, event_id, parent_report_id, nearest_report_id, link_reason, similarity_0_1,
        is_doubtful)
"""


@pytest.fixture
def events(tmp_path, monkeypatch):
    """A warehouse with four reports, three of them one event."""
    with warehouse(tmp_path) as con:
        con.execute(EVENTS)
    monkeypatch.setenv("SECTOR_RISK_HOME", str(settings_in(tmp_path).home))
    get_settings.cache_clear()
    yield tmp_path
    get_settings.cache_clear()


def test_extraction_is_measured_with_its_confusion(archive):  # noqa: F811
    result = run(app, ["evaluate", "extraction", str(archive), "--lines", "3"])
    assert result.exit_code == 0
    words = " ".join(result.output.split())
    assert "dev: 1 reports" in words
    assert "sectors told of, by report │ 1 │ 0.500 │ 1.000 │ 0.667" in words
    assert "│ finance │ 1 │ 0 │ 0 │" in words
    assert "│ energy │ 0 │ 0 │ 1 │" in words
    assert "zoo" in words


def test_a_script_reads_the_measures_as_json(archive):  # noqa: F811
    result = run(app, ["evaluate", "extraction", str(archive), "--split", "dev", "--json"])
    first = json.loads(result.output)[0]
    assert first["measured"] == "sectors told of, by report"
    assert (first["precision"], first["recall"], first["f1"]) == ("0.500", "1.000", "0.667")


def test_events_are_measured_by_the_numbers_of_advisories(events):
    (found,) = json.loads(run(app, ["evaluate", "events", "--json"]).output)
    assert (found["reports"], found["true pairs"], found["found pairs"]) == (3, 1, 3)
    assert (found["precision"], found["recall"], found["doubtful"]) == ("0.333", "1.000", 1)


def test_events_are_measured_by_stories_that_a_person_wrote(events):
    stories = events / "stories.csv"
    stories.write_text("report_id,story\ncsaf/ICSA-20-006-01,x\nnews/a,x\nicsadv/unknown,x\n")
    result = run(app, ["evaluate", "events", str(stories)])
    assert result.exit_code == 0
    assert "missed" in result.output
    assert "news/a" in result.output


def test_a_file_without_stories_is_refused(events):
    stories = events / "stories.csv"
    stories.write_text("a,b\n1,2\n")
    result = run(app, ["evaluate", "events", str(stories)])
    assert "has no columns report_id and story" in str(result.exception)


def test_doubtful_pairs_are_listed_as_they_are_to_be_settled(events):
    rows = json.loads(run(app, ["doubtful-events", "--json"]).output)
    assert [(row["report_id_b"], row["alike"], row["now"]) for row in rows] == [
        ("icsadv/ICSA-20-007-02", "85%", "same"),
        ("news/a", "70%", "different"),
    ]
    assert len(json.loads(run(app, ["doubtful-events", "--lines", "1", "--json"]).output)) == 1


@pytest.mark.slow
def test_without_reports_nothing_is_in_doubt(tmp_path, monkeypatch):
    monkeypatch.setenv("SECTOR_RISK_HOME", str(tmp_path))
    get_settings.cache_clear()
    result = run(app, ["doubtful-events"])
    get_settings.cache_clear()
    assert "No two reports are in doubt." in result.output
