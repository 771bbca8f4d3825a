"""The published warehouse under another method or in another world, without touching it.

A sandbox is a warehouse in memory whose staged tables show the published rows. Days scored in it
are kept by name, so that two states can be compared.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from pipeline.errors import SectorRiskError, UnknownNameError
from pipeline.method import METHOD_FOLDER, read_method
from pipeline.score import score_range
from pipeline.warehouse import (
    Connection,
    install,
    open_beside,
    query,
    staged_tables,
)

Row = dict[str, Any]


@dataclass(frozen=True)
class Comparison:
    """Two states of the scores of the same days; the moves of the parts sum to the score's.

    Attributes:
        differences: what differs between the states, a line each.
        summary: one row for sectors and one for suppliers, over all days.
        sectors: every sector on the last day.
        suppliers: the suppliers that moved most on any of the days.
    """

    start: date
    end: date
    differences: tuple[str, ...]
    summary: list[Row]
    sectors: list[Row]
    suppliers: list[Row]


@contextmanager
def sandbox(con: Connection) -> Iterator[Connection]:
    """A warehouse beside the published one that shows its rows; it takes any change."""
    with open_beside(con) as box:
        for table in staged_tables(box):
            box.execute(f"alter table staged.{table} rename to {table}_added")
            show(box, table)
        for table in ("raw.deliveries", "quality.verdicts", "quality.ledger"):
            box.execute(f"drop table {table}")
            box.execute(f"create view {table} as from published.{table}")
        for table in ("report_events", "report_events_basis"):
            box.execute(f"insert into facts.{table} from published.facts.{table}")
        yield box


def show(box: Connection, table: str, columns: str = "*", condition: str = "true") -> None:
    """Let a staged table show those columns of the published rows, and the rows added."""
    box.execute(
        f"create or replace view staged.{table} as select {columns} "
        f"from published.staged.{table} where {condition} "
        f"union all by name from staged.{table}_added"
    )


def keep_scores(box: Connection, name: str, start: date, end: date) -> None:
    """Score the days start…end in the sandbox and keep the scores as schema `name`."""
    box.execute("delete from quality.facts_inputs")
    score_range(box, start, end, force=True)
    box.execute(f"create schema {name}")
    for table in ("sector_daily", "sector_driver_daily", "supplier_daily"):
        box.execute(
            f"create table {name}.{table} as from scores.{table} "
            "where score_date between $start and $end",
            {"start": start, "end": end},
        )


def compared(
    box: Connection, start: date, end: date, differences: tuple[str, ...], n: int
) -> Comparison:
    """What differs between the scores kept as `before` and as `after`."""
    return Comparison(
        start,
        end,
        differences,
        query(box, "compare_summary"),
        query(box, "compare_sectors", day=end),
        query(box, "compare_suppliers", n=n),
    )


def compare_methods(
    con: Connection, method_a: str, method_b: str, start: date, end: date, *, n: int = 20
) -> Comparison:
    """Score the days under two methods.

    Args:
        con: a connection to the published snapshot.
        method_a: folder of method tables, or `current`. A folder may hold only the tables that
            differ from the current ones.
        method_b: the other one.
        start: first day.
        end: last day, included.
        n: how many suppliers to list.
    """
    with tempfile.TemporaryDirectory() as place, sandbox(con) as box:
        folders = [
            _method_folder(one, Path(place) / name)
            for one, name in ((method_a, "a"), (method_b, "b"))
        ]
        for folder, name in zip(folders, ("before", "after"), strict=True):
            install(box, read_method(folder))
            _check_parameters(box, folder)
            keep_scores(box, name, start, end)
        return compared(box, start, end, _table_differences(*folders), n)


def _method_folder(method: str, place: Path) -> Path:
    shutil.copytree(METHOD_FOLDER, place)
    if method == "current":
        return place
    tables = sorted(Path(method).glob("*.csv"))
    if not tables:
        raise SectorRiskError(
            f"{method} holds no method tables. Name a folder with CSV tables like those in "
            f"{METHOD_FOLDER}, or 'current'."
        )
    known = [path.stem for path in METHOD_FOLDER.glob("*.csv")]
    for table in tables:
        if table.stem not in known:
            raise UnknownNameError("Method table", table.stem, known)
        shutil.copyfile(table, place / table.name)
    return place


def _check_parameters(box: Connection, folder: Path) -> None:
    wrong = box.execute(
        'select name, "value", lower, upper from method.parameters '
        'where not "value" between lower and upper'
    ).fetchall()
    if wrong:
        told = ", ".join(f"{name} = {value} ({low} to {high})" for name, value, low, high in wrong)
        raise SectorRiskError(f"{folder / 'parameters.csv'}: outside their bounds: {told}.")


def _table_differences(before: Path, after: Path) -> tuple[str, ...]:
    lines: list[str] = []
    for path in sorted(before.glob("*.csv")):
        old, new = (
            (folder / path.name).read_text(encoding="utf-8").splitlines()
            for folder in (before, after)
        )
        lines += [f"{path.stem} - {line}" for line in old if line not in set(new)]
        lines += [f"{path.stem} + {line}" for line in new if line not in set(old)]
    return tuple(lines)
