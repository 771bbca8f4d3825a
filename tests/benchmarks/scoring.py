"""Scoring a generated world: a range at once, day by day, one day more; and what DuckDB needs."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path

import duckdb
import frames
from measure import column, ratio, rounds, seconds, spread
from world import World, fill

from pipeline.score import score_range
from pipeline.warehouse import Connection, install

CONFIG = {"threads": 2, "memory_limit": "8GB"}
LOOP_DAYS = 10
N_DELIVERIES = 10


@contextmanager
def opened(file: Path) -> Iterator[Connection]:
    """The file as the pipeline opens it."""
    with duckdb.connect(str(file), config=CONFIG | {"temp_directory": f"{file}.spill"}) as con:
        con.execute("set timezone = 'UTC'")
        yield con


class Bench:
    """A generated world, staged and nothing more, in a folder for its files."""

    def __init__(self, folder: Path, world: World) -> None:
        self.folder, self.world = folder, world
        self.prepared, self.scored = folder / "prepared.duckdb", folder / "scored.duckdb"
        self.last = world.start + timedelta(days=world.n_days - 1)
        for file in (self.prepared, self.scored):
            file.unlink(missing_ok=True)
        with opened(self.prepared) as con:
            install(con)
            fill(con, world)
            con.execute("checkpoint")

    def backfill(self) -> None:
        """All of it: from staged rows to the stored tables, on disk."""
        with opened(self.scored) as con:
            score_range(con, self.world.start, self.last, force=True)
            con.execute("checkpoint")

    def fresh(self) -> None:
        shutil.copyfile(self.prepared, self.scored)

    @property
    def supplier_days(self) -> int:
        return self.world.n_suppliers * self.world.n_days


def tables(con: Connection) -> list[str]:
    """The finished tables as they are stored."""
    rows = con.execute(
        "select table_name from duckdb_tables() where schema_name = 'scores' order by 1"
    ).fetchall()
    return [name for (name,) in rows]


READ = {
    "days": "scores.supplier_daily",
    "drivers": "scores.supplier_driver_daily",
    "sectors": "scores.sector_daily",
    "sector_drivers": "scores.sector_driver_daily",
}
"""The finished tables as they are read: every supplier-day, its drivers, and the sectors."""


class Finished:
    """The finished tables of a scored world as Parquet files, to load and to copy."""

    def __init__(self, bench: Bench) -> None:
        self.folder, self.target = bench.folder / "parquet", bench.folder / "loaded.duckdb"
        self.folder.mkdir(exist_ok=True)
        with opened(bench.scored) as con:
            self.stored = tables(con)
            for name in self.stored:
                con.execute(f"copy scores.{name} to '{self.folder / name}.0.parquet'")
            for day in range(0, bench.world.n_days, 10):
                first = bench.world.start + timedelta(days=day)
                days = f"score_date between '{first}' and '{first + timedelta(days=9)}'"
                for name, table in READ.items():
                    file = self.folder / f"{name}.{day}.parquet"
                    con.execute(f"copy (from {table} where {days}) to '{file}'")

    def load(self, names: Sequence[str]) -> None:
        """Into a new database file."""
        self.target.unlink(missing_ok=True)
        with opened(self.target) as con:
            for name in names:
                con.execute(f"create table {name} as from '{self.folder / name}.*.parquet'")
            con.execute("checkpoint")

    def copy(self, names: Sequence[str]) -> None:
        """From tables into others of the same file, as loaded before."""
        with opened(self.target) as con:
            for name in names:
                con.execute(f"create table copy_of_{name} as from {name}")
            con.execute("checkpoint")

    def rows(self, names: Sequence[str]) -> int:
        """How many rows these tables have."""
        with duckdb.connect() as con:
            files = [f"{self.folder / name}.*.parquet" for name in names]
            sql = "select cast(sum(num_rows) as bigint) from parquet_file_metadata($files)"
            return con.execute(sql, {"files": files}).fetchall()[0][0]


def against_duckdb(bench: Bench, n: int) -> list[tuple[str, str]]:
    """The backfill by what loading and copying its results takes."""
    bench.fresh()
    bench.backfill()
    finished = Finished(bench)
    whole, days, stored = list(READ), ["days"], finished.stored
    measured = []
    for _ in range(n):
        bench.fresh()
        row = [seconds(bench.backfill)]
        for names in (whole, days, stored):
            row += [seconds(partial(finished.load, names)), seconds(partial(finished.copy, names))]
        measured.append(row)
    read, kept = f"{finished.rows(whole):,}", f"{finished.rows(stored):,}"
    return [
        ("Backfill, from staged rows to stored tables on disk", column(measured, 0)),
        (f"÷ loading the finished tables ({read} rows) from Parquet", ratio(measured, 0, 1)),
        ("÷ `create table as` of the finished tables", ratio(measured, 0, 2)),
        (
            f"÷ loading the scores alone ({bench.supplier_days:,} rows)",
            ratio(measured, 0, 3),
        ),
        ("÷ `create table as` of the scores alone", ratio(measured, 0, 4)),
        (f"÷ loading what is stored, spans of days ({kept} rows)", ratio(measured, 0, 5)),
        ("÷ `create table as` of what is stored", ratio(measured, 0, 6)),
    ]


def against_loops(bench: Bench, n: int) -> list[tuple[str, str]]:
    """Some days one by one and at once; a range of scores by pandas and polars."""
    first = bench.last - timedelta(days=LOOP_DAYS - 1)
    days = [first + timedelta(days=k) for k in range(LOOP_DAYS)]
    with opened(bench.scored) as con:
        at_once_then_looped = rounds(
            [
                lambda: score_range(con, first, bench.last, force=True),
                lambda: [score_range(con, day, day, force=True) for day in days],
            ],
            n,
        )
    start = bench.world.start
    with opened(bench.scored) as con:
        given, method = frames.facts(con, start, bench.last), frames.parameters(con)
    with opened(bench.scored) as con:
        ours = con.sql(frames.SCORES, params={"start": start, "end": bench.last}).to_arrow_table()
    with opened(bench.scored) as con:
        computed = {
            "SQL": partial(frames.with_sql, con),
            "pandas": partial(frames.with_pandas, given),
            "polars": partial(frames.with_polars, given),
        }
        for compute in computed.values():
            _assert_equal(ours, _as_arrow(compute(method, start, bench.last)))
        from_facts = rounds(
            [partial(compute, method, start, bench.last) for compute in computed.values()], n
        )
    return [
        (
            f"{LOOP_DAYS} days scored day by day ÷ at once",
            ratio(at_once_then_looped, 1, 0),
        ),
        ("Every supplier-day's score from the facts by SQL alone", column(from_facts, 0)),
        ("the same by pandas ÷ by SQL", ratio(from_facts, 1, 0)),
        ("the same by polars ÷ by SQL", ratio(from_facts, 2, 0)),
    ]


def _as_arrow(frame):
    return frame.to_arrow() if hasattr(frame, "to_arrow") else frame


def _assert_equal(ours, theirs) -> None:
    with duckdb.connect() as con:
        con.register("ours", ours)
        con.register("theirs", theirs)
        n, furthest = con.execute(
            "select count(*), max(abs(o.score_0_100 - t.score_0_100)) "
            "from ours as o inner join theirs as t on o.supplier_id = t.supplier_id "
            "and o.score_date = cast(t.score_date as date)"
        ).fetchone()
    assert n == ours.num_rows, f"{n} rows instead of {ours.num_rows}"
    assert furthest < 1e-9, f"scores differ by {furthest}"


def one_day_more(bench: Bench, n: int) -> list[tuple[str, str]]:
    """A day with new scans of one supplier in a hundred, and the whole register once more."""
    shares, days, again = [], [], []
    before = bench.last - timedelta(days=1)
    for _ in range(n):
        bench.fresh()
        with opened(bench.scored) as con:
            year = seconds(lambda: score_range(con, bench.world.start, before, force=True))
            deliver(con, bench.last)
            day = seconds(lambda: score_range(con, bench.last, bench.last))
            days.append(day)
            shares.append(day / (year / (bench.world.n_days - 1)))
            again.append(year / day)
    return [
        ("One day's increment", spread(days) + " s"),
        ("the whole range ÷ one day's increment", spread(again)),
        ("one day's increment ÷ the range's time per day", spread(shares)),
    ]


def history(bench: Bench, n: int) -> list[tuple[str, str]]:
    """The same increment after few and after ten times as many daily deliveries."""
    ratios = []
    for _ in range(n):
        taken = []
        for n_before in (N_DELIVERIES, 10 * N_DELIVERIES):
            bench.fresh()
            first = bench.last - timedelta(days=n_before)
            with opened(bench.scored) as con:
                for k in range(n_before):
                    deliver(con, first + timedelta(days=k))
                score_range(con, first, bench.last - timedelta(days=1), force=True)
                deliver(con, bench.last)
                taken.append(seconds(partial(score_range, con, bench.last, bench.last)))
        ratios.append(taken[1] / taken[0])
    return [
        (
            f"One day's increment after {10 * N_DELIVERIES} daily deliveries ÷ after "
            f"{N_DELIVERIES}",
            spread(ratios),
        )
    ]


def deliver(con: Connection, day: date) -> None:
    """New scans of one supplier in a hundred; one criticality in a thousand is new."""
    delivered = {
        "scanner_findings": (
            "findings",
            "select * from staged.findings "
            "where hash(supplier_id) % 100 = hash($day) % 100 and fixed_on > $day "
            "and delivery_id = 'scanner_findings/1'",
        ),
        "supplier_register": (
            "suppliers",
            "select * replace (if(hash(supplier_id) % 1000 = hash($day) % 1000, 5, "
            "criticality_1_5) as criticality_1_5) from staged.suppliers "
            "where delivery_id = 'supplier_register/1'",
        ),
    }
    for source_id, (table, rows) in delivered.items():
        delivery_id = f"{source_id}/{day}"
        con.execute(
            "insert into raw.deliveries by name select $id as delivery_id, $source as source_id, "
            "'f' as name, 'f' as path, '' as licence, 1 as n_bytes, $id as sha256, "
            "$at::timestamp as delivered_at, false as is_historical, 'loaded' as status",
            {"id": delivery_id, "source": source_id, "at": datetime(day.year, day.month, day.day)},
        )
        con.execute(
            "insert into quality.ledger values (?, ?, 1, 1, 0, 0, 'x')", [delivery_id, table]
        )
        con.execute(
            f"insert into staged.{table} by name select * replace ('{delivery_id}' as delivery_id, "
            f"cast($day as timestamp) as known_at) from ({rows})",
            {"day": day},
        )


def sizes(bench: Bench, n_runs: int) -> list[tuple[str, str]]:
    """Bytes on disk after the range, and after one day was scored again and again."""
    bench.fresh()
    before = bench.scored.stat().st_size
    bench.backfill()
    whole = bench.scored.stat().st_size
    with opened(bench.scored) as con:
        for _ in range(n_runs):
            score_range(con, bench.last, bench.last, force=True)
        con.execute("checkpoint")
    grown = bench.scored.stat().st_size / whole
    with opened(bench.scored) as con:
        parts = con.execute(
            "select count(*) from scores.supplier_spans union all "
            "select count(*) from scores.vulnerability_spans"
        ).fetchall()
    million = bench.supplier_days / 1e6
    return [
        (
            "File size per million supplier-days, facts and scores",
            f"{(whole - before) / 1e6 / million:.1f} MB ({parts[0][0]:,} spans of suppliers, "
            f"{parts[1][0]:,} of vulnerabilities)",
        ),
        (f"File size after {n_runs} runs of one day ÷ before", f"{grown:.2f}"),
    ]
