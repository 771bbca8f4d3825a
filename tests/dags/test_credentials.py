import json
import os

import pytest

from pipeline.http import authorization

pytestmark = [pytest.mark.airflow, pytest.mark.filterwarnings("ignore")]


@pytest.fixture
def connection(dags, monkeypatch):
    def put(**fields):
        written = json.dumps({"conn_type": "http", **fields})
        monkeypatch.setenv("AIRFLOW_CONN_SECTOR_RISK_STIX", written)

    return put


def lent():
    from credentials import lent as lend

    with lend("stix"):
        return authorization("stix")


def test_a_password_alone_is_a_token(connection):
    connection(password="s3cret")
    assert lent() == "Bearer s3cret"


def test_login_and_password_make_a_basic_header(connection):
    connection(login="user", password="pass")
    assert lent() == "Basic dXNlcjpwYXNz"


def test_without_a_connection_the_environment_holds(dags, monkeypatch):
    monkeypatch.setenv("SECTOR_RISK_STIX_TOKEN", "ours")
    assert lent() == "Bearer ours"


def test_a_connection_without_a_password_says_so(connection):
    connection(login="user")
    with pytest.raises(ValueError, match="sector_risk_stix has no password"):
        lent()


def test_nothing_is_left_behind(connection):
    connection(password="s3cret")
    lent()
    assert "SECTOR_RISK_STIX_TOKEN" not in os.environ
