"""Excel workbooks as rows of cells, guarded against files that are not what they seem.

Reading is streamed and bounded: the zip directory is checked before anything is unpacked, the
declared size of a sheet is ignored, and rows and columns are counted.
"""

import re
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from pipeline.errors import DeliveryError
from pipeline.sources.cells import Cell

MAX_BYTES = 200 * 2**20
MAX_RATIO = 200
MAX_ROWS = 200_000
MAX_COLUMNS = 100
_FORMULA_WITHOUT_RESULT = re.compile(rb"(</f>|<f(\s[^>]*)?/>)\s*(<v\s*/>|<v>\s*</v>)?\s*</c>")
DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    LookupError,
    NotImplementedError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    AttributeError,
)


def titles(path: Path, name: str) -> list[str]:
    """Names of the sheets; DeliveryError where the workbook is unsafe or damaged."""
    _check_package(path, name)
    with _opened(path, name) as book:
        found = [sheet.title for sheet in book.worksheets]
    if not found:
        raise DeliveryError(name, "It has no sheet with cells.", "Save it again as .xlsx.")
    return found


def rows(path: Path, name: str, title: str) -> Iterator[tuple[Cell, ...]]:
    """The rows of one sheet."""
    with _opened(path, name) as book:
        sheet = book[title]
        sheet.reset_dimensions()
        for number, cells in enumerate(_quietly(sheet.iter_rows(values_only=True)), 1):
            if number > MAX_ROWS or any(cell is not None for cell in cells[MAX_COLUMNS:]):
                raise DeliveryError(
                    name,
                    f"Sheet '{title}' has more than {MAX_ROWS:,} rows or {MAX_COLUMNS} columns.",
                    "Delete what lies outside the table, or send it as CSV.",
                )
            yield cells[:MAX_COLUMNS]


def _quietly(cells: Iterator[tuple[Cell, ...]]) -> Iterator[tuple[Cell, ...]]:
    """The rows, without openpyxl's warnings on features that do not concern values."""
    batch: list[tuple[Cell, ...]] = [()]
    while batch:
        with warnings.catch_warnings(action="ignore"):
            batch = list(islice(cells, 1_000))
        yield from batch


@contextmanager
def _opened(path: Path, name: str) -> Iterator[Any]:
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        with path.open("rb") as file:
            with warnings.catch_warnings(action="ignore"):
                book = openpyxl.load_workbook(
                    file, read_only=True, data_only=True, keep_links=False
                )
            try:
                yield book
            finally:
                book.close()
    except (*DAMAGE, InvalidFileException) as error:
        raise DeliveryError(
            name, f"The workbook cannot be read ({error!r}).", "Save it again as .xlsx."
        ) from error


def _check_package(path: Path, name: str) -> None:
    try:
        with zipfile.ZipFile(path) as package:
            _check_sizes(package, name)
            if any(member.endswith("vbaProject.bin") for member in package.namelist()):
                raise DeliveryError(name, "It holds macros.", "Save it as .xlsx without macros.")
            for member in package.namelist():
                if member.startswith("xl/worksheets/") and _lacks_results(package, member):
                    raise DeliveryError(
                        name,
                        f"Some formulas have no saved result ({member}).",
                        "Open it in Excel, save it and send it again.",
                    )
    except DAMAGE as error:
        raise DeliveryError(
            name, f"The file is damaged ({error}).", "Save it again as .xlsx."
        ) from error


def _check_sizes(package: zipfile.ZipFile, name: str) -> None:
    unpacked = sum(member.file_size for member in package.infolist())
    packed = sum(member.compress_size for member in package.infolist())
    if unpacked > MAX_BYTES or unpacked > MAX_RATIO * max(packed, 1):
        raise DeliveryError(
            name,
            f"Unpacked it would take {unpacked:,} bytes, {unpacked // max(packed, 1)} times its "
            "size.",
            "Send the table alone, as .xlsx or CSV.",
        )


def _lacks_results(package: zipfile.ZipFile, member: str) -> bool:
    tail = b""
    with package.open(member) as file:
        while chunk := file.read(2**20):
            if _FORMULA_WITHOUT_RESULT.search(tail + chunk):
                return True
            tail = chunk[-200:]
    return False
