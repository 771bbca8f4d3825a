"""Health of the warehouse: what is wrong, where, and what to do."""

from dataclasses import dataclass
from pathlib import Path

from pipeline.method import installed_method
from pipeline.publish import read_manifest, read_stale
from pipeline.settings import Settings, get_settings
from pipeline.warehouse import Connection, open_warehouse, query


@dataclass(frozen=True)
class Finding:
    """One check and its result."""

    check: str
    is_fine: bool
    found: str
    remedy: str


def check_all(settings: Settings | None = None) -> list[Finding]:
    """Every check, the failed ones first."""
    settings = settings or get_settings()
    with open_warehouse(settings) as con:
        findings = [
            *(_from_query(con, name, remedy) for name, remedy in _CHECKS.items()),
            _archive(con, settings.raw_folder),
            _methods(con),
            _publication(con, settings),
        ]
    return sorted(findings, key=lambda finding: finding.is_fine)


_CHECKS = {
    "doctor_ledger": "Run 'sector-risk quarantine replay'; the counts are made anew.",
    "doctor_gaps": "Run 'sector-risk backfill' over the days named.",
    "doctor_failed": "Read the problem, mend the file or the reader, deliver it again.",
    "doctor_parts": "Run 'sector-risk backfill --force' over the days named.",
}


def _from_query(con: Connection, name: str, remedy: str) -> Finding:
    """A query that finds nothing is a check passed; its column `found` says what is wrong."""
    faults = [str(row["found"]) for row in query(con, name)]
    return Finding(
        name.removeprefix("doctor_"), not faults, "; ".join(faults[:5]) or "nothing", remedy
    )


def _archive(con: Connection, folder: Path) -> Finding:
    listed = {path for (path,) in con.execute("select path from raw.deliveries").fetchall()}
    present = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    lost, orphans = sorted(listed - present), sorted(present - listed)
    found = "; ".join(
        [*(f"lost: {name}" for name in lost[:3]), *(f"orphan: {name}" for name in orphans[:3])]
    )
    return Finding(
        "archive",
        not lost and not orphans,
        found or f"{len(listed)} files, all there",
        "Restore a lost file from the backup; an orphan is taken in by the next ingest.",
    )


def _methods(con: Connection) -> Finding:
    versions = [
        version
        for (version,) in con.execute(
            "select distinct method_version from quality.scored_days order by 1"
        ).fetchall()
    ]
    current = installed_method(con)
    return Finding(
        "methods",
        all(version == current for version in versions),
        f"stored days by method {', '.join(versions) or 'none'}; installed {current}",
        "Run 'sector-risk backfill' over the stored days to bring them to one method.",
    )


def _publication(con: Connection, settings: Settings) -> Finding:
    manifest = read_manifest(settings)
    newest = con.execute(
        "select score_date, run_id from quality.scored_days order by score_date desc limit 1"
    ).fetchone()
    is_fine = bool(manifest and newest and manifest.run_id == newest[1])
    published = f"published {manifest.score_date}" if manifest else "nothing published"
    found = f"{published}; newest scored day {newest[0] if newest else 'none'}"
    if stale := read_stale(settings):
        day = stale["score_date"]
        return Finding(
            "publication",
            False,
            f"{found}; {day} is {stale['outcome']}: {'; '.join(stale['reasons'])}",
            f"Look at 'sector-risk held --date {day}', then approve or reject it.",
        )
    remedy = "Run 'sector-risk run --date DAY' for the newest day."
    return Finding("publication", is_fine, found, remedy)
