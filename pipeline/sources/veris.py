"""Incidents in VERIS: one JSON object, a list of them, or JSON lines.

One record is one incident. It became known when its record was created, often a year after it
happened, so three dates are kept apart: `disclosed_at` is the record's creation; `published_at`,
from which its weight fades, is the last day on which it can have happened; a full date is a fact.

Severity follows the actions, because most records of the community are lost laptops and misdirected
letters: hacking and malware 6, social 5, unknown 3, misuse by insiders 2, theft of things 1, error
and the weather 0, because nobody attacked. The largest counts.
"""

import calendar
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any

from pipeline.errors import DeliveryError
from pipeline.sources.archive import Document, documents
from pipeline.sources.base import Delivery, Row, Rows, Source
from pipeline.sources.fields import (
    Cells,
    at,
    cves_in,
    fact,
    mappings,
    sector_facts,
    strings,
    unique,
)
from pipeline.sources.parsing import Record, as_json, chunked, json_lines, json_value
from pipeline.sources.prose import actor_fact

TABLE = "reports"
SEVERITY = {
    "hacking": 6,
    "malware": 6,
    "social": 5,
    "unknown": 3,
    "misuse": 2,
    "physical": 1,
    "error": 0,
    "environmental": 0,
}
CREDIBILITY = {"high": 2, "medium": 3, "low": 4, "none": 6}
OF_A_STATE = frozenset({"State-affiliated", "Nation-state"})
STATES = {"IR": "iran", "RU": "russia", "CN": "china", "KP": "north-korea"}
UNKNOWN_INDUSTRY = frozenset({"0", "00", "000", "0000", "00000", "000000", "unknown"})


def read(delivery: Delivery) -> Iterator[Rows]:
    """Every incident."""
    yield from chunked(TABLE, _rows(delivery))


def _rows(delivery: Delivery) -> Iterator[Row]:
    number = 0
    for document in documents(delivery, (".json", ".jsonl")):
        for record in _records(document):
            number += 1
            yield _row(number, record)


def _records(document: Document) -> Iterator[Record]:
    """A list or a single object written over several lines is one JSON document."""
    start = document.data.lstrip(b"\xef\xbb\xbf \t\r\n")
    first_line = start.partition(b"\n")[0].rstrip()
    if first_line.endswith(b"}") and start.startswith(b"{"):
        yield from json_lines(document.name, document.data)
        return
    value = json_value(document.name, document.data)
    if not isinstance(value, dict | list):
        raise DeliveryError(
            document.name, "holds no JSON object.", "Check that it holds VERIS incidents."
        )
    for number, incident in enumerate(value if isinstance(value, list) else [value], 1):
        if isinstance(incident, dict):
            yield Record(number, incident)
        else:
            yield Record(number, {"entry": incident}, [f"Entry {number} is not a JSON object."])


def _row(number: int, record: Record) -> Row:
    incident = record.fields
    cells = Cells(incident)
    created = cells.moment("plus.created", required=True)
    actions = [action for action in SEVERITY if at(incident, f"action.{action}") is not None]
    row = {
        "source_row": number,
        "report_key": cells.text("incident_id", required=True),
        "kind": "incident",
        "title": _title(incident, actions),
        "publisher": cells.text("source_id"),
        "published_at": _last_possible_moment(cells, created),
        "modified_at": cells.moment("plus.modified") or created,
        "disclosed_at": created,
        "severity_0_10": max((float(SEVERITY[action]) for action in actions), default=None),
        "information_credibility_1_6": _credibility(cells),
        "refs": _references(incident),
        "facts": _facts(incident),
        "body": cells.text("summary"),
        "record": as_json(incident),
    }
    return row | {"problems": record.problems + cells.problems}


def _title(incident: dict[str, Any], actions: list[str]) -> str:
    victims = strings([at(victim, "victim_id") for victim in mappings(incident.get("victim"))])
    return f"{' and '.join(actions) or 'incident'}: {', '.join(victims) or 'victim not named'}"


def _credibility(cells: Cells) -> int | None:
    """A suspected incident is doubtful whatever the confidence in its details."""
    stated: int | None = cells.choice("confidence", CREDIBILITY)
    return 4 if at(cells.record, "security_incident") == "Suspected" else stated


def _last_possible_moment(cells: Cells, created: datetime | None) -> datetime | None:
    last = _last_possible_day(cells)
    if last is None or created is None:
        return created
    return min(datetime.combine(last, time()), created)


def _last_possible_day(cells: Cells) -> date | None:
    year, month, day = (
        cells.number(f"timeline.incident.{part}", low, high)
        for part, low, high in (("year", 1980, 2100), ("month", 1, 12), ("day", 1, 31))
    )
    if year is None:
        return None
    month = month or 12
    last = calendar.monthrange(int(year), int(month))[1]
    return date(int(year), int(month), min(int(day or last), last))


def _references(incident: dict[str, Any]) -> list[str]:
    told = " ".join(strings(incident.get("reference"))).replace(";", " ")
    return unique(word for word in told.split() if word.startswith(("http://", "https://")))


def _facts(incident: dict[str, Any]) -> list[dict[str, Any]]:
    codes = [
        code
        for victim in mappings(incident.get("victim"))
        for code in strings(victim.get("industry"))
        if code.lower() not in UNKNOWN_INDUSTRY
    ]
    places = [*(f"action.{action}.cve" for action in SEVERITY), "plus.cve"]
    told = [text for place in places for text in strings(at(incident, place))]
    return [
        *sector_facts(codes, "naics", "attacked"),
        *_actors(incident),
        *(fact("cve", cve, "mentioned") for cve in cves_in(" ".join(told))),
        *_date(incident),
    ]


def _actors(incident: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for actor in mappings(at(incident, "actor.external")):
        if OF_A_STATE & set(strings(actor.get("variety"))):
            for country in strings(actor.get("country")):
                if country in STATES:
                    yield fact("actor", STATES[country], "suspected", label=country)
        for name in strings(actor.get("name")):
            yield actor_fact(name, "named")


def _date(incident: dict[str, Any]) -> Iterator[dict[str, Any]]:
    when = at(incident, "timeline.incident")
    try:
        happened = date(when["year"], when["month"], when["day"])
    except (KeyError, TypeError, ValueError, OverflowError):
        return
    yield fact("date", happened.isoformat(), "event")


SOURCE = Source(
    source_id="veris",
    title="Incidents in VERIS (VERIS Community Database)",
    group="threat_reports",
    read=read,
    tables=(TABLE,),
    reliability="B",
    reliability_reason="Coded by trained volunteers from public sources, reviewed before release",
    licence="CC BY-SA 4.0",
    suffixes=(".json", ".jsonl", ".jsonl.xz", ".jsonl.gz"),
)
