"""The manifest: one row per file received, and which of them repeat an earlier one."""

from pathlib import Path
from typing import NamedTuple

from pipeline.errors import UnknownNameError
from pipeline.raw import Arrival
from pipeline.settings import Settings
from pipeline.sources.base import Delivery
from pipeline.warehouse import Connection, quoted


class Entry(NamedTuple):
    """What decides whether a delivery repeats another."""

    delivery_id: str
    sha256: str
    status: str
    repeats_delivery_id: str | None


def entries(con: Connection, source_id: str) -> list[Entry]:
    """The source's deliveries in order of arrival."""
    rows = con.execute(
        "select delivery_id, sha256, status, repeats_delivery_id from raw.deliveries "
        "where source_id = ? order by delivered_at, delivery_id",
        [source_id],
    ).fetchall()
    return [Entry(*row) for row in rows]


def repeats(deliveries: list[Entry], *, is_snapshot: bool) -> dict[str, str | None]:
    """Which delivery each one repeats, from the order of arrival alone.

    A document is repeated by any later copy. A list delivered whole is repeated only by the next
    delivery: the same bytes after different ones are a real revision. What cannot be read repeats
    nothing and is repeated by nothing.
    """
    originals: dict[str, str | None] = {}
    by_sha256: dict[str, str] = {}
    for entry in deliveries:
        if entry.status == "failed":
            originals[entry.delivery_id] = None
            continue
        original = by_sha256.get(entry.sha256)
        originals[entry.delivery_id] = original
        if is_snapshot:
            by_sha256.clear()
        by_sha256[entry.sha256] = original or entry.delivery_id
    return originals


def status(con: Connection, delivery_id: str) -> str | None:
    """Status of the delivery; None where it is not in the manifest."""
    row = con.execute(
        "select status from raw.deliveries where delivery_id = ?", [delivery_id]
    ).fetchone()
    return str(row[0]) if row else None


def source_id(con: Connection, delivery_id: str) -> str:
    """The source that a delivery came from."""
    row = con.execute(
        "select source_id from raw.deliveries where delivery_id = ?", [delivery_id]
    ).fetchone()
    if row is None:
        known = con.execute("select delivery_id from raw.deliveries order by 1").fetchall()
        raise UnknownNameError("Delivery", delivery_id, [each for (each,) in known])
    return str(row[0])


def record(con: Connection, settings: Settings, arrival: Arrival, status: str) -> None:
    """Write the row of a delivery that has just arrived."""
    con.execute(
        "insert or replace into raw.deliveries by name select "
        "$delivery_id as delivery_id, $source_id as source_id, $name as name, $path as path, "
        "$url as url, $etag as etag, $last_modified as last_modified, $licence as licence, "
        "$n_bytes as n_bytes, $sha256 as sha256, $delivered_at::timestamp as delivered_at, "
        "$published_on::date as published_on, $is_historical as is_historical, "
        "null as repeats_delivery_id, $status as status, null as problem",
        {
            "delivery_id": arrival.delivery_id,
            "source_id": arrival.source_id,
            "name": arrival.name,
            "path": arrival.path.relative_to(settings.raw_folder).as_posix(),
            "url": arrival.url,
            "etag": arrival.etag,
            "last_modified": arrival.last_modified,
            "licence": arrival.licence,
            "n_bytes": arrival.n_bytes,
            "sha256": arrival.sha256,
            "delivered_at": arrival.delivered_at,
            "published_on": arrival.published_on,
            "is_historical": arrival.is_historical,
            "status": status,
        },
    )


def remember_inbox_file(con: Connection, arrival: Arrival) -> None:
    """So that the next look at the inbox passes over the file."""
    if arrival.inbox_path:
        con.execute(
            "insert or replace into raw.inbox_files values (?, ?, ?, ?)",
            [arrival.inbox_path, arrival.n_bytes, arrival.mtime_ns, arrival.delivery_id],
        )


def mark(
    con: Connection,
    delivery_id: str,
    status: str,
    *,
    repeats_delivery_id: str | None = None,
    problem: str | None = None,
) -> None:
    """State what became of a delivery."""
    con.execute(
        "update raw.deliveries set status = ?, repeats_delivery_id = ?, problem = ? "
        "where delivery_id = ?",
        [status, repeats_delivery_id, problem, delivery_id],
    )


def delivery(con: Connection, settings: Settings, delivery_id: str) -> Delivery:
    """The delivery as its reader takes it."""
    cursor = con.execute(
        "select source_id, delivery_id, path, name, delivered_at, published_on, is_historical, "
        "url from raw.deliveries where delivery_id = ?",
        [delivery_id],
    )
    names = [column[0] for column in cursor.description or ()]
    (values,) = cursor.fetchall()
    fields = dict(zip(names, values, strict=True))
    return Delivery(**{**fields, "path": settings.raw_folder / fields["path"]})


def folder(settings: Settings) -> Path:
    """Where the manifest is kept beside the archive, for the day on which the warehouse is lost."""
    return settings.raw_folder / ".manifest"


def write_out(con: Connection, settings: Settings) -> None:
    """Write the manifest beside the archive; each file is replaced whole."""
    target = folder(settings)
    target.mkdir(parents=True, exist_ok=True)
    for name, query in WRITTEN_OUT.items():
        file = target / f"{name}.csv"
        unfinished = file.with_suffix(".unfinished")
        con.execute(f"copy ({query}) to '{quoted(unfinished)}' (header, delimiter ',')")
        unfinished.replace(file)


WRITTEN_OUT = {
    "deliveries": "from raw.deliveries order by delivered_at, delivery_id",
    "inbox_files": "from raw.inbox_files order by inbox_path",
    "releases": "from quality.releases order by delivery_id",
    "publications": "select * replace (to_json(held_by) as held_by) from quality.publications "
    "order by score_date, run_id",
}
