import html
import json
import shutil
import socketserver
import threading
from contextlib import contextmanager
from dataclasses import asdict
from email import message_from_string
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace

import pytest

pytestmark = [pytest.mark.airflow, pytest.mark.filterwarnings("ignore")]


class Webhook(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.received.append(json.loads(body))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *args):
        pass


class Mailbox(socketserver.StreamRequestHandler):
    """As much of SMTP as a client needs to hand over one message."""

    def handle(self):
        self.wfile.write(b"220 here\r\n")
        for line in self.rfile:
            word = line[:4].upper()
            self.wfile.write(b"354 go on\r\n" if word == b"DATA" else b"250 ok\r\n")
            if word == b"DATA":
                message = iter(self.rfile.readline, b".\r\n")
                self.server.received.append(b"".join(message).decode())
                self.wfile.write(b"250 taken\r\n")
            if word == b"QUIT":
                return


@contextmanager
def serving(server_class, handler, **attributes):
    with server_class(("127.0.0.1", 0), handler) as server:
        server.received = []
        vars(server).update(attributes)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def webhook(monkeypatch):
    with serving(HTTPServer, Webhook, status=200) as server:
        address = f"http://127.0.0.1:{server.server_port}/secret-path"
        connection = json.dumps({"conn_type": "http", "password": address})
        monkeypatch.setenv("AIRFLOW_CONN_SECTOR_RISK_WEBHOOK", connection)
        yield server


@pytest.fixture
def mailbox(monkeypatch):
    with serving(socketserver.TCPServer, Mailbox) as server:
        host, port = server.server_address
        extra = {"from_email": "risk@example.org", "to": "duty@example.org", "timeout": 10}
        extra |= {"disable_ssl": True, "disable_tls": True}
        connection = {"conn_type": "smtp", "host": host, "port": port, "extra": extra}
        monkeypatch.setenv("AIRFLOW_CONN_SECTOR_RISK_EMAIL", json.dumps(connection))
        yield server


@pytest.fixture
def failed():
    task = SimpleNamespace(dag_id="score_sectors", task_id="publish", run_id="run-1")
    return {"task_instance": task, "exception": "Scores of 2020-02-15 are held back: <volume>"}


def test_without_connections_a_notice_is_only_logged(dags):
    import notices

    assert notices.tell("subject", "text") == []


def test_a_failed_task_is_told_to_the_webhook_with_its_reason(dags, webhook, failed):
    import notices

    notices.task_failed(failed)
    (message,) = webhook.received
    assert message["text"].startswith(
        "Sector Risk: score_sectors failed in publish\nScores of 2020"
    )


def test_a_failed_task_is_told_by_email_as_text_not_as_markup(dags, mailbox, failed):
    import notices

    notices.task_failed(failed)
    (received,) = mailbox.received
    message = message_from_string(received)
    assert message["subject"] == "Sector Risk: score_sectors failed in publish"
    assert message["to"] == "duty@example.org"
    (body,) = message.get_payload()
    assert "held back: &lt;volume&gt;" in body.get_payload(decode=True).decode()


def test_one_dead_channel_neither_silences_the_other_nor_shows_its_address(
    dags, webhook, mailbox, caplog
):
    import notices

    webhook.status = 500
    assert notices.tell("subject", "text") == ["sector_risk_email"]
    assert "It answered 500" in caplog.text
    assert "secret-path" not in caplog.text


@pytest.mark.parametrize(("run_type", "told"), [("scheduled", 1), ("backfill", 0)])
def test_late_scores_are_told_unless_a_backfill_waits_in_its_queue(dags, webhook, run_type, told):
    import notices

    run = {"run_type": run_type, "partition_key": "2020-02-15", "dag_run_id": "run-1"}
    notices.no_scores_in_time({"dag_run": run})
    assert len(webhook.received) == told
    assert all("no scores of 2020-02-15 yet" in message["text"] for message in webhook.received)


@pytest.fixture
def published(january_settings, tmp_path, monkeypatch):
    """A publication of 2020-01-08 that nobody was told of yet."""
    from pipeline.publish import Published
    from pipeline.settings import Settings, get_settings

    settings = Settings(home=tmp_path)
    settings.published_folder.mkdir()
    shutil.copy(january_settings.snapshot_file, settings.snapshot_file)
    of_day = Published(
        *("2020-01-08", "run", "method", "state", "x.duckdb", "scores.xlsx", "ab" * 32)
    )
    (settings.published_folder / "manifest.json").write_text(json.dumps(asdict(of_day)))
    monkeypatch.setenv("SECTOR_RISK_HOME", str(tmp_path))
    get_settings.cache_clear()
    yield of_day
    get_settings.cache_clear()


def test_a_publication_is_told_once_with_the_sentences_of_its_summary(
    dags, webhook, mailbox, published
):
    import notices

    from pipeline.announce import announcement

    notices.publication("2020-01-08")
    notices.publication("2020-01-08")
    told = announcement(published)
    assert "What changed\n- Energy is the highest sector at " in told.text
    assert [message["text"] for message in webhook.received] == [f"{told.subject}\n{told.text}"]
    (received,) = mailbox.received
    message = message_from_string(received)
    assert message["subject"] == "TLP:AMBER Sector Risk: scores of 2020-01-08"
    (body,) = message.get_payload()
    assert html.escape(told.text) in body.get_payload(decode=True).decode().replace("\r\n", "\n")


def test_a_publication_that_cannot_be_told_fails_no_run(dags, webhook, published, caplog):
    import notices

    from pipeline.settings import get_settings

    webhook.status = 500
    notices.publication("2020-01-08")
    assert "It answered 500" in caplog.text
    get_settings().snapshot_file.unlink()
    notices.publication("2020-01-08")
    assert "2020-01-08 is published, but could not be told" in caplog.text
