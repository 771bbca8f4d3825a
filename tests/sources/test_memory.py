"""What reading takes of memory, each time in a process of its own: the most it ever held."""

import subprocess
import sys

import orjson
import pytest
from reader_helpers import DATA, tar

from pipeline.settings import ROOT

pytestmark = pytest.mark.slow
READ = """
from reader_helpers import delivery
from pipeline.sources import get_source
for rows in get_source({source_id!r}).read(delivery({source_id!r}, {path!r})):
    del rows
"""
PARSED_WHOLE = """
import orjson
from pathlib import Path
from pipeline.sources import get_source
get_source({source_id!r})
orjson.loads(Path({path!r}).read_bytes())
"""
REPORTED = """
from pathlib import Path
status = Path("/proc/self/status").read_text()
print(int(status.split("VmHWM:")[1].split()[0]) / 1024)
"""


def _most_megabytes(code, source_id, path):
    run = subprocess.run(
        [sys.executable, "-c", code.format(source_id=source_id, path=str(path)) + REPORTED],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={"PYTHONPATH": "tests", "PATH": ""},
    )
    return float(run.stdout)


def _archive(path, n_advisories):
    advisory = (DATA / "csaf" / "acme-20-006-01.json").read_bytes()
    path.write_bytes(tar({f"{n}.json": advisory for n in range(n_advisories)}, "w"))
    return path


def test_an_archive_of_advisories_of_any_length_takes_the_same(tmp_path):
    short, long = (
        _most_megabytes(READ, "csaf", _archive(tmp_path / f"{n}.tar", n)) for n in (2_000, 8_000)
    )
    assert long < short + 15


def _bundle(n):
    moment = "2020-01-06T00:00:00.000Z"
    same = {
        "type": "indicator",
        "created": moment,
        "modified": moment,
        "labels": ["anomalous-activity", "command-and-control"],
        "external_references": [{"source_name": "vendor", "url": "https://vendor.example/7"}],
    }
    ids = (f"indicator--00000000-0000-4000-8000-{nth:012d}" for nth in range(n))
    objects = [same | {"id": one, "name": one[-20:]} for one in ids]
    return {"type": "bundle", "id": "bundle--1", "objects": objects}


def _catalog(n):
    entries = orjson.loads((DATA / "kev" / "catalog.json").read_bytes())["vulnerabilities"]
    return {"vulnerabilities": entries[:1] * n}


@pytest.mark.parametrize(("source_id", "made"), [("stix", _bundle), ("kev", _catalog)])
def test_a_longer_file_takes_no_more_than_the_tree_of_it_would(source_id, made, tmp_path):
    path = tmp_path / "file.json"
    most = {READ: [], PARSED_WHOLE: []}
    for n in (30_000, 90_000):
        path.write_bytes(orjson.dumps(made(n)))
        for code, found in most.items():
            found.append(_most_megabytes(code, source_id, path))
    read, parsed = (long - short for short, long in most.values())
    assert read < parsed
