"""The daily run on the bundled sample, stage by stage, and what it costs to start anything."""

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from measure import column, ratio, spread

ROOT = Path(__file__).resolve().parents[2]
STAGES = """
import sys, time
from pathlib import Path
from pipeline import flow
from pipeline.settings import Settings
from pipeline.sources import all_sources
from datetime import date
settings = Settings(home=Path(sys.argv[1]), inbox=Path("warehouse/sample"))
day = date(2020, 1, 8)
def collect(): return [flow.collect(s, until=day, settings=settings) for s in all_sources()]
def score(): return flow.score_range(day, day, settings=settings)
def publish(): return flow.publish(day, settings=settings)
for stage in (collect, score, publish):
    start = time.process_time(); stage(); print(stage.__name__, time.process_time() - start)
"""


def stages(n: int) -> list[tuple[str, str]]:
    """Seconds of each stage of a first daily run, deliveries to workbook."""
    taken: dict[str, list[float]] = {}
    for _ in range(n):
        with tempfile.TemporaryDirectory() as home:
            printed = _python("-c", STAGES, home)
        for line in printed.splitlines():
            name, seconds = line.split()
            taken.setdefault(name, []).append(float(seconds))
    titles = {
        "collect": "read, stage and validate all deliveries until 2020-01-08",
        "score": "score",
        "publish": "check, publish and write the workbook",
    }
    return [(f"Daily run: {titles[name]}", f"{spread(v)} s") for name, v in taken.items()]


def starts(n: int) -> list[tuple[str, str]]:
    """Start-up of the command line, and what parsing the DAGs adds to importing Airflow."""
    parse = "import airflow.sdk, runpy, glob; [runpy.run_path(f) for f in glob.glob('dags/*_*.py')]"
    commands = [
        ("-c", "from pipeline.cli import main; main()", "--help"),
        ("-c", "pass"),
        ("-c", "import typer"),
        ("-c", parse),
        ("-c", "import airflow.sdk"),
    ]
    with tempfile.TemporaryDirectory() as home:
        rows = [[_seconds(command, home) for command in commands] for _ in range(n + 1)][1:]
    return [
        ("`sector-risk --help`", column(rows, 0)),
        ("÷ `python -c pass`", ratio(rows, 0, 1)),
        ("÷ `python -c 'import typer'`", ratio(rows, 0, 2)),
        ("Parsing every DAG ÷ `import airflow.sdk`, which they all need", ratio(rows, 3, 4)),
    ]


def _seconds(arguments: tuple[str, ...], home: str) -> float:
    """Processor time of a Python process that ran to its end."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    _python(*arguments, home=home)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _python(*arguments: str, home: str | None = None) -> str:
    environment = os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT / 'dags'}"}
    if home:
        environment |= {"AIRFLOW_HOME": home, "SECTOR_RISK_HOME": home}
    finished = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return finished.stdout
