import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
OURS = {name: one for name, one in COMPOSE["services"].items() if one["image"] == "sector-risk"}
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


def test_the_image_runs_as_nobody_special_from_pinned_packages():
    assert re.search(r"^USER 50000$", DOCKERFILE, re.M)
    assert "--require-hashes" in DOCKERFILE


def test_the_image_holds_what_it_copies_and_no_more():
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.M)
    names = {name for line in copied for name in line.split()}
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().split() if line[0] == "!"}
    assert names == allowed
