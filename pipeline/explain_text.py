"""Explanations as tables for a terminal."""

from collections.abc import Iterable
from itertools import islice

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table

from pipeline.explanation import (
    EventLine,
    Origin,
    Overruled,
    Remedy,
    SupplierExplanation,
    VulnerabilityLine,
)
from pipeline.explanation_sector import SectorExplanation
from pipeline.moves import Moves

Explanation = SupplierExplanation | SectorExplanation


def explanation(one: Explanation, n: int = 10) -> Group:
    """Score, parts, the `n` largest lines of each, and what would lower it most."""
    parts: list[RenderableType] = [_headline(one), _parts(one)]
    parts += [_events(one.threat.events, n), *_evidence(one.threat.events, n)]
    if isinstance(one, SupplierExplanation):
        parts += [_vulnerabilities(one.vulnerabilities, n), _overruled(one.overruled)]
        parts.append(_register(one))
    else:
        parts += [_sector_vulnerabilities(one, n), _suppliers(one, n)]
    parts.append(_remedies(one.remedies, n))
    return Group(*parts)


def moves(one: Moves, n: int = 15) -> RenderableType:
    """What moved the score, the largest first; the rest as one line."""
    if one.change is None:
        return f"Not scored on both days: {one.from_date} and {one.to_date}."
    table = _table(
        f"What moved it from {one.from_date} to {one.to_date}: "
        f"{one.before:.1f} → {one.after:.1f} ({one.change:+.1f} points)",
        "points>", "part", "what",
    )  # fmt: skip
    for move in one.moves[:n]:
        told = f"{escape(move.title)}\n[dim]{escape(move.how)}; {escape(move.what)}[/]"
        table.add_row(f"{move.points:+.2f}", move.part, told)
    rest = one.moves[n:]
    if rest:
        others = sum(move.points for move in rest)
        table.add_row(f"{others:+.2f}", "", f"{_many(len(rest), 'smaller change')}")
    return table


def _headline(one: Explanation) -> str:
    score, day = one.score, one.score.score_date
    name = f"[bold]{escape(one.name)}[/] ({escape(one.id)}) on {day}"
    if score.published_score is None:
        return f"{name}: not enough data to score. {score.coverage_state}"
    return (
        f"{name}: [bold]{score.published_score:.1f}[/], band {score.band_id}, 80 % interval "
        f"{score.score_low_0_100:.1f}–{score.score_high_0_100:.1f}. Data: {score.coverage_state}."
    )


def _parts(one: Explanation) -> Table:
    table = _table("Parts; ten points are twice the risk", "part", "points>", "of which")
    usual = {
        "threat": f"usual level {one.threat.usual_points:+.2f}, "
        f"{_many(len(one.threat.events), 'event')} {_sum(one.threat.events):+.2f}",
        "susceptibility": f"what any supplier has {one.usual_susceptibility_points:+.2f}, "
        f"{_many(len(one.vulnerabilities), 'CVE')} {_sum(one.vulnerabilities):+.2f}",
    }
    for name, value in one.score.parts.items():
        if value or name != "bound":
            table.add_row(name, f"{value:+.2f}", usual.get(name, ""))
    table.add_row("[bold]sum[/]", f"[bold]{sum(one.score.parts.values()):.2f}[/]", "")
    return table


def _sum(lines: Iterable[object]) -> float:
    return sum(line.points for line in lines)  # type: ignore[attr-defined]


def _many(n: int, thing: str) -> str:
    return f"{n} {thing}" if n == 1 else f"{n} {thing}s"


def _events(events: tuple[EventLine, ...], n: int) -> Table:
    table = _table("Threat: events", "points>", "share>", "event")
    for line in events[:n]:
        reports = _many(len(line.reports), "report")
        table.add_row(
            f"{line.points:+.2f}",
            f"{line.share_0_1:.0%}",
            f"{escape(line.title)}\n[dim]{line.kind}, {line.sector_id} is {line.basis}; {reports}, "
            f"credibility {line.credibility_0_1:.0%}, {line.decay_0_1:.0%} of it left[/]",
        )
    _rest(table, events[n:], 3)
    return table


def _evidence(events: tuple[EventLine, ...], n: int) -> list[RenderableType]:
    lines: dict[str, str] = {}
    for event in events[:n]:
        for report in event.reports:
            quote = f" “{escape(report.sentence)}”" if report.sentence else ""
            told = escape(report.title or report.report_id)
            lines[report.report_id] = (
                f"  {escape(report.publisher)}, credibility {report.credibility_0_1:.0%}: "
                f"{told}.{quote} [dim]{_where(report.origin)}[/]"
            )
    if not lines:
        return []
    return ["[bold]Evidence[/]", *islice(lines.values(), 2 * n), ""]


