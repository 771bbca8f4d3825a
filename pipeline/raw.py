"""Raw archive: every file as received, named by its content, never overwritten.

Grain in: files of the inbox or handed in; grain out: one delivery per file that is new. The
manifest row is written by `stage.load`, in one transaction with the rows: a run killed in between
finds the file again and reuses the archived bytes.
"""

import hashlib
import logging
import os
import re
import shutil
import time
import unicodedata
import uuid
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from pathlib import Path

from pipeline.errors import SectorRiskError
from pipeline.settings import Settings
from pipeline.sources.base import Delivery, Source
from pipeline.warehouse import Connection

log = logging.getLogger(__name__)

UNFINISHED = (".part", ".tmp", ".partial", ".filepart", ".crdownload")
SETTLE_SECONDS = 0.5
LONGEST_NAME = 120


@dataclass(frozen=True, kw_only=True)
class Arrival(Delivery):
    """A delivery with what only the manifest needs."""

    sha256: str
    n_bytes: int
    licence: str
    etag: str | None = None
    last_modified: str | None = None
    inbox_path: str | None = None
    mtime_ns: int | None = None


@dataclass(frozen=True)
class InboxFile:
    """A file found in the inbox; without `delivered_on` it arrives now."""

    path: Path
    delivered_on: date | None


def archive(
    con: Connection, settings: Settings, source: Source, *, until: date | None = None
) -> list[Arrival]:
    """Archive what is new in the source's inbox, in the order of arrival.

    Args:
        con: the warehouse.
        settings: where inbox and archive are.
        source: whose files.
        until: folders of later days are left alone.
    """
    files, refusals = inbox_files(settings, source, until)
    for refusal in refusals:
        log.warning("%s", refusal)
    clear_unfinished(settings)
    register = _Register(con, source)
    fresh = [file for file in files if not _is_seen(con, settings, file)]
    _await_writers([file.path for file in fresh if file.delivered_on is None])
    arrivals = (_archive_inbox_file(settings, register, file) for file in fresh)
    return [arrival for arrival in arrivals if arrival]


def archive_file(
    con: Connection,
    settings: Settings,
    source: Source,
    path: Path,
    *,
    published_on: date | None = None,
    delivered_on: date | None = None,
    is_historical: bool = False,
    name: str | None = None,
    url: str | None = None,
    etag: str | None = None,
    last_modified: str | None = None,
) -> Arrival:
    """Archive one file handed in or fetched; what was received today already keeps its identity.

    Args:
        con: the warehouse.
        settings: where the archive is.
        source: whose file.
        path: the file; it stays where it is.
        published_on: publication date stated by whoever hands it in.
        delivered_on: day of arrival; default now.
        is_historical: its records count as known since their own disclosure.
        name: its name as delivered; default that of `path`.
        url: where it was fetched from.
        etag: as answered by the server.
        last_modified: as answered by the server.
    """
    if not path.is_file():
        raise SectorRiskError(f"{path}: there is no such file. Check the path and try again.")
    arrival = _receive(settings, _Register(con, source), path, name or path.name, delivered_on)
    return replace(
        arrival,
        published_on=published_on,
        is_historical=is_historical,
        url=url,
        etag=etag,
        last_modified=last_modified,
    )


def inbox_files(
    settings: Settings, source: Source, until: date | None = None
) -> tuple[list[InboxFile], list[str]]:
    """Files of the source that have arrived by `until`, and a sentence on each one refused."""
    folder = settings.inbox_folder / source.source_id
    files: list[InboxFile] = []
    refusals: list[str] = []
    if not folder.is_dir():
        return files, refusals
    for entry in sorted(folder.iterdir()):
        if entry.is_dir() and not entry.is_symlink():
            day = _day_of(entry)
            if day is None or day > utc_now().date():
                refusals.append(f"{entry} is not the folder of a past day (YYYY-MM-DD): left alone")
            elif until is None or day <= until:
                _take(sorted(entry.iterdir()), source, day, files, refusals)
        else:
            _take([entry], source, None, files, refusals)
    files.sort(key=lambda file: (file.delivered_on or date.max, file.path.name))
    return files, refusals


