"""EPSS files through the whole of staging, by DuckDB reading the same files.

Run as a program it stages files in a process of its own and prints seconds of each, peak memory and
how many rows are stored.
"""

import gzip
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import date, timedelta
from math import log10
from pathlib import Path
from statistics import median

import duckdb
from measure import seconds, spread

FIRST = date(2024, 1, 1)
MEMORY = "4GB"


@dataclass(frozen=True)
class Files:
    """EPSS of `n_cves` on each of `n_days`."""

    n_cves: int = 250_000
    n_days: int = 6


def write(folder: Path, files: Files) -> list[Path]:
    """The files as published: every day 2 % of the scores change, and a few CVEs are new."""
    with duckdb.connect(config={"threads": 2}) as con:
        return [_write_day(con, folder, files.n_cves, n) for n in range(files.n_days)]


def _write_day(con: duckdb.DuckDBPyConnection, folder: Path, n_cves: int, n: int) -> Path:
    day, rows = FIRST + timedelta(days=n), folder / "rows.csv"
    con.execute(_DAY.format(rows), {"cves": n_cves, "day": n})
    target = folder / f"epss_scores-{day}.csv.gz"
    comment = f"#model_version:v2023.03.01,score_date:{day}T00:00:00+0000\n"
    target.write_bytes(gzip.compress(comment.encode() + rows.read_bytes(), 6))
    rows.unlink()
    return target


_DAY = """
    copy (
        select
            cve, score as epss,
            round(cume_dist() over (order by score), 5) as percentile
        from (
            select
                'CVE-' || 2000 + i % 24 || '-' || 1000 + i // 24 as cve,
                -- a score holds for 50 days, from CVE to CVE on other ones
                round(pow(hash(i) % 100000 / 100000, 8)
                    * (0.9 + hash(i, ($day + i % 50) // 50) % 100 / 1000), 5) as score
            from range($cves + $day * ($cves // 2500)) as t (i)
        )
    ) to '{}' (header)
"""


def run(files: Files, folder: Path) -> dict[str, float]:
    """Staging in a process of its own, by what DuckDB takes to read the same files."""
    paths = write(folder, files)
    finished = subprocess.run(
        [sys.executable, "-W", "ignore", __file__, str(folder)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = json.loads(finished.stdout.splitlines()[-1])
    with duckdb.connect(config={"threads": 2}) as con:
        reading = [seconds(lambda path=path: _read(con, path)) for path in paths]
    return found | {"reading": median(reading)}


def _read(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    con.execute(f"create or replace table read as from read_csv('{path}', skip = 1)")


def days(*, is_large: bool) -> list[tuple[str, str]]:
    """A day behind others: its ratio to reading, growth with the size of the file, memory."""
    large = Files() if is_large else Files(n_cves=100_000)
    small = Files(n_cves=large.n_cves // 10)
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        few, many = run(small, Path(one)), run(large, Path(other))
    later = many["seconds"][1:]
    ratios = spread([each / many["reading"] for each in later])
    grown = median(later) / median(few["seconds"][1:])
    share = (many["n_rows"] - large.n_cves) / large.n_cves / (large.n_days - 1)
    return [
        (
            f"Staging one more EPSS file of {large.n_cves:,} CVEs, by DuckDB reading it",
            f"{ratios}; {many['memory_mb']:,.0f} MB of memory; {share:.2%} of its rows stored",
        ),
        ("Exponent of that time in the rows of the file (× 10)", f"{log10(grown):.2f}"),
    ]


def _main(place: Path) -> None:
    import resource

    from pipeline import raw, stage, validate
    from pipeline.settings import Settings
    from pipeline.sources import get_source
    from pipeline.warehouse import open_warehouse

    settings = Settings(home=place / "home", duckdb_memory_limit=MEMORY)
    source, taken = get_source("epss"), []
    validate._batch_definition()  # the import of the library is not of a file
    with open_warehouse(settings) as con:
        for n, path in enumerate(sorted(place.glob("*.gz"))):
            day = FIRST + timedelta(days=n)
            arrival = raw.archive_file(con, settings, source, path, delivered_on=day)
            taken.append(seconds(lambda one=arrival: stage.take_in(con, settings, one)))
        (n_rows,) = con.execute("select count(*) from staged.epss_scores").fetchone()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    found = {"seconds": taken, "memory_mb": memory, "n_rows": n_rows}
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).resolve().parents[2])]
    _main(Path(sys.argv[1]))
