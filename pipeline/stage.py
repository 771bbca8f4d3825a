"""Staging: a delivery's records as typed rows with provenance, verdicts and ledger.

Grain in: one delivery; grain out: its rows in `staged`, its verdicts and gates, one ledger line
per table, its manifest row. All of it is one transaction: a delivery is there whole or not at all.
"""

import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import pyarrow as pa

from pipeline import audit, corrections, gates, ledger, manifest, rules, staged, validate
from pipeline.batch import batches
from pipeline.corrections import Tally
from pipeline.ledger import LedgerLine
from pipeline.manifest import Entry
from pipeline.raw import Arrival
from pipeline.reading import UnreadableError, blamed
from pipeline.series import Series
from pipeline.settings import Settings
from pipeline.sources import Source, get_source, records
from pipeline.sources.base import Delivery
from pipeline.warehouse import Connection, transaction

__all__ = ["LedgerLine", "load", "reload", "retry_failed", "take_in"]

log = logging.getLogger(__name__)


def load(con: Connection, settings: Settings, arrival: Arrival) -> list[LedgerLine]:
    """Stage one delivery; what is in the manifest already is only read again if it had failed.

    Lines of other deliveries follow where this one, arriving late, makes them a duplicate or no
    duplicate any more.
    """
    lines = take_in(con, settings, arrival)
    manifest.write_out(con, settings)
    return lines


def take_in(con: Connection, settings: Settings, arrival: Arrival) -> list[LedgerLine]:
    """As `load`, without writing out the manifest."""
    known = manifest.status(con, arrival.delivery_id)
    if known is None:
        return _load(con, settings, arrival.delivery_id, arrival)
    with transaction(con):
        manifest.remember_inbox_file(con, arrival)
    if known == "failed":
        return reload(con, settings, arrival.delivery_id)
    return ledger.lines(con, [arrival.delivery_id])


def reload(con: Connection, settings: Settings, delivery_id: str) -> list[LedgerLine]:
    """Read an archived delivery again, with today's reader, corrections and rules."""
    return _load(con, settings, delivery_id, None)


def retry_failed(con: Connection, settings: Settings) -> list[LedgerLine]:
    """Read every delivery again that could not be read."""
    failed = con.execute(
        "select delivery_id from raw.deliveries where status = 'failed' order by delivered_at"
    ).fetchall()
    return [line for (each,) in failed for line in reload(con, settings, each)]


def _load(
    con: Connection, settings: Settings, delivery_id: str, arrival: Arrival | None
) -> list[LedgerLine]:
    unreadable: dict[str, str] = {}
    while True:
        try:
            with transaction(con):
                if arrival:
                    manifest.remember_inbox_file(con, arrival)
                    manifest.record(con, settings, arrival, "loaded")
                else:
                    manifest.mark(con, delivery_id, "loaded")
                changed = _settle(con, settings, delivery_id, unreadable)
        except UnreadableError as error:
            log.warning("%s: %s", error.delivery_id, error.problem)
            unreadable[error.delivery_id] = error.problem
        else:
            return _reported(con, changed)


def _reported(con: Connection, delivery_ids: Iterable[str]) -> list[LedgerLine]:
    lines = ledger.lines(con, delivery_ids)
    for line in lines:
        log.info(
            "%s %s: %d received, %d loaded, %d quarantined, %d duplicate (%s)",
            line.delivery_id,
            line.table,
            line.n_received,
            line.n_loaded,
            line.n_quarantined,
            line.n_duplicate,
            line.status,
        )
    return lines


def _settle(
    con: Connection, settings: Settings, delivery_id: str, unreadable: dict[str, str]
) -> list[str]:
    """Stage the delivery, and whichever others its place in the order of arrival changes."""
    source = get_source(manifest.source_id(con, delivery_id))
    for each, problem in unreadable.items():
        manifest.mark(con, each, "failed", problem=problem)
    entries = manifest.entries(con, source.source_id)
    originals = manifest.repeats(entries, is_snapshot=source.is_snapshot)
    own = {
        entry.delivery_id
        for entry in entries
        if entry.delivery_id in {delivery_id, *unreadable}
        or originals[entry.delivery_id] != entry.repeats_delivery_id
    }
    series = Series(con, settings, source) if source.is_series else None
    changed = own | _restage(con, settings, source, _staging(entries, originals, own), series)
    _repeat(con, {each: of for each, of in originals.items() if of and {each, of} & changed})
    kept = [e.delivery_id for e in entries if e.status != "failed" or e.delivery_id in own]
    kept = [each for each in kept if originals[each] is None]
    if series:
        for each in changed.intersection(kept):
            ledger.balance(con, each)
    else:
        _balance(con, source, kept, changed)
    for other in rules.recheck(con, set(source.tables)):
        ledger.balance(con, other)
    return [entry.delivery_id for entry in entries if entry.delivery_id in own]


