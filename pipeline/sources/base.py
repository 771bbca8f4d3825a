"""What a source is: a declaration and a reader."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import pyarrow as pa

Row = dict[str, Any]


@dataclass(frozen=True)
class Delivery:
    """One archived file, exactly as received.

    Attributes:
        delivery_id: `<source_id>/<delivered_on>/<sha256[:12]>`.
        path: the archived bytes; never written to.
        name: the file's name as delivered.
        delivered_at: UTC, when it reached us.
        published_on: publication date stated by whoever handed the file in; None = not stated.
        is_historical: its records count as known since their own disclosure.
        url: where it was fetched from; None = handed in as a file.
        not_read: members of an archive that are no documents of the source, by their ending;
            filled while it is read.
    """

    delivery_id: str
    source_id: str
    path: Path
    name: str
    delivered_at: datetime
    published_on: date | None = None
    is_historical: bool = False
    url: str | None = None
    not_read: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list), compare=False)


@dataclass(frozen=True)
class Rows:
    """Records for one staged table.

    `rows` is a list of dictionaries, or an Arrow table where a reader is built for bulk. Keys are
    the columns of the staged table (absent = NULL), plus these that every row may carry:

    * `source_row` (required, int): line, ordinal or object number in the file, from 1;
    * `record` (str): the record as received, as JSON; default: the row itself;
    * `disclosed_at` (datetime, UTC, naive): when the record itself says that it became known
      (published, added, as-of); default: the delivery's time;
    * `problems` (list of str): what is wrong with it, one sentence each; such a row is quarantined.
    """

    table: str
    rows: "list[Row] | pa.Table"


@dataclass(frozen=True)
class Source:
    """Declaration of one source; its module's name is its `source_id`.

    Attributes:
        group: which ingest DAG it belongs to.
        read: turns one delivery into rows; raises DeliveryError for the file as a whole.
        tables: the staged tables that it can fill.
        reliability: Admiralty letter A–F (A = completely reliable, F = cannot be judged).
        reliability_reason: why that letter.
        is_snapshot: each delivery is the whole list, so that what is missing from it has ended.
        is_series: each day's file mostly says what the one before it did: only what differs is
            staged, and the rest counted as duplicates.
        expected_every_days: longest usual gap between deliveries; None = when something happens.
        states_vex: it is no scan but says whether a product is affected, and overrules scanners.
        suffixes: file name endings that the source accepts.
        url: default address to fetch from; None = files only.
        hosts: hosts that a fetch and its redirects may reach.
        licence: terms of the data.
        tlp: marking of what it delivers unless the record says otherwise.
    """

    source_id: str
    title: str
    group: Literal["threat_reports", "sector_exposure"]
    read: Callable[[Delivery], Iterator[Rows]]
    tables: tuple[str, ...]
    reliability: Literal["A", "B", "C", "D", "E", "F"]
    reliability_reason: str
    licence: str
    is_snapshot: bool = False
    is_series: bool = False
    expected_every_days: int | None = None
    states_vex: bool = False
    suffixes: tuple[str, ...] = ()
    url: str | None = None
    hosts: tuple[str, ...] = field(default=())
    tlp: Literal["CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED"] = "CLEAR"
