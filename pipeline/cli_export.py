"""The command `export`: workbooks and flat files from what is published."""

import csv
import re
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.errors import ExportError

if TYPE_CHECKING:
    from pipeline.settings import Settings
    from pipeline.warehouse import Connection

_ID_COLUMNS = ("supplier_id", "supplier id", "supplier")
_MARKINGS = ("CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED")


def export(
    day: Annotated[
        datetime | None,
        typer.Option(
            "--date", formats=["%Y-%m-%d"], help="The UTC day; default: the newest scored"
        ),
    ] = None,
    start: Annotated[
        datetime | None,
        typer.Option("--from", formats=["%Y-%m-%d"], help="First day of a range, with --to DAY"),
    ] = None,
    to: Annotated[
        list[str] | None,
        typer.Option(
            "--to",
            help="Where to write: a file, a folder or any fsspec address such as s3://bucket/x; "
            "with --from also the last day (--to twice); default: the current folder",
        ),
    ] = None,
    suppliers: Annotated[
        str | None,
        typer.Option(help="Only these: ids with commas between, or a text or CSV file of them"),
    ] = None,
    tables: Annotated[
        bool, typer.Option("--tables", help="CSV and Parquet of every table, into a folder")
    ] = False,
    tlp: Annotated[
        str | None,
        typer.Option(help="Withhold evidence marked above; default SECTOR_RISK_TLP"),
    ] = None,
) -> None:
    """Write the workbook of a day, of a range of days or of a portfolio, or its tables."""
    from pipeline.export import export_range, export_tables, export_workbook
    from pipeline.warehouse import open_snapshot

    end, target = _end_and_target(to or [])
    if (start is None) != (end is None) or (start and day):
        raise typer.BadParameter("give --date DAY, or --from DAY and --to DAY, or none of them")
    if start and tables:
        raise typer.BadParameter("--tables are those of one day: give --date")
    settings, portfolio = _settings(tlp), _supplier_ids(suppliers) if suppliers else None
    with open_snapshot() as con:
        if start and end:
            place = _place(target, f"sector-risk-{start:%Y-%m-%d}-to-{end}")
            digest = export_range(
                con, start.date(), end, place, supplier_ids=portfolio, settings=settings
            )
            _say(f"{place}  sha256 {digest}")
            return
        chosen = day.date() if day else _newest(con)
        if tables:
            folder = target or f"sector-risk-{chosen}"
            for address in export_tables(
                con, chosen, folder, supplier_ids=portfolio, settings=settings
            ):
                _say(address)
            return
        place = _place(target, f"sector-risk-{chosen}")
        digest = export_workbook(con, chosen, place, supplier_ids=portfolio, settings=settings)
        _say(f"{place}  sha256 {digest}")


def _end_and_target(to: list[str]) -> tuple[date | None, str | None]:
    """The last day and the target, each given by --to at most once."""
    days = [one for one in to if re.fullmatch(r"\d{4}-\d\d-\d\d", one)]
    targets = [one for one in to if one not in days]
    if len(days) > 1 or len(targets) > 1:
        raise typer.BadParameter("--to takes one day and one place to write to", param_hint="--to")
    try:
        end = date.fromisoformat(days[0]) if days else None
    except ValueError as error:
        raise typer.BadParameter(f"{days[0]} is no day", param_hint="--to") from error
    return end, targets[0] if targets else None


def _place(target: str | None, name: str) -> str:
    """The address of the workbook; a folder gets the usual name in it."""
    if target is None:
        return f"{name}.xlsx"
    if target.endswith(("/", "\\")) or ("://" not in target and Path(target).is_dir()):
        return f"{target.rstrip('/')}/{name}.xlsx"
    if not target.lower().endswith(".xlsx"):
        raise ExportError(
            f"{target} is neither a folder nor a name that ends in .xlsx. Give one of them; a "
            "folder that is yet to be made ends in /."
        )
    return target


def _settings(tlp: str | None) -> "Settings":
    from pipeline.settings import get_settings

    if tlp is None:
        return get_settings()
    label = tlp.upper().removeprefix("TLP:")
    if label not in _MARKINGS:
        raise typer.BadParameter(f"one of {', '.join(_MARKINGS)}", param_hint="--tlp")
    return get_settings().model_copy(update={"tlp": label})


def _supplier_ids(given: str) -> list[str]:
    """Ids separated by commas, or those in a file: one a line, or its column `supplier_id`."""
    path = Path(given)
    looks_like_file = path.suffix.lower() in {".csv", ".txt", ".xlsx"} or "/" in given
    if not looks_like_file and not path.is_file():
        return _unique(given.split(","))
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = [row for row in csv.reader(file) if any(cell.strip() for cell in row)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else "is no text in UTF-8"
        raise ExportError(
            f"{given}: {reason}. Give a text file with one supplier id a line, or a CSV file "
            "(UTF-8) with a column supplier_id."
        ) from error
    header = [cell.strip().lower() for cell in rows[0]] if rows else []
    column = next((header.index(name) for name in _ID_COLUMNS if name in header), None)
    if column is None and len(header) > 1:
        raise ExportError(
            f"{given}: no column supplier_id; its columns are {', '.join(rows[0])}. Rename one."
        )
    ids = _unique(
        row[column or 0] for row in rows[column is not None :] if len(row) > (column or 0)
    )
    if not ids:
        raise ExportError(f"{given} names no supplier. Write one supplier id a line.")
    return ids


def _unique(ids: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(one.strip() for one in ids if one.strip()))


def _newest(con: "Connection") -> date:
    row = con.execute("select max(score_date) from quality.scored_days").fetchone()
    if row is None or row[0] is None:
        raise ExportError("There is no published score yet. Run 'sector-risk run --date …' first.")
    day: date = row[0]
    return day


def _say(line: str) -> None:
    typer.echo(line)
