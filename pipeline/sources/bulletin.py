"""Alerts and bulletins of authorities as JSON lines: what an office copies from their pages.

One record is one line with `doc_id`, `issuer`, `title`, `doc_type`, `published`, `text`, and where
they are known `valid_until`, `supersedes` (the doc_id replaced), `tlp`, `source_urls` and
`information_credibility` (1 to 6). The type stated goes before the kind that the text suggests.
"""

from collections.abc import Iterator
from typing import Any

from pipeline.sources.archive import documents
from pipeline.sources.base import Delivery, Row, Rows, Source
from pipeline.sources.fields import TLP, Cells, strings
from pipeline.sources.parsing import Record, as_json, chunked, json_lines
from pipeline.sources.prose import told

TABLE = "reports"
DOC_TYPES = {
    "alert": "alert",
    "bulletin": "bulletin",
    "advisory": "advisory",
    "campaign": "campaign",
    "incident": "incident",
    "news": "news",
    "analysis": "analysis",
}
MARKINGS = TLP | {f"tlp:{name}": label for name, label in TLP.items()}


def read(delivery: Delivery) -> Iterator[Rows]:
    """Every line."""
    yield from chunked(TABLE, _rows(delivery), 500)


def _rows(delivery: Delivery) -> Iterator[Row]:
    number = 0
    for document in documents(delivery, (".jsonl", ".json")):
        for record in json_lines(document.name, document.data):
            number += 1
            yield _row(number, record, delivery)


def _row(number: int, record: Record, delivery: Delivery) -> Row:
    cells = Cells(record.fields)
    title = cells.text("title", required=True)
    published_at = cells.moment("published", required=True)
    said = told(cells.text("text") or title or "", published_at or delivery.delivered_at, title)
    stated = {
        "kind": cells.choice("doc_type", DOC_TYPES),
        "valid_until": cells.moment("valid_until"),
        "tlp": cells.choice("tlp", MARKINGS),
        "severity_0_10": cells.number("severity", 0, 10),
    }
    row = said | {name: value for name, value in stated.items() if value is not None}
    row |= _identity(cells) | {
        "source_row": number,
        "title": title,
        "published_at": published_at,
        "disclosed_at": published_at,
        "information_credibility_1_6": _credibility(cells),
        "record": as_json(record.fields),
    }
    return row | {"problems": record.problems + cells.problems}


def _identity(cells: Cells) -> dict[str, Any]:
    key = cells.text("doc_id", required=True)
    urls = strings(cells.record.get("source_urls"))
    return {
        "report_key": key,
        "publisher": cells.text("issuer"),
        "url": urls[0] if urls else None,
        "supersedes_key": cells.text("supersedes"),
        "refs": [*([key] if key else []), *urls],
    }


def _credibility(cells: Cells) -> int | None:
    number = cells.number("information_credibility", 1, 6)
    return None if number is None else int(number)


SOURCE = Source(
    source_id="bulletin",
    title="Alerts and bulletins of authorities",
    group="threat_reports",
    read=read,
    tables=(TABLE,),
    reliability="A",
    reliability_reason="Issued by national authorities under their name",
    licence="US government work (public domain), or as stated by the issuer",
    suffixes=(".jsonl", ".json"),
)
