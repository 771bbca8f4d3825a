"""Housekeeping: what is no longer needed goes, and the warehouse file loses its holes.

The raw archive, the manifest beside it and what is published are never touched.
"""

import logging
import shutil
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISREG

from pipeline.compact import compact, compacting_file
from pipeline.settings import Settings
from pipeline.warehouse import open_warehouse

logger = logging.getLogger(__name__)

DAY_S = 86_400.0


@dataclass(frozen=True)
class Removal:
    """Something that goes, its size in bytes, and why."""

    path: str
    n_bytes: int
    reason: str


def tidy(settings: Settings, *, dry_run: bool = False) -> list[Removal]:
    """Remove what is older than the settings say and what kills have left; compact the warehouse.

    Args:
        settings: where, and how long what is kept.
        dry_run: only say what would go.

    Raises:
        WarehouseLockedError: another process is writing.
    """
    with open_warehouse(settings):
        found = removals(settings)
        for each in () if dry_run else found:
            _remove(settings.home / each.path)
    holes = compact(settings, dry_run=dry_run)
    if holes.is_worth_it:
        name = settings.warehouse_file.name
        found.append(Removal(name, holes.n_free, "holes in the file, closed by compaction"))
    return found


def removals(settings: Settings) -> list[Removal]:
    """What would go now, without compaction."""
    return [*leftovers(settings), *_outlived(settings)]


def leftovers(settings: Settings) -> list[Removal]:
    """What killed processes have left, untouched for a day: nobody works on it any more."""
    home = settings.home
    candidates = [
        *(settings.raw_folder / ".incoming").glob("*"),
        *(settings.raw_folder / ".manifest").glob("*.unfinished"),
        *(home / "spill").glob("*"),
        *home.glob("warehouse.restoring.duckdb*"),
        *home.glob(f"{compacting_file(settings).name}*"),
        *settings.publications_folder.glob(".preparing"),
        *_unlinked_publications(settings),
        *settings.backfills_folder.glob("*/.replaced"),
    ]
    return list(_older(settings, candidates, 1, "left by a process that was killed"))


def _unlinked_publications(settings: Settings) -> Iterator[Path]:
    """Publications before those that are kept; publishing removes them unless it is killed."""
    numbered = [path for path in settings.publications_folder.glob("*") if path.name.isdigit()]
    current = settings.published_folder.resolve()
    kept = sorted(numbered, key=lambda path: int(path.name))[-settings.kept_publications :]
    return (path for path in numbered if path not in kept and path.resolve() != current)


def _outlived(settings: Settings) -> Iterator[Removal]:
    home, days = settings.home, settings.replaced_days
    yield from _older(
        settings,
        settings.backfills_folder.glob("*"),
        days,
        f"a backfill that can be rolled back or taken up for {days} days",
    )
    yield from _older(
        settings,
        home.glob(f"{settings.warehouse_file.name}*.before-*"),
        days,
        f"a warehouse from before a restore, kept for {days} days",
    )
    logs = (path for path in (home / "airflow" / "logs").rglob("*") if path.is_file())
    yield from _older(
        settings,
        [*logs, *(home / "lineage").glob("*")],
        settings.log_days,
        f"logs and lineage events are kept for {settings.log_days} days",
    )


def _older(
    settings: Settings, paths: Iterable[Path], n_days: int, reason: str
) -> Iterator[Removal]:
    """Those of the paths, with all below them, that nobody has changed for so many days.

    A file that is shared with what stays frees nothing.
    """
    limit = time.time() - n_days * DAY_S
    for path in sorted(paths):
        own = [path, *path.rglob("*")] if path.is_dir() else [path]
        stats = [each.lstat() for each in own]
        if max(stat.st_mtime for stat in stats) < limit:
            own_files = (s for s in stats if S_ISREG(s.st_mode) and s.st_nlink == 1)
            n_bytes = sum(stat.st_size for stat in own_files)
            yield Removal(path.relative_to(settings.home).as_posix(), n_bytes, reason)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    logger.info("removed %s", path)
