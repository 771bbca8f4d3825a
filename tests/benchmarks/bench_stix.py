"""Bundles of about 70 MB, of small or of nested objects, against orjson.loads of the same bytes.

The nested ones have markings, labels, references and phases, as those of ATT&CK. Few objects are
prose: reading prose is measured where prose is read. Rows are Arrow tables with their records;
writing them into the warehouse, and its checks, are not part of it.
"""

import random
import uuid

import orjson
import pytest
from reader_helpers import delivery

from pipeline.sources import get_source

N_OBJECTS = {"small": 200_000, "nested": 90_000}
NESTED = {
    "labels": ["anomalous-activity", "command-and-control"],
    "object_marking_refs": ["marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da"],
    "external_references": [
        {"source_name": "vendor", "url": "https://vendor.example/report", "external_id": "R-7"},
        {"source_name": "news", "description": "Told a day later, with the same names."},
    ],
    "kill_chain_phases": [{"kill_chain_name": "mitre-attack", "phase_name": "impact"}],
}


def _bundle(n_objects, further):
    rng = random.Random(7)

    def new_id(kind):
        return f"{kind}--{uuid.UUID(int=rng.getrandbits(128), version=4)}"

    sectors = ("energy", "financial-services", "healthcare", "transportation", "defence")
    victims = [new_id("identity") for _ in range(20)]
    actors = [new_id("intrusion-set") for _ in range(50)]
    indicators = [new_id("indicator") for _ in range(n_objects // 2)]
    makers = {
        "identity": lambda i: {"name": "Victim", "sectors": [sectors[i % 5]]},
        "intrusion-set": lambda i: {"name": f"Group {i}"},
        "indicator": lambda i: {
            "name": f"Host {i:08d}.example",
            "pattern": f"[domain-name:value = '{rng.getrandbits(64):x}.example']",
            "valid_until": "2020-06-01T00:00:00Z",
            "confidence": i % 101,
        },
        "relationship": lambda i: {
            "relationship_type": "indicates",
            "source_ref": indicators[i],
            "target_ref": actors[i % 50],
        },
        "sighting": lambda i: {
            "sighting_of_ref": actors[i % 50],
            "where_sighted_refs": [victims[i % 20]],
        },
    }

    def made(kind, thing_id, i):
        moment = f"2020-01-{1 + i % 28:02d}T{i % 24:02d}:00:00.000Z"
        head = {"type": kind, "spec_version": "2.1", "id": thing_id}
        return head | {"created": moment, "modified": moment} | makers[kind](i) | further

    n_rest = n_objects - len(victims) - len(actors) - len(indicators) - 1_000
    things = [
        *(("identity", one) for one in victims),
        *(("intrusion-set", one) for one in actors),
        *(("indicator", one) for one in indicators),
        *(("relationship", new_id("relationship")) for _ in range(n_rest)),
        *(("sighting", new_id("sighting")) for _ in range(1_000)),
    ]
    counts = dict.fromkeys(makers, 0)
    objects = []
    for kind, thing_id in things:
        objects.append(made(kind, thing_id, counts[kind]))
        counts[kind] += 1
    return {"type": "bundle", "id": new_id("bundle"), "objects": objects}


@pytest.fixture(scope="module", params=N_OBJECTS)
def bundle(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("stix") / f"{request.param}.json"
    further = NESTED if request.param == "nested" else {}
    path.write_bytes(orjson.dumps(_bundle(N_OBJECTS[request.param], further)))
    return path


def _read(path):
    return sum(len(rows.rows) for rows in get_source("stix").read(delivery("stix", path)))


def test_parse_alone(benchmark, bundle):
    data = bundle.read_bytes()
    objects = benchmark.pedantic(lambda: orjson.loads(data), rounds=7)["objects"]
    assert len(objects) == N_OBJECTS[bundle.stem]


def test_bundle_to_rows(benchmark, bundle):
    n_rows = benchmark.pedantic(lambda: _read(bundle), rounds=7, warmup_rounds=1)
    assert n_rows == N_OBJECTS[bundle.stem]
