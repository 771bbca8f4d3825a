"""Health of the installation: what is wrong, where, and what to do."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass

from pipeline import ledger, manifest
from pipeline.backfill import unfinished
from pipeline.backfill_plan import late_deliveries
from pipeline.errors import WarehouseDamagedError
from pipeline.method import installed_method
from pipeline.publish import read_manifest, read_stale
from pipeline.raw import file_sha256
from pipeline.settings import Settings, get_settings
from pipeline.storage import free_bytes
from pipeline.tidy import leftovers
from pipeline.warehouse import Connection, open_snapshot, open_warehouse, query, read_every_block


@dataclass(frozen=True)
class Finding:
    """One check, what it found and, where that is not fine, what to do."""

    check: str
    is_fine: bool
    found: str
    remedy: str


def check_all(settings: Settings | None = None) -> list[Finding]:
    """Every check, the failed ones first; a warehouse that cannot be read is a finding too.

    Raises:
        WarehouseLockedError: another process is writing.
    """
    settings = settings or get_settings()
    try:
        with open_warehouse(settings) as con:
            findings = [
                _finding("warehouse", (), f"{read_every_block(con)} tables, all readable"),
                *_of_deliveries(con, settings),
                *_of_scores(con),
                _publication(con, settings),
            ]
    except WarehouseDamagedError as error:
        findings = [_finding("warehouse", [str(error)], "", "Follow the advice just given.")]
    findings += [_snapshot(settings), _backfills(settings), _leftovers(settings), _room(settings)]
    return sorted(findings, key=lambda finding: finding.is_fine)


def _finding(check: str, faults: Iterable[str], fine: str, remedy: str = "") -> Finding:
    """A check passed where there are no faults."""
    named = list(faults)
    if not named:
        return Finding(check, True, fine, "")
    more = f"; and {len(named) - 5} more" if len(named) > 5 else ""
    return Finding(check, False, "; ".join(named[:5]) + more, remedy)


def _queried(con: Connection, check: str, fine: str, remedy: str) -> Finding:
    """A query that finds nothing is a check passed; its column `found` says what is wrong."""
    return _finding(check, [row["found"] for row in query(con, f"doctor_{check}")], fine, remedy)


def _of_deliveries(con: Connection, settings: Settings) -> list[Finding]:
    return [
        _archive(con, settings),
        _orphans(con, settings),
        _manifest(con, settings),
        _finding(
            "ledger",
            ledger.mismatches(con),
            "every received record is accounted for",
            "Run 'sector-risk quarantine replay --delivery ID' for each: it is read again.",
        ),
        _queried(
            con,
            "failed",
            "every delivery could be read",
            "Mend the file or the reader, then run 'sector-risk quarantine replay'.",
        ),
        _queried(
            con,
            "held",
            "no delivery is held",
            "Look at 'sector-risk quarantine list'; if it is right as it is, "
            "'sector-risk quarantine release ID --reason …'.",
        ),
    ]


def _of_scores(con: Connection) -> list[Finding]:
    late = [
        f"{one.delivery_id} {one.what}: {one.first_date} to {one.last_date}"
        for one in late_deliveries(con)
    ]
    return [
        _queried(
            con,
            "gaps",
            "no day is missing between the first and the last",
            "Run 'sector-risk backfill --from … --to … --reason …' over the days named.",
        ),
        _queried(
            con,
            "days",
            "every scored day has its run and its scores",
            "Run 'sector-risk backfill --force --from … --to … --reason …' over the days named.",
        ),
        _queried(
            con,
            "parts",
            "the parts of every score sum to it",
            "Run 'sector-risk backfill --force --from … --to … --reason …' over the days named.",
        ),
        _methods(con),
        _finding(
            "late",
            late,
            "every scored day has its deliveries",
            "Run 'sector-risk backfill --late --reason …'.",
        ),
    ]


def _archive(con: Connection, settings: Settings) -> Finding:
    """Every archived file against the bytes that were received."""
    rows = con.execute("select path, sha256 from raw.deliveries order by path").fetchall()
    faults = []
    for path, sha256 in rows:
        file = settings.raw_folder / path
        if not file.is_file():
            faults.append(f"{path} is lost")
        elif file_sha256(file) != sha256:
            faults.append(f"{path} is not as received")
    return _finding(
        "archive",
        faults,
        f"{len(rows)} files, all as received",
        "Bring the files back from the backup of data/raw.",
    )


def _orphans(con: Connection, settings: Settings) -> Finding:
    """Archived files that no row of the manifest names; hidden folders are the archive's own."""
    listed = {path for (path,) in con.execute("select path from raw.deliveries").fetchall()}
    present = {
        path.relative_to(settings.raw_folder).as_posix()
        for path in settings.raw_folder.glob("[!.]*/**/*")
        if path.is_file()
    }
    return _finding(
        "orphans",
        sorted(present - listed),
        "the archive holds nothing that the manifest does not name",
        "Run 'sector-risk ingest': a file that is still in the inbox is taken in. Otherwise "
        "'sector-risk ingest FILE --source SOURCE --delivered DAY', and remove the orphan.",
    )


