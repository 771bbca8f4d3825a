"""Commands on what was understood of reports: how well texts are read, and which are one event."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.cli_print import show

if TYPE_CHECKING:
    from pipeline.evaluate import Evaluation
    from pipeline.evaluate_events import Grouping

evaluate_app = typer.Typer(
    help="How well reports are understood, against what people marked.", no_args_is_help=True
)
Json = Annotated[bool, typer.Option("--json", help="Print JSON")]
Lines = Annotated[int, typer.Option("--lines", min=0, help="Lines of each list of cases")]


@evaluate_app.command()
def extraction(
    corpus: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="AnnoCTR archive")],
    split: Annotated[str | None, typer.Option(help="Only this split: train or dev")] = None,
    lines: Lines = 0,
    as_json: Json = False,
) -> None:
    """Precision, recall and F1 of sectors and actors in an annotated corpus, and the confusion."""
    from pipeline.evaluate import evaluate_extraction

    found = evaluate_extraction(corpus)
    chosen = [one for one in found.values() if split in (None, one.split)]
    if as_json:
        show(
            [{"split": one.split, **row} for one in chosen for row in _measures(one)], as_json=True
        )
        return
    for one in chosen:
        show(_measures(one), title=f"{one.split}: {one.n_reports} reports")
        show(_confusion(one), title="Sectors by report: found, marked by people, or both")
        if lines:
            show(_cases(one, lines), title="Most frequent cases", empty="No wrong cases.")


def _measures(evaluation: "Evaluation") -> list[dict[str, Any]]:
    return [
        {
            "measured": title,
            "marked": n_gold,
            "precision": f"{precision:.3f}",
            "recall": f"{recall:.3f}",
            "f1": f"{f1:.3f}",
        }
        for title, n_gold, precision, recall, f1 in evaluation.rows()
    ]


def _confusion(evaluation: "Evaluation") -> list[dict[str, Any]]:
    """Of sectors: found and marked, marked only, found only."""
    sectors = sorted({name for pair in evaluation.confusion for name in pair} - {"-"})
    return [
        {
            "sector": sector,
            "both": evaluation.confusion[sector, sector],
            "marked only": evaluation.confusion[sector, "-"],
            "found only": evaluation.confusion["-", sector],
        }
        for sector in sectors
    ]


def _cases(evaluation: "Evaluation", lines: int) -> list[dict[str, Any]]:
    lists = {
        "sector missed": evaluation.sectors_by_report.missed,
        "sector wrong": evaluation.sectors_by_report.wrong,
        "name of sector missed": evaluation.sectors_by_span.missed,
        "name of sector wrong": evaluation.sectors_by_span.wrong,
        "name of sector unknown to our aliases": evaluation.unmapped,
        "actor missed": evaluation.actors_by_report.missed,
        "actor wrong": evaluation.actors_by_report.wrong,
    }
    return [
        {"case": title, "what": what, "n": n}
        for title, counted in lists.items()
        for what, n in counted.most_common(lines)
    ]


@evaluate_app.command("events")
def evaluate(
    stories: Annotated[
        Path | None,
        typer.Argument(exists=True, dir_okay=False, help="CSV with the columns report_id, story"),
    ] = None,
    lines: Lines = 20,
    as_json: Json = False,
) -> None:
    """Pairs of reports that are one event: recall and precision.

    Without a file the yardstick is the number that an issuer gave: advisories of one number, in
    whatever feed they came, are one event.
    """
    from pipeline.evaluate_events import evaluate_events, numbered_stories, read_stories
    from pipeline.warehouse import open_warehouse

    with open_warehouse() as con:
        story_of = read_stories(stories) if stories else numbered_stories(con)
        found = evaluate_events(con, stories.stem if stories else "by number", story_of)
    show([_grouping(found)], as_json)
    if not as_json:
        show(_pairs(found, lines), title="Pairs that differ", empty="All pairs agree.")


def _grouping(found: "Grouping") -> dict[str, Any]:
    return {
        "yardstick": found.name,
        "reports": found.n_reports,
        "true pairs": len(found.true_pairs),
        "found pairs": len(found.found_pairs),
        "precision": f"{found.precision:.3f}",
        "recall": f"{found.recall:.3f}",
        "doubtful": found.n_doubtful,
    }


def _pairs(found: "Grouping", lines: int) -> list[dict[str, Any]]:
    return [
        {"case": case, "report": a, "other report": b}
        for case, pairs in (("missed", found.missed), ("wrong", found.wrong))
        for a, b in pairs[:lines]
    ]


def events(
    lines: Annotated[int | None, typer.Option(min=1, help="Only so many, most alike first")] = None,
    as_json: Json = False,
) -> None:
    """List pairs of reports that may be one event; settle them in method/event_decisions.csv."""
    from pipeline.events import doubtful_pairs
    from pipeline.warehouse import open_warehouse

    with open_warehouse() as con:
        pairs = doubtful_pairs(con)[:lines]
    show(
        [
            {
                "report_id_a": pair.report_id_a,
                "report_id_b": pair.report_id_b,
                "alike": f"{pair.similarity_0_1:.0%}",
                "now": "same" if pair.is_linked else "different",
                "reason": pair.reason,
            }
            for pair in pairs
        ],
        as_json,
        "No two reports are in doubt.",
    )
