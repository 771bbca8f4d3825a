import re
import tomllib
from itertools import chain
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LOCK = (ROOT / "requirements.lock").read_text()
PINS = re.findall(
    r"^([a-z0-9._-]+)==(\S+)((?:.*\\\n)(?:    --hash=sha256:[0-9a-f]{64}.*\n)+)", LOCK, re.M
)


def test_every_declared_requirement_is_pinned_to_an_allowed_version():
    pinned = {}
    for name, version, _ in PINS:
        pinned.setdefault(canonicalize_name(name), []).append(version)
    declared = chain(PYPROJECT["project"]["dependencies"], PYPROJECT["dependency-groups"]["dev"])
    for requirement in map(Requirement, declared):
        versions = pinned.get(canonicalize_name(requirement.name))
        assert versions, f"{requirement.name} is not in requirements.lock: run `make lock`"
        assert all(requirement.specifier.contains(version) for version in versions), requirement


def test_every_line_of_the_lock_is_a_pin_with_hashes_or_a_comment():
    leftover = LOCK
    for name, version, rest in PINS:
        leftover = leftover.replace(f"{name}=={version}{rest}", "")
    assert [line for line in leftover.splitlines() if not line.lstrip().startswith("#")] == []
