"""EPSS of FIRST: the probability that a CVE is exploited within 30 days, one CSV a day.

Every layout since 2021: `cve,epss`; `cve,epss,percentile`; the same below a comment line with the
model's version and the day scored (since 2022-02-04); and tables with columns CVE, EPSS and
EPSS Percentile among others. The day is the one the file states, else the one in its name, else
the publication date given with it; a file with none of them is refused, because a score without
its day means nothing. Where the file gives no percentile, it is the rank within the file.

A published file without a fault is read column by column, any other one row by row; the rows are
the same.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from pipeline.errors import DeliveryError
from pipeline.sources.archive import Document, documents
from pipeline.sources.base import Delivery, Row, Rows, Source
from pipeline.sources.fields import Cells, utc
from pipeline.sources.parsing import (
    Record,
    as_json,
    csv_records,
    day_in_name,
    decoded,
)

TABLE = "epss_scores"
NAMES = {
    "cve": "cve",
    "epss": "epss",
    "percentile": "percentile",
    "epss percentile": "percentile",
}
COMMENT = re.compile(r"(model_version|score_date):([^,\s]+)")
CVE = r"^CVE-(?:19|20)\d{2}-\d{4,7}$"
PUBLISHED = ("cve,epss", "cve,epss,percentile")


@dataclass(frozen=True)
class _Stated:
    """What a file says about all of its rows."""

    day: date
    model_version: str | None


def read(delivery: Delivery) -> Iterator[Rows]:
    """The scores of each day, a day at once."""
    n_before = 0
    for document in documents(delivery, (".csv",)):
        comment, text = _split_comment(decoded(document.data))
        stated = _stated(delivery, document, comment)
        header, _, body = text.partition("\n")
        names = _renamed(header)
        is_ranked = "percentile" in names.split(",")
        if not is_ranked and not text.endswith(("\n", "\r")):
            raise DeliveryError(
                document.name,
                "ends inside a line, and without percentiles the ranks need every row.",
                "Deliver it again; it was torn on its way.",
            )
        rows = _columns(names, body, stated, n_before)
        if rows is None:
            records = csv_records(document.name, f"{names}\n{body}", ("cve", "epss"))
            one_by_one = (_row(n, each, stated) for n, each in enumerate(records, n_before + 1))
            rows = list(one_by_one) if is_ranked else _ranked(one_by_one)
        n_before += len(rows)
        yield Rows(TABLE, rows)


def _columns(names: str, body: str, stated: _Stated, n_before: int) -> pa.Table | None:
    """The rows of a file as published; None where any row needs a closer look."""
    if names not in PUBLISHED or not body.endswith("\n") or any(c in body for c in '" \t'):
        return None
    try:
        cells = csv.read_csv(
            pa.BufferReader(body.encode()),
            csv.ReadOptions(column_names=names.split(",")),
            convert_options=csv.ConvertOptions(
                column_types=dict.fromkeys(names.split(","), pa.string()), strings_can_be_null=False
            ),
        ).combine_chunks()
        scores = _shares(cells["epss"])
        ranks = (
            _shares(cells["percentile"]) if "percentile" in cells.column_names else _rank(scores)
        )
    except pa.ArrowInvalid:
        return None
    if not pc.all(pc.match_substring_regex(cells["cve"], CVE)).as_py():
        return None
    of_all = {
        "epss_date": pa.scalar(stated.day),
        "model_version": pa.scalar(stated.model_version, pa.string()),
        "disclosed_at": pa.scalar(datetime.combine(stated.day, time())),
    }
    return pa.table(
        {
            "source_row": pa.array(np.arange(n_before + 1, n_before + 1 + len(cells))),
            "cve_id": cells["cve"],
            "epss_0_1": scores,
            "percentile_0_1": ranks,
            "record": _records(cells, stated),
            **{name: pa.repeat(value, len(cells)) for name, value in of_all.items()},
        }
    )


def _shares(cells: pa.ChunkedArray) -> pa.ChunkedArray:
    """Numbers from 0 to 1; ArrowInvalid where one is not."""
    numbers = cells.cast(pa.float64())
    is_share = pc.and_(pc.greater_equal(numbers, 0.0), pc.less_equal(numbers, 1.0))
    if not pc.all(is_share).as_py():
        raise pa.ArrowInvalid("not a share")
    return numbers


def _rank(scores: pa.ChunkedArray) -> pa.Array:
    """The share of the file's scores that are not higher."""
    values = scores.to_numpy()
    return pa.array(np.searchsorted(np.sort(values), values, side="right") / len(values))