def _vulnerabilities(lines: tuple[VulnerabilityLine, ...], n: int) -> Table:
    table = _table(
        "Susceptibility: open vulnerabilities", "points>", "CVE", "exploited>", "why and where"
    )
    table.columns[2].header = "exploited in\n30 days"
    for line in lines[:n]:
        table.add_row(
            f"{line.points:+.2f}",
            line.cve_id or "no scan",
            "" if line.probability is None else f"{line.probability:.1%}",
            _grounds(line) if line.cve_id else "the usual hazard is assumed",
        )
    _rest(table, lines[n:], 4)
    return table


def _grounds(line: VulnerabilityLine) -> str:
    why = ", ".join(
        f"{one.evidence} since {one.since} {_where(one.origin)}".rstrip()
        for one in line.reasons[:2]
    )
    inferred = f"; inferred ({line.credibility_0_1:.0%}) from {line.inferred_from}"
    return (
        f"{why or 'nothing known'}\n[dim]{line.reach}: {escape(', '.join(line.asset_ids))}, "
        f"open since {line.open_since}{escape(inferred) * (line.inferred_from is not None)}; "
        f"{_where(line.origin)}[/]"
    )


def _overruled(lines: tuple[Overruled, ...]) -> RenderableType:
    if not lines:
        return ""
    table = _table(
        "Found, but said not to concern it: no points", "CVE", "asset", "is", "because", "since",
        "stands in",
    )  # fmt: skip
    for line in lines:
        table.add_row(
            line.cve_id, escape(line.asset_id), line.status.replace("_", " "),
            escape(line.justification or "not stated"), str(line.since), _where(line.origin),
        )  # fmt: skip
    return table


def _register(one: SupplierExplanation) -> Table:
    said = one.consequence
    table = _table("Consequence: register", "field", "value", "points>", "stands in")
    table.add_row(
        "criticality", str(said.criticality_1_5 or "not given: the usual one"),
        f"{said.criticality_points:+.2f}", _where(said.origin),
    )  # fmt: skip
    dependency = "not given: 100 %" if said.dependency_0_1 is None else f"{said.dependency_0_1:.0%}"
    table.add_row("dependency", dependency, f"{said.dependency_points:+.2f}", _where(said.origin))
    spend = None if said.spend_eur is None else f"{said.spend_eur:,.0f} EUR"
    for field, value in (
        ("contact group", said.contact_group), ("parent", said.parent_id), ("sites", said.sites),
        ("spend", spend), ("also known as", ", ".join(said.aliases)),
    ):  # fmt: skip
        if value:
            table.add_row(field, escape(value), "", _where(said.origin))
    return table


def _sector_vulnerabilities(one: SectorExplanation, n: int) -> Table:
    table = _table(
        "Susceptibility: CVEs at its suppliers", "points>", "share>", "CVE", "suppliers>"
    )
    for line in one.vulnerabilities[:n]:
        name = line.cve_id or "no scan: usual hazard assumed"
        table.add_row(f"{line.points:+.2f}", f"{line.share_0_1:.0%}", name, str(line.n_suppliers))
    _rest(table, one.vulnerabilities[n:], 4)
    return table


def _suppliers(one: SectorExplanation, n: int) -> Table:
    table = _table("Suppliers: share of the sector's risk", "share>", "supplier", "id", "score>",
                   "criticality>")  # fmt: skip
    for line in one.suppliers[:n]:
        table.add_row(
            f"{line.risk_share_0_1:.0%}", escape(line.name), escape(line.supplier_id),
            "" if line.score_0_100 is None else f"{line.score_0_100:.1f}",
            str(line.criticality_1_5 or ""),
        )  # fmt: skip
    return table


def _remedies(remedies: tuple[Remedy, ...], n: int) -> RenderableType:
    if not remedies:
        return ""
    table = _table(
        "What would lower it most: patching", "points>", "CVE", "at suppliers>", "score>"
    )
    for one in remedies[:n]:
        table.add_row(
            f"{one.points:+.2f}", one.cve_id, str(one.n_suppliers), f"{one.score_after:.1f}"
        )
    return table


def _rest(table: Table, lines: tuple[object, ...], n_columns: int) -> None:
    if lines:
        cells = [f"{_sum(lines):+.2f}", "", f"{len(lines)} smaller"]
        table.add_row(*cells[:n_columns], *[""] * (n_columns - len(cells)))


def _where(origin: Origin | None) -> str:
    return escape(f"{origin.file or origin.delivery_id}:{origin.source_row}") if origin else ""


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", header_style="dim")
    for name in columns:
        table.add_column(name.rstrip(">"), justify="right" if name.endswith(">") else "left")
    return table
