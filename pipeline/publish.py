"""Publishing: all that a consumer reads is prepared in a folder aside and swapped in at once.

`published` is a link to one of `publications/<number>`; turning it is one rename. What has not
changed since the last publication is shared with it by hard links.
"""

import hashlib
import logging
import os
import shutil
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import orjson

from pipeline import audit
from pipeline.marking import mark
from pipeline.publication import Check
from pipeline.report.status import Shown, write_status
from pipeline.settings import Settings
from pipeline.warehouse import Connection, copy_warehouse, open_snapshot_file, quoted

logger = logging.getLogger(__name__)

STATUS, STALE = "status.html", "stale.json"
PUBLISHED_TABLES = {
    "sector_daily": "scores.sector_daily",
    "sector_threat_daily": "scores.sector_threat_daily",
    "sector_driver_daily": "shown_sector_drivers",
    "supplier_daily": "shown_suppliers",
    "supplier_driver_daily": "shown_supplier_drivers",
    "alerts_daily": "shown_alerts",
}


@dataclass(frozen=True)
class Published:
    """What consumers read after a run; paths are relative to the published folder.

    Attributes:
        state_sha256: hash over every stored day's method and inputs; equal state, equal files.
        months: the same hash for each month's days; equal hash, equal Parquet partition.
        approval: who approved it and why, where gates had held it back.
        tlp: marking of the workbook and the Parquet files; evidence marked above it is withheld.
    """

    score_date: str
    run_id: str
    method_version: str
    state_sha256: str
    snapshot: str
    workbook: str
    workbook_sha256: str
    months: dict[str, str] = field(default_factory=dict)
    approval: str | None = None
    tlp: str = ""


def publish(con: Connection, settings: Settings, found: Check) -> Published:
    """Swap in the snapshot, the Parquet partitions, the workbook and the report of a checked day.

    A past day gets its workbook too, while the newest one that readers have stays the latest.
    A kill at any moment leaves either the previous publication whole or this one; the previous one
    is kept beside it for whoever still reads it.
    """
    before = read_manifest(settings)
    day = _newest(con, before, found.score_date)
    run_id, version = _run(con, day)
    state, months = _state(con)
    known = before.months if before and before.tlp == settings.tlp else {}
    changed = {name for name in months if known.get(name) != months[name]}
    aside = settings.publications_folder / ".preparing"
    shutil.rmtree(aside, ignore_errors=True)
    _share_unchanged(settings, aside, {f"{name}.parquet" for name in months.keys() - changed})
    snapshot = aside / settings.snapshot_file.name
    copy_warehouse(con, settings, snapshot)
    for each in sorted({found.score_date, day}):
        workbook = aside / f"sector-risk-{each}.xlsx"
        workbook.unlink(missing_ok=True)
        digest = _write_workbook(snapshot, settings, each, workbook)
    _write_parquet(con, settings, aside / "parquet", changed)
    shutil.copyfile(workbook, aside / "sector-risk-latest.xlsx")
    decided = found.decision.sentence if found.decision else None
    approval = decided if before is None or day == found.score_date else before.approval
    published = Published(
        *(str(day), run_id, version, state, snapshot.name, workbook.name, digest, months, approval),
        tlp=settings.tlp,
    )
    write_status(con, settings, day, aside / STATUS)
    (aside / "manifest.json").write_bytes(orjson.dumps(asdict(published), option=_INDENT))
    _swap(settings, aside)
    audit.prune(settings, day)
    logger.info("published %s as %s", day, run_id)
    return published


def _newest(con: Connection, before: Published | None, day: date) -> date:
    """The day that readers see first: `day`, or a later one that was published and still stands."""
    shown = date.fromisoformat(before.score_date) if before else day
    return shown if shown > day and _run(con, shown)[0] else day


def hold(con: Connection, settings: Settings, found: Check) -> None:
    """Leave what is published as it is; say beside it that a newer day is held back, and why."""
    folder = settings.published_folder
    folder.mkdir(parents=True, exist_ok=True)
    published = read_manifest(settings)
    said = {
        "score_date": str(found.score_date),
        "published": published.score_date if published else None,
        "outcome": found.outcome,
        "reasons": found.reasons,
    }
    file = folder / STALE
    unfinished = file.with_suffix(".unfinished")
    unfinished.write_bytes(orjson.dumps(said, option=_INDENT))
    unfinished.replace(file)
    _write_held_status(con, settings, found, published)
    logger.warning("%s", found.sentence)


