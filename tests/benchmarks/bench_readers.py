"""The catalog of KEV and five years of CSAF advisories, against unpacking and parsing the same."""

import orjson
import pytest
from reader_helpers import SHARED, delivery

from pipeline.sources import get_source
from pipeline.sources.archive import documents

pytestmark = pytest.mark.skipif(
    not SHARED.is_dir(), reason="the public data is not beside the checkout"
)
FILES = {
    "kev": "kev/known_exploited_vulnerabilities.json",
    "csaf": "csaf/cisa_csaf_ot_2017-2021.tar.xz",
}


@pytest.fixture(params=FILES)
def received(request):
    return delivery(request.param, SHARED / FILES[request.param])


def test_parse_alone(benchmark, received):
    def parse():
        return sum(bool(orjson.loads(one.data)) for one in documents(received, (".json",)))

    assert benchmark.pedantic(parse, rounds=7, warmup_rounds=1)


def test_to_rows(benchmark, received):
    def read():
        return sum(len(rows.rows) for rows in get_source(received.source_id).read(received))

    assert benchmark.pedantic(read, rounds=7, warmup_rounds=1)
