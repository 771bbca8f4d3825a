"""Bytes to records: JSON, JSON lines and CSV, with the place of every fault."""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from typing import Any, TypeVar

import orjson

from pipeline.errors import DeliveryError
from pipeline.sources.base import Row, Rows
from pipeline.sources.fields import MAX_TEXT

ROWS_AT_ONCE = 5_000
MAX_LINE_CHARACTERS = 8 * 2**20
DAY_IN_NAME = re.compile(r"(?<!\d)(?:19|20)\d{2}-\d{2}-\d{2}(?!\d)")
CUT_OFF = (
    "The file ends here without a line end, so this row may be torn. If it is whole, end the file "
    "with an empty line and deliver it again."
)

T = TypeVar("T")


@dataclass(slots=True)
class Record:
    """One record of a file: where it stands, what it says, what is wrong with its form."""

    number: int
    fields: dict[str, Any]
    problems: list[str] = field(default_factory=list)


def decoded(data: bytes) -> str:
    """Text in UTF-8 or UTF-16 (by its mark), and Windows-1252 where it is neither."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def json_value(name: str, data: bytes) -> Any:
    """One JSON document; nesting beyond 1,024 levels is refused by the parser."""
    try:
        return orjson.loads(data.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        raise DeliveryError(
            name,
            f"is not valid JSON at line {error.lineno}, column {error.colno}: {error.msg}.",
            "Deliver it again; it was torn or is another format.",
        ) from error


def json_object(name: str, data: bytes) -> dict[str, Any]:
    """One JSON document whose top level is an object."""
    value = json_value(name, data)
    if not isinstance(value, dict):
        raise DeliveryError(
            name,
            f"its top level is a {type(value).__name__}, not an object.",
            "Check that it was handed to the right source.",
        )
    return value


def as_json(record: Any) -> str:
    """A record as JSON text, as it is kept."""
    return json_bytes(record).decode()


def json_bytes(record: Any) -> bytes:
    """The same in UTF-8; DeliveryError beyond 254 levels, which the parser still reads."""
    try:
        return orjson.dumps(record, default=str, option=orjson.OPT_NON_STR_KEYS)
    except orjson.JSONEncodeError as error:
        raise DeliveryError(
            "the delivery",
            f"holds a record that cannot be kept as JSON ({error}).",
            "Ask the sender for it without such nesting.",
        ) from error


def unreadable(number: int, name: str, data: bytes, error: DeliveryError) -> Row:
    """The row that stands for one unreadable document of an archive: it goes to quarantine."""
    kept = {"document": name, "text": decoded(data[:MAX_TEXT])}
    return {
        "source_row": number,
        "record": as_json(kept),
        "problems": [f"{name}: {error.problem} {error.remedy}"],
    }


def json_lines(name: str, data: bytes) -> Iterator[Record]:
    """JSON lines; a line that is no object becomes a record with a problem."""
    n = 0
    for line_number, line in enumerate(io.BytesIO(data.removeprefix(b"\xef\xbb\xbf")), 1):
        if line.strip():
            n += 1
            yield _json_line(n, line_number, line.strip())
    if n == 0:
        raise DeliveryError(name, "holds no record.", "Deliver it again; it is empty.")


def _json_line(number: int, line_number: int, line: bytes) -> Record:
    problem = f"Line {line_number} has more than {MAX_LINE_CHARACTERS:,} bytes: split it."
    if len(line) <= MAX_LINE_CHARACTERS:
        try:
            value = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            problem = f"Line {line_number} is not valid JSON ({error.msg}): deliver it again."
        else:
            if isinstance(value, dict):
                return Record(number, value)
            problem = f"Line {line_number} is no JSON object: one record a line is expected."
    return Record(number, {"text": decoded(line[:MAX_TEXT])}, [problem])


def csv_records(name: str, text: str, required: Iterable[str]) -> Iterator[Record]:
    """Rows of a CSV with a header; a row of another width, or cut off, carries a problem."""
    is_cut_off = not text.endswith(("\n", "\r"))
    reader = csv.reader(io.StringIO(text, newline=""))
    try:
        header = [cell.strip() for cell in next(reader, [])]
        _check_header(name, header, required)
        rows = ((reader.line_num, cells) for cells in reader if cells)
        for (number, (line, cells)), is_last in with_last(enumerate(rows, 1)):
            record = _csv_record(number, line, header, cells)
            if is_last and is_cut_off:
                record.problems.append(CUT_OFF)
            yield record
    except csv.Error as error:
        raise DeliveryError(
            name,
            f"cannot be read as CSV at line {reader.line_num} ({error}).",
            "Check its quotes and deliver it again.",
        ) from error


def with_last(items: Iterable[T]) -> Iterator[tuple[T, bool]]:
    """Each item, and whether it is the last one."""
    rest = iter(items)
    for item in islice(rest, 1):
        last = item
        for following in rest:
            yield last, False
            last = following
        yield last, True


def _check_header(name: str, header: list[str], required: Iterable[str]) -> None:
    missing = [column for column in required if column not in header]
    if missing:
        raise DeliveryError(
            name,
            f"line 1 lacks the columns {', '.join(missing)}; found: {', '.join(header)[:200]}.",
            "Check that it was handed to the right source.",
        )


def _csv_record(number: int, line: int, header: list[str], cells: list[str]) -> Record:
    fields: dict[str, Any] = dict(zip(header, cells, strict=False))
    if len(cells) == len(header):
        return Record(number, fields)
    if len(cells) > len(header):
        fields["further cells"] = cells[len(header) :]
    problem = (
        f"Line {line} has {len(cells)} cells where the header has {len(header)}: "
        "check its quotes and commas."
    )
    return Record(number, fields, [problem])


def chunked(table: str, rows: Iterable[Row], size: int = ROWS_AT_ONCE) -> Iterator[Rows]:
    """Rows in parts, so that memory stays bounded however long the file is."""
    part: list[Row] = []
    for row in rows:
        part.append(row)
        if len(part) == size:
            yield Rows(table, part)
            part = []
    if part:
        yield Rows(table, part)


def day_in_name(name: str) -> date | None:
    """The ISO date in a file's name, where there is one."""
    for found in DAY_IN_NAME.findall(name):
        try:
            return date.fromisoformat(found)
        except ValueError:
            continue
    return None
