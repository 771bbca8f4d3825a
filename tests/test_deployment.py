import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from pipeline.settings import Settings

ROOT = Path(__file__).parent.parent
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
OURS = {name: one for name, one in COMPOSE["services"].items() if one["image"] == "sector-risk"}
HELM = yaml.safe_load((ROOT / "helm-values.yaml").read_text())


def composer():
    """The command of Docker Compose, in either form, where there is one."""
    if shutil.which("docker-compose"):
        return ["docker-compose"]
    docker = shutil.which("docker")
    if (
        docker
        and subprocess.run([docker, "compose", "version"], capture_output=True).returncode == 0
    ):
        return [docker, "compose"]
    return None


COMPOSER = composer()
DOCKERFILE = (ROOT / "Dockerfile").read_text()


def test_nothing_is_reachable_from_outside_the_host():
    published = [port for one in COMPOSE["services"].values() for port in one.get("ports", [])]
    assert published == ["127.0.0.1:8080:8080"]


def test_every_secret_must_be_given_and_none_has_a_default():
    text = (ROOT / "compose.yaml").read_text()
    secrets = set(re.findall(r"\$\{(\w*(?:KEY|SECRET|PASSWORD)\w*)", text))
    required = set(re.findall(r"\$\{(\w+):\?set \1 in \.env\}", text))
    assert secrets == required
    assert secrets


def test_every_component_of_airflow_is_there_once():
    commands = {name: " ".join(one["command"][:2]) for name, one in OURS.items() if name != "setup"}
    assert sorted(commands.values()) == [
        "airflow api-server",
        "airflow celery",
        "airflow dag-processor",
        "airflow scheduler",
        "airflow triggerer",
    ]


@pytest.mark.parametrize("name", sorted(OURS))
def test_no_component_starts_before_the_database_is_migrated(name):
    waits_for = OURS[name]["depends_on"]
    assert "setup" in waits_for or name == "setup"


def test_the_warehouse_pool_is_made_wherever_airflow_is_set_up():
    for place in ("compose.yaml", "helm-values.yaml"):
        assert "airflow pools set warehouse 1 " in (ROOT / place).read_text()


def test_every_setting_reaches_the_containers_but_the_folders_which_are_theirs():
    given = {name for name in OURS["worker"]["environment"] if name.startswith("SECTOR_RISK_")}
    settings = {f"SECTOR_RISK_{name.upper()}" for name in Settings.model_fields}
    assert given == settings - {"SECTOR_RISK_HOME", "SECTOR_RISK_INBOX"}


def test_task_logs_go_to_the_store_in_both_deployments():
    composed = OURS["worker"]["environment"]
    assert composed["AIRFLOW__LOGGING__REMOTE_LOGGING"] == "True"
    assert composed["AIRFLOW__LOGGING__REMOTE_BASE_LOG_FOLDER"] == "s3://sector-risk/logs"
    charted = HELM["config"]["logging"]
    connection = composed["AIRFLOW__LOGGING__REMOTE_LOG_CONN_ID"]
    assert charted["remote_log_conn_id"] == connection == "sector_risk_store"
    assert charted["remote_logging"] == "True"
    assert f"AIRFLOW_CONN_{connection.upper()}" in composed
    assert HELM["secret"][0]["envName"] == f"AIRFLOW_CONN_{connection.upper()}"


def test_the_chart_gets_each_secret_by_name_and_none_by_value():
    named = [HELM[f"{which}SecretName"] for which in ("fernetKey", "apiSecretKey", "jwt")]
    named += [HELM["data"]["metadataSecretName"], HELM["secret"][0]["secretName"]]
    readme = (ROOT / "README.md").read_text()
    assert all(f"`{name}`" in readme for name in named)
    assert not {"fernetKey", "apiSecretKey", "jwtSecret"} & HELM.keys()


def test_both_deployments_run_the_airflow_that_is_locked():
    locked = re.search(
        r"^apache-airflow==(\S+)", (ROOT / "requirements-server.lock").read_text(), re.M
    )
    assert HELM["airflowVersion"] == locked[1]


@pytest.mark.slow
@pytest.mark.skipif(COMPOSER is None, reason="no docker compose on this machine")
@pytest.mark.parametrize("is_complete", [True, False])
def test_compose_takes_the_file_and_refuses_it_without_a_secret(tmp_path, is_complete):
    secrets = re.findall(r"\$\{(\w+):\?", (ROOT / "compose.yaml").read_text())
    given = dict.fromkeys(sorted(set(secrets))[0 if is_complete else 1 :], "x")
    (tmp_path / "env").write_text("".join(f"{n}={value}\n" for n, value in given.items()))
    run = subprocess.run(
        [*COMPOSER, "--env-file", tmp_path / "env", "-f", ROOT / "compose.yaml", "config"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert (run.returncode == 0) is is_complete, run.stderr
    assert is_complete or "in .env" in run.stderr


def test_the_image_runs_as_nobody_special_from_pinned_packages():
    assert re.search(r"^USER 50000$", DOCKERFILE, re.M)
    assert "--require-hashes" in DOCKERFILE


def test_the_image_holds_what_it_copies_and_no_more():
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.M)
    names = {name for line in copied for name in line.split()}
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().split() if line[0] == "!"}
    assert names == allowed
