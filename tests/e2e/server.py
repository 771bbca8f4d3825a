"""Airflow as `make airflow` starts it, and a run of the scores on its own scheduler."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager, suppress

import httpx

from pipeline.settings import ROOT

PATIENCE, TO_ANSWER = 600, 120
RUN = "one-day"
DAG = "/dags/score_sectors"


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@contextmanager
def serving(settings, **variables):
    """`make airflow` with further environment variables, healthy; its address and process."""
    port = str(free_port())
    address = f"http://127.0.0.1:{port}"
    environment = {n: v for n, v in os.environ.items() if not n.startswith(("AIRFLOW_", "SECTOR_"))}
    environment |= {
        "AIRFLOW__API__PORT": port,
        "AIRFLOW__SCHEDULER__USE_JOB_SCHEDULE": "False",  # nothing runs but what the test asks for
        "SECTOR_RISK_HOME": str(settings.home),
        "SECTOR_RISK_INBOX": str(settings.inbox),
        "SECTOR_RISK_AIRFLOW_URL": address,
        "PYTHONPATH": str(ROOT),
        **variables,
    }
    with subprocess.Popen(
        [sys.executable, "dags/serve.py"], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL
    ) as run:
        try:
            until(lambda: is_healthy(address))
            yield address, run
        finally:
            run.send_signal(signal.SIGTERM)
            run.wait(timeout=120)


def is_healthy(address):
    try:
        parts = httpx.get(f"{address}/api/v2/monitor/health", trust_env=False).json()
    except (httpx.HTTPError, ValueError):
        return False
    return all(part["status"] == "healthy" for part in parts.values() if part["status"])


def until(condition):
    """What it gives once that is something; a busy server may fail to answer meanwhile."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with suppress(httpx.TransportError):
            if found := condition():
                return found
        time.sleep(1)
    raise AssertionError("waited too long")


def password_of(settings):
    """That of the user admin, made at the first start."""
    (kept,) = (settings.home / "airflow").glob("*.generated")
    return json.loads(kept.read_text())["admin"]


@contextmanager
def controlling(settings, address):
    """A client of the REST API; the DAG of scores is switched on."""
    login = {"username": "admin", "password": password_of(settings)}
    with httpx.Client(base_url=f"{address}/api/v2", trust_env=False, timeout=TO_ANSWER) as api:
        token = api.post(f"{address}/auth/token", json=login).json()["access_token"]
        api.headers["Authorization"] = f"Bearer {token}"
        until(lambda: api.patch(DAG, json={"is_paused": False}).is_success)
        yield api


@contextmanager
def triggered(settings, address, day):
    """Run the DAG of scores for a day by the REST API; a function that says a task's state."""
    with controlling(settings, address) as api:
        run = {"dag_run_id": RUN, "logical_date": None, "conf": {"day": str(day)}}
        api.post(f"{DAG}/dagRuns", json=run).raise_for_status()

        def state(task_id):
            answer = api.get(f"{DAG}/dagRuns/{RUN}/taskInstances/{task_id}")
            return answer.json().get("state") if answer.is_success else None

        yield state
