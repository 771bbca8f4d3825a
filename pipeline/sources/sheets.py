"""The tables of a delivered file, whatever its format: text, spreadsheet or Parquet."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from pipeline.errors import DeliveryError
from pipeline.sources import delimited, parquet, spreadsheet
from pipeline.sources.base import Delivery
from pipeline.sources.cells import Cell
from pipeline.sources.mapping import Mapping


@dataclass(frozen=True)
class Sheet:
    """One table of a file: its rows from the first, each time it is asked; its last may be torn."""

    title: str
    rows: Callable[[], Iterator[Sequence[Cell]]]
    is_cut_off: bool = False


def sheets_of(delivery: Delivery, mapping: Mapping) -> list[Sheet]:
    """Everything in the file that may hold the table; the bytes decide, not the name."""
    path, name = delivery.path, delivery.name
    with path.open("rb") as file:
        start = file.read(4)
    if not start:
        raise DeliveryError(name, "The file is empty.", "Send it again.")
    if start == b"\xd0\xcf\x11\xe0":
        raise DeliveryError(
            name,
            "It is an old .xls file, or it has a password.",
            "Save it as .xlsx without a password.",
        )
    if start == b"PK\x03\x04":
        titles = spreadsheet.titles(path, name)
        return [Sheet(title, partial(spreadsheet.rows, path, name, title)) for title in titles]
    if start == b"PAR1":
        return [Sheet("Parquet", partial(parquet.rows, path, name))]
    return _separated(delivery, mapping)


def _separated(delivery: Delivery, mapping: Mapping) -> list[Sheet]:
    """The file as each separator would cut it; the one that yields the header is right."""
    path, name = delivery.path, delivery.name
    encoding = delimited.encoding_of(path, mapping.values.get("(encoding)"))
    stated = mapping.values.get("(separator)")
    is_cut_off = delimited.is_cut_off(path)
    return [
        Sheet(
            f"separated by '{separator}'",
            partial(delimited.read_lines, path, name, encoding, separator),
            is_cut_off,
        )
        for separator in ([stated] if stated else delimited.SEPARATORS)
    ]
