"""MISP feeds and CSAF providers: an index lists documents; those that are new or newer are fetched.

A poll is a delivery: one archive of what it brought. What is known already is what has been staged,
so nothing is fetched twice, and what failed or exceeded the budget is fetched by the next poll.
"""

import csv
import logging
import re
import shutil
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

import httpx
import orjson

from pipeline.errors import FetchError
from pipeline.http import MAX_BYTES, Fetched, Guard, download, shown
from pipeline.sources.fields import at, mappings, strings, utc

log = logging.getLogger(__name__)

MAX_DOCUMENTS = 5_000
MAX_INDEX_BYTES = 64 * 2**20
MAX_POLL_SECONDS = 1_800.0
MAX_INDEXES = 50
PUBLIC = frozenset({"WHITE", "CLEAR", "UNLABELED", ""})
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True)
class Listed:
    """A document of an index: its key, its address and when it was last revised (UTC)."""

    key: str
    url: httpx.URL
    revised_at: datetime


@dataclass(frozen=True)
class Collected:
    """One poll: the archive's file, its documents, and the index's ETag where all was taken."""

    path: Path
    n_documents: int
    etag: str | None


Index = tuple[list[Listed], str | None]


def document_key(name: str) -> str:
    """A document's id as CSAF writes it in the name of its file."""
    return re.sub(r"[^+\-a-z0-9]+", "_", name.lower())


def collect(
    kind: str,
    address: str,
    target: Path,
    *,
    guard: Guard,
    known: Mapping[str, datetime],
    etag: str | None = None,
) -> Collected | None:
    """Fetch the documents of an index that are new or were revised; None where none were.

    Args:
        kind: `misp` or `csaf`.
        address: a MISP feed's folder; a CSAF provider's metadata, ROLIE feed or folder.
        target: the archive to write; not there until it is whole.
        guard: where requests may go.
        known: by `document_key`, the last revision already received.
        etag: of the index at the last poll that took all of it.

    Raises:
        FetchError: the index cannot be read, or none of its documents.
    """
    index = INDEXES[kind](address, guard, etag)
    if index is None:
        return None
    listed, etag = index
    newest = {one.key: one for one in sorted(listed, key=lambda one: (one.revised_at, one.key))}
    fresh = [
        one for one in newest.values() if one.key not in known or one.revised_at > known[one.key]
    ]
    if not fresh:
        return None
    fresh.sort(key=lambda one: (one.revised_at, one.key))
    n_taken = _write(fresh[:MAX_DOCUMENTS], target, guard)
    if n_taken == 0:
        return None
    if n_taken < len(fresh):
        log.warning("%s: %d of %d documents taken", shown(address), n_taken, len(fresh))
    return Collected(target, n_taken, etag if n_taken == len(fresh) else None)


def _write(listed: list[Listed], target: Path, guard: Guard) -> int:
    """The documents as one archive; its bytes depend on nothing but them."""
    deadline, n_bytes, n_taken = time.monotonic() + MAX_POLL_SECONDS, 0, 0
    failure: FetchError | None = None
    with tempfile.TemporaryDirectory() as folder:
        packed = Path(folder) / "packed"
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for one in listed:
                try:
                    fetched = download(str(one.url), Path(folder) / "document", guard)
                except FetchError as error:
                    log.warning("%s", error)
                    failure = error
                    continue
                data = fetched.path.read_bytes() if fetched else b""
                n_bytes += len(data)
                if n_bytes > MAX_BYTES or time.monotonic() > deadline:
                    log.warning(
                        "%s: left to the next poll, as the limit is reached", shown(one.url)
                    )
                    break
                archive.writestr(zipfile.ZipInfo(f"{one.key}.json"), data, zipfile.ZIP_DEFLATED)
                n_taken += 1
        if failure and not n_taken:
            raise failure
        if n_taken:
            shutil.move(packed, target)
    return n_taken


