"""A day that a gate holds back, on Airflow's own scheduler, approved in a browser."""

import json
import shutil
import threading
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from browser import PROGRAM, browsing
from sample import collect_all
from server import RUN, password_of, serving, triggered, until

from pipeline import flow
from pipeline.publish import read_manifest, read_stale
from pipeline.settings import ROOT, Settings

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(2400),
    pytest.mark.airflow,
    pytest.mark.gx,
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine"),
]

PUBLISHED, HELD = date(2020, 1, 12), date(2020, 1, 13)
SECRET = "xoxb-51ee7-n0t-f0r-l0gs"


class Webhook(BaseHTTPRequestHandler):
    """Keeps what it is sent."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.received.append(json.loads(body)["text"])
        self.send_response(200)
        self.end_headers()

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def webhook():
    with HTTPServer(("127.0.0.1", 0), Webhook) as server:
        server.received = []
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    """One published day; on the next, most rows received are refused."""
    folder = tmp_path_factory.mktemp("held")
    shutil.copytree(ROOT / "warehouse" / "sample", folder / "inbox")
    settings = Settings(home=folder / "home", inbox=folder / "inbox")
    collect_all(settings, until=HELD)
    flow.score_range(date(2020, 1, 10), PUBLISHED, settings=settings)
    flow.publish(PUBLISHED, settings=settings)
    refused = folder / "inbox" / "bulletin" / str(HELD) / "broken-export.jsonl"
    refused.parent.mkdir(parents=True)
    record = '{{"doc_id": "{}", "published": "soon"}}'
    refused.write_text("\n".join(map(record.format, range(9000))))
    flow.collect("bulletin", until=HELD, settings=settings)
    return settings


def test_a_held_day_is_approved_in_the_browser(settings, webhook, tmp_path):
    connection = {
        "conn_type": "http",
        "password": f"http://127.0.0.1:{webhook.server_port}/{SECRET}",
    }
    secrets = {
        "AIRFLOW_CONN_SECTOR_RISK_WEBHOOK": json.dumps(connection),
        "SECTOR_RISK_STIX_TOKEN": SECRET,
    }
    with (
        serving(settings, **secrets) as (address, _),
        browsing(tmp_path) as browser,
        triggered(settings, address, HELD) as state,
    ):
        until(lambda: state("ask_a_person") == "awaiting_input")
        assert read_manifest(settings).score_date == str(PUBLISHED)
        assert read_stale(settings)["score_date"] == str(HELD)
        (told,) = webhook.received
        assert f"Publish the scores of {HELD}?" in told
        approve(browser, address, password_of(settings), settings.home / "question.png", told)
        until(lambda: state("publish") == "success")
    manifest = read_manifest(settings)
    assert manifest.score_date == str(HELD)
    assert manifest.approval.startswith("Approved by admin on ")
    assert manifest.approval.endswith(": The retired feed sends rubbish")
    assert read_stale(settings) is None
    logs = [path for path in settings.home.rglob("*.log") if path.is_file()]
    assert any("ask_a_person" in str(path) for path in logs)
    leaks = [str(path) for path in logs if SECRET.encode() in path.read_bytes()]
    assert leaks == []


def approve(browser, address, password, picture, told):
    """As a person does: sign in, follow the link of the notice, read, answer."""
    question = f"{address}/dags/score_sectors/runs/{RUN}/tasks/ask_a_person/required_actions"
    assert question in told
    browser.open(address)
    browser.type("input[name=username]", "admin")
    browser.type("input[name=password]", password)
    browser.click("Sign in")
    browser.wait_for("document.body.innerText.includes('Dags')")
    browser.open(question)
    browser.wait_for("document.body.innerText.includes('Held back by')")
    assert "rows_refused: expected at most 0.5 of a week's rows" in browser.text
    browser.type("#element_reason", "The retired feed sends rubbish")
    browser.picture(picture)
    browser.click("Approve")