def _write_held_status(
    con: Connection, settings: Settings, found: Check, published: Published | None
) -> None:
    target = settings.published_folder / STATUS
    if published is None or not settings.snapshot_file.exists():
        write_status(con, settings, found.score_date, target, held=found, shown=Shown(con, None))
        return
    with open_snapshot_file(settings.snapshot_file, settings) as reader:
        shown = Shown(reader, date.fromisoformat(published.score_date))
        write_status(con, settings, found.score_date, target, held=found, shown=shown)


def read_stale(settings: Settings) -> dict[str, Any] | None:
    """Which newer day is held back and why; None while what is published is the newest."""
    file = settings.published_folder / STALE
    return dict(orjson.loads(file.read_bytes())) if file.exists() else None


_INDENT = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE


def current(con: Connection, settings: Settings, day: date) -> Published | None:
    """What is published, if it is `day` from today's method and inputs of every day."""
    found = read_manifest(settings)
    wanted = (_run(con, day)[0], _state(con)[0], settings.tlp)
    return found if found and (found.run_id, found.state_sha256, found.tlp) == wanted else None


def _run(con: Connection, day: date) -> tuple[str, str]:
    row = con.execute(
        "select run_id, method_version from quality.scored_days where score_date = ?", [day]
    ).fetchone()
    return row or ("", "")


def read_manifest(settings: Settings) -> Published | None:
    """What is published now; None before the first publication."""
    file = settings.published_folder / "manifest.json"
    return Published(**orjson.loads(file.read_bytes())) if file.exists() else None


def _state(con: Connection) -> tuple[str, dict[str, str]]:
    rows = con.execute(
        "select strftime(score_date, '%Y-%m') as month, "
        "sha256(string_agg(concat_ws(' ', score_date, run_id), ',' order by score_date)) "
        "from quality.scored_days group by month order by month"
    ).fetchall()
    return hashlib.sha256(repr(rows).encode()).hexdigest(), dict(rows)


def _share_unchanged(settings: Settings, aside: Path, unchanged: set[str]) -> None:
    def others(folder: str, names: list[str]) -> set[str]:
        if Path(folder).parent.name == "parquet":
            return set(names) - unchanged
        return set(names) & {
            settings.snapshot_file.name,
            "sector-risk-latest.xlsx",
            "manifest.json",
            STATUS,
            STALE,
        }

    aside.mkdir(parents=True)
    if settings.published_folder.exists():
        shutil.copytree(
            settings.published_folder,
            aside,
            copy_function=os.link,
            ignore=others,
            dirs_exist_ok=True,
        )


def _write_workbook(snapshot: Path, settings: Settings, day: date, target: Path) -> str:
    from pipeline.export import export_workbook

    with open_snapshot_file(snapshot, settings) as reader:
        return export_workbook(reader, day, target, settings=settings)


def _write_parquet(con: Connection, settings: Settings, folder: Path, months: set[str]) -> None:
    """Write the months' partitions; evidence marked above the publication's marking is withheld."""
    marked = con.cursor()
    mark(marked, settings.tlp)
    for table, shown in PUBLISHED_TABLES.items():
        (folder / table).mkdir(parents=True, exist_ok=True)
        for month in sorted(months):
            first = date.fromisoformat(f"{month}-01")
            marked.execute(
                f"copy (select * from {shown} where score_date between '{first}' "
                f"and last_day(date '{first}') order by all) "
                f"to '{quoted(folder / table / month)}.parquet' (format parquet, compression zstd)"
            )


def _swap(settings: Settings, aside: Path) -> None:
    """Give the prepared folder its number, turn the link to it, remove what is no longer kept."""
    for file in aside.rglob("*"):
        if file.is_file():
            with file.open("rb") as handle:
                os.fsync(handle.fileno())
    numbers = sorted(int(path.name) for path in aside.parent.iterdir() if path.name.isdigit())
    if settings.published_folder.is_dir() and not settings.published_folder.is_symlink():
        settings.published_folder.rename(aside.parent / "0")
    folder = aside.rename(aside.parent / str(numbers[-1] + 1 if numbers else 1))
    link = aside.parent / ".link"
    link.unlink(missing_ok=True)
    link.symlink_to(folder.relative_to(settings.home))
    link.replace(settings.published_folder)
    for number in numbers[: 1 - settings.kept_publications]:
        shutil.rmtree(aside.parent / str(number))
