"""Prose to the columns of a report, and names of actors to their ids."""

import re
from datetime import datetime
from functools import cache
from typing import Any

from pipeline.extract import extract
from pipeline.extract.lexicon import read_table
from pipeline.sources.fields import TLP, fact

MARKING = re.compile(r"\bTLP\s*:\s*(RED|AMBER\+STRICT|AMBER|GREEN|WHITE|CLEAR)\b", re.IGNORECASE)
MARKING_WITHIN = 3_000
MAX_PROSE = 500_000


def told(text: str, published_at: datetime, title: str | None = None) -> dict[str, Any]:
    """What a text says, as columns of staged.reports; only MAX_PROSE characters are read."""
    extraction = extract(text[:MAX_PROSE], published_at.date(), title)
    return {
        "kind": extraction.kind,
        "title": extraction.title or None,
        "valid_until": extraction.valid_until,
        "severity_0_10": extraction.severity_0_10,
        "confidence_0_1": extraction.confidence_0_1,
        "tlp": marking(text),
        "facts": extraction.facts,
        "body": text,
    }


def marking(text: str) -> str | None:
    """The TLP marking that stands at the head of a text."""
    found = MARKING.search(text[:MARKING_WITHIN])
    return TLP[found[1].lower()] if found else None


def facts_in(text: str | None, published_at: datetime) -> list[dict[str, Any]]:
    """Facts of a passage that belongs to a structured record; its kind is the record's own."""
    if not text:
        return []
    facts = extract(text[:MAX_PROSE], published_at.date()).facts
    return [one for one in facts if one["fact_type"] != "kind"]


def actor_fact(name: str, stance: str, aliases: list[str] | None = None) -> dict[str, Any]:
    """An actor by the id that the lexicon has for the name or an alias, else by the name."""
    ids = (_actor_ids().get(known.casefold().strip()) for known in [name, *(aliases or [])])
    own = re.sub(r"[^\w]+", "-", name.lower()).strip("-")
    return fact("actor", next((found for found in ids if found), own), stance, label=name)


@cache
def _actor_ids() -> dict[str, str]:
    ids = {row["actor_id"]: row["actor_id"] for row in read_table("lexicon_actors")}
    aliases = read_table("lexicon_actor_aliases")
    return ids | {row["alias"].casefold(): row["actor_id"] for row in aliases}