class _Step(NamedTuple):
    """One delivery in order of arrival: whether its own place changed, and whether it has rows."""

    entry: Entry
    is_own: bool
    has_rows: bool


def _staging(entries: list[Entry], originals: dict[str, str | None], own: set[str]) -> list[_Step]:
    return [
        _Step(
            entry,
            is_own=entry.delivery_id in own,
            has_rows=entry.status != "failed" and originals[entry.delivery_id] is None,
        )
        for entry in entries
    ]


def _restage(
    con: Connection, settings: Settings, source: Source, steps: list[_Step], series: Series | None
) -> set[str]:
    """Stage what has changed, and judge anew what is compared with it: the delivery after it."""
    restaged: set[str] = set()
    is_other_before = False
    for entry, is_own, has_rows in steps:
        if not is_own and not (is_other_before and has_rows):
            continue
        staged.discard(con, entry.delivery_id)
        if series:
            series.forget(entry.delivery_id)
        if has_rows:
            _stage(con, settings, source, entry.delivery_id, series)
        restaged.add(entry.delivery_id)
        is_other_before = is_own or manifest.status(con, entry.delivery_id) != entry.status
    outdated = series.outdated() if series else set()
    for delivery_id in sorted(outdated):
        staged.discard(con, delivery_id)
        _stage(con, settings, source, delivery_id, series)
    return restaged | outdated


def _stage(
    con: Connection, settings: Settings, source: Source, delivery_id: str, series: Series | None
) -> None:
    delivery = manifest.delivery(con, settings, delivery_id)
    with audit.kept(settings, delivery.delivered_at.date(), delivery_id):
        _stage_rows(con, source, delivery, series)


def _stage_rows(con: Connection, source: Source, delivery: Delivery, series: Series | None) -> None:
    delivery_id = delivery.delivery_id
    manifest.mark(con, delivery_id, "loaded")
    tallies = [Tally(each) for each in corrections.load(source.source_id)]
    received: Counter[str] = Counter()
    for table, rows in _read(con, source, delivery, series):
        for tally in tallies:
            if tally.correction.table_name == table:
                rows = corrections.apply(rows, tally)  # noqa: PLW2901 - one after the other
        staged.insert(con, delivery, table, rows)
        gates.write_verdicts(con, table, delivery_id, validate.row_verdicts(table, rows))
        received[table] += len(rows)
    if series:
        received.update(series.settled(delivery_id))
    tables = list(received) or list(source.tables)
    for table in tables:
        staged.drop_copies(con, table, delivery_id)
        rules.apply_all(con, table, delivery_id, is_waiting=False)
        ledger.open_line(con, delivery_id, table, received[table])
    gates.judge_corrections(con, delivery_id, tallies, is_snapshot=source.is_snapshot)
    gates.judge(con, delivery_id, tables, is_snapshot=source.is_snapshot)
    for table in tables:
        rules.apply_all(con, table, delivery_id, is_waiting=True)


def _read(
    con: Connection, source: Source, delivery: Delivery, series: Series | None
) -> Iterator[tuple[str, pa.Table]]:
    """The reader's rows, of a series those that say something new."""
    schemas = {table: staged.schema(con, table) for table in source.tables}
    with blamed(delivery):
        parts = records(source, delivery)
        yield from batches(series.changes(delivery, parts) if series else parts, schemas)


def _repeat(con: Connection, originals: dict[str, str]) -> None:
    for delivery_id, original_id in originals.items():
        manifest.mark(con, delivery_id, "duplicate", repeats_delivery_id=original_id)
        ledger.copy_as_duplicate(con, delivery_id, original_id)


def _balance(con: Connection, source: Source, delivery_ids: list[str], changed: set[str]) -> None:
    """Compare with what was received before, from the first changed delivery on, and count.

    Args:
        con: the warehouse, within a transaction.
        source: whose deliveries.
        delivery_ids: those that are staged, in order of arrival.
        changed: those among them that are new or gone.
    """
    is_affected = False
    for position, delivery_id in enumerate(delivery_ids):
        is_affected = is_affected or delivery_id in changed
        if is_affected:
            earlier = delivery_ids[:position]
            for table in source.tables:
                staged.flag_repeats(
                    con, table, delivery_id, earlier[-1:] if source.is_snapshot else earlier
                )
            ledger.balance(con, delivery_id)
