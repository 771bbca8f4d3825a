"""The catalog of KEV and five years of CSAF advisories, against unpacking and parsing the same."""

from datetime import datetime
from pathlib import Path

import orjson
import pytest

from pipeline.sources import get_source
from pipeline.sources.archive import documents
from pipeline.sources.base import Delivery

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
pytestmark = pytest.mark.skipif(
    not SHARED.is_dir(), reason="the public data is not beside the checkout"
)
FILES = {
    "kev": "kev/known_exploited_vulnerabilities.json",
    "csaf": "csaf/cisa_csaf_ot_2017-2021.tar.xz",
}


@pytest.fixture(params=FILES)
def delivery(request):
    path = SHARED / FILES[request.param]
    return Delivery("x/2026-01-01/0", request.param, path, path.name, datetime(2026, 1, 1))


def test_parse_alone(benchmark, delivery):
    def parse():
        return sum(bool(orjson.loads(one.data)) for one in documents(delivery, (".json",)))

    assert benchmark.pedantic(parse, rounds=7, warmup_rounds=1)


def test_to_rows(benchmark, delivery):
    def read():
        return sum(len(rows.rows) for rows in get_source(delivery.source_id).read(delivery))

    assert benchmark.pedantic(read, rounds=7, warmup_rounds=1)
