"""Commands that score past days again: plan, compute, compare, swap, roll back."""

import sys
from dataclasses import asdict
from datetime import date, datetime
from getpass import getuser
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.cli_print import console, show

if TYPE_CHECKING:
    from pipeline.backfill import Staged
    from pipeline.backfill_plan import Plan, Request

app = typer.Typer(
    help="Score past days again: planned, computed aside, checked, swapped in at once.",
    invoke_without_command=True,
)

_DAY = ["%Y-%m-%d"]
Json = Annotated[bool, typer.Option("--json", help="Print JSON")]
Yes = Annotated[bool, typer.Option("--yes", help="Swap in without asking")]
Reason = Annotated[str, typer.Option("--reason", help="Why; kept with the scores")]


@app.callback()
def backfill(
    context: typer.Context,
    start: Annotated[
        datetime | None, typer.Option("--from", formats=_DAY, help="First day")
    ] = None,
    end: Annotated[
        datetime | None, typer.Option("--to", formats=_DAY, help="Last day, included")
    ] = None,
    reason: Reason = "",
    knowledge: Annotated[
        str, typer.Option(help="then: as could be known that day; now: hindsight, labelled as such")
    ] = "then",
    method: Annotated[
        str | None, typer.Option(help="A stored version of the method ('method list')")
    ] = None,
    sectors: Annotated[str, typer.Option(help="Only these, separated by commas")] = "",
    late: Annotated[
        bool, typer.Option("--late", help="The days that late deliveries touch")
    ] = False,
    force: Annotated[bool, typer.Option(help="Also days that are current")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what it would do")] = False,
    compare: Annotated[
        bool, typer.Option("--compare", help="Show what moves against what is published, then ask")
    ] = False,
    yes: Yes = False,
) -> None:
    """Score a range of past days again; interrupted, the same command takes it up."""
    if context.invoked_subcommand:
        return
    from pipeline.backfill_plan import Request

    if knowledge not in ("then", "now"):
        raise typer.BadParameter("--knowledge is 'then' or 'now'")
    if len(reason.strip()) < 3 and not dry_run:
        raise typer.BadParameter("say why by --reason: it is kept with the scores")
    first, last = _late_days(start, end) if late else (_day(start, "--from"), _day(end, "--to"))
    chosen = tuple(sorted({name.strip() for name in sectors.split(",") if name.strip()}))
    request = Request(first, last, reason, getuser(), knowledge, method, chosen, force)  # type: ignore[arg-type]
    run(request, dry_run=dry_run, compare=compare, yes=yes)


def run(request: "Request", *, dry_run: bool, compare: bool, yes: bool) -> None:
    """Plan, compute, compare and swap, as far as asked for."""
    from pipeline import backfill as backfills
    from pipeline import flow
    from pipeline.settings import get_settings

    settings = get_settings()
    planned = backfills.plan_only(settings, request)
    _print_plan(planned)
    if dry_run:
        return
    staged = _stage(request)
    if planned.n_due and not yes:
        if compare:
            from pipeline.compare_text import comparison

            console().print(comparison(backfills.compare(settings, staged)))
        if (compare or planned.n_hindsight) and not _is_agreed(planned):
            console().print(
                f"Nothing is swapped in. 'sector-risk backfill swap {staged.backfill_id}' does it, "
                f"'sector-risk backfill discard {staged.backfill_id}' forgets it.",
                soft_wrap=True,
            )
            return
    done = flow.swap_backfill(staged)
    if done.held:
        console().print(f"Not published yet: {done.held}", soft_wrap=True, markup=False)
    if not planned.n_due:
        console().print("Every day is current: nothing was done.")
        return
    console().print(
        f"Swapped in as {done.backfill_id}: {done.n_scored:,} days. "
        f"'sector-risk backfill rollback {done.backfill_id} --reason …' brings the old ones back.",
        soft_wrap=True,
    )


@app.command("late")
def late_command(as_json: Json = False) -> None:
    """Deliveries that arrived or changed after their days had been scored, and these days."""
    show([asdict(one) for one in _late()], as_json, "Every scored day has its deliveries.")


@app.command("list")
def list_command(as_json: Json = False) -> None:
    """Backfills that were swapped in, rolled back, or wait to be finished."""
    from pipeline import backfill as backfills
    from pipeline.settings import get_settings

    show(backfills.listed(get_settings()), as_json, "There has been no backfill.")


@app.command()
def resume(backfill_id: Annotated[str, typer.Argument(help="As listed")], yes: Yes = False) -> None:
    """Take up a backfill that was interrupted."""
    run(_waiting(backfill_id), dry_run=False, compare=False, yes=yes)


@app.command()
def swap(backfill_id: Annotated[str, typer.Argument(help="As listed")]) -> None:
    """Swap in a backfill that waits; what is missing is computed first."""
    run(_waiting(backfill_id), dry_run=False, compare=False, yes=True)


@app.command()
def discard(backfill_id: Annotated[str, typer.Argument(help="As listed")]) -> None:
    """Forget a backfill that was not swapped in."""
    from pipeline import backfill as backfills
    from pipeline.settings import get_settings

    backfills.discard(get_settings(), backfill_id)
    console().print(f"{backfill_id} is forgotten; what is published has not changed.")


@app.command()
def rollback(backfill_id: Annotated[str, typer.Argument(help="As listed")], reason: Reason) -> None:
    """Bring back the scores that a backfill took the place of, and publish them."""
    from pipeline import flow

    held = flow.rollback_backfill(backfill_id, reason=reason)
    if held:
        console().print(f"Not published yet: {held}", soft_wrap=True, markup=False)
    console().print(f"{backfill_id} is rolled back: its days are as they were before.")


def _waiting(backfill_id: str) -> "Request":
    from pipeline import backfill as backfills
    from pipeline.errors import UnknownNameError
    from pipeline.settings import get_settings

    waiting = backfills.unfinished(get_settings())
    if backfill_id not in waiting:
        raise UnknownNameError("Waiting backfill", backfill_id, list(waiting))
    return waiting[backfill_id]


def _stage(request: "Request") -> "Staged":
    from rich.progress import (
        BarColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    from pipeline import backfill_stage
    from pipeline.settings import get_settings

    n_all = (request.end - request.start).days + 1
    with Progress(
        TextColumn("Scoring"),
        BarColumn(),
        TextColumn("{task.completed} of {task.total} days"),
        TimeElapsedColumn(),
        TextColumn("left:"),
        TimeRemainingColumn(),
        console=console(stderr=True),
    ) as bar:
        task = bar.add_task("days", total=n_all)
        return backfill_stage.stage(
            get_settings(), request, lambda done, _: bar.update(task, completed=done)
        )


def _is_agreed(planned: "Plan") -> bool:
    if not sys.stdin.isatty():
        return False
    question = "Swap it in?"
    if planned.n_hindsight:
        question = f"Replace {planned.n_hindsight} days as known then by hindsight?"
    return typer.confirm(question)


def _late() -> tuple[Any, ...]:
    from pipeline.backfill import PATIENCE_S
    from pipeline.backfill_plan import late_deliveries
    from pipeline.warehouse import open_warehouse

    with open_warehouse(patience_s=PATIENCE_S) as con:
        return late_deliveries(con)


def show_late() -> None:
    """Say which scored days do not show yet what has arrived."""
    found = _late()
    if found:
        first, last = min(one.first_date for one in found), max(one.last_date for one in found)
        console().print(
            f"Scored days from {first} to {last} do not show {len(found)} deliveries yet "
            "('sector-risk backfill late'); 'sector-risk backfill --late --reason …' scores them "
            "anew.",
            soft_wrap=True,
        )


def _late_days(start: datetime | None, end: datetime | None) -> tuple[date, date]:
    from pipeline.errors import SectorRiskError

    if start or end:
        raise typer.BadParameter("--late finds the days itself: leave out --from and --to")
    found = _late()
    if not found:
        raise SectorRiskError("No delivery came late: every scored day has its deliveries.")
    return min(one.first_date for one in found), max(one.last_date for one in found)


def _day(moment: datetime | None, option: str) -> date:
    if moment is None:
        raise typer.BadParameter(f"{option} is missing, as in {option} 2020-01-06")
    return moment.date()


def _print_plan(planned: "Plan") -> None:
    from pipeline.backfill import reasons

    request = planned.request
    rate = "as measured here" if planned.is_rate_measured else "by a usual rate"
    lines = [
        f"Days {request.start} to {request.end}: {planned.n_due:,} to compute, "
        f"{planned.n_current:,} current",
        f"Method {planned.method_version}, knowledge {request.knowledge}",
        *(f"  {line}" for line in reasons(planned)),
        f"{planned.n_rows:,} rows ({planned.n_suppliers:,} suppliers); about "
        f"{planned.expected_s:,.0f} s ({rate})",
    ]
    if planned.n_hindsight:
        lines.append(
            f"{planned.n_hindsight:,} days as known then would be replaced by hindsight, and "
            "labelled so."
        )
    for line in lines:
        console().print(line, soft_wrap=True, markup=False, highlight=False)
