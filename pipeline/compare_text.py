"""Comparisons of two states of the scores as tables for a terminal."""

from typing import Any

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table

from pipeline.sandbox import Comparison

Row = dict[str, Any]
_PARTS = ("baseline", "threat", "susceptibility", "consequence", "bound")
_NOTHING = 5e-10


def comparison(one: Comparison) -> Group:
    """What differs, how much moved, and which sectors and suppliers, part by part."""
    days = f"{one.start}" if one.start == one.end else f"{one.start} to {one.end}"
    lines: list[RenderableType] = [f"[bold]What differs[/] ({days})"]
    lines += [f"  {escape(line)}" for line in one.differences or ("Nothing.",)]
    return Group(*lines, "", _summary(one.summary), _sectors(one), _suppliers(one.suppliers))


def _summary(rows: list[Row]) -> Table:
    table = _table(
        "Scores that moved", "", "scores>", "moved>", "mean>", "largest>", "new\nbands>",
        "new\nranks>", "rank\ncorrelation>",
    )  # fmt: skip
    for row in rows:
        correlation = row["rank_correlation"]
        table.add_row(
            row["what"], f"{row['scores']:,}", f"{row['moved']:,}", _signed(row["mean_move"]),
            f"{row['largest_move'] or 0:.2f}", f"{row['new_bands']:,}", f"{row['new_ranks']:,}",
            "" if correlation is None else f"{correlation:.3f}",
        )  # fmt: skip
    return table


def _sectors(one: Comparison) -> Table:
    table = _table(f"Sectors on {one.end}", "sector", "before>", "after>", "moved>", "why")
    for row in one.sectors:
        table.add_row(row["sector"], *_scores(row), _why(row, row["event_moved_most"]))
    return table


def _suppliers(rows: list[Row]) -> Table:
    table = _table(
        "Suppliers that moved most, each on its day of the largest move",
        "supplier", "before>", "after>", "moved>", "why",
    )  # fmt: skip
    for row in rows:
        name = f"{escape(row['supplier'] or '')}\n[dim]{escape(row['supplier_id'])}, "
        table.add_row(f"{name}{row['score_date']}[/]", *_scores(row), _why(row, None))
    return table


def _scores(row: Row) -> list[str]:
    ends = [row["score_before"], row["score_after"]]
    told = ["not scored" if value is None else f"{value:.1f}" for value in ends]
    return [*told, _signed(row["moved"])]


def _why(row: Row, event: str | None) -> str:
    """The parts that moved, then what became of band and rank."""
    parts = [
        f"{part} {_signed(row[part])}"
        + (f" (most: {escape(event)})" if part == "threat" and event else "")
        for part in _PARTS
        if row[part] is not None and abs(row[part]) > _NOTHING
    ]
    became = [f"{name} {_change(row, name)}" for name in ("band", "rank") if _differs(row, name)]
    return "; ".join([", ".join(parts), *became] if parts else became)


def _differs(row: Row, name: str) -> bool:
    return f"{name}_before" in row and row[f"{name}_before"] != row[f"{name}_after"]


def _signed(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:+.2f}" if abs(value) > _NOTHING else "0"


def _change(row: Row, name: str) -> str:
    return f"{row[f'{name}_before'] or 'none'} → {row[f'{name}_after'] or 'none'}"


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", header_style="dim")
    for name in columns:
        table.add_column(name.rstrip(">"), justify="right" if name.endswith(">") else "left")
    return table
