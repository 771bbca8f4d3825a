"""`make bench` measures and writes the table of README; its options go into OPTIONS='…'."""

import argparse
import platform
import re
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT)]

import asking  # noqa: E402 (the folders of the project come first)
import daily_run  # noqa: E402
import engines  # noqa: E402
import exposure  # noqa: E402
import growth  # noqa: E402
import scoring  # noqa: E402
from world import World  # noqa: E402

MARKED = re.compile(r"(<!-- bench -->\n).*?(<!-- /bench -->\n)", re.DOTALL)


def main() -> None:
    """Measure what was asked for and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--suppliers", type=int, default=5_000)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--reruns", type=int, default=100, help="times one day is scored again")
    parser.add_argument("--large", action="store_true", help="also 100,000 suppliers × ten years")
    parser.add_argument("--spark", type=int, default=0, help="rounds beside Spark; needs Java")
    asked = parser.parse_args()
    world = World(n_suppliers=asked.suppliers, n_days=asked.days)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        bench = scoring.Bench(Path(folder), world)
        steps: list[Callable[[], list[tuple[str, str]]]] = [
            lambda: scoring.against_duckdb(bench, asked.rounds),
            lambda: asking.questions(bench, asked.rounds),
            lambda: scoring.against_loops(bench, asked.rounds),
            lambda: scoring.one_day_more(bench, asked.rounds),
            lambda: scoring.history(bench, asked.rounds),
            lambda: scoring.sizes(bench, asked.reruns),
        ]
        steps += [lambda: growth.exponents(asked.rounds)]
        steps += [lambda: exposure.days(is_large=asked.large)]
        steps += [growth.large] if asked.large else []
        steps += [lambda: engines.against_spark(asked.spark)] if asked.spark else []
        steps += [lambda: daily_run.stages(asked.rounds), lambda: daily_run.starts(asked.rounds)]
        for step in steps:
            for row in step():
                rows.append(row)
                sys.stdout.write(" | ".join(row) + "\n")
                sys.stdout.flush()
            _write(asked, rows)


def _write(asked: argparse.Namespace, rows: list[tuple[str, str]]) -> None:
    head = (
        f"{asked.suppliers:,} suppliers × {asked.days:,} days, two threads, "
        f"Python {platform.python_version()}; medians of {asked.rounds} rounds with their ends.\n\n"
        "| what | measured |\n|---|---|\n"
    )
    table = head + "".join(f"| {what} | {measured} |\n" for what, measured in rows)
    readme = ROOT / "README.md"
    text = readme.read_text(encoding="utf-8")
    readme.write_text(MARKED.sub(lambda m: m[1] + table + m[2], text), encoding="utf-8")


if __name__ == "__main__":
    main()
