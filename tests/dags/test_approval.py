"""A day that a gate holds back, run for real: approved, rejected, and answered by nobody."""

import threading
import time
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

import embedded
import orjson
import pytest

from pipeline.publish import read_manifest, read_stale
from pipeline.settings import get_settings

pytestmark = [pytest.mark.airflow, pytest.mark.gx, pytest.mark.filterwarnings("ignore")]

DAY = date(2020, 1, 6)
HELD_DAYS = iter(DAY + timedelta(days=n) for n in range(1, 9))


@pytest.fixture(scope="module")
def published(dags, tmp_path_factory):
    """The DAGs after one published day; from the day after on, most rows received are refused."""
    inbox = tmp_path_factory.mktemp("inbox")
    for source in (embedded.DAGS_FOLDER.parent / "warehouse" / "sample").iterdir():
        if source.is_dir():
            (inbox / source.name).symlink_to(source)
    (inbox / "rss").mkdir()
    (inbox / "bulletin").unlink()
    refused = inbox / "bulletin" / str(DAY + timedelta(days=1)) / "broken-export.jsonl"
    refused.parent.mkdir(parents=True)
    record = '{{"doc_id": "{}", "published": "soon"}}'
    refused.write_text("\n".join(map(record.format, range(9000))))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SECTOR_RISK_INBOX", str(inbox))
        get_settings.cache_clear()
        fresh = embedded.load_dags()  # a run with parameters leaves them in its DAG
        for dag_id in ("ingest_threat_reports", "ingest_sector_exposure", "score_sectors"):
            assert embedded.run_dag(fresh[dag_id], midnight(DAY))
        yield fresh
    get_settings.cache_clear()


def midnight(day):
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def respond(option, reason, user):
    """Answer the open question, as the web interface does; True once there was one."""
    from airflow.models.hitl import HITLDetail
    from airflow.models.trigger import handle_event_submit
    from airflow.triggers.base import TriggerEvent
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        open_question = select(HITLDetail).where(HITLDetail.responded_at.is_(None))
        found = session.scalar(open_question)
        if found is None or found.task_instance.state != "awaiting_input":
            return False
        assert found.options == ["Approve", "Reject"]
        found.chosen_options, found.params_input = [option], {"reason": reason}
        found.responded_by, found.responded_at = {"id": "7", "name": user}, datetime.now(UTC)
        event = TriggerEvent(found.as_resume_event_payload())
        handle_event_submit(event, task_instance=found.task_instance, session=session)
    return True


def let_time_pass():
    """The scheduler's sweep over questions that nobody has answered."""
    from airflow.jobs.job import Job
    from airflow.jobs.scheduler_job_runner import SchedulerJobRunner

    SchedulerJobRunner(Job()).check_awaiting_input_timeouts()
    return False


@contextmanager
def meanwhile(action):
    """Try the action again and again until it says that it is done."""
    is_over = threading.Event()

    def repeat():
        while not is_over.is_set() and not action():
            time.sleep(0.3)

    thread = threading.Thread(target=repeat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


def run(dags, day):
    return embedded.run_dag(dags["score_sectors"], midnight(day), can_ask=True)


def outcome_of(day):
    from pipeline.warehouse import open_warehouse

    with open_warehouse(get_settings()) as con:
        return con.execute(
            "select outcome, decided_by, reason from quality.publications where score_date = ?",
            [day],
        ).fetchone()


def asked():
    from airflow.models.hitl import HITLDetail
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        newest = session.scalars(select(HITLDetail).order_by(HITLDetail.created_at)).all()[-1]
        return newest.subject, newest.body


def test_a_day_that_passes_its_gates_asks_nobody(published):
    assert read_manifest(get_settings()).score_date == str(DAY)
    assert outcome_of(DAY) == ("published", None, None)


def test_rejected_the_last_day_stays_published_and_is_marked_stale(published):
    day = next(HELD_DAYS)
    before = read_manifest(get_settings())
    with meanwhile(lambda: respond("Reject", "The export is broken", "ada")):
        assert run(published, day)
    assert read_manifest(get_settings()) == before
    assert read_stale(get_settings())["score_date"] == str(day)
    assert read_stale(get_settings())["outcome"] == "rejected"
    assert outcome_of(day) == ("rejected", "ada", "The export is broken")
    status = (get_settings().published_folder / "status.html").read_text()
    assert f"{day} is rejected" in status
    assert "Rejected by ada" in status


def test_the_question_says_why_and_what_would_change(published):
    subject, body = asked()
    assert subject.startswith("Publish the scores of 2020-01-")
    assert "rows\\_refused" in body
    assert "| Sector | Published | New | Change | Band | Main reason |" in body
    assert "| Energy |" in body


def test_approved_it_is_published_and_says_by_whom_and_why(published):
    day = next(HELD_DAYS)
    with meanwhile(lambda: respond("Approve", "Known; the feed is retired", "grace")):
        assert run(published, day)
    manifest = read_manifest(get_settings())
    assert manifest.score_date == str(day)
    assert manifest.approval.startswith("Approved by grace on ")
    assert manifest.approval.endswith(": Known; the feed is retired")
    assert read_stale(get_settings()) is None
    assert provenance(day)["Approval"] == manifest.approval


def provenance(day):
    import openpyxl

    book = openpyxl.load_workbook(get_settings().published_folder / f"sector-risk-{day}.xlsx")
    return {row[0]: row[1] for row in book["Provenance"].iter_rows(values_only=True)}


def test_what_was_approved_once_is_not_asked_again(published):
    assert run(published, date.fromisoformat(read_manifest(get_settings()).score_date))


@pytest.mark.parametrize(("default", "outcome"), [("reject", "rejected"), ("approve", "published")])
def test_without_an_answer_in_time_the_setting_decides(published, monkeypatch, default, outcome):
    day = next(HELD_DAYS)
    monkeypatch.setenv("SECTOR_RISK_APPROVAL_HOURS", "0.0003")
    monkeypatch.setenv("SECTOR_RISK_APPROVAL_DEFAULT", default)
    get_settings.cache_clear()
    with meanwhile(let_time_pass):
        assert run(published, day)
    assert outcome_of(day) == (outcome, "nobody", "no answer within 0.0003 h")
    is_published = read_manifest(get_settings()).score_date == str(day)
    assert is_published is (default == "approve")
    monkeypatch.undo()


def test_where_nobody_can_be_asked_the_run_fails_and_says_what_to_do(published, capfd):
    day = next(HELD_DAYS)
    before = read_manifest(get_settings())
    assert not embedded.run_dag(published["score_sectors"], midnight(day))
    assert read_manifest(get_settings()) == before
    assert outcome_of(day)[0] == "held"
    stale = orjson.loads((get_settings().published_folder / "stale.json").read_bytes())
    assert stale["reasons"][0].startswith("rows_refused: expected at most 0.5")
