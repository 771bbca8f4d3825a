"""Whether a scored day may be published: its gates, what readers would see change, who decided.

Each gate has a policy: `warn` is shown, `hold` waits for a person, `stop` needs other inputs. A
decision holds for one run and for exactly what its gates found: new inputs, new question.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from pipeline import audit, manifest, validate
from pipeline.errors import SectorRiskError
from pipeline.export.text import clean
from pipeline.marking import mark
from pipeline.settings import Settings
from pipeline.validate import GateResult
from pipeline.warehouse import Connection, open_snapshot_file, query, transaction

SUITES = (
    "scores_supplier_daily",
    "scores_sector_daily",
    "publication_sources",
    "publication_changes",
)


@dataclass(frozen=True)
class Decision:
    """What a person, or the clock in place of one, decided on a day that was held back."""

    is_approved: bool
    decided_by: str
    decided_at: datetime
    reason: str

    @property
    def sentence(self) -> str:
        """Who decided what, when and why."""
        what = "Approved" if self.is_approved else "Rejected"
        why = f": {self.reason}" if self.reason else ""
        return f"{what} by {self.decided_by} on {self.decided_at:%Y-%m-%d %H:%M} UTC{why}"


@dataclass(frozen=True)
class Check:
    """What the gates say of a scored day.

    Attributes:
        outcome: open = may be published; held = waits for a person; rejected by one; stopped.
        reasons: what each gate that is not passed expected and found.
    """

    score_date: date
    run_id: str
    outcome: Literal["open", "held", "rejected", "stopped"]
    reasons: tuple[str, ...] = ()
    decision: Decision | None = None

    @property
    def sentence(self) -> str:
        """Why nothing was published, and what to do."""
        remedy = {
            "stopped": "Put the input right, then run the day again.",
            "held": f"If they are right, 'sector-risk approve --date {self.score_date}'.",
            "rejected": f"{self.decision.sentence}." if self.decision else "",
        }[self.outcome]
        reasons = "; ".join(self.reasons)
        return f"Scores of {self.score_date} are held back: {reasons}. The last ones stay. {remedy}"


def check(con: Connection, settings: Settings, day: date) -> Check:
    """Run every gate of the day, note what each found, and say whether it may be published."""
    failed = [gate for gate in judge(con, settings, day) if gate.blocks]
    row = con.execute(
        "select run_id from quality.scored_days where score_date = ?", [day]
    ).fetchone()
    run_id = str(row[0]) if row else ""
    reasons = tuple(f"{g.gate}: expected {g.expected}, found {g.found}" for g in failed)
    if any(gate.policy == "stop" for gate in failed):
        return Check(day, run_id, "stopped", reasons)
    if not failed:
        return Check(day, run_id, "open")
    decision = decision_on(con, run_id, reasons)
    if decision is None:
        return Check(day, run_id, "held", reasons)
    outcome: Literal["open", "rejected"] = "open" if decision.is_approved else "rejected"
    return Check(day, run_id, outcome, reasons, decision)


def judge(con: Connection, settings: Settings, day: date) -> list[GateResult]:
    """The outcome of every gate of the day, as noted in quality.gates."""
    days = {"start_date": day, "end_date": day}
    _remember_published(con, settings)
    is_scored = con.execute(
        "select 1 from quality.scored_days where score_date = ?", [day]
    ).fetchone()
    unscored = GateResult(
        "day_scored", "critical", False, "the day is scored", f"no scores of {day}", day, "stop"
    )
    with audit.kept(settings, day, "publication"):
        results = (
            [
                each
                for name in SUITES
                for each in validate.gates(name, validate.summary(con, name, days))
            ]
            if is_scored
            else [unscored]
        )
    with transaction(con):
        con.execute("delete from quality.gates where score_date = ?", [day])
        validate.write_gates(con, results)
    return results


def _remember_published(con: Connection, settings: Settings) -> None:
    """What readers have now, as temporary tables before_…; empty before the first publication."""
    with _published(con, settings) as reader:
        for name, sql in _BEFORE.items():
            found = reader.cursor().sql(sql).to_arrow_table()  # noqa: F841 (DuckDB finds it by name)
            con.execute(f"create or replace temp table before_{name} as from found")


@contextmanager
def _published(con: Connection, settings: Settings) -> Iterator[Connection]:
    if settings.snapshot_file.exists():
        with open_snapshot_file(settings.snapshot_file, settings) as reader:
            yield reader
    else:
        yield con.cursor()


_BEFORE = {
    "sectors": "select score_date, sector_id, published_score, band_id from scores.sector_daily",
    "suppliers": "select supplier_id, published_score, band_id from scores.supplier_daily "
    "where score_date = (select max(score_date) from scores.sector_daily)",
    "size": "select nullif(count(*), 0) as n_suppliers from scores.supplier_daily "
    "where score_date = (select max(score_date) from scores.sector_daily)",
    "columns": "select table_name || '.' || column_name as column_name, data_type "
    "from duckdb_columns() where schema_name = 'scores' and database_name = current_database()",
}


def note(con: Connection, settings: Settings, found: Check, outcome: str | None = None) -> None:
    """Enter the outcome into quality.publications, and into the manifest beside the archive."""
    decision = found.decision
    with transaction(con):
        con.execute(
            "insert or replace into quality.publications values (?, ?, ?, ?, ?, ?, ?)",
            [
                found.score_date,
                found.run_id,
                outcome or found.outcome,
                list(found.reasons),
                decision and decision.decided_by,
                decision and decision.decided_at,
                decision and decision.reason,
            ],
        )
    manifest.write_out(con, settings)


def decision_on(con: Connection, run_id: str, reasons: tuple[str, ...]) -> Decision | None:
    """The decision on a run for exactly these reasons, if there is one."""
    row = con.execute(
        "select outcome <> 'rejected', decided_by, decided_at, reason from quality.publications "
        "where run_id = ? and held_by = ?::varchar[] and decided_by is not null",
        [run_id, list(reasons)],
    ).fetchone()
    return Decision(*row) if row else None


def decide(con: Connection, settings: Settings, day: date, decision: Decision) -> Check:
    """Record what a person decided on a day that is held back.

    Raises:
        SectorRiskError: the day is not held back, or by something that nobody can approve.
    """
    found = check(con, settings, day)
    if found.outcome == "stopped":
        raise SectorRiskError(found.sentence)
    if not found.reasons:
        raise SectorRiskError(f"Nothing holds back the scores of {day}: nothing to decide.")
    outcome: Literal["open", "rejected"] = "open" if decision.is_approved else "rejected"
    decided = Check(day, found.run_id, outcome, found.reasons, decision)
    note(con, settings, decided, "approved" if decision.is_approved else "rejected")
    return decided


def changes_as_markdown(con: Connection, settings: Settings, found: Check) -> str:
    """Why a day is held back and what publishing it would change, for whoever decides."""
    _remember_published(con, settings)
    mark(con, settings.tlp)
    day, reasons = found.score_date, found.reasons
    sectors = query(con, "publication_sectors", day=day)
    suppliers = query(con, "publication_suppliers", day=day)
    before = next((row["before_date"] for row in sectors if row["before_date"]), None)
    lines = [f"**Held back by**\n\n{_list(reasons)}\n"]
    if before:
        lines.append(f"**Sectors: {before} as published, {day} as it would be**\n")
    else:
        lines.append("**Nothing is published yet: every score would be new**\n")
    lines += [_table(sectors, _SECTOR_COLUMNS), ""]
    if suppliers:
        lines.append(
            f"**Suppliers that would change their band: {suppliers[0]['n_all']}**, "
            f"largest first\n\n{_table(suppliers, _SUPPLIER_COLUMNS)}\n"
        )
    lines.append("*Approve* publishes these scores; *Reject* leaves readers with the last ones.")
    return "\n".join(lines)


_SECTOR_COLUMNS = {
    "sector": "Sector",
    "before": "Published",
    "score": "New",
    "change": "Change",
    "bands": "Band",
    "reason": "Main reason",
}
_SUPPLIER_COLUMNS = {"name": "Supplier"} | {
    name: title for name, title in _SECTOR_COLUMNS.items() if name in ("before", "score", "bands")
}


def _table(rows: list[dict[str, Any]], columns: dict[str, str]) -> str:
    head = [f"| {' | '.join(columns.values())} |", f"|{'---|' * len(columns)}"]
    return "\n".join(head + [f"| {' | '.join(_cell(row[n]) for n in columns)} |" for row in rows])


def _list(texts: tuple[str, ...]) -> str:
    return "\n".join(f"- {_cell(text)}" for text in texts)


def _cell(value: object) -> str:
    """The value as Markdown shows it literally, whoever wrote it."""
    text = "–" if value is None else clean(str(value))
    return "".join(f"\\{sign}" if sign in _MARKDOWN else sign for sign in text)


_MARKDOWN = frozenset("\\`*_{}[]<>|~#!&$")
