"""What the tags and galaxy clusters of a MISP event say."""

import re
from collections.abc import Iterator
from typing import Any

from pipeline.sources.fields import (
    TECHNIQUE,
    fact,
    label_key,
    mappings,
    marking,
    sector_facts,
    strings,
    unique,
)
from pipeline.sources.prose import actor_fact

TAG = re.compile(r'([\w.-]+):([\w.-]+)="([^"]*)"')
ACTOR_GALAXIES = ("threat-actor", "intrusion-set", "activity-group")
SECTOR_VOCABULARIES = {
    "misp-galaxy:sector": "misp",
    "misp-galaxy:naics": "naics",
    "dhs-ciip-sectors:dhs-critical-sectors": "dhs",
    "dhs-ciip-sectors:sector": "dhs",
}
TARGETS = ("cfr-target-category", "target-sector")
NO_SECTOR = frozenset({"unknown", "other", "country"})
ESTIMATES = {
    "estimative-language:confidence-in-analytic-judgment": {
        "low": 0.2,
        "moderate": 0.55,
        "high": 0.95,
    },
    "misp:confidence-level": {
        "completely-confident": 1.0,
        "usually-confident": 0.75,
        "fairly-confident": 0.5,
        "rarely-confident": 0.25,
        "unconfident": 0.0,
        "confidence-cannot-be-evalued": 0.5,
    },
    "estimative-language:likelihood-probability": {
        "almost-no-chance": 0.05,
        "very-unlikely": 0.1,
        "unlikely": 0.2,
        "roughly-even-chance": 0.5,
        "likely": 0.65,
        "very-likely": 0.8,
        "almost-certain": 0.95,
    },
}
RELIABILITY = {letter: letter.upper() for letter in "abcdef"} | {"g": "E"}


class Tags:
    """The tags of an event, and those that its galaxy clusters stand for."""

    def __init__(self, event: dict[str, Any]) -> None:
        written = [tag.get("name") for tag in mappings(event.get("Tag"))]
        clusters = [cluster.get("tag_name") for cluster in _clusters(event)]
        self.known_targets = _known_targets(event)
        self.names = unique(strings([*written, *clusters]))
        self.values = [
            (f"{found[1]}:{found[2]}".lower(), found[3].strip())
            for name in self.names
            if (found := TAG.fullmatch(name))
        ]

    def tlp(self) -> str | None:
        """The strictest TLP tag."""
        found = {marking(name) for name in self.names if name.lower().startswith("tlp:")}
        strict = ("RED", "AMBER+STRICT", "AMBER", "GREEN", "CLEAR")
        return next((label for label in strict if label in found), None)

    def kind(self) -> str:
        """An incident or campaign where the event is tagged so, else an analysis."""
        predicates = " ".join([key for key, _ in self.values])
        if "incident-classification" in predicates or "veris:" in predicates:
            return "incident"
        return "campaign" if "campaign" in predicates else "analysis"

    def information_credibility(self) -> int | None:
        """Admiralty information credibility, 1 to 6."""
        found = self._first("admiralty-scale:information-credibility")
        return int(found) if found in {"1", "2", "3", "4", "5", "6"} else None

    def reliability(self) -> str | None:
        """Admiralty reliability of the author, A to F; G (deceptive) is as good as unreliable."""
        found = self._first("admiralty-scale:source-reliability")
        return RELIABILITY.get(found or "")

    def confidence(self) -> float | None:
        """Confidence of the author, by the first scale that the event uses."""
        for key, scale in ESTIMATES.items():
            found = self._first(key)
            if found in scale:
                return scale[found]
        return None

    def facts(self) -> Iterator[dict[str, Any]]:
        """Actors, sectors and techniques; usual targets of an actor are only mentioned."""
        for key, vocabulary in SECTOR_VOCABULARIES.items():
            labels = [value for found, value in self.values if found == key]
            told = [label for label in labels if label_key(label) not in NO_SECTOR]
            yield from sector_facts(told, vocabulary, "attacked")
        yield from sector_facts(self.known_targets, "misp", "mentioned")
        for name in unique(value for key, value in self.values if key.endswith(ACTOR_GALAXIES)):
            yield actor_fact(name.rpartition(" - G")[0] or name, "named")
        patterns = [value for key, value in self.values if key.endswith("attack-pattern")]
        for technique in unique(one for value in patterns for one in TECHNIQUE.findall(value)):
            yield fact("technique", technique, "mentioned")

    def _first(self, key: str) -> str | None:
        return next((value.lower() for found, value in self.values if found == key), None)


def _clusters(event: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for galaxy in mappings(event.get("Galaxy")):
        yield from mappings(galaxy.get("GalaxyCluster"))


def _known_targets(event: dict[str, Any]) -> list[str]:
    """Sectors that the clusters of an event list as targets of long: a string or a list."""
    metas = [
        cluster["meta"] for cluster in _clusters(event) if isinstance(cluster.get("meta"), dict)
    ]
    found = [meta.get(key) for meta in metas for key in TARGETS]
    return unique(sector for each in found for sector in strings(each))
