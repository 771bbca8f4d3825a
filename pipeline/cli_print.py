"""Tables and JSON on stdout."""

import sys
from typing import Any


def show(
    rows: list[dict[str, Any]], as_json: bool = False, empty: str = "", title: str | None = None
) -> None:
    """Print rows as a table or as JSON; `empty` is said where there are none."""
    if as_json:
        import orjson

        sys.stdout.write(orjson.dumps(rows, default=str).decode() + "\n")
        return
    if not rows:
        console().print(empty)
        return
    from rich.table import Table

    table = Table(title=title, title_justify="left", header_style="bold")
    for name in rows[0]:
        table.add_column(name.replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*(_cell(value) for value in row.values()))
    console().print(table)


def console(stderr: bool = False) -> Any:
    """Where people read."""
    from rich.console import Console

    return Console(stderr=stderr)


def _cell(value: object) -> str:
    from rich.markup import escape

    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.1f}"
    return escape(str(value))
