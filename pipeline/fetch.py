"""Fetching: what a source offers anew at its addresses becomes a delivery in the raw archive.

Addresses are those of SECTOR_RISK_FEEDS, else the source's own. A server is asked only for what has
changed since the last delivery from that address (ETag, Last-Modified, TAXII's added_after).
"""

import logging
import tempfile
from pathlib import Path, PurePosixPath

import httpx

from pipeline import raw
from pipeline.errors import SectorRiskError
from pipeline.http import Guard, authorization, download
from pipeline.raw import Arrival
from pipeline.settings import Settings
from pipeline.sources.base import Source
from pipeline.taxii import poll
from pipeline.warehouse import Connection

log = logging.getLogger(__name__)

TAXII = "taxii+"


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
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / _name(source, address)
        if address.startswith(TAXII):
            polled = poll(address.removeprefix(TAXII), target, guard, etag)
            headers = {"etag": polled.resume_after or ""} if polled else None
        else:
            asked = {"If-None-Match": etag, "If-Modified-Since": last_modified}
            sent = {name: value for name, value in asked.items() if value}
            fetched = download(address, target, guard, sent)
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
    return httpx.URL(address.removeprefix(TAXII)).host


def _name(source: Source, address: str) -> str:
    if address.startswith(TAXII):
        return "taxii.json"
    last = PurePosixPath(httpx.URL(address).path).name
    is_known = last.lower().endswith(source.suffixes)
    return last if is_known else f"{source.source_id}{source.suffixes[0]}"