def _records(cells: pa.Table, stated: _Stated) -> pa.ChunkedArray:
    """Each row as received, as `as_json` would write it."""
    parts: list[pa.ChunkedArray | str] = [f'{{"score_date":"{stated.day.isoformat()}"']
    for name in cells.column_names:
        parts += [f',"{name}":"', cells[name], '"']
    return pc.binary_join_element_wise(*parts, "}", "")


def _ranked(rows: Iterable[Row]) -> list[Row]:
    """The rows with their rank within the file: the share of its scores that are not higher."""
    whole = list(rows)
    scores = sorted(row["epss_0_1"] for row in whole if row["epss_0_1"] is not None)
    for row in whole:
        if row["epss_0_1"] is not None:
            row["percentile_0_1"] = bisect_right(scores, row["epss_0_1"]) / len(scores)
    return whole


def _split_comment(text: str) -> tuple[dict[str, str], str]:
    if not text.startswith("#"):
        return {}, text
    first, _, rest = text.partition("\n")
    return dict(COMMENT.findall(first)), rest


def _renamed(header: str) -> str:
    names = [name.strip().strip('"') for name in header.strip().split(",")]
    return ",".join(NAMES.get(name.lower(), name) for name in names)


def _stated(delivery: Delivery, document: Document, comment: dict[str, str]) -> _Stated:
    day: date | None = day_in_name(document.name) or delivery.published_on
    if "score_date" in comment:
        try:
            day = utc(comment["score_date"]).date()
        except (ValueError, OverflowError) as error:
            raise DeliveryError(
                document.name,
                f"line 1 states the score_date {comment['score_date'][:40]!r}, which is no date.",
                "Deliver it again.",
            ) from error
    if day is None:
        raise DeliveryError(
            document.name,
            "does not say which day it scores.",
            "Name it epss_scores-YYYY-MM-DD.csv or hand it in with its publication date.",
        )
    return _Stated(day, comment.get("model_version"))


def _row(number: int, record: Record, stated: _Stated) -> Row:
    cells = Cells(record.fields)
    score = cells.number("epss", 0, 1)
    if score is None and not cells.problems:
        cells.problems.append("`epss` is blank: a row must state a score.")
    row = {
        "source_row": number,
        "cve_id": cells.cve("cve", required=True),
        "epss_date": stated.day,
        "model_version": stated.model_version,
        "epss_0_1": score,
        "percentile_0_1": cells.number("percentile", 0, 1),
        "disclosed_at": datetime.combine(stated.day, time()),
        "record": as_json({"score_date": stated.day.isoformat(), **record.fields}),
    }
    return row | {"problems": record.problems + cells.problems}


SOURCE = Source(
    source_id="epss",
    title="EPSS: exploit prediction scores of FIRST",
    group="threat_reports",
    read=read,
    tables=(TABLE,),
    reliability="B",
    reliability_reason="A published, well calibrated model; a prediction, not an observation",
    licence="Free with attribution to FIRST",
    expected_every_days=2,
    is_series=True,
    suffixes=(".csv", ".csv.gz"),
    url="https://epss.empiricalsecurity.com/epss_scores-current.csv.gz",
    hosts=("epss.empiricalsecurity.com",),
)
