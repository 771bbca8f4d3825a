"""The command line `sector-risk`: data on stdout, progress and errors on stderr.

Imports happen inside the commands, so that `--help` answers at once.
"""

import os
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from pipeline import (
    cli_backfill,
    cli_backtest,
    cli_export,
    cli_exposure,
    cli_operate,
    cli_reports,
)
from pipeline.cli_explain import app as explain_app
from pipeline.cli_print import console, show
from pipeline.errors import SectorRiskError

app = typer.Typer(
    help="Which of our sectors and suppliers are in danger today, how sure are we, and why?",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(explain_app)
app.add_typer(cli_backfill.app, name="backfill")
quarantine_app = typer.Typer(help="Records set aside and their return.", no_args_is_help=True)
app.add_typer(quarantine_app, name="quarantine")
sources_app = typer.Typer(help="Where the data comes from.", no_args_is_help=False)
app.add_typer(sources_app, name="sources", invoke_without_command=True)
sources_app.command("check")(cli_exposure.check)
app.command("who-is-who")(cli_exposure.suppliers)
app.command()(cli_export.export)
app.add_typer(cli_reports.evaluate_app, name="evaluate")
app.command("doubtful-events")(cli_reports.events)
app.command("backtest")(cli_backtest.backtest)
for command in (
    cli_operate.held,
    cli_operate.approve,
    cli_operate.reject,
    cli_operate.report,
    cli_operate.gates,
    cli_operate.tidy,
):
    app.command()(command)

Day = Annotated[datetime, typer.Option("--date", formats=["%Y-%m-%d"], help="The UTC day")]
Start = Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="First day")]
End = Annotated[datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="Last day, included")]
Knowledge = Annotated[
    str, typer.Option(help="then: as could be known that day; now: hindsight, labelled as such")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON")]


@app.callback()
def choose(
    engine: Annotated[
        str | None, typer.Option(help="Where scores are computed, duckdb or spark; see Settings")
    ] = None,
) -> None:
    """What holds for every command."""
    if engine:
        os.environ["SECTOR_RISK_ENGINE"] = engine


def main() -> None:
    """Run the command line; an error a person can mend is one sentence and an exit code."""
    try:
        app()
    except SectorRiskError as error:
        from rich.markup import escape

        told = f"[bold red]Error:[/] {escape(str(error))}"
        console(stderr=True).print(told, soft_wrap=True, highlight=False)
        sys.exit(error.exit_code)


@app.command()
def ingest(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Files to take in; none: all that arrived")
    ] = None,
    source: Annotated[str | None, typer.Option(help="Which source the files are of")] = None,
    published: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Publication date of the files")
    ] = None,
    delivered: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Day it reached us; default now")
    ] = None,
    historical: Annotated[
        bool, typer.Option(help="Records count as known since their own disclosure")
    ] = False,
    as_json: Json = False,
) -> None:
    """Take in files, or everything that has arrived in the inbox."""
    from pipeline import flow
    from pipeline.sources import all_sources, source_of_file

    if paths:
        lines = [
            line
            for path in paths
            for line in flow.ingest_file(
                path,
                source or source_of_file(path).source_id,
                published_on=_date(published),
                delivered_on=_date(delivered),
                is_historical=historical,
            )
        ]
    else:
        chosen = [source] if source else list(all_sources())
        lines = [line for one in _progress(chosen, "Taking in") for line in flow.collect(one)]
    show([_as_dict(line) for line in lines], as_json, "Nothing new has arrived.")
    if paths and not as_json:
        _show_facts([line.delivery_id for line in lines if line.table == "reports"])
    if not as_json:
        cli_backfill.show_late()
    if any(line.status == "failed" for line in lines):
        raise typer.Exit(3)


@app.command()
def score(start: Start, end: End, knowledge: Knowledge = "then", force: bool = False) -> None:
    """Score the days from --from to --to that are not current."""
    from pipeline import flow

    summary = flow.score_range(
        start.date(), end.date(), knowledge=_knowledge(knowledge), force=force
    )
    show([_as_dict(summary)], as_json=False)


@app.command()
def run(day: Day, as_json: Json = False) -> None:
    """One whole daily run: take in what arrived by the end of the day, score it, publish it."""
    from pipeline import flow

    published = flow.run_day(day.date())
    show([_as_dict(published)], as_json)
    if not as_json:
        show_day(day.date())


@app.command("show")
def show_again(day: Day) -> None:
    """Print the sector table of a day, what moved and why."""
    show_day(day.date())


