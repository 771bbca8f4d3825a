"""Commands on registers before they are loaded, and on suppliers who may be one."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from pipeline.preview import Preview

Json = Annotated[bool, typer.Option("--json", help="Print JSON")]
PROBLEMS_SHOWN = 30


def check(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="File to look at")],
    source: Annotated[str | None, typer.Option(help="Which source it would be of")] = None,
    as_json: Json = False,
) -> None:
    """Say what a file would give, what not and why; nothing is loaded. Exit 3: rows set aside."""
    from pipeline.preview import preview
    from pipeline.sources import source_of_file

    found = preview(file, source or source_of_file(file).source_id)
    if as_json:
        _print_json(asdict(found))
    else:
        _print_preview(found)
    if found.problems:
        raise typer.Exit(3)


def suppliers(as_json: Json = False) -> None:
    """List pairs of suppliers that may be one; settle them in method/supplier_decisions.csv."""
    from pipeline.identity import doubtful_suppliers
    from pipeline.warehouse import open_warehouse

    with open_warehouse() as con:
        pairs = doubtful_suppliers(con)
    if as_json:
        _print_json([asdict(pair) for pair in pairs])
        return
    console = _console()
    for pair in pairs:
        console.print(f"{pair.supplier_id_a} and {pair.supplier_id_b}: {pair.reason}", markup=False)
    if not pairs:
        console.print("No two suppliers look like one.")


def _print_preview(found: "Preview") -> None:
    console = _console()

    def say(line: str) -> None:
        console.print(line, markup=False, highlight=False, soft_wrap=True)

    say(f"{found.name} as {found.source_id}" + (f": {found.place}" if found.place else ""))
    for column, filled_by in found.columns:
        say(f"  {column:<18} {filled_by}")
    if found.unused:
        say(f"Columns not used: {', '.join(found.unused)}")
    for table, n_rows in found.n_rows.items():
        say(f"Rows for {table}: {n_rows:,}")
    n_bad = len({row for row, _ in found.problems})
    say(f"Rows that would be set aside: {n_bad:,}")
    for row, problem in found.problems[:PROBLEMS_SHOWN]:
        say(f"  row {row}: {problem}")
    if len(found.problems) > PROBLEMS_SHOWN:
        say(f"  … and {len(found.problems) - PROBLEMS_SHOWN:,} more (--json lists them all)")
    for value, rows in found.repeated[:PROBLEMS_SHOWN]:
        say(f"  {value} stands in rows {', '.join(map(str, rows))}")
    for note in found.notes:
        say(note)


def _print_json(value: object) -> None:
    import orjson

    sys.stdout.write(orjson.dumps(value, default=str).decode() + "\n")


def _console() -> "Console":
    from rich.console import Console

    return Console()
