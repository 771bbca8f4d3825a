"""What if: a scenario file played against a published day, nothing stored."""

import tomllib
from collections.abc import Iterable
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipeline.errors import SectorRiskError, UnknownNameError
from pipeline.sandbox import Comparison, compared, keep_scores, sandbox, show
from pipeline.warehouse import Connection


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Alert(_Part):
    """A report that arrives on the day."""

    title: str = "Scenario"
    kind: str = "alert"
    sectors: tuple[str, ...] = ()
    cves: tuple[str, ...] = ()
    severity_0_10: float | None = Field(None, ge=0, le=10)
    confidence_0_1: float | None = Field(None, ge=0, le=1)
    valid_until: date | None = None


class Scenario(_Part):
    """Everything that is different in a scenario.

    Attributes:
        alert: reports that arrive on the day, from a source of reliability A.
        exploited: CVEs that enter a catalog of exploited vulnerabilities on the day.
        patched: CVEs that are fixed at every supplier.
        lost: suppliers that are no longer in the register.
    """

    title: str
    alert: tuple[Alert, ...] = ()
    exploited: tuple[str, ...] = ()
    patched: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()


def read_scenario(path: Path) -> Scenario:
    """The scenario in a TOML file.

    Raises:
        SectorRiskError: what is wrong in it, and what a scenario may hold.
    """
    try:
        return Scenario(**tomllib.loads(path.read_text(encoding="utf-8")))
    except tomllib.TOMLDecodeError as error:
        raise SectorRiskError(f"{path.name} is not TOML: {error}.") from error
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(str(step) for step in one['loc'])}: {one['msg'].lower()}"
            for one in error.errors()
        )
        raise SectorRiskError(
            f"{path.name}: {faults}. A scenario holds title, [[alert]] "
            f"({', '.join(Alert.model_fields)}), exploited, patched and lost."
        ) from error


def what_if(con: Connection, scenario: Scenario, day: date, *, n: int = 20) -> Comparison:
    """The scores of a day before and after the scenario.

    Args:
        con: a connection to the published snapshot; it stays as it is.
        scenario: what is different.
        day: the day scored.
        n: how many suppliers to list.
    """
    with sandbox(con) as box:
        _check_names(box, scenario)
        keep_scores(box, "before", day, day)
        _play(box, scenario, day)
        keep_scores(box, "after", day, day)
        return compared(box, day, day, tuple(_told(scenario)), n)


def _check_names(box: Connection, scenario: Scenario) -> None:
    alerts = scenario.alert
    _known(box, "Sector", "method.sectors", "sector_id", (s for a in alerts for s in a.sectors))
    _known(box, "Report kind", "method.report_kinds", "kind", (one.kind for one in alerts))
    _known(box, "Supplier", "staged.suppliers", "supplier_id", scenario.lost)
    cves = (*scenario.exploited, *scenario.patched)
    _known(box, "CVE open at any supplier", "staged.findings", "cve_id", cves)


def _known(box: Connection, what: str, table: str, column: str, names: Iterable[str]) -> None:
    rows = box.execute(
        f"select distinct {column} from {table} where {column} is not null"
    ).fetchall()
    known = [name for (name,) in rows]
    for name in names:
        if name not in known:
            raise UnknownNameError(what, name, known)


def _play(box: Connection, scenario: Scenario, day: date) -> None:
    box.execute(
        "insert into method.sources by name select * replace ('scenario' as source_id, "
        "'A' as reliability) from method.sources limit 1"
    )
    rows = [_report(number, alert) for number, alert in enumerate(scenario.alert, 1)]
    _add(box, "reports", day, rows)
    listed = [{"cve_id": cve_id, "added_date": day} for cve_id in scenario.exploited]
    _add(box, "exploited_vulnerabilities", day, listed)
    box.execute("set variable patched = ?", [list(scenario.patched)])
    box.execute("set variable lost = ?", [list(scenario.lost)])
    show(
        box,
        "findings",
        "* replace (case when list_contains(getvariable('patched'), cve_id) "
        "then 'fixed' else status end as status)",
    )
    is_kept = "not list_contains(getvariable('lost'), supplier_id)"
    show(box, "suppliers", condition=f"supplier_id is null or {is_kept}")


def _report(number: int, alert: Alert) -> dict[str, Any]:
    return {
        "report_key": f"scenario-{number}",
        "kind": alert.kind,
        "title": alert.title,
        "publisher": "scenario",
        "severity_0_10": alert.severity_0_10,
        "confidence_0_1": alert.confidence_0_1,
        "valid_until": alert.valid_until,
        "facts": [
            *(_fact("sector", "sector", one, "threatened") for one in alert.sectors),
            *(_fact("cve", None, one, "named") for one in alert.cves),
        ],
    }


def _fact(fact_type: str, vocabulary: str | None, value: str, stance: str) -> dict[str, Any]:
    return {
        "fact_type": fact_type,
        "vocabulary": vocabulary,
        "value": value,
        "label": value,
        "stance": stance,
        "confidence_0_1": None,
        "sentence": None,
    }


def _add(box: Connection, table: str, day: date, rows: list[dict[str, Any]]) -> None:
    noon = datetime.combine(day, time(12))
    for number, row in enumerate(rows, 1):
        full = {
            "source_id": "scenario",
            "delivery_id": "scenario",
            "source_row": number,
            "known_at": noon,
            "disclosed_at": noon,
            "record": "{}",
            "record_md5": f"scenario {number}",
            "is_repeat": False,
            **row,
        }
        names = ", ".join(f'"{name}"' for name in full)
        marks = ", ".join("?" for _ in full)
        box.execute(
            f"insert into staged.{table}_added ({names}) values ({marks})", list(full.values())
        )


def _told(scenario: Scenario) -> Iterable[str]:
    yield scenario.title
    for alert in scenario.alert:
        yield f"{alert.kind} “{alert.title}” against {', '.join(alert.sectors) or 'no sector'}"
    for title, names in (
        ("exploited", scenario.exploited),
        ("patched everywhere", scenario.patched),
        ("lost", scenario.lost),
    ):
        if names:
            yield f"{title}: {', '.join(names)}"