def _misp(address: str, guard: Guard, etag: str | None) -> Index | None:
    """The manifest of a MISP feed: events by uuid with the time of their last change."""
    folder = httpx.URL(address.removesuffix("manifest.json").rstrip("/") + "/")
    manifest, fetched = _json(folder.join("manifest.json"), guard, etag)
    if fetched is None:
        return None
    if not isinstance(manifest, dict):
        raise FetchError(f"{shown(address)}: its manifest.json is no object. Check the address.")
    listed = []
    for uuid, about in manifest.items():
        seconds = str(at(about, "timestamp") or "")
        if UUID.fullmatch(uuid.lower()) and re.fullmatch(r"\d{1,10}", seconds):
            revised_at = datetime.fromtimestamp(int(seconds), UTC).replace(tzinfo=None)
            listed.append(Listed(document_key(uuid), folder.join(f"{uuid}.json"), revised_at))
        else:
            log.warning("%s: entry %.60r of its manifest is left out", shown(address), uuid)
    return listed, fetched.headers.get("etag")


def _csaf(address: str, guard: Guard, _etag: str | None) -> Index:
    """The documents that a CSAF provider's metadata, a ROLIE feed or a folder lists."""
    url = httpx.URL(address)
    if address.endswith("/"):
        return list(_folder(url, guard)), None
    top, _ = _json(url, guard)
    if isinstance(at(top, "feed"), dict):
        return list(_rolie(top, url)), None
    distributions = mappings(at(top, "distributions"))
    feeds = [each for one in distributions for each in mappings(at(one, "rolie.feeds"))]
    open_feeds = [
        address
        for each in feeds
        if guard.authorization or str(each.get("tlp_label", "")).upper() in PUBLIC
        for address in strings(each.get("url"))
    ]
    folders = [each for one in distributions for each in strings(one.get("directory_url"))]
    if not open_feeds and not folders:
        raise FetchError(
            f"{shown(url)}: is neither CSAF provider metadata with a public distribution nor a "
            "ROLIE feed. Check the address."
        )
    listed: list[Listed] = []
    for each in open_feeds[:MAX_INDEXES]:
        feed, _ = _json(url.join(each), guard)
        listed += _rolie(feed, url.join(each))
    for each in [] if open_feeds else folders[:MAX_INDEXES]:
        listed += _folder(url.join(each.rstrip("/") + "/"), guard)
    return listed, None


def _rolie(feed: Any, url: httpx.URL) -> Iterator[Listed]:
    for entry in mappings(at(feed, "feed.entry")):
        links = [link for link in mappings(entry.get("link")) if link.get("rel") == "self"]
        addresses = strings(at(entry, "content.src")) or strings([one.get("href") for one in links])
        moment = next(iter(strings(entry.get("updated"))), "")
        yield from _listed(url, addresses[:1], moment)


def _folder(url: httpx.URL, guard: Guard) -> Iterator[Listed]:
    """A folder as CSAF lays it out: changes.csv has path and time of each document."""
    with tempfile.TemporaryDirectory() as temporary:
        fetched = download(str(url.join("changes.csv")), Path(temporary) / "changes.csv", guard)
        data = _checked(fetched, url) if fetched else b""
    for row in csv.reader(data.decode("utf-8-sig", errors="replace").splitlines()):
        if len(row) > 1:
            yield from _listed(url, row[:1], row[1])


def _listed(base: httpx.URL, addresses: list[str], moment: str) -> Iterator[Listed]:
    for address in addresses:
        try:
            url, revised_at = base.join(address.strip()), utc(moment)
        except (httpx.InvalidURL, ValueError, OverflowError):
            log.warning("%s: entry %.60r is left out", shown(base), address)
            continue
        name = PurePosixPath(url.path).name
        if name.lower().endswith(".json"):
            yield Listed(document_key(name[: -len(".json")]), url, revised_at)


def _json(url: httpx.URL, guard: Guard, etag: str | None = None) -> tuple[Any, Fetched | None]:
    headers = {"Accept": "application/json"} | ({"If-None-Match": etag} if etag else {})
    with tempfile.TemporaryDirectory() as folder:
        fetched = download(str(url), Path(folder) / "index.json", guard, headers)
        if fetched is None:
            return None, None
        data = _checked(fetched, url)
    try:
        return orjson.loads(data), fetched
    except orjson.JSONDecodeError as error:
        raise FetchError(f"{shown(url)}: is not JSON ({error}). Check the address.") from error


def _checked(fetched: Fetched, url: httpx.URL) -> bytes:
    if fetched.path.stat().st_size > MAX_INDEX_BYTES:
        raise FetchError(f"{shown(url)}: an index of more than {MAX_INDEX_BYTES:,} bytes.")
    return fetched.path.read_bytes()


INDEXES: dict[str, Callable[[str, Guard, str | None], Index | None]] = {
    "misp": _misp,
    "csaf": _csaf,
}
