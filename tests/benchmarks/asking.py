"""What readers ask of the snapshot: a supplier's day, a day's list, a supplier's history, why."""

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from measure import column, rounds
from scoring import Bench, opened

ROOT = Path(__file__).resolve().parents[2]
QUESTIONS = {
    "One supplier's day": "scores.supplier_daily where supplier_id = 'S-77' and score_date = $day",
    "One day's list of all suppliers": "scores.supplier_daily where score_date = $day",
    "One supplier's every day": "scores.supplier_daily where supplier_id = 'S-77'",
    "Drivers of one supplier's day": "scores.supplier_driver_daily "
    "where supplier_id = 'S-77' and score_date = $day",
    "Drivers of every supplier's day": "scores.supplier_driver_daily where score_date = $day",
}


def questions(bench: Bench, n: int) -> list[tuple[str, str]]:
    """Processor seconds of each question, and of `sector-risk explain` as a process of its own."""
    with opened(bench.scored) as con:

        def ask(rows: str) -> None:
            given = {"day": bench.last} if "$day" in rows else {}
            con.sql(f"from {rows}", params=given).to_arrow_table()

        asked = [lambda rows=rows: ask(rows) for rows in QUESTIONS.values()]
        measured = rounds(asked, n)
    rows = [(title, column(measured, place)) for place, title in enumerate(QUESTIONS)]
    with tempfile.TemporaryDirectory() as home:
        published = Path(home) / "published"
        published.mkdir()
        (published / "sector-risk.duckdb").symlink_to(bench.scored.resolve())
        for name in ("S-77", "energy"):
            taken = [[explain(home, name, str(bench.last))] for _ in range(n)]
            rows.append((f"`sector-risk explain {name}`, the whole command", column(taken, 0)))
    return rows


def explain(home: str, name: str, day: str) -> float:
    """Processor seconds of the command, from its start to its end."""
    before = _of_children()
    subprocess.run(
        [Path(sys.executable).with_name("sector-risk"), "explain", name, "--date", day],
        cwd=ROOT,
        env=os.environ | {"SECTOR_RISK_HOME": home},
        capture_output=True,
        check=True,
    )
    return _of_children() - before


def _of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