def clean_name(name: str) -> str:
    """The name without folders, control characters and excess length; its endings survive."""
    name = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1]
    name = re.sub(r"[^\w.\-]+", "_", name).lstrip(".") or "unnamed"
    stem, suffix = name[:-16], name[-16:]
    while len((stem + suffix).encode()) > LONGEST_NAME and stem:
        stem = stem[:-1]
    return stem + suffix


class _Register:
    """Identity and time of the deliveries of one source, those of this call included."""

    def __init__(self, con: Connection, source: Source) -> None:
        self.source = source
        rows = con.execute(
            "select delivery_id, name, sha256, delivered_at from raw.deliveries "
            "where source_id = ? order by delivered_at",
            [source.source_id],
        ).fetchall()
        self.ids = {row[0] for row in rows}
        self.latest = {(row[1], row[3].date()): (row[0], row[2]) for row in rows}
        self.last_at = {row[3].date(): row[3] for row in rows}
        newest = con.execute("select max(delivered_at) from raw.deliveries").fetchone()
        self.newest_at: datetime | None = newest[0] if newest else None

    def delivered_at(self, day: date | None) -> datetime:
        """End of the day, or now; later than all that arrived before it, so that order is total."""
        at = datetime.combine(day, clock(23, 59, 59)) if day else self._now()
        last = self.last_at.get(at.date())
        return max(at, last + timedelta(microseconds=1)) if last else at

    def _now(self) -> datetime:
        """The present; refused where the clock has gone back behind what arrived already."""
        now = utc_now()
        if self.newest_at and now.date() < self.newest_at.date():
            raise SectorRiskError(
                f"The clock of this machine says {now.date()}, but a delivery arrived on "
                f"{self.newest_at.date()}: a new one would change days that are past. Set the "
                "clock, or state the day by the folder <source>/<YYYY-MM-DD> of the inbox."
            )
        return now

    def known_id(self, name: str, sha256: str, day: date) -> str | None:
        """The delivery that this is: same name, day and bytes, and nothing else since."""
        known = self.latest.get((name, day))
        return known[0] if known and known[1] == sha256 else None

    def new_id(self, sha256: str, day: date) -> str:
        """`<source_id>/<delivered_on>/<sha256[:12]>`, numbered where the same bytes came before."""
        first = f"{self.source.source_id}/{day}/{sha256[:12]}"
        n = 1
        while (delivery_id := first if n == 1 else f"{first}-{n}") in self.ids:
            n += 1
        return delivery_id

    def add(self, arrival: Arrival) -> None:
        day = arrival.delivered_at.date()
        self.ids.add(arrival.delivery_id)
        self.latest[arrival.name, day] = (arrival.delivery_id, arrival.sha256)
        self.last_at[day] = arrival.delivered_at


def utc_now() -> datetime:
    """The present moment, UTC without zone."""
    return datetime.now(UTC).replace(tzinfo=None)


def _day_of(folder: Path) -> date | None:
    try:
        return date.fromisoformat(folder.name)
    except ValueError:
        return None


def _take(
    entries: list[Path],
    source: Source,
    day: date | None,
    files: list[InboxFile],
    refusals: list[str],
) -> None:
    for entry in entries:
        name = entry.name.lower()
        if name.startswith(".") or name.endswith(UNFINISHED):
            continue
        if entry.is_symlink() or not entry.is_file():
            refusals.append(f"{entry} is not a plain file: left alone")
        elif source.suffixes and not name.endswith(source.suffixes):
            endings = ", ".join(source.suffixes)
            refusals.append(f"{entry} does not end in {endings}: left alone")
        else:
            files.append(InboxFile(entry, day))


