import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
NEEDED = PYPROJECT["project"]["dependencies"]
DECLARED = {
    "requirements.lock": NEEDED + PYPROJECT["dependency-groups"]["dev"],
    "requirements-server.lock": NEEDED + PYPROJECT["project"]["optional-dependencies"]["server"],
}
PIN = re.compile(
    r"^([a-z0-9._-]+)==(\S+)(.*\\\n(?:    --hash=sha256:[0-9a-f]{64}.*\n)+)", re.MULTILINE
)


def pins(lock):
    """Locked versions by package; more than one where it depends on the Python version."""
    found = {}
    for name, version, _ in PIN.findall((ROOT / lock).read_text()):
        found.setdefault(canonicalize_name(name), set()).add(version)
    return found


@pytest.mark.parametrize("lock", DECLARED)
def test_every_declared_requirement_is_pinned_to_an_allowed_version(lock):
    pinned = pins(lock)
    for requirement in map(Requirement, DECLARED[lock]):
        versions = pinned.get(canonicalize_name(requirement.name))
        assert versions, f"{requirement.name} is not in {lock}: run `make lock`"
        assert all(requirement.specifier.contains(version) for version in versions), requirement


@pytest.mark.parametrize("lock", DECLARED)
def test_every_line_of_a_lock_is_a_pin_with_hashes_or_a_comment(lock):
    leftover = PIN.sub("", (ROOT / lock).read_text())
    assert [line for line in leftover.splitlines() if not line.lstrip().startswith("#")] == []


def test_what_is_tested_is_what_the_server_runs():
    tested, served = pins("requirements.lock"), pins("requirements-server.lock")
    shared = tested.keys() & served.keys()
    assert {name: served[name] for name in shared} == {name: tested[name] for name in shared}
