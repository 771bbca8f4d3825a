"""Credentials of sources from Airflow's connections `sector_risk_<source>`.

A password alone is a token; login and password are both sent. Without a connection those of the
environment hold (`SECTOR_RISK_<SOURCE>_TOKEN`, or `…_USER` and `…_PASSWORD`).
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowNotFoundException


@contextmanager
def lent(source_id: str) -> Iterator[None]:
    """Put a source's credentials where the pipeline looks for them, for as long as it fetches."""
    found = _of(source_id)
    before = {name: os.environ[name] for name in found if name in os.environ}
    os.environ.update(found)
    try:
        yield
    finally:
        for name in found:
            del os.environ[name]
        os.environ.update(before)


def _of(source_id: str) -> dict[str, str]:
    try:
        connection = BaseHook.get_connection(f"sector_risk_{source_id}")
    except AirflowNotFoundException:
        return {}
    prefix = f"SECTOR_RISK_{source_id.upper()}_"
    if not connection.password:
        raise ValueError(f"The connection {connection.conn_id} has no password.")
    if not connection.login:
        return {f"{prefix}TOKEN": connection.password}
    return {f"{prefix}USER": connection.login, f"{prefix}PASSWORD": connection.password}
