"""Fetching: what a source offers anew at its addresses becomes a delivery in the raw archive.

Addresses are those of SECTOR_RISK_FEEDS, else the source's own. A server is asked only for what has
changed since the last delivery from that address (ETag, Last-Modified, TAXII's added_after, the
revisions that the index of a MISP feed or of a CSAF provider states).
"""

import logging
import tempfile
from datetime import datetime
from pathlib import Path, PurePosixPath

import httpx

from pipeline import raw
from pipeline.catalogs import INDEXES, collect, document_key
from pipeline.errors import SectorRiskError
from pipeline.http import Guard, authorization, download
from pipeline.raw import Arrival
from pipeline.settings import Settings
from pipeline.sources.base import Source
from pipeline.taxii import poll
from pipeline.warehouse import Connection

log = logging.getLogger(__name__)

KINDS = ("taxii", *INDEXES)


def addresses(settings: Settings, source: Source) -> list[str]:
    """Where the source is fetched from; empty = it comes as files only."""
    return settings.feeds.get(source.source_id) or ([source.url] if source.url else [])


def fetch(con: Connection, settings: Settings, source: Source) -> list[Arrival]:
    """Fetch every address of a source; deliveries in order, none where nothing has changed.

    An address that fails does not keep the others from being fetched; the first failure is raised
    once all of them have been tried.
    """
    arrivals: list[Arrival] = []
    failures: list[SectorRiskError] = []
    for address in addresses(settings, source):
        try:
            arrival = _fetch(con, settings, source, address)
        except SectorRiskError as error:
            log.warning("%s: %s", source.source_id, error)
            failures.append(error)
        else:
            arrivals += [arrival] if arrival else []
    if failures and not arrivals:
        raise failures[0]
    return arrivals


def _fetch(con: Connection, settings: Settings, source: Source, address: str) -> Arrival | None:
    etag, last_modified = _last(con, source, address)
    guard = _guard(settings, source, address)
    kind, url = _kind(address)
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / _name(source, kind, url)
        if kind == "taxii":
            polled = poll(url, target, guard, etag)
            headers = {"etag": polled.resume_after or ""} if polled else None
        elif kind:
            collected = collect(
                kind, url, target, guard=guard, known=_received(con, source), etag=etag
            )
            headers = {"etag": collected.etag or ""} if collected else None
        else:
            asked = {"If-None-Match": etag, "If-Modified-Since": last_modified}
            sent = {name: value for name, value in asked.items() if value}
            fetched = download(url, target, guard, sent)
            headers = dict(fetched.headers) if fetched else None
        if headers is None:
            return None
        return raw.archive_file(
            con,
            settings,
            source,
            target,
            url=address,
            etag=headers.get("etag") or None,
            last_modified=headers.get("last-modified"),
        )


def _kind(address: str) -> tuple[str, str]:
    """What stands before the + of `taxii+https://…`, and the address itself."""
    kind, _, url = address.rpartition("+https://")
    if kind in KINDS:
        return kind, f"https://{url}"
    kind, _, url = address.rpartition("+http://")
    return (kind, f"http://{url}") if kind in KINDS else ("", address)


def _received(con: Connection, source: Source) -> dict[str, datetime]:
    """The last revision of each document that has been staged, by its key."""
    rows = con.execute(
        "select report_key, max(coalesce(modified_at, published_at)) from staged.reports "
        "where source_id = ? and report_key is not null group by all",
        [source.source_id],
    ).fetchall()
    return {document_key(key): moment for key, moment in rows if moment}


def _last(con: Connection, source: Source, address: str) -> tuple[str | None, str | None]:
    """ETag and Last-Modified of the last delivery from that address that could be read."""
    row = con.execute(
        "select etag, last_modified from raw.deliveries "
        "where source_id = ? and url = ? and status <> 'failed' order by delivered_at desc limit 1",
        [source.source_id, address],
    ).fetchone()
    return (row[0], row[1]) if row else (None, None)


def _guard(settings: Settings, source: Source, address: str) -> Guard:
    configured = {_host(each) for each in settings.feeds.get(source.source_id, [])}
    return Guard(
        hosts=frozenset({*source.hosts, *configured}),
        private_hosts=settings.private_hosts,
        home=_host(address),
        authorization=authorization(source.source_id),
    )


def _host(address: str) -> str:
    return httpx.URL(_kind(address)[1]).host


def _name(source: Source, kind: str, url: str) -> str:
    if kind:
        return "taxii.json" if kind == "taxii" else f"{kind}.zip"
    last = PurePosixPath(httpx.URL(url).path).name
    is_known = last.lower().endswith(source.suffixes)
    return last if is_known else f"{source.source_id}{source.suffixes[0]}"
