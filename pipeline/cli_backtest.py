"""The command that holds the method against what happened."""

import sys
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from pipeline.cli_print import console

_DAY = ["%Y-%m-%d"]


def backtest(
    incidents: Annotated[
        list[Path] | None,
        typer.Option(exists=True, help="VERIS incidents: JSON file, archive or folder; repeatable"),
    ] = None,
    evidence: Annotated[
        list[str] | None,
        typer.Option(help="Other threat reports, PATH or SOURCE=PATH; repeatable"),
    ] = None,
    gpr: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="Daily index: adds the event study"),
    ] = None,
    reports: Annotated[
        list[str] | None,
        typer.Option(help="Reports of January 2020 for it, PATH or SOURCE=PATH; repeatable"),
    ] = None,
    start: Annotated[
        datetime | None, typer.Option("--from", formats=_DAY, help="First month judged")
    ] = None,
    end: Annotated[
        datetime | None, typer.Option("--to", formats=_DAY, help="Last month judged")
    ] = None,
    out: Annotated[Path, typer.Option(help="The report to write")] = Path("backtest.html"),
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON")] = False,
) -> None:
    """Walk forward over past incidents, compare with the threat part, write a report.

    Nothing that is published is read or written.
    """
    from pipeline import backtest as backtesting
    from pipeline.backtest import event_study, report
    from pipeline.backtest.world import source_and_path
    from pipeline.errors import SectorRiskError

    if not (incidents or gpr):
        raise SectorRiskError("Nothing to test against. Give --incidents, --gpr or both.")
    if (evidence and not incidents) or (reports and not gpr):
        raise SectorRiskError("--evidence goes with --incidents, and --reports with --gpr.")
    if not out.parent.is_dir():
        raise SectorRiskError(f"{out.parent}: there is no such folder for the report.")
    found = (
        backtesting.backtest(
            incidents,
            evidence or (),
            start=start.date() if start else None,
            end=end.date() if end else None,
        )
        if incidents
        else None
    )
    studies = [event_study.study_sample(gpr)] if gpr else []
    if gpr and reports:
        studies.append(event_study.study_reports(gpr, reports))
    others = [source_and_path(each)[1] for each in [*(evidence or ()), *(reports or ())]]
    files = [*(incidents or ()), *([gpr] if gpr else ()), *others]
    out.write_text(report.html(found, studies, files), encoding="utf-8")
    if as_json:
        _json(report.figures(found, studies))
    else:
        for line in [*report.verdict(found, studies), f"Report: {out}"]:
            console().print(line, markup=False, highlight=False, soft_wrap=not sys.stdout.isatty())


def _json(figures: Any) -> None:
    import orjson

    sys.stdout.write(orjson.dumps(figures, default=asdict).decode() + "\n")
