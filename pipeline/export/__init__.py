"""Export: the published scores of one day, or of a range of days, as workbook and flat files."""

import re
from collections.abc import Collection, Iterator
from contextlib import closing
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import ExportError
from pipeline.export.selection import list_suppliers_up_to, select
from pipeline.export.sheets import Block, Sheet, resolve, sheets
from pipeline.export.styles import STYLES, Band
from pipeline.settings import Settings, get_settings

if TYPE_CHECKING:
    import pyarrow as pa

    from pipeline.export.book import Book, Rows
    from pipeline.warehouse import Connection

__all__ = ["ExportError", "export_range", "export_tables", "export_workbook", "summary_sentences"]

MAX_SUPPLIERS = 20_000
_NO_LIMIT = 2**31 - 1
_LONG = {"day": "Suppliers", "range": "BandDays"}
_COMPARED_DAYS = [1, 7, 30]
_FETCH = 5_000


def export_workbook(
    con: "Connection",
    day: date,
    target: Path | str,
    *,
    supplier_ids: Collection[str] | None = None,
    settings: Settings | None = None,
) -> str:
    """Write the workbook of one scored day, whole or for a portfolio of suppliers; its SHA-256.

    Args:
        con: a reading connection on the published snapshot.
        day: the day scored.
        target: a path or any fsspec address, such as `s3://bucket/scores.xlsx`. Suppliers beyond
            the first 20,000 are in `<name>-suppliers.parquet` and `.csv` beside it.
        supplier_ids: list only these suppliers; None = all.
        settings: the contact on the cover and the marking: evidence marked above it is withheld.

    Raises:
        ExportError: the day is not scored, a supplier is unknown, a value cannot be shown or the
            target cannot be written.
    """
    return _Export("day", con, (day, day), supplier_ids, settings).write(str(target))


def export_range(
    con: "Connection",
    start: date,
    end: date,
    target: Path | str,
    *,
    supplier_ids: Collection[str] | None = None,
    settings: Settings | None = None,
) -> str:
    """Write the workbook of a range of days: averages, worst days, days in each band, movers."""
    return _Export("range", con, (start, end), supplier_ids, settings).write(str(target))


def export_tables(
    con: "Connection",
    day: date,
    folder: Path | str,
    *,
    supplier_ids: Collection[str] | None = None,
    settings: Settings | None = None,
) -> list[str]:
    """Write each table of the day's workbook, every supplier listed, as CSV and Parquet.

    In the CSV files, text that a spreadsheet program would take for a formula begins with an
    apostrophe. Returns the addresses of the files.
    """
    return _Export("day", con, (day, day), supplier_ids, settings).write_tables(str(folder))


def summary_sentences(
    con: "Connection", day: date, settings: Settings | None = None
) -> dict[str, list[str]]:
    """The sentences of the day's Summary under their headings."""
    return _Export("day", con, (day, day), None, settings).sentences()