@sources_app.callback()
def sources(context: typer.Context, as_json: Json = False) -> None:
    """List the sources and what each can fill."""
    from pipeline.sources import all_sources

    if context.invoked_subcommand is None:
        rows = [
            {
                "source": one.source_id,
                "title": one.title,
                "group": one.group,
                "reliability": one.reliability,
                "tables": ", ".join(one.tables),
                "expected_every_days": one.expected_every_days,
            }
            for one in all_sources().values()
        ]
        show(rows, as_json)


@quarantine_app.command("list")
def quarantine_list(as_json: Json = False) -> None:
    """Every record set aside, with the reason and what to do."""
    from pipeline import quarantine
    from pipeline.warehouse import open_warehouse

    with open_warehouse() as con:
        show([_as_dict(row) for row in quarantine.list_rows(con)], as_json, "Nothing is set aside.")


@quarantine_app.command("replay")
def quarantine_replay(
    delivery: Annotated[str | None, typer.Option(help="Only this delivery")] = None,
    as_json: Json = False,
) -> None:
    """Check again what was set aside, against today's rules, aliases and corrections."""
    from pipeline import quarantine
    from pipeline.settings import get_settings
    from pipeline.warehouse import open_warehouse

    with open_warehouse() as con:
        lines = quarantine.replay(con, get_settings(), delivery_id=delivery)
    show([_as_dict(line) for line in lines], as_json, "Nothing is set aside.")


@quarantine_app.command("release")
def quarantine_release(
    delivery: Annotated[str, typer.Argument(help="The delivery that a gate holds")],
    reason: Annotated[str, typer.Option(help="Why it is right as it is")],
    as_json: Json = False,
) -> None:
    """Let a held delivery through, because you know that it is right as it is."""
    from pipeline import quarantine
    from pipeline.settings import get_settings
    from pipeline.warehouse import open_warehouse

    with open_warehouse() as con:
        lines = quarantine.release(con, get_settings(), delivery, reason)
    show([_as_dict(line) for line in lines], as_json)


@app.command()
def restore(as_json: Json = False) -> None:
    """Build the warehouse anew from the raw archive; the old file stays beside it."""
    from pipeline.restore import restore as build_anew
    from pipeline.settings import get_settings

    lines = build_anew(get_settings())
    show([_as_dict(line) for line in lines], as_json, "The archive is empty.")


@app.command()
def doctor(as_json: Json = False) -> None:
    """Check the installation and the warehouse; exit code 1 where something needs a person."""
    from pipeline.doctor import check_all

    findings = check_all()
    show([_as_dict(finding) for finding in findings], as_json)
    if not all(finding.is_fine for finding in findings):
        raise typer.Exit(1)


def show_day(day: date) -> None:
    """Print the sector table of a day, what moved and why, from what is published."""
    from rich.markup import escape

    from pipeline.marking import mark
    from pipeline.publish import read_stale
    from pipeline.settings import get_settings
    from pipeline.warehouse import open_snapshot, query

    settings = get_settings()
    with open_snapshot() as con:
        mark(con, "RED")  # whoever may run this may read the warehouse
        show(query(con, "sector_table", day=day), title=f"Sectors on {day}")
        show(query(con, "biggest_rises", day=day), title="Largest rise within seven days")
        if gaps := query(con, "coverage_table", day=day):
            show(gaps, title="What is not known of suppliers; never taken for safe")
    folder = settings.published_folder
    console().print(f"Workbook: {folder / f'sector-risk-{day}.xlsx'}", soft_wrap=True)
    console().print(f"Report:   {folder / 'status.html'}", soft_wrap=True)
    if stale := read_stale(settings):
        reasons = "; ".join(stale["reasons"])
        console().print(f"[bold red]Held back:[/] {stale['score_date']}: {escape(reasons)}")


def _show_facts(delivery_ids: list[str]) -> None:
    from pipeline.warehouse import open_warehouse, query

    with open_warehouse() as con:
        rows = [row for one in delivery_ids for row in query(con, "report_facts", delivery_id=one)]
    if rows:
        show(rows, title="What was read")


def _as_dict(record: Any) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(record)


def _progress(items: list[str], description: str) -> Any:
    from rich.progress import track

    return track(items, description, console=console(stderr=True), transient=True)


def _date(moment: datetime | None) -> date | None:
    return moment.replace(tzinfo=UTC).date() if moment else None


def _knowledge(value: str) -> Any:
    if value not in ("then", "now"):
        raise typer.BadParameter("--knowledge is 'then' or 'now'")
    return value
