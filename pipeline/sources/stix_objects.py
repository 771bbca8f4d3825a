"""STIX objects as far as scores need them, and what the objects of one delivery say together.

Only these properties are decoded, whatever their type, so that neither a wrong type nor the bulk
of an object (patterns, observed data) costs anything; a wrong type is found where it is used.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from pipeline.sources.fields import (
    CVE,
    TECHNIQUE,
    at,
    fact,
    mappings,
    marking,
    sector_facts,
    strings,
)
from pipeline.sources.prose import actor_fact

ACTORS = frozenset({"threat-actor", "intrusion-set"})
STRICTNESS = ("CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED")
STANDARD_MARKINGS = {
    "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9": "CLEAR",
    "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da": "GREEN",
    "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82": "AMBER",
    "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed": "RED",
    "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487": "CLEAR",
    "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb": "GREEN",
    "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421": "AMBER",
    "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003": "AMBER+STRICT",
    "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1": "RED",
}


class StixObject(msgspec.Struct, gc=False):
    """One object of a bundle; every property may be missing or of a wrong type."""

    type: Any = None
    id: Any = None
    created: Any = None
    modified: Any = None
    created_by_ref: Any = None
    revoked: Any = None
    x_mitre_deprecated: Any = None
    confidence: Any = None
    name: Any = None
    description: Any = None
    published: Any = None
    valid_until: Any = None
    labels: Any = None
    report_types: Any = None
    object_refs: Any = None
    object_marking_refs: Any = None
    granular_markings: Any = None
    external_references: Any = None
    sectors: Any = None
    aliases: Any = None
    relationship_type: Any = None
    source_ref: Any = None
    target_ref: Any = None
    sighting_of_ref: Any = None
    where_sighted_refs: Any = None
    definition: Any = None
    extensions: Any = None


_object = msgspec.json.Decoder(StixObject)


def decoded(raw: msgspec.Raw) -> StixObject | None:
    """One object, its type and id None where they are no text; None where it is no object."""
    try:
        thing = _object.decode(raw)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return None
    thing.type = thing.type if isinstance(thing.type, str) else None
    thing.id = thing.id if isinstance(thing.id, str) else None
    return thing


class Context:
    """Names, sectors, markings and relationships of all objects of a delivery."""

    def __init__(self, objects: Iterable[StixObject | None]) -> None:
        self.about: dict[str, StixObject] = {}
        self.tlp: dict[str, str | None] = dict(STANDARD_MARKINGS)
        self.edges: defaultdict[str, list[str]] = defaultdict(list)
        for thing in objects:
            if thing is None or not isinstance(thing.id, str):
                continue
            if thing.type == "relationship":
                self._add_relationship(thing)
            elif thing.type in KEPT:
                self.about[thing.id] = thing
            elif thing.type == "marking-definition":
                self._add_marking(thing)

    def _add_relationship(self, thing: StixObject) -> None:
        if isinstance(thing.relationship_type, str) and thing.relationship_type in FOLLOWED:
            self.add_edge(thing.source_ref, thing.target_ref)

    def add_edge(self, source: object, target: object) -> None:
        """Note that one object has a relationship to another."""
        if isinstance(source, str) and isinstance(target, str):
            self.edges[source].append(target)

    def _add_marking(self, thing: StixObject) -> None:
        """A definition may be of something else than TLP, such as a copyright."""
        found = [at(thing.definition, "tlp")]
        if isinstance(thing.extensions, dict):
            found += [at(extension, "tlp_2_0") for extension in thing.extensions.values()]
        label = next(iter(strings(found)), "")
        self.tlp[thing.id] = STANDARD_MARKINGS.get(thing.id) or marking(label)

    def tlp_of(self, thing: StixObject) -> str | None:
        """The strictest marking of an object or of a part of it; None where it has none."""
        parts = [part.get("marking_ref") for part in mappings(thing.granular_markings)]
        return self.strictest([*strings(thing.object_marking_refs), *strings(parts)])

    def strictest(self, marking_refs: Iterable[str]) -> str | None:
        """The strictest of the markings; one that is nowhere defined may forbid anything."""
        found = [self.tlp.get(ref, STRICTNESS[-1]) for ref in marking_refs]
        return max((tlp for tlp in found if tlp), key=STRICTNESS.index, default=None)

    def name_of(self, ref: object) -> str | None:
        """The name of an object of the delivery."""
        thing = self.about.get(ref) if isinstance(ref, str) else None
        return thing.name.strip() if thing and isinstance(thing.name, str) else None

    def facts_of(self, thing: StixObject) -> list[dict[str, Any]]:
        """What an object says by itself, by what it refers to and by its relationships.

        Sectors are attacked where something targets them or was sighted there, and only
        mentioned where a report lists them without saying so.
        """
        listed = strings(thing.object_refs) + strings(thing.sighting_of_ref)
        hit = [*self.edges.get(thing.id, ())]
        for ref in listed:
            hit += self.edges.get(ref, ())
        facts = [
            *self.said_by([thing.id] if thing.type in ACTORS else [], "mentioned"),
            *self.said_by(hit, "attacked"),
            *self.said_by(strings(thing.where_sighted_refs), "attacked"),
            *self.said_by(listed, "mentioned"),
        ]
        return _first_of_each(facts)

    def said_by(self, refs: Iterable[str], stance: str) -> Iterator[dict[str, Any]]:
        """What the objects referred to say: actors, sectors with that stance, ids of CVEs."""
        for ref in refs:
            thing = self.about.get(ref)
            if thing is None:
                continue
            if thing.type in ACTORS and (name := self.name_of(ref)):
                yield actor_fact(name, "named", strings(thing.aliases))
            elif thing.type == "identity":
                yield from sector_facts(strings(thing.sectors), "stix", stance)
            else:
                yield from _external_facts(thing)


def _external_facts(thing: StixObject) -> Iterator[dict[str, Any]]:
    """CVE and technique ids among the names that others gave to an object."""
    found = [reference.get("external_id") for reference in mappings(thing.external_references)]
    for name in strings([*found, thing.name]):
        if thing.type == "vulnerability" and CVE.fullmatch(name):
            yield fact("cve", name.upper(), "mentioned")
        elif thing.type == "attack-pattern" and TECHNIQUE.fullmatch(name):
            yield fact("technique", name, "mentioned")


def _first_of_each(facts: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    seen: dict[tuple[str, str], dict[str, Any]] = {}
    for one in facts:
        seen.setdefault((one["fact_type"], one["value"]), one)
    return list(seen.values())


KEPT = ACTORS | {"identity", "vulnerability", "attack-pattern", "campaign", "malware"}
FOLLOWED = frozenset({"targets", "attributed-to", "uses", "exploits", "indicates"})
