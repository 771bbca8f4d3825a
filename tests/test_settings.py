"""Settings are checked together at start, and the README's table is what the code takes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.errors import SettingsError
from pipeline.settings import ROOT, Settings, get_settings, settings_table


@pytest.fixture
def given(monkeypatch):
    """Settings from these variables and no others."""

    def read(**variables):
        for name in list(os.environ):
            if name.startswith("SECTOR_RISK_"):
                monkeypatch.delenv(name)
        for name, value in variables.items():
            monkeypatch.setenv(f"SECTOR_RISK_{name}", value)
        get_settings.cache_clear()
        return get_settings()

    yield read
    monkeypatch.undo()
    get_settings.cache_clear()


def test_variables_become_settings(given):
    settings = given(
        HOME="/srv/risk",
        TLP="AMBER+STRICT",
        DUCKDB_MEMORY_LIMIT="1.5 GiB",
        APPROVAL_HOURS="0.5",
        FETCH="1",
        FEEDS='{"rss": ["https://example.org/a.xml"], "stix": ["taxii+https://example.org/c/"]}',
        PRIVATE_HOSTS='["10.0.0.7"]',
        STIX_TOKEN="credentials of a source are no settings of ours",
    )
    assert settings.inbox_folder == Path("/srv/risk/inbox")
    assert (settings.approval_hours, settings.fetch, settings.tlp) == (0.5, True, "AMBER+STRICT")
    assert settings.private_hosts == {"10.0.0.7"}
    assert list(settings.feeds) == ["rss", "stix"]


WRONG = {
    "TLP": "PINK",
    "DUCKDB_THREADS": "many",
    "DUCKDB_MEMORY_LIMIT": "a lot",
    "APPROVAL_HOURS": "0",
    "APPROVAL_DEFAULT": "shrug",
    "VALIDATION_DAYS": "-1",
    "FETCH": "perhaps",
    "FEEDS": '{"rss": ["ftp://user:hunter2@example.org"]}',
    "PRIVATE_HOSTS": "10.0.0.7",
    "AIRFLOW_URL": "airflow:hunter2@here",
}


def test_all_faults_are_told_at_once_each_with_what_is_allowed(given):
    with pytest.raises(SettingsError) as raised:
        given(**WRONG, DUCKDB_THREAD="4")
    said = str(raised.value)
    assert said.startswith("11 of the settings cannot be used:")
    for name in WRONG:
        assert f"SECTOR_RISK_{name} is " in said
    assert "SECTOR_RISK_TLP is 'PINK'; allowed: CLEAR, GREEN, AMBER, AMBER+STRICT, RED" in said
    assert "SECTOR_RISK_APPROVAL_HOURS is '0'; allowed: a number above 0 and up to 168" in said
    assert "SECTOR_RISK_DUCKDB_THREAD is not a setting; nearest: SECTOR_RISK_DUCKDB_THREADS" in said


def test_what_may_be_a_secret_is_never_shown(given):
    with pytest.raises(SettingsError) as raised:
        given(FEEDS=WRONG["FEEDS"], AIRFLOW_URL=WRONG["AIRFLOW_URL"], STIX_TOKNE="hunter2")
    assert "SECTOR_RISK_STIX_TOKNE" in str(raised.value)
    assert "hunter2" not in str(raised.value)


def test_every_setting_says_what_it_means_and_has_a_default():
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert not field.is_required(), name


def test_the_table_in_the_readme_is_what_the_code_takes():
    assert settings_table() in (ROOT / "README.md").read_text()


@pytest.mark.slow
def test_the_command_line_says_it_in_one_message_and_does_nothing(tmp_path):
    run = subprocess.run(
        [sys.executable, "-c", "from pipeline.cli import main; main()", "doctor"],
        env={**os.environ, "SECTOR_RISK_HOME": str(tmp_path / "home"), "SECTOR_RISK_TLP": "PINK"},
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 2
    assert "SECTOR_RISK_TLP is 'PINK'" in run.stderr
    assert "Traceback" not in run.stderr
    assert not (tmp_path / "home").exists()