class _Export:
    def __init__(
        self,
        workbook: str,
        con: "Connection",
        days: tuple[date, date],
        supplier_ids: Collection[str] | None,
        settings: Settings | None,
    ) -> None:
        self.con, self.days = con.cursor(), days
        self.portfolio, self.settings = supplier_ids, settings or get_settings()
        self.compared_days = _COMPARED_DAYS if workbook == "day" else [(days[1] - days[0]).days]
        self.declared = sheets(workbook)
        blocks = [block for sheet in self.declared for block in sheet.blocks]
        self.long = next(block for block in blocks if block.name == _LONG[workbook])

    def write(self, target: str) -> str:
        """Write the workbook, and beside it what is too long for a sheet; its SHA-256."""
        from pipeline.export.book import Book
        from pipeline.export.package import save

        beside = f"{target.removesuffix('.xlsx')}-{self.long.file_name}"
        self._read(MAX_SUPPLIERS, re.split(r"[/\\]", beside)[-1])
        with closing(Book(self._bands(), self.comments, self.wording["footer"])) as book:
            for sheet in self.declared:
                heading, note = self._worded(sheet.heading), self._worded(sheet.note)
                book.add(sheet, heading, note, self._blocks(sheet))
            self._finish(book, self._worded(self.declared[0].heading))
            self._write_beside(beside)
            return save(book.workbook, book.alt_texts, target)

    def write_tables(self, folder: str) -> list[str]:
        """Write the tables of the day's sheets as flat files."""
        from pipeline.export.tables import write_tables

        self._read(_NO_LIMIT, "")
        return [
            address
            for sheet in self.declared
            for block in sheet.blocks
            if block.has_header
            for address in write_tables(
                f"{folder.rstrip('/')}/{block.file_name}", self._table(block)
            )
        ]

    def sentences(self) -> dict[str, list[str]]:
        """The sentences of the first sheet under their headings."""
        self._read(MAX_SUPPLIERS, "")
        return {
            block.heading: [sentence for (sentence,) in self._rows_of(block.sql)]
            for block in self.declared[0].blocks
            if [column.name for column in block.columns] == ["sentence"]
        }

    def _read(self, max_suppliers: int, beside: str) -> None:
        select(
            *(self.con, self.days, self.portfolio, self.settings),
            compared_days=self.compared_days,
            max_suppliers=max_suppliers,
            beside=beside,
        )
        self.wording = self._one("from wording")
        self.comments = self._comments()
        self._declare(self.declared)

    def _write_beside(self, beside: str) -> None:
        from pipeline.export.tables import write_tables

        if self.wording["n_suppliers"] > MAX_SUPPLIERS:
            list_suppliers_up_to(self.con, _NO_LIMIT)
            write_tables(beside, self._table(self.long))

    def _table(self, block: Block) -> "pa.Table":
        return self.con.sql(block.sql).to_arrow_table()

    def _declare(self, declared: tuple[Sheet, ...]) -> None:
        """Make the declarations readable by the sheets that list sheets and columns."""
        self.con.execute(
            "create or replace temp table declared_sheets "
            "(place integer, sheet varchar, question varchar)"
        )
        self.con.executemany(
            "insert into declared_sheets values (?, ?, ?)",
            [(place, sheet.title, sheet.question) for place, sheet in enumerate(declared)],
        )
        self.con.execute(
            "create or replace temp table declared_columns (sheet_place integer, place integer, "
            "sheet varchar, header varchar, meaning varchar, unit varchar, value_range varchar, "
            "blank varchar, file varchar, field varchar)"
        )
        self.con.executemany(
            "insert into declared_columns values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [row for place, sheet in enumerate(declared) for row in self._dictionary(place, sheet)],
        )

    def _dictionary(self, sheet_place: int, sheet: Sheet) -> Iterator[tuple[Any, ...]]:
        columns = [
            (block, column)
            for block in sheet.blocks
            if block.has_header
            for column in block.columns
        ]
        for place, (block, declared) in enumerate(columns):
            column = resolve(declared, f"each {declared.name[1:]}", self.comments)
            style = STYLES[column.style]
            yield (
                *(sheet_place, place, sheet.title, column.header, column.meaning),
                *(style.unit, style.value_range, column.blank, block.file_name, declared.name),
            )

    def _blocks(self, sheet: Sheet) -> "list[tuple[Block, Rows]]":
        """Each block with its rows; those of the last, which may be long, come as they are read."""
        blocks: list[tuple[Block, Rows]] = []
        for block in sheet.blocks:
            result = self.con.execute(block.sql)
            names = [str(name) for name, *_ in result.description or []]
            is_last = block is sheet.blocks[-1]
            blocks.append((block, (names, self._fetched() if is_last else result.fetchall())))
        return blocks

    def _fetched(self) -> Iterator[tuple[Any, ...]]:
        while rows := self.con.fetchmany(_FETCH):
            yield from rows

    def _rows_of(self, query: str) -> list[tuple[Any, ...]]:
        return self.con.execute(query).fetchall()

    def _one(self, query: str) -> dict[str, Any]:
        row = self.con.execute(query).fetchone()
        names = [str(name) for name, *_ in self.con.description or []]
        return dict(zip(names, row or (), strict=True))

    def _worded(self, template: str) -> str:
        return template.format_map(self.wording)

    def _bands(self) -> list[Band]:
        rows = self._rows_of("select band, lower_score, upper_score, fill, ink from bands")
        return [
            (band, low, high, fill.strip("#"), ink.strip("#"))
            for band, low, high, fill, ink in rows
        ]

    def _comments(self) -> dict[str, str]:
        return dict(
            self._rows_of(
                "select concat_ws('.', schema_name, table_name, column_name), comment "
                "from duckdb_columns() where comment is not null"
            )
        )

    def _finish(self, book: "Book", title: str) -> None:
        from openpyxl.workbook.defined_name import DefinedName

        from pipeline.export.package import set_properties

        for name, place in book.names.items():
            book.workbook.defined_names[name] = DefinedName(name, attr_text=place)
        facts = {name: str(value) for name, value in self._one("from document_properties").items()}
        cut_off = datetime.combine(self.days[1] + timedelta(days=1), datetime.min.time())
        set_properties(book.workbook, title, cut_off, facts)