def _manifest(con: Connection, settings: Settings) -> Finding:
    """The manifest beside the archive, from which a lost warehouse is built anew."""
    ids = {name for (name,) in con.execute("select delivery_id from raw.deliveries").fetchall()}
    file = manifest.folder(settings) / "deliveries.csv"
    written: set[str] = set()
    if file.is_file():
        with file.open(encoding="utf-8", newline="") as lines:
            written = {row["delivery_id"] for row in csv.DictReader(lines)}
    return _finding(
        "manifest",
        sorted(ids ^ written),
        f"{len(ids)} deliveries, also beside the archive",
        "Run 'sector-risk ingest': it writes the manifest out again. If these deliveries are "
        "named there alone, 'sector-risk restore' brings them back.",
    )


def _methods(con: Connection) -> Finding:
    """Days by another version of the method, or known in hindsight, beside the others."""
    current = installed_method(con)
    rows = con.execute(
        "select method_version, knowledge, count(*), min(score_date), max(score_date) "
        "from quality.scored_days group by all order by all"
    ).fetchall()
    return _finding(
        "methods",
        [
            f"{n} days by method {version}, knowledge {knowledge} ({first} to {last})"
            for version, knowledge, n, first, last in rows
            if (version, knowledge) != (current, "then")
        ],
        f"every day by method {current}, as known then",
        "If that is not meant, run 'sector-risk backfill --from … --to … --reason …' over them.",
    )


def _publication(con: Connection, settings: Settings) -> Finding:
    published = read_manifest(settings)
    newest = con.execute(
        "select score_date, run_id from quality.scored_days order by score_date desc limit 1"
    ).fetchone()
    said = f"published {published.score_date}" if published else "nothing published"
    said += f"; newest scored day {newest[0] if newest else 'none'}"
    if stale := read_stale(settings):
        day = stale["score_date"]
        return _finding(
            "publication",
            [f"{said}; {day} is {stale['outcome']}: {'; '.join(stale['reasons'])}"],
            "",
            f"Look at 'sector-risk held --date {day}', then approve or reject it.",
        )
    is_fine = (published and published.run_id) == (newest and newest[1])
    remedy = "Run 'sector-risk run --date DAY' for the newest day."
    return _finding("publication", [] if is_fine else [said], said, remedy)


def _snapshot(settings: Settings) -> Finding:
    """What is published, read as its consumers do."""
    remedy = "Run 'sector-risk run --date DAY' for the newest day; until then restore the backup."
    published = read_manifest(settings)
    if published is None:
        return _finding("published files", (), "nothing published")
    faults = []
    workbook = settings.published_folder / published.workbook
    if not workbook.is_file() or file_sha256(workbook) != published.workbook_sha256:
        faults.append(f"{published.workbook} is not as written")
    try:
        with open_snapshot(settings) as con:
            read_every_block(con)
    except WarehouseDamagedError as error:
        faults.append(str(error))
    return _finding("published files", faults, "snapshot and workbook are readable", remedy)


def _backfills(settings: Settings) -> Finding:
    return _finding(
        "backfills",
        [f"{name} waits" for name in unfinished(settings)],
        "none waits",
        "Run 'sector-risk backfill resume ID', or 'sector-risk backfill discard ID'.",
    )


def _leftovers(settings: Settings) -> Finding:
    return _finding(
        "leftovers",
        [f"{each.path} ({each.n_bytes / 1e6:,.1f} MB)" for each in leftovers(settings)],
        "no killed process has left anything",
        "Run 'sector-risk tidy'.",
    )


def _room(settings: Settings) -> Finding:
    """A publication needs the warehouse's size once more, a backfill twice."""
    free = free_bytes(settings)
    file = settings.warehouse_file
    needed = 2 * file.stat().st_size if file.exists() else 0
    said = f"{free / 1e6:,.0f} MB free, {needed / 1e6:,.0f} MB needed for a backfill"
    remedy = f"Free some space on the disk of {settings.home}."
    return _finding("room", [said] if free < needed else [], said, remedy)
