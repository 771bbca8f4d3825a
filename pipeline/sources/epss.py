"""EPSS of FIRST: the probability that a CVE is exploited within 30 days, one CSV a day.

Every layout since 2021: `cve,epss`; `cve,epss,percentile`; the same below a comment line with the
model's version and the day scored (since 2022-02-04); and tables with columns CVE, EPSS and
EPSS Percentile among others. The day is the one the file states, else the one in its name, else
the publication date given with it; a file with none of them is refused, because a score without
its day means nothing. Where the file gives no percentile, it is the rank within the file.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time

from pipeline.errors import DeliveryError
from pipeline.sources.archive import Document, documents
from pipeline.sources.base import Delivery, Row, Rows, Source
from pipeline.sources.fields import Cells, utc
from pipeline.sources.parsing import (
    Record,
    as_json,
    chunked,
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


@dataclass(frozen=True)
class _Stated:
    """What a file says about all of its rows."""

    day: date
    model_version: str | None


def read(delivery: Delivery) -> Iterator[Rows]:
    """Every score of the day."""
    yield from chunked(TABLE, _rows(delivery))


def _rows(delivery: Delivery) -> Iterator[Row]:
    number = 0
    for document in documents(delivery, (".csv",)):
        comment, text = _split_comment(decoded(document.data))
        stated = _stated(delivery, document, comment)
        header, _, body = text.partition("\n")
        names = _renamed(header)
        records = csv_records(document.name, f"{names}\n{body}", ("cve", "epss"))
        rows = (_row(number, record, stated) for number, record in enumerate(records, number + 1))
        is_ranked = "percentile" in names.split(",")
        if not is_ranked and not text.endswith(("\n", "\r")):
            raise DeliveryError(
                document.name,
                "ends inside a line, and without percentiles the ranks need every row.",
                "Deliver it again; it was torn on its way.",
            )
        for row in rows if is_ranked else _ranked(rows):
            number = row["source_row"]
            yield row


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
    suffixes=(".csv", ".csv.gz"),
    url="https://epss.empiricalsecurity.com/epss_scores-current.csv.gz",
    hosts=("epss.empiricalsecurity.com",),
)
