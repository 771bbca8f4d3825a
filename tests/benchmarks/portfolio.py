"""A large portfolio from its files to susceptibility: register, scans, years of EPSS, one day more.

    python tests/benchmarks/portfolio.py --suppliers 100000 --findings 20 --days 1826

prints processor seconds of each step and the peak memory of the process that did them, beside
DuckDB reading the same files. Of the days of EPSS the last ones are staged from files; those before
are put in as staging leaves them, because published files of years would fill the disk.
"""

import argparse
import subprocess
import sys
import tempfile
from datetime import date, timedelta
from pathlib import Path
from statistics import median

import duckdb
from measure import seconds

LAST = date(2024, 1, 1)
MEMORY = "2500MB"
"""What DuckDB may use, so that the whole process stays below 4 GB."""
N_SCANS = 10
N_FILES = 4
SHARE_STAGED = 0.01
"""Of a day's EPSS rows: more than `exposure.py` finds to be stored."""

REGISTER = """
    copy (
        select
            'S-' || i as "Supplier ID", 'Supplier ' || i as "Name", 'NL' as "Country",
            ['energy', 'finance', 'government', 'healthcare', 'logistics', 'manufacturing',
             'military', 'transit'][1 + i % 8] as "Sectors",
            1 + hash(i) % 5 as "Criticality"
        from range($suppliers) as t (i)
    ) to '{}' (header)
"""
SCAN = """
    copy (
        select
            'S-' || i // $findings as "Supplier ID",
            'A-' || i // $findings || '-' || hash(i) % 5 as "Asset",
            -- a few CVEs are found everywhere, most at few suppliers
            'CVE-' || 2000 + c % 24 || '-' || 1000 + c // 24 as "CVE",
            if(closed is null, 'open', 'fixed') as "Status",
            opened as "First seen", $day - 1 as "Last seen", closed as "Fixed"
        from (
            select
                i, cast(floor($cves * pow(hash(i * 3) % 1000000 / 1e6, 3)) as integer) as c,
                $day - 1 - cast(hash(i * 5) % 1800 as integer) as opened,
                if(hash(i * 7) % 3 = 0, least(opened + 60, $day - 1), null) as closed
            from range($first, $last) as t (i)
        )
    ) to '{}' (header)
"""
HISTORY = (
    """
    insert into raw.deliveries by name
    select
        'epss/' || day as delivery_id, 'epss' as source_id, 'epss.csv' as name,
        'epss/' || day as path, '' as licence, 1 as n_bytes, 'history ' || day as sha256,
        cast(day as timestamp) as delivered_at, false as is_historical, 'loaded' as status
    from (select cast($start + cast(n as integer) as date) as day from range($days) as t (n))
    """,
    """
    insert into quality.ledger
    select delivery_id, 'epss_scores', $cves, $cves, 0, 0, sha256
    from raw.deliveries where source_id = 'epss' and name = 'epss.csv' and $cves > 0
    """,
    """
    insert into staged.epss_scores by name
    select
        'epss' as source_id, 'epss/' || day as delivery_id, i + 1 as source_row,
        cast(day as timestamp) as known_at, cast(day as timestamp) as disclosed_at,
        'CVE-' || 2000 + i % 24 || '-' || 1000 + i // 24 as cve_id, day as epss_date,
        'v2023.03.01' as model_version, percentile / 10 as epss_0_1,
        percentile as percentile_0_1, if(i = 0, $cves, null) as n_scores,
        '{"epss":0.00042,"percentile":0.05}' as record, md5(i || ' ' || n) as record_md5,
        false as is_repeat
    from (
        select
            i, n, cast($start + cast(n as integer) as date) as day,
            hash(i, n) % 100000 / 1e5 as percentile
        from (
            select 0 as n, i from range($cves) as t (i)
            union all
            select distinct n, if(k = 0, 0, cast(hash(n, k) % $cves as bigint)) as i
            from range(1, $days) as t (n), range(cast($cves * $share as bigint)) as u (k)
        )
    )
    """,
)


