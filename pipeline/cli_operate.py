"""Commands of whoever runs it: decide on what is held back, list the gates, write the report."""

import getpass
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

Day = Annotated[datetime, typer.Option("--date", formats=["%Y-%m-%d"], help="The UTC day")]


def approve(
    day: Day, reason: Annotated[str, typer.Option(help="Why; it is published too")]
) -> None:
    """Publish a day that is held back, because you know that it is right."""
    from pipeline import flow

    _decide(day, reason, is_approved=True)
    typer.echo(flow.publish(day.date()))


def reject(day: Day, reason: Annotated[str, typer.Option(help="Why")]) -> None:
    """Leave a day that is held back unpublished; readers keep the last one."""
    _decide(day, reason, is_approved=False)


def _decide(day: datetime, reason: str, *, is_approved: bool) -> None:
    from pipeline import flow
    from pipeline.publication import Decision
    from pipeline.raw import utc_now

    decision = Decision(is_approved, getpass.getuser(), utc_now(), reason)
    flow.decide(day.date(), decision)
    typer.echo(decision.sentence)


def held(day: Day) -> None:
    """Why a day is held back and what publishing it would change, as Markdown."""
    from pipeline import flow

    found = flow.check(day.date())
    if found.reasons:
        typer.echo(flow.changes_as_markdown(found))
    else:
        typer.echo(f"Nothing holds back the scores of {day.date()}.")


def report(day: Day, to: Annotated[Path, typer.Option(help="The HTML file to write")]) -> None:
    """Write the status and quality report of a day from what is published."""
    from pipeline.report.status import write_status
    from pipeline.settings import get_settings
    from pipeline.warehouse import open_snapshot

    with open_snapshot() as con:
        write_status(con, get_settings(), day.date(), to)
    typer.echo(to)


def tidy(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON")] = False,
) -> None:
    """Remove what is older than the settings say and what killed processes left; compact."""
    from dataclasses import asdict

    from pipeline import tidy as housekeeping
    from pipeline.cli_print import show
    from pipeline.settings import get_settings

    found = housekeeping.tidy(get_settings(), dry_run=dry_run)
    show([asdict(each) for each in found], as_json, "There is nothing to tidy.")
    if found and not as_json:
        n_bytes = sum(each.n_bytes for each in found)
        typer.echo(f"{n_bytes / 1e6:,.1f} MB {'would be' if dry_run else 'are'} freed.")


def gates() -> None:
    """List every gate: what it looks at, what follows where it is not passed, and why."""
    from rich.console import Console
    from rich.table import Table

    from pipeline.validate import EXPECTATIONS_FOLDER, suite

    table = Table("of", "gate", "kind", "policy", "expected", "why", header_style="bold")
    for path in sorted(EXPECTATIONS_FOLDER.glob("*.json")):
        for each in suite(path.stem):
            about = each["meta"]
            if "policy" in about:
                expected = about["expected"].replace(
                    "{min_value}", str(each["kwargs"].get("min_value"))
                )
                expected = expected.replace("{max_value}", str(each["kwargs"].get("max_value")))
                table.add_row(
                    path.stem,
                    about["rule_id"],
                    about["kind"],
                    about["policy"],
                    expected,
                    each["notes"],
                )
    Console().print(table)