def _inbox_path(settings: Settings, path: Path) -> str:
    return path.relative_to(settings.inbox_folder).as_posix()


def _is_seen(con: Connection, settings: Settings, file: InboxFile) -> bool:
    stat = file.path.stat()
    seen = con.execute(
        "select 1 from raw.inbox_files where inbox_path = ? and n_bytes = ? and mtime_ns = ?",
        [_inbox_path(settings, file.path), stat.st_size, stat.st_mtime_ns],
    ).fetchone()
    return seen is not None


def _await_writers(paths: list[Path]) -> None:
    """Give whoever is writing right now the time to be noticed."""
    if any(time.time() - path.stat().st_mtime < 2 * SETTLE_SECONDS for path in paths):
        time.sleep(SETTLE_SECONDS)


def _archive_inbox_file(settings: Settings, register: _Register, file: InboxFile) -> Arrival | None:
    before = file.path.stat()
    is_fresh = 0 <= time.time() - before.st_mtime < SETTLE_SECONDS
    if not (is_fresh and file.delivered_on is None):
        arrival = _receive(settings, register, file.path, file.path.name, file.delivered_on)
        if before.st_mtime_ns == file.path.stat().st_mtime_ns:
            register.add(arrival)
            return replace(
                arrival,
                inbox_path=_inbox_path(settings, file.path),
                mtime_ns=before.st_mtime_ns,
            )
    log.warning("%s is still being written: left for the next run", file.path)
    return None


def _receive(
    settings: Settings, register: _Register, path: Path, name: str, delivered_on: date | None
) -> Arrival:
    source, name = register.source, clean_name(name)
    delivered_at = register.delivered_at(delivered_on)
    day = delivered_at.date()
    sha256, n_bytes, incoming = _copy_in(settings, path)
    return Arrival(
        delivery_id=register.known_id(name, sha256, day) or register.new_id(sha256, day),
        source_id=source.source_id,
        path=_put(incoming, settings.raw_folder / source.source_id / str(day), name, sha256),
        name=name,
        delivered_at=delivered_at,
        sha256=sha256,
        n_bytes=n_bytes,
        licence=source.licence,
    )


def _copy_in(settings: Settings, path: Path) -> tuple[str, int, Path]:
    """Copy to a temporary name on the archive's file system, hashing on the way."""
    folder = settings.raw_folder / ".incoming"
    folder.mkdir(parents=True, exist_ok=True)
    incoming = folder / uuid.uuid4().hex
    try:
        with path.open("rb") as original, incoming.open("wb") as copy:
            shutil.copyfileobj(original, copy, 1 << 20)
            copy.flush()
            os.fsync(copy.fileno())
        return file_sha256(incoming), incoming.stat().st_size, incoming
    except BaseException:
        incoming.unlink(missing_ok=True)
        raise


def file_sha256(path: Path) -> str:
    """SHA-256 of the file's bytes, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _put(incoming: Path, folder: Path, name: str, sha256: str) -> Path:
    """Move into the archive, read-only; identical bytes that are there already stay."""
    target = folder / f"{sha256[:12]}-{name}"
    try:
        if target.exists():
            _refuse_damage(target, sha256)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            incoming.chmod(0o444)
            incoming.replace(target)
    finally:
        incoming.unlink(missing_ok=True)
    return target


def _refuse_damage(path: Path, sha256: str) -> None:
    if file_sha256(path) != sha256:
        raise SectorRiskError(
            f"{path} no longer holds the bytes that were received (SHA-256 {sha256}). "
            "Restore it from a backup, or remove it and deliver the file again."
        )


def clear_unfinished(settings: Settings) -> None:
    """Remove what a killed run left half copied; only the one writer of the warehouse may."""
    folder = settings.raw_folder / ".incoming"
    for leftover in folder.iterdir() if folder.is_dir() else ():
        leftover.unlink()
