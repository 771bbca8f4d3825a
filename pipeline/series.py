"""Daily EPSS files mostly repeat each other: only the rows that say something new are staged.

Grain in: the rows of one file; grain out: those of them that give their CVE another rank than the
file before it did, to one significant digit from the top (top 20 %, 3 %, 0.2 % …), which is as fine
as the method may draw its classes. The rows left out are counted as duplicates. Which file is the
one before depends on who asks: as known on each day, files that came late do not count; in
hindsight they do. A row is left out only if it is for both.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time
from decimal import Decimal
from functools import reduce
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline import corrections, manifest
from pipeline.batch import as_table
from pipeline.reading import blamed
from pipeline.settings import Settings
from pipeline.sources import Source, records
from pipeline.sources.base import Delivery, Rows
from pipeline.staged import schema
from pipeline.warehouse import Connection

TABLE = "epss_scores"
RANK_STEPS = [float(1 - Decimal(n).scaleb(-k)) for k in range(1, 6) for n in range(9, 0, -1)]
"""Percentiles at which a rank becomes another one."""
MOST_EQUAL = 0.8
"""Between files that state no model: fewer equal scores may be another model's."""


class File(NamedTuple):
    """The scores of one day in one delivery."""

    delivery_id: str
    epss_date: date
    known_at: datetime


class Scores(NamedTuple):
    """What a file says: of each CVE named once and clearly, its place, score and step of rank."""

    model_version: str | None
    n_rows: int
    n_scores: int
    rows: pa.Table


_last_read: dict[tuple[str, date], Scores] = {}
"""The file read last, which in a run of many days is the one before the next."""


class Series:
    """The files of a source while deliveries of it are staged."""

    def __init__(self, con: Connection, settings: Settings, source: Source) -> None:
        """Take up the files that are staged."""
        self.con, self.settings, self.source = con, settings, source
        found = con.execute(
            f"select delivery_id, epss_date, known_at from staged.{TABLE} "
            "where n_scores is not null and source_id = ?",
            [source.source_id],
        ).fetchall()
        self.files = {File(*row) for row in found}
        self.before = files_before(self.files)
        self.left_out: Counter[str] = Counter()
        self.repeats: dict[str, list[int]] = {}

    def forget(self, delivery_id: str) -> None:
        """The delivery has no rows any more."""
        self.files = {file for file in self.files if file.delivery_id != delivery_id}

    def outdated(self) -> set[str]:
        """Deliveries with a file that was compared with another than it now stands behind."""
        now = files_before(self.files)
        return {file.delivery_id for file in now if now[file] != self.before.get(file)}

    def changes(self, delivery: Delivery, parts: Iterable[Rows]) -> Iterator[Rows]:
        """Of each file of the delivery the rows that say something new."""
        staged = schema(self.con, TABLE)
        self.left_out[delivery.delivery_id] = 0
        self.repeats[delivery.delivery_id] = []
        for part in parts:
            rows = as_table(part.rows, staged)
            days = pc.unique(rows["epss_date"]).drop_null().to_pylist()
            yield Rows(TABLE, self._changes(delivery, days[0], rows) if days else rows)

    def settled(self, delivery_id: str) -> dict[str, int]:
        """Mark the rows that are new in hindsight alone; number of rows left out by table."""
        self.con.execute(
            f"update staged.{TABLE} set is_repeat = true "
            "where delivery_id = ? and source_row in (select unnest(?::bigint[]))",
            [delivery_id, self.repeats[delivery_id]],
        )
        return {TABLE: self.left_out[delivery_id]}

    def _changes(self, delivery: Delivery, day: date, rows: pa.Table) -> pa.Table:
        file = File(delivery.delivery_id, day, _known_at(delivery, day))
        self.files.add(file)
        self.before[file] = before = files_before(self.files)[file]
        own = _clear(self.con, rows)
        said = [self._same(own, self._scores(one) if one else None) for one in before]
        _last_read.clear()
        _last_read[file.delivery_id, day] = own
        is_first = np.arange(len(rows)) == (own.rows["place"][0].as_py() if len(own.rows) else None)
        stays = is_first | self._is_corrected(rows)
        left_out = reduce(np.logical_and, said) & ~stays
        self.left_out[file.delivery_id] += int(left_out.sum())
        if len(said) > 1:
            again = rows.filter(pa.array(said[0] & ~left_out & ~stays))
            self.repeats[file.delivery_id] += again["source_row"].to_pylist()
        place = rows.schema.get_field_index("n_scores")
        n_scores = pa.array(np.full(len(rows), own.n_scores), mask=~is_first)
        rows = rows.set_column(place, rows.schema.field(place), n_scores)
        return rows.filter(pa.array(~left_out))

    def _is_corrected(self, rows: pa.Table) -> np.ndarray:
        """Rows that a correction names: whether it is still needed is seen from each of them."""
        named = [
            pc.fill_null(pc.equal(rows[each.key_column].cast(pa.string()), each.key_value), False)
            for each in corrections.load(self.source.source_id)
        ]
        return reduce(np.logical_or, named, np.zeros(len(rows), bool))

    def _scores(self, file: File) -> Scores:
        """What a file that is staged already said, read again from the archive."""
        key = file.delivery_id, file.epss_date
        if key not in _last_read:
            delivery = manifest.delivery(self.con, self.settings, file.delivery_id)
            staged = schema(self.con, TABLE)
            with blamed(delivery):
                for part in records(self.source, delivery):
                    rows = as_table(part.rows, staged)
                    if file.epss_date in rows["epss_date"].slice(0, 1).to_pylist():
                        return _clear(self.con, rows)
        return _last_read[key]

    def _same(self, own: Scores, before: Scores | None) -> np.ndarray:
        """Whether each row says what the file before it said, by the same model."""
        is_same = np.zeros(own.n_rows, bool)
        if before is None or own.model_version != before.model_version:
            return is_same
        common = _joined(self.con, own.rows, before.rows)
        is_repeated = common["is_rank_equal"].to_numpy()
        if own.model_version is None:
            is_equal = common["is_score_equal"].to_numpy()
            is_repeated = is_repeated & is_equal & (is_equal.sum() >= MOST_EQUAL * len(is_equal))
        is_same[common["place"].to_numpy()[is_repeated]] = True
        return is_same


