"""Notices to people: by webhook, by e-mail, by both or by neither, as there are connections.

A channel is switched on by creating its connection in Airflow, and off by deleting it:

* `sector_risk_webhook`: the address as password (it is a secret), for Slack, Mattermost and others
  that take `{"text": …}`;
* `sector_risk_email`: an SMTP connection, with `from_email` and `to` in its extra fields.
"""

import html
import logging
from collections.abc import Callable, Mapping
from typing import Any

from airflow.sdk import BaseHook, Connection
from airflow.sdk.exceptions import AirflowNotFoundException

log = logging.getLogger(__name__)


def task_failed(context: Mapping[str, Any]) -> None:
    """Tell that a task has failed for good, and what it said."""
    task = context["task_instance"]
    tell(
        f"Sector Risk: {task.dag_id} failed in {task.task_id}",
        f"{context.get('exception')}\nRun {task.run_id}: its log and the DAG's page say more.",
    )


def no_scores_in_time(context: Mapping[str, Any]) -> None:
    """Tell that the morning's scores are late; a backfill in its queue is not."""
    run = context["dag_run"]
    if run.get("run_type") == "backfill":
        return
    tell(
        f"Sector Risk: no scores of {run.get('partition_key') or run['dag_run_id']} yet",
        "Consumers still read the last published day. See the run in Airflow.",
    )


def publication(day: str) -> None:
    """Tell what the Summary of the day says, once for each publication; never fails the run."""
    from datetime import date

    from pipeline.announce import announce

    try:
        announce(date.fromisoformat(day), lambda subject, text: tell(subject, text, logging.INFO))
    except Exception:
        log.exception("%s is published, but could not be told", day)


def tell(subject: str, text: str, level: int = logging.WARNING) -> list[str]:
    """Send to every channel that has a connection; the channels that took it.

    A channel that fails is logged: a notice never changes the outcome of what it tells about.
    """
    log.log(level, "%s: %s", subject, text)
    return [name for name, send in CHANNELS.items() if _sent(name, send, subject, text)]


def _sent(name: str, send: Callable[[Connection, str, str], None], subject: str, text: str) -> bool:
    try:
        connection = BaseHook.get_connection(name)
    except AirflowNotFoundException:
        return False
    try:
        send(connection, subject, text)
    except Exception:
        log.exception("%s did not take the notice", name)
        return False
    return True


def _by_webhook(connection: Connection, subject: str, text: str) -> None:
    import httpx

    if not connection.password:
        raise ValueError("The connection has no address in its password field.")
    message = {"text": f"{subject}\n{text}"}
    response = httpx.post(connection.password, json=message, timeout=20)
    if not response.is_success:  # httpx's own error would show the address, which is a secret
        raise ValueError(f"It answered {response.status_code}.")


def _by_email(connection: Connection, subject: str, text: str) -> None:
    from airflow.providers.smtp.hooks.smtp import SmtpHook

    with SmtpHook(connection.conn_id) as hook:
        hook.send_email_smtp(
            to=connection.extra_dejson["to"],
            subject=subject,
            html_content=f"<pre>{html.escape(text)}</pre>",
        )


CHANNELS = {"sector_risk_webhook": _by_webhook, "sector_risk_email": _by_email}
