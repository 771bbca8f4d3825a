"""Commands that ask why and what if; all read what is published and store nothing."""

import sys
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer()
method_app = typer.Typer(help="The method's tables and what another one would give.")
app.add_typer(method_app, name="method")

_DAY = ["%Y-%m-%d"]
Day = Annotated[datetime, typer.Option("--date", formats=_DAY, help="The UTC day")]
Lines = Annotated[int, typer.Option("--lines", min=1, help="Lines of each table")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON")]


@app.command()
def explain(
    name: Annotated[str, typer.Argument(help="Id or name of a sector or supplier, in any case")],
    day: Day,
    since: Annotated[
        datetime | None, typer.Option(formats=_DAY, help="Also what moved it since that day")
    ] = None,
    lines: Lines = 10,
    as_json: Json = False,
) -> None:
    """Say why a score is what it is: parts, events, CVEs, register fields, file and row of each."""
    from pipeline import explain, moves
    from pipeline.warehouse import open_snapshot

    with open_snapshot() as con:
        what, key = explain.resolve(con, name, day.date())
        read = explain.explain_sector if what == "sector" else explain.explain_supplier
        now = read(con, key, day.date())
        change = moves.moves(read(con, key, since.date()), now) if since else None
    if as_json:
        _json({"explanation": asdict(now), "moves": asdict(change) if change else None})
        return
    from pipeline import explain_text

    _print(explain_text.explanation(now, lines))
    if change:
        _print(explain_text.moves(change, lines))


@app.command()
def lineage(
    name: Annotated[str, typer.Argument(help="Id or name of a sector or supplier, in any case")],
    day: Day,
    as_json: Json = False,
) -> None:
    """Say which method, run and deliveries a score follows from, with their hashes."""
    from pipeline import lineage as lineages
    from pipeline.cli_print import show
    from pipeline.warehouse import open_snapshot

    with open_snapshot() as con:
        found = lineages.lineage(con, name, day.date())
    if as_json:
        _json(asdict(found))
        return
    show(lineages.as_rows(found), title=f"{found.id} on {found.score_date}")
    names = ("delivery_id", "name", "delivered_at", "sha256", "content_hash", "is_cited")
    show([{each: getattr(one, each) for each in names} for one in found.deliveries])


@app.command()
def alerts(
    day: Annotated[
        datetime | None, typer.Option("--date", formats=_DAY, help="The UTC day")
    ] = None,
    start: Annotated[
        datetime | None, typer.Option("--from", formats=_DAY, help="First day of a range")
    ] = None,
    end: Annotated[
        datetime | None, typer.Option("--to", formats=_DAY, help="Last day, included")
    ] = None,
    severity: Annotated[str, typer.Option(help="From: critical, warning or info")] = "warning",
    as_json: Json = False,
) -> None:
    """Say what there was to tell on a day or a range of days, each thing once, and why."""
    from pipeline.alerts import SEVERITIES, read_alerts
    from pipeline.warehouse import open_snapshot

    first, last = start or day, end or day
    if first is None or last is None or (day and (start or end)):
        raise typer.BadParameter("Give --date DAY, or --from DAY --to DAY.")
    if severity not in SEVERITIES:
        raise typer.BadParameter(f"--severity is one of {', '.join(SEVERITIES)}.")
    with open_snapshot() as con:
        found = read_alerts(con, first.date(), last.date(), severity)
    if as_json:
        _json([asdict(alert) for alert in found])
        return
    for alert in found:
        sys.stdout.write(f"{alert.score_date}  {alert.severity:8}  {alert.sentence}\n")
    if not found:
        sys.stderr.write("There is nothing to tell.\n")


@app.command()
def whatif(
    scenario: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A TOML file")],
    day: Day,
    lines: Lines = 20,
    as_json: Json = False,
) -> None:
    """Play a scenario against a day: scores before and after, nothing stored."""
    from pipeline.scenario import read_scenario, what_if
    from pipeline.warehouse import open_snapshot

    played = read_scenario(scenario)
    with open_snapshot() as con:
        _comparison(what_if(con, played, day.date(), n=lines), as_json)


@method_app.command("compare")
def method_compare(
    method_a: Annotated[str, typer.Argument(help="Folder of method tables, or 'current'")],
    method_b: Annotated[str, typer.Argument(help="Folder of method tables, or 'current'")],
    start: Annotated[datetime, typer.Option("--from", formats=_DAY, help="First day")],
    end: Annotated[datetime, typer.Option("--to", formats=_DAY, help="Last day, included")],
    lines: Lines = 20,
    as_json: Json = False,
) -> None:
    """Score days under two methods: which scores, bands and ranks move, and why."""
    from pipeline.sandbox import compare_methods
    from pipeline.warehouse import open_snapshot

    with open_snapshot() as con:
        found = compare_methods(con, method_a, method_b, start.date(), end.date(), n=lines)
    _comparison(found, as_json)


@method_app.command("list")
def method_list(as_json: Json = False) -> None:
    """Versions of the method that this warehouse keeps, and the days scored by each."""
    from pipeline.cli_print import show
    from pipeline.warehouse import open_warehouse, query

    with open_warehouse() as con:
        show(query(con, "methods"), as_json)


def _comparison(found: Any, as_json: bool) -> None:
    if as_json:
        _json(asdict(found))
        return
    from pipeline.compare_text import comparison

    _print(comparison(found))


def _print(shown: Any) -> None:
    from rich.console import Console

    Console().print(shown, soft_wrap=not sys.stdout.isatty())


def _json(record: Any) -> None:
    import orjson

    options = orjson.OPT_NON_STR_KEYS
    sys.stdout.write(orjson.dumps(record, default=str, option=options).decode() + "\n")
