"""The same backfill on Spark as in DuckDB: what it costs, and how both grow."""

import tempfile
from dataclasses import replace
from math import log10
from pathlib import Path
from statistics import median

import duckdb
import psutil
from measure import spread
from scoring import Bench, opened
from world import World

from pipeline.engine import DUCKDB, Engine, engine_for
from pipeline.score import score_range
from pipeline.settings import Settings

SMALL = World(n_suppliers=500, n_days=100, n_reports=100, n_cves=500, n_findings=10)
TIMES = 4
WARM = World(n_suppliers=20, n_days=10, n_reports=10, n_cves=10, n_findings=2)


def against_spark(n: int) -> list[tuple[str, str]]:
    """Processor time of both at two sizes; Spark is warm, its start is not counted."""
    worlds = [SMALL, replace(SMALL, n_suppliers=TIMES * SMALL.n_suppliers)]
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder), engine="spark", duckdb_memory_limit="4GB")
        with engine_for(settings) as spark:
            _scored(Bench(Path(folder), WARM), spark)
            taken = [[_both(Path(folder), world, spark) for world in worlds] for _ in range(n)]
    ratios = [[on_spark / here for here, on_spark in each] for each in taken]
    growth = [
        [log10(large / small) / log10(TIMES) for small, large in zip(*each, strict=True)]
        for each in taken
    ]
    crossover = median(small for small, _ in ratios)
    return [
        *(
            (
                f"Spark local[2] ÷ SQL: backfill of {world.n_suppliers:,} suppliers × "
                f"{world.n_days} days",
                spread([each[place] for each in ratios]),
            )
            for place, world in enumerate(worlds)
        ),
        (
            f"Exponent of the time in suppliers (× {TIMES}), DuckDB and Spark",
            " and ".join(f"{median(each[place] for each in growth):.2f}" for place in (0, 1)),
        ),
        ("Cores of Spark that are as fast as one of DuckDB, smaller world", f"{crossover:.0f}"),
    ]


def _both(folder: Path, world: World, spark: Engine) -> tuple[float, float]:
    """Seconds in DuckDB and on Spark, whose scores are equal."""
    bench = Bench(folder, world)
    here = _scored(bench, DUCKDB)
    ours = bench.scored.rename(folder / "ours.duckdb")
    there = _scored(bench, spark)
    with duckdb.connect() as con:
        con.execute(f"attach '{ours}' as ours (read_only)")
        con.execute(f"attach '{bench.scored}' as theirs (read_only)")
        n, n_ours, furthest = con.execute(
            "select count(*), (select count(*) from ours.scores.supplier_daily), "
            "max(abs(o.score_0_100 - t.score_0_100)) from ours.scores.supplier_daily as o "
            "inner join theirs.scores.supplier_daily as t using (supplier_id, score_date)"
        ).fetchone()
    assert n == n_ours, f"{n} rows instead of {n_ours}"
    assert furthest < 1e-9, f"scores differ by {furthest}"
    return here, there


def _scored(bench: Bench, engine: Engine) -> float:
    bench.fresh()
    before = _seconds()
    with opened(bench.scored) as con:
        score_range(con, bench.world.start, bench.last, force=True, engine=engine)
        con.execute("checkpoint")
    return _seconds() - before


def _seconds() -> float:
    """Processor time of this process and all that it has started."""
    own = psutil.Process()
    return sum(
        each.cpu_times().user + each.cpu_times().system
        for each in [own, *own.children(recursive=True)]
    )
