"""Where a published number comes from: its method, run, backfill, deliveries and their hashes.

The deliveries of a day are hashed again and compared with the hash that the run was given, so that
whoever audits a score need not believe it.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields, is_dataclass
from datetime import date, datetime
from typing import Any

from pipeline.errors import SectorRiskError
from pipeline.explain import explain_sector, explain_supplier, resolve
from pipeline.explanation import Origin
from pipeline.score import run_id
from pipeline.warehouse import Connection, query


@dataclass(frozen=True)
class Source:
    """A delivery that the day was computed from.

    Attributes:
        sha256: hash of the file as received.
        content_hash: hash of its valid rows as they were when the day was scored.
        is_cited: the explanation of this very number names rows of it; None where the day's inputs
            have changed since, so that the number can no longer be explained.
    """

    delivery_id: str
    source_id: str
    name: str
    path: str
    sha256: str
    delivered_at: datetime
    licence: str
    content_hash: str
    is_cited: bool | None


@dataclass(frozen=True)
class Lineage:
    """Everything that one number of one day follows from.

    Attributes:
        is_reproduced: the deliveries listed give the hash of inputs and the run id again. They do
            not where single sectors of the day were backfilled: then it is of several runs.
        backfill: the backfill that scored the day, with reason, who and when; None = a daily run.
        publication: what became of the run, and who decided; None = it was never the newest.
    """

    what: str
    id: str
    score_date: date
    score_0_100: float | None
    run_id: str
    method_version: str
    knowledge: str
    inputs_sha256: str
    is_reproduced: bool
    backfill: dict[str, Any] | None
    publication: dict[str, Any] | None
    deliveries: tuple[Source, ...]


def lineage(con: Connection, name: str, day: date) -> Lineage:
    """The lineage of a sector's or supplier's score on a stored day.

    Args:
        con: a connection to what is published.
        name: id or name, in any case.
        day: the UTC day.

    Raises:
        SectorRiskError: the day is not scored, or nobody of that name.
    """
    what, key = resolve(con, name, day)
    (run,) = query(con, "lineage_run", day=day)
    rows = query(con, "lineage_deliveries", day=day)
    cited = _cited(con, what, key, day)
    return Lineage(
        what=what,
        id=key,
        score_date=day,
        score_0_100=_score(con, what, key, day),
        **{each: run[each] for each in _RUN},
        is_reproduced=_is_reproduced(run, [row["content_hash"] for row in rows]),
        backfill=_group(run, "backfill_id", "backfill_"),
        publication=_group(run, "outcome", "decision_", "decided_", "outcome"),
        deliveries=tuple(
            Source(**row, is_cited=None if cited is None else row["delivery_id"] in cited)
            for row in rows
        ),
    )


_RUN = ("run_id", "method_version", "knowledge", "inputs_sha256")


def _group(run: dict[str, Any], decisive: str, *prefixes: str) -> dict[str, Any] | None:
    if run[decisive] is None:
        return None
    return {name: value for name, value in run.items() if name.startswith(prefixes)}


def _is_reproduced(run: dict[str, Any], hashes: list[str]) -> bool:
    digest = hashlib.sha256("".join([run["knowledge"], *hashes]).encode()).hexdigest()
    again = run_id(run["score_date"], run["method_version"], digest)
    return (digest, again) == (run["inputs_sha256"], run["run_id"])


def _score(con: Connection, what: str, key: str, day: date) -> float | None:
    row = con.execute(
        f"select score_0_100 from scores.{what}_daily where score_date = ? and {what}_id = ?",
        [day, key],
    ).fetchone()
    return row[0] if row else None


def _cited(con: Connection, what: str, key: str, day: date) -> set[str | None] | None:
    read = explain_sector if what == "sector" else explain_supplier
    try:
        return {origin.delivery_id for origin in _origins(read(con, key, day))}
    except SectorRiskError:
        return None


def _origins(explained: Any) -> Iterator[Origin]:
    """Every file and row that an explanation names, wherever in it."""
    if isinstance(explained, Origin):
        yield explained
    elif is_dataclass(explained):
        for each in fields(explained):
            yield from _origins(getattr(explained, each.name))
    elif isinstance(explained, list | tuple):
        for item in explained:
            yield from _origins(item)


def as_rows(found: Lineage) -> list[dict[str, Any]]:
    """What is said of the number itself, a line each; the deliveries apart."""
    said = {name: value for name, value in asdict(found).items() if name != "deliveries"}
    flat = {**said, **(said.pop("backfill") or {}), **(said.pop("publication") or {})}
    return [
        {"what": name.replace("_", " "), "is": str(value)}
        for name, value in flat.items()
        if name not in {"backfill", "publication"} and value is not None
    ]
