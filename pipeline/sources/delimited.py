"""Delimited text (CSV): encodings, separators and broken quotes, without guessing."""

import csv
import os
from collections.abc import Iterator
from pathlib import Path

from pipeline.errors import DeliveryError

SEPARATORS = (",", ";", "\t", "|")


def encoding_of(path: Path, stated: str | None) -> str:
    """The encoding stated by the mapping or proven by a byte order mark; UTF-8 otherwise."""
    with path.open("rb") as file:
        start = file.read(4)
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    return "utf-8-sig" if start.startswith(b"\xef\xbb\xbf") else stated or "utf-8"


def is_cut_off(path: Path) -> bool:
    """Whether the file ends inside a line, as one does that was torn on its way."""
    with path.open("rb") as file:
        file.seek(-min(2, path.stat().st_size), os.SEEK_END)
        return not file.read().strip(b"\0").endswith((b"\n", b"\r"))


def read_lines(path: Path, name: str, encoding: str, separator: str) -> Iterator[list[str]]:
    """The rows of the file as lists of texts; DeliveryError where the file itself is broken."""
    with path.open(encoding=encoding, newline="") as file:
        rows = csv.reader(_without_nul(file, name), delimiter=separator, strict=True)
        try:
            yield from rows
        except UnicodeDecodeError as error:
            raise DeliveryError(
                name,
                f"Near line {rows.line_num + 1} there is a byte that is not {encoding.upper()}.",
                "Save it as 'CSV UTF-8', or state its encoding in the mapping, such as cp1252.",
            ) from error
        except csv.Error as error:
            raise DeliveryError(
                name,
                f"Near line {rows.line_num} the quotes are not closed properly ({error}).",
                "Export the file again.",
            ) from error


def _without_nul(lines: Iterator[str], name: str) -> Iterator[str]:
    for number, line in enumerate(lines, 1):
        if "\0" in line:
            raise DeliveryError(name, f"Line {number} holds a NUL byte.", "Export the file again.")
        yield line
