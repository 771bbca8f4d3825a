"""How time and memory grow: one world, and the same with one of its sizes ten times as large.

Run as a program it scores one world in a process of its own and prints seconds, memory and bytes.
"""

import json
import subprocess
import sys
import tempfile
from dataclasses import asdict, replace
from math import log10
from pathlib import Path
from statistics import median

from world import World

BASE = World(n_suppliers=2_000, n_days=100, n_reports=300, n_cves=2_000, n_findings=10)
LARGE = World(n_suppliers=100_000, n_days=3_650, n_reports=10_000, n_cves=50_000, n_findings=20)
GROWN = {
    "days": ("n_days",),
    "suppliers": ("n_suppliers",),
    "reports": ("n_reports",),
    "vulnerability spells": ("n_findings",),
}


def run(world: World) -> dict[str, float]:
    """Seconds and peak memory of scoring a world, in a process of its own."""
    argument = json.dumps(asdict(world) | {"start": None})
    finished = subprocess.run(
        [sys.executable, __file__, argument], capture_output=True, text=True, check=True
    )
    return json.loads(finished.stdout.splitlines()[-1])


def exponents(n: int) -> list[tuple[str, str]]:
    """Exponent of the time in each size: 1 = ten times as much takes ten times as long."""
    rows = []
    taken = {name: [] for name in GROWN}
    for _ in range(n):
        base = run(BASE)
        for name, sizes in GROWN.items():
            grown = run(replace(BASE, **{size: 10 * getattr(BASE, size) for size in sizes}))
            taken[name].append(log10(grown["seconds"] / base["seconds"]))
    for name, values in taken.items():
        rows.append(
            (
                f"Exponent of the time in {name} (× 10)",
                f"{median(values):.2f} ({min(values):.2f} to {max(values):.2f})",
            )
        )
    return rows


def large() -> list[tuple[str, str]]:
    """A hundred thousand suppliers over ten years."""
    found = run(LARGE)
    return [
        (
            f"{LARGE.n_suppliers:,} suppliers × {LARGE.n_days:,} days, "
            f"{LARGE.n_suppliers * LARGE.n_findings:,} vulnerability spells",
            f"{found['seconds']:.0f} s, {found['memory_mb']:,.0f} MB of memory, "
            f"{found['file_mb']:,.0f} MB on disk; one supplier's day {found['one_day_ms']:.0f} ms",
        )
    ]


def _main(argument: str) -> None:
    import resource
    import time

    from scoring import Bench, seconds

    sizes = {name: value for name, value in json.loads(argument).items() if value is not None}
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), World(**sizes))
        bench.fresh()
        taken = seconds(bench.backfill)
        from scoring import opened

        with opened(bench.scored) as con:
            start = time.perf_counter()
            con.execute(
                "from scores.supplier_daily where supplier_id = 'S-77' and score_date = $day",
                {"day": bench.last},
            ).fetchall()
            one_day = time.perf_counter() - start
        measured = {
            "seconds": taken,
            "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            "file_mb": bench.scored.stat().st_size / 1e6,
            "one_day_ms": 1000 * one_day,
        }
        sys.stdout.write(json.dumps(measured) + "\n")


if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).resolve().parents[2])]
    _main(sys.argv[1])