def files_before(files: Iterable[File]) -> dict[File, tuple[File | None, ...]]:
    """The file before each one as known on each day, then that in hindsight; None = none.

    As known on each day a file counts only if none of a later day was known: of one that does not,
    there is the one in hindsight alone.
    """
    newest: list[File] = []
    for file in sorted(files, key=lambda f: (f.known_at.date(), f.epss_date, f.known_at, f[0])):
        if not newest or file.epss_date >= newest[-1].epss_date:
            newest.append(file)
    by_day = sorted(files, key=lambda f: (f.epss_date, f.known_at, f.delivery_id))
    then = dict(zip(newest, [None, *newest], strict=False))
    now = dict(zip(by_day, [None, *by_day], strict=False))
    return {file: (*([then[file]] if file in then else []), now[file]) for file in by_day}


def _known_at(delivery: Delivery, day: date) -> datetime:
    disclosed = datetime.combine(day, time())
    is_earlier = delivery.is_historical and disclosed < delivery.delivered_at
    return disclosed if is_earlier else delivery.delivered_at


def _clear(con: Connection, rows: pa.Table) -> Scores:
    percentiles = rows["percentile_0_1"].to_numpy()
    steps = np.searchsorted(RANK_STEPS, percentiles, side="right").astype(np.int16)
    is_scored = "epss_0_1 is not null and coalesce(len(problems), 0) = 0"
    with con.cursor() as other:  # con itself may have rows left to fetch
        other.register(
            "file_rows",
            rows.append_column("rank_step", pa.array(steps)).append_column(
                "place", pa.array(np.arange(len(rows)))
            ),
        )
        clear = other.sql(
            f"select place, cve_id, epss_0_1, rank_step from file_rows where {is_scored} "
            "and percentile_0_1 is not null and cve_id not in (select cve_id from file_rows "
            "where cve_id is not null group by all having count(*) > 1) order by place"
        ).to_arrow_table()
        n_scores = len(rows)
        if len(clear) < len(rows):
            ((n_scores,),) = other.sql(
                f"select count(*) from (select min_by({is_scored}, source_row) as is_scored "
                "from file_rows where cve_id is not null group by cve_id) where is_scored"
            ).fetchall()
    versions = pc.unique(rows["model_version"]).to_pylist()
    return Scores(versions[0] if versions else None, len(rows), n_scores, clear)


def _joined(con: Connection, own: pa.Table, before: pa.Table) -> pa.Table:
    with con.cursor() as other:
        other.register("own_rows", own)
        other.register("rows_before", before)
        return other.sql(
            "select o.place, o.epss_0_1 = b.epss_0_1 as is_score_equal, "
            "o.rank_step = b.rank_step as is_rank_equal "
            "from own_rows as o inner join rows_before as b on o.cve_id = b.cve_id"
        ).to_arrow_table()
