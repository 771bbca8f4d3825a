"""The daily run on the bundled sample, stage by stage, and what it costs to start anything."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from measure import spread

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
    start = time.perf_counter(); stage(); print(stage.__name__, time.perf_counter() - start)
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
    with tempfile.TemporaryDirectory() as home:
        pairs = [
            (
                _clock(lambda: _python("-c", "import airflow.sdk", home=home)),
                _clock(lambda: _python("-c", parse, home=home)),
                _clock(lambda: _python("-m", "pipeline.cli", "--help", home=home)),
            )
            for _ in range(n)
        ]
    return [
        ("`sector-risk --help`", spread([row[2] for row in pairs]) + " s"),
        (
            "Parsing every DAG, beyond `import airflow.sdk`",
            spread([row[1] - row[0] for row in pairs]) + " s",
        ),
    ]


def _clock(function: Callable[[], object]) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def _python(*arguments: str, home: str | None = None) -> str:
    import os

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
