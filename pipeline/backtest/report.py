"""The report as one HTML page without outside files: verdict, definitions, tables, pictures."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from html import escape
from math import isnan
from pathlib import Path
from typing import Any

from pipeline.backtest import FIGURES, Backtest, measures, pictures
from pipeline.backtest.calibration import LARGEST_MULTIPLIER
from pipeline.backtest.event_study import EVE, LAST, Study
from pipeline.backtest.measures import Estimate
from pipeline.settings import ROOT

STYLE_FILE = ROOT / "warehouse" / "backtest" / "report.css"

DEFINITIONS = (
    ("Sector-month", "One of the eight sectors in one calendar month."),
    (
        "Incident",
        "An event told by VERIS records with hacking, malware or social engineering, dated to the "
        "month at least, whose victim's industry belongs at least half to the sector. Records "
        "of one event are one incident; a victim of two sectors counts in both.",
    ),
    (
        "Threat part",
        "Points and intensity of the sector on the last day before the month, from what was known "
        "by then (a VERIS record: since it was made). Every day is walked through in the same way.",
    ),
    (
        "Above usual",
        "More incidents than in the sector's mean month of the year before. Counted from all "
        "records, early or late: it is the outcome, nothing predicts from it.",
    ),
    (
        "Printed probability",
        "scores.sector_outlook_daily.above_usual_0_1 on the eve: logistic in the threat points, "
        "with a level for each sector (method/outlook.csv).",
    ),
    (
        "Climatology",
        "Baseline: the share of the sector's earlier months above usual, pulled towards all "
        "sectors by four months. It may look at records made later, which flatters it.",
    ),
    (
        "Last month",
        "Baseline: the share of earlier months above usual among those that followed a month like "
        "the last (above usual or not). It may look at records made later too.",
    ),
    (
        "Climatology moved by the threat part",
        "Climatology whose log-odds follow the threat points above the sector's mean so far, with "
        "the slope of the printed probability: does the threat part add anything, whatever the "
        "levels of the printed probability?",
    ),
    (
        "Within sectors",
        "Only months of one sector are compared with each other: that large sectors have more "
        "incidents earns nothing.",
    ),
    (
        "Interval",
        f"95 %, circular block bootstrap: {measures.N_REPLICATES:,} draws of blocks of "
        f"{measures.BLOCK_MONTHS} months, all sectors of a month together, seed {measures.SEED}.",
    ),
)
LIMITS = (
    "The incidents are those that volunteers found in public sources and coded, in bursts, half of "
    "them a year or more later. What is recorded depends on who must disclose.",
    "Where the only evidence is earlier incidents, this tests the weight of incidents, not that of "
    "alerts and bulletins; for those there is only the event study, which is one case.",
    "The levels of the printed probability belong to the density of the records that they were "
    "fitted on: where fewer incidents are recorded, fewer months are above usual and it is too "
    "high.",
    "In sectors with a handful of incidents a month above usual is a month with any incident.",
    "The score itself, with suppliers, vulnerabilities and criticality, is not tested: no public "
    "record says which supplier of whom was hit.",
)


def html(found: Backtest | None, studies: Sequence[Study], files: Iterable[Path]) -> str:
    """The whole page."""
    body = [
        "<h1>Sector Risk held against what happened</h1>",
        _list(verdict(found, studies)),
        *(_incidents(found) if found else ()),
        *(part for study in studies for part in _study(study)),
        "<h2>Limits</h2>",
        _list(LIMITS),
        "<h2>To repeat it</h2>",
        "<p>The same files and method give this page byte for byte.</p>",
        _table(("File", "SHA-256"), sorted((each.name, _sha256(each)) for each in files)),
    ]
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        "<title>Sector Risk: backtest</title>\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<style>\n{STYLE_FILE.read_text(encoding='utf-8')}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(body)
        + "\n</main>\n</body>\n</html>\n"
    )


def figures(found: Backtest | None, studies: Sequence[Study]) -> dict[str, Any]:
    """The figures of the report for a program; NaN becomes null."""
    result: dict[str, Any] = {"verdict": verdict(found, studies)}
    if found:
        result |= {
            "method_version": found.method_version,
            "incidents": found.fates,
            "n_shared_records": found.n_shared,
            "periods": [asdict(period) for period in found.periods],
            "sectors": [asdict(sector) for sector in found.sectors],
            "reliability": [asdict(each) for each in found.bins],
            "calibration": asdict(found.calibration),
        }
    result["event_studies"] = [
        {
            "title": study.title,
            "rises_on": study.rises_on,
            "peaks_on": study.peaks_on,
            "is_unmoved_by_later_records": study.is_unmoved,
            "rank_correlations": {k: asdict(v) for k, v in study.correlations.items()},
            "mean_threat_points": dict(zip(map(str, study.days), study.mean.tolist(), strict=True)),
        }
        for study in studies
    ]
    return result


def verdict(found: Backtest | None, studies: Sequence[Study]) -> list[str]:
    """What the figures allow to say, a sentence each."""
    lines = list(_incident_verdict(found)) if found else []
    for study in studies:
        rise = f"rises on {study.rises_on}" if study.rises_on else "does not rise"
        shown = "; ".join(f"{name} {value}" for name, value in study.correlations.items())
        lines.append(
            f"January 2020, {study.title.lower()}: the mean threat part {rise}, peaks on "
            f"{study.peaks_on} at {study.on(study.peaks_on):.1f} points and stands at "
            f"{study.on(LAST):.1f} on {LAST}. Rank correlation with the daily geopolitical risk "
            f"index: {shown}. The {study.n_later} records that became known later "
            + ("moved nothing." if study.is_unmoved else "MOVED SCORES: evidence leaks back.")
        )
    return lines


def _incident_verdict(found: Backtest) -> Iterable[str]:
    head = found.headline
    about = f"{head.first:%Y-%m} to {head.last:%Y-%m}"
    kind = "out of sample" if head.title != "Years of the fit" else "on the years of the fit itself"
    yield (
        f"Judged {kind} on {about}: {head.n_sector_months} sector-months, {head.n_above} of them "
        f"above usual, {head.n_incidents} incidents."
    )
    within = head.figures["auc_within"]
    yield (
        f"At telling the worse months of one sector from its better ones the threat part is "
        f"{_compared(within, 0.5, 'chance')}: AUC {within}, rank correlation with the number of "
        f"incidents {head.figures['correlation_within']}."
    )
    for name, title in (("skill_climatology", "climatology"), ("skill_last_month", "last month")):
        yield (
            f"The printed probability is {_compared(head.figures[name], 0, title)}: Brier skill "
            f"{head.figures[name]}. " + _by_sector(found, name, title)
        )
    added = head.figures["skill_of_threat"]
    yield (
        f"Climatology moved by the threat part is {_compared(added, 0, 'climatology alone')}: "
        f"Brier skill {added}."
    )
    shared = f"{found.n_shared} records were evidence and outcome of one sector-month"
    yield f"{shared}." if not found.n_shared else f"{shared.upper()}: do not trust this."


def _compared(estimate: Estimate, even: float, other: str) -> str:
    if isnan(estimate.low):
        return f"not comparable with {other} (too few cases)"
    if estimate.low > even:
        return f"better than {other}"
    if estimate.high < even:
        return f"worse than {other}"
    return f"not shown to be better than {other}"


def _by_sector(found: Backtest, name: str, title: str) -> str:
    skills: dict[str, Estimate] = {each.sector_id: getattr(each, name) for each in found.sectors}
    better = ", ".join(sector for sector, skill in skills.items() if skill.low > 0)
    worse = ", ".join(sector for sector, skill in skills.items() if skill.high < 0)
    return f"It is better than {title} in {better or 'no sector'}, worse in {worse or 'no sector'}."


def _incidents(found: Backtest) -> Iterable[str]:
    first, last = found.table.months[0], found.table.months[-1]
    yield "<h2>What is compared</h2>"
    yield _table(("Term", "Meaning"), DEFINITIONS)
    yield "<h2>What went in</h2>"
    yield _table(("Incidents told by the files", "Number"), found.fates.items())
    yield (
        f"<p>Months judged: {first:%Y-%m} to {last:%Y-%m}; a month is judged once its incidents "
        f"have had a year to be recorded. Method {found.method_version}.</p>"
    )
    yield _table(("Evidence: source", "Kind", "Reports"), found.evidence)
    yield "<h2>Results</h2>"
    yield _results(found)
    yield "<h2>Reliability of the printed probability</h2>"
    about = f"{found.headline.first:%Y-%m} to {found.headline.last:%Y-%m}"
    yield _figure(pictures.reliability(found), f"{about}. Five bins of nearly equal size.")
    yield _table(
        ("Printed (mean)", "Came true", "95 % Wilson", "Sector-months"),
        (
            (f"{b.forecast:.2f}", f"{b.observed:.2f}", f"{b.low:.2f} to {b.high:.2f}", b.n)
            for b in found.bins
        ),
    )
    yield "<h2>Sector by sector</h2>"
    yield _figure(pictures.skill_by_sector(found), f"{about}, with 95 % intervals.")
    yield _sectors(found)
    yield "<h2>Month by month</h2>"
    yield _figure(pictures.series(found), "Threat part as known then, and what followed.")
    yield from _calibration(found)


def _results(found: Backtest) -> str:
    heads = [
        f"{period.title}, {period.first:%Y-%m} to {period.last:%Y-%m} ({period.n_sector_months} "
        f"sector-months, {period.n_above} above usual, {period.n_incidents} incidents)"
        for period in found.periods
    ]
    rows = (
        (title, *(period.figures[name] for period in found.periods))
        for name, title in FIGURES.items()
    )
    return _table(("Figure", *heads), rows)


def _sectors(found: Backtest) -> str:
    return _table(
        (
            "Sector",
            "Incidents",
            "Months above usual",
            "Printed (mean)",
            "AUC of the threat part",
            "Skill over climatology",
            "Skill over last month",
        ),
        (
            (
                each.sector_id,
                each.n_incidents,
                f"{each.observed:.2f} of {each.n_months}",
                f"{each.printed:.2f}",
                each.auc,
                each.skill_climatology,
                each.skill_last_month,
            )
            for each in found.sectors
        ),
    )


def _calibration(found: Backtest) -> Iterable[str]:
    asked = found.calibration
    yield "<h2>What the incidents say about the weights</h2>"
    yield (
        "<p>How many times the threat intensity should count for the number of incidents to follow "
        "it best: 1 is the method, 0 is not at all, each sector having a rate of its own "
        f"(Poisson; sought up to {LARGEST_MULTIPLIER:.0f}).</p>"
    )
    yield _table(
        ("Months", "Incidents", "Best multiplier", "Gain in log-likelihood of 1 over 0"),
        (
            (each.title, each.n_incidents, each.best, f"{each.gain_of_method:+.1f}")
            for each in asked.multipliers
        ),
    )
    if asked.variants:
        yield "<p>Other half-lives of an incident, on the years of the fit:</p>"
        yield _table(
            ("Half-life of an incident", "AUC within sectors", "Rank correlation within sectors"),
            (
                (each.title, f"{each.auc_within:.2f}", f"{each.correlation_within:.2f}")
                for each in asked.variants
            ),
        )
    if asked.refitted:
        calm = ", ".join(
            f"{sector} {value:.2f}"
            for sector, value in zip(found.table.sectors, asked.refitted.calm, strict=True)
        )
        yield (
            f"<p>The printed probability fitted anew on the years of the fit: slope "
            f"{asked.refitted.slope:.3f} (standard deviation {asked.refitted.slope_sd:.3f}) "
            f"log-odds per point; on a calm day {calm}.</p>"
        )


def _study(study: Study) -> Iterable[str]:
    yield f"<h2>January 2020: {escape(study.title.lower())}</h2>"
    yield _figure(
        pictures.event_study(study),
        f"{study.n_reports} reports. Dashed: the first day after {EVE}. Below, the daily "
        "geopolitical risk index of Caldara and Iacoviello.",
    )
    days = (EVE, study.days[study.days.index(EVE) + 2], study.peaks_on, study.days[-1])
    yield _table(
        ("Threat points", *(str(day) for day in days)),
        (
            ("mean", *(f"{study.on(day):.1f}" for day in days)),
            *(
                (sector, *(f"{points[study.days.index(day)]:.1f}" for day in days))
                for sector, points in sorted(study.points.items())
            ),
        ),
    )


def _table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    head = "".join(f"<th>{escape(each)}</th>" for each in heads)
    lines = (
        "<tr>" + "".join(f"<td>{escape(_cell(value))}</td>" for value in row) + "</tr>"
        for row in rows
    )
    return f"<table>\n<tr>{head}</tr>\n" + "\n".join(lines) + "\n</table>"


def _cell(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


def _list(lines: Iterable[str]) -> str:
    return "<ul>\n" + "\n".join(f"<li>{escape(line)}</li>" for line in lines) + "\n</ul>"


def _figure(svg: str, caption: str) -> str:
    return f"<figure>\n{svg}\n<figcaption>{escape(caption)}</figcaption>\n</figure>"


def _sha256(path: Path) -> str:
    if path.is_dir():
        digest = hashlib.sha256()
        for file in sorted(path.rglob("*.json*")):
            digest.update(file.relative_to(path).as_posix().encode() + file.read_bytes())
        return digest.hexdigest()
    return hashlib.sha256(path.read_bytes()).hexdigest()
