"""Comparisons of two states of the scores as tables for a terminal."""

from typing import Any

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table

from pipeline.sandbox import Comparison

Row = dict[str, Any]
_PARTS = ("baseline", "threat", "susceptibility", "consequence", "bound")


def comparison(one: Comparison) -> Group:
    """What differs, how much moved, and which sectors and suppliers, part by part."""
    days = f"{one.start}" if one.start == one.end else f"{one.start} to {one.end}"
    lines: list[RenderableType] = [f"[bold]What differs[/] ({days})"]
    lines += [f"  {escape(line)}" for line in one.differences or ("Nothing.",)]
    return Group(*lines, "", _summary(one.summary), _sectors(one), _suppliers(one.suppliers))


def _summary(rows: list[Row]) -> Table:
    table = _table(
        "Scores that moved", "", "scores>", "moved>", "mean>", "largest>", "new bands>",
        "new ranks>", "rank correlation>",
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
    table = _table(
        f"Sectors on {one.end}", "sector", "before>", "after>", "moved>",
        *(f"{part}>" for part in _PARTS), "band", "rank", "event that moved most",
    )  # fmt: skip
    for row in one.sectors:
        table.add_row(
            row["sector"], *_scores(row), _change(row, "band"), _change(row, "rank"),
            escape(row["event_moved_most"] or ""),
        )  # fmt: skip
    return table


def _suppliers(rows: list[Row]) -> Table:
    table = _table(
        "Suppliers that moved most, each on its day of the largest move", "supplier", "id", "day",
        "before>", "after>", "moved>", *(f"{part}>" for part in _PARTS), "band",
    )  # fmt: skip
    for row in rows:
        name = escape(row["supplier"] or "")
        table.add_row(name, escape(row["supplier_id"]), str(row["score_date"]), *_scores(row),
                      _change(row, "band"))  # fmt: skip
    return table


def _scores(row: Row) -> list[str]:
    ends = [row["score_before"], row["score_after"]]
    return [
        *("not scored" if value is None else f"{value:.1f}" for value in ends),
        *(_signed(row[name]) for name in ("moved", *_PARTS)),
    ]


def _signed(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:+.2f}" if abs(value) > 5e-10 else "0"


def _change(row: Row, name: str) -> str:
    before, after = row[f"{name}_before"], row[f"{name}_after"]
    return f"{before or '–'}" if before == after else f"{before or '–'} → {after or '–'}"


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", header_style="dim")
    for name in columns:
        table.add_column(name.rstrip(">"), justify="right" if name.endswith(">") else "left")
    return table