def write(folder: Path, asked: argparse.Namespace) -> None:
    """Register, scans, the last files of EPSS, and the increment: one scan and one EPSS file."""
    import exposure

    size = asked.suppliers * asked.findings
    one_day = max(asked.findings, size // 1_000)
    with duckdb.connect(config={"threads": 2}) as con:
        con.execute(REGISTER.format(folder / "register.csv"), {"suppliers": asked.suppliers})
        for n in range(N_SCANS + 1):
            first, last = n * size // N_SCANS, (n + 1) * size // N_SCANS
            if n == N_SCANS:
                first, last = 0, one_day
            numbers = {"findings": asked.findings, "cves": asked.cves, "first": first, "last": last}
            day = LAST + timedelta(days=int(n == N_SCANS))
            con.execute(SCAN.format(folder / f"scan-{n:02}.csv"), numbers | {"day": day})
    exposure.FIRST = LAST - timedelta(days=N_FILES - 2)
    exposure.write(folder, exposure.Files(n_cves=asked.cves, n_days=N_FILES))


def read(folder: Path) -> dict[str, float]:
    """Seconds that DuckDB takes to read the same files into tables."""
    with duckdb.connect(config={"threads": 2}) as con:

        def all_of(pattern: str, skip: int) -> float:
            return sum(
                seconds(
                    lambda path=path: con.execute(
                        f"create or replace table read as from read_csv('{path}', skip = {skip})"
                    )
                )
                for path in sorted(folder.glob(pattern))
            )

        scans = all_of("scan-*.csv", 0)
        return {
            "register": all_of("register.csv", 0),
            "one scan": all_of(f"scan-{N_SCANS:02}.csv", 0),
            "scans": scans,
            "one EPSS file": all_of("*.gz", 1) / N_FILES,
        }


def main() -> None:
    """Write the files, work them off in a process of its own and compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--suppliers", type=int, default=5_000)
    parser.add_argument("--findings", type=int, default=20, help="spells of each supplier")
    parser.add_argument("--cves", type=int, default=20_000)
    parser.add_argument("--days", type=int, default=365, help="days of EPSS before the last ones")
    parser.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.work:
        work(asked.work, asked)
        return
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), asked)
        subprocess.run([sys.executable, "-W", "ignore", *sys.argv, "--work", folder], check=True)
        for name, taken in read(Path(folder)).items():
            say(f"DuckDB reads {name}", taken)


def say(what: str, taken: float) -> None:
    """One line of the result."""
    sys.stdout.write(f"{what}: {taken:.3f} s\n")
    sys.stdout.flush()


def work(folder: Path, asked: argparse.Namespace) -> None:
    """Everything that is measured, step by step."""
    import resource

    from pipeline import raw, stage, validate
    from pipeline.facts import refresh_facts
    from pipeline.settings import Settings
    from pipeline.sources import get_source
    from pipeline.warehouse import open_warehouse, transaction

    settings = Settings(home=folder / "home", duckdb_memory_limit=MEMORY)
    validate._batch_definition()  # the import of the library is not of a file
    epss = sorted(folder.glob("*.gz"))

    def take_in(source_id: str, name: Path, day: date) -> float:
        source = get_source(source_id)
        arrival = raw.archive_file(con, settings, source, name, delivered_on=day)
        return seconds(lambda: stage.take_in(con, settings, arrival))

    def facts() -> None:
        with transaction(con):
            refresh_facts(con, "then")

    def report(what: str, taken: float) -> None:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        say(f"{what} ({peak:,.0f} MB at most so far)", taken)

    with open_warehouse(settings) as con:
        report("register", take_in("supplier_register", folder / "register.csv", LAST))
        scans = [
            take_in("scanner_findings", folder / f"scan-{n:02}.csv", LAST) for n in range(N_SCANS)
        ]
        report("scans", sum(scans))
        say("the first scan", scans[0])
        say("the last scan", scans[-1])
        first, *files = [
            (path, LAST - timedelta(days=N_FILES - 2 - n)) for n, path in enumerate(epss[:-1])
        ]
        take_in("epss", *first)  # what the next file is compared with
        numbers = {"start": first[1] - timedelta(days=asked.days), "days": asked.days}
        numbers |= {"cves": asked.cves, "share": SHARE_STAGED}
        for sql in HISTORY:
            con.execute(sql, {name: each for name, each in numbers.items() if f"${name}" in sql})
        (n_rows,) = con.execute("select count(*) from staged.epss_scores").fetchone()
        taken = median(take_in("epss", path, day) for path, day in files)
        report(f"one EPSS file behind {asked.days} days, {n_rows:,} rows", taken)
        report("facts, all of them", seconds(facts))
        (n_spells,) = con.execute("select count(*) from facts.open_vulnerabilities").fetchone()
        sys.stdout.write(f"{n_spells:,} intervals of susceptibility\n")
        tomorrow = LAST + timedelta(days=1)
        scan = take_in("scanner_findings", folder / f"scan-{N_SCANS:02}.csv", tomorrow)
        report("one day's scans, taken in", scan)
        report("facts, after one day's scans", seconds(facts))
        report("one day's EPSS, taken in", take_in("epss", epss[-1], tomorrow))
        report("facts, after one day's EPSS", seconds(facts))


if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).resolve().parents[2])]
    main()
