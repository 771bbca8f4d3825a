"""The catalog of KEV and five years of CSAF advisories, against unpacking and parsing the same.

Rows are Arrow tables as they are staged; writing them into the warehouse, and its checks, are not
part of it.
"""

import orjson
import pytest
from deliveries import warehouse
from reader_helpers import SHARED, delivery

from pipeline import staged
from pipeline.batch import batches
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


@pytest.fixture
def schemas(received, tmp_path):
    with warehouse(tmp_path) as con:
        return {name: staged.schema(con, name) for name in get_source(received.source_id).tables}


def test_parse_alone(benchmark, received):
    def parse():
        return sum(bool(orjson.loads(one.data)) for one in documents(received, (".json",)))

    assert benchmark.pedantic(parse, rounds=7, warmup_rounds=1)


def test_to_staged_tables(benchmark, received, schemas):
    def read():
        return sum(
            len(t) for _, t in batches(get_source(received.source_id).read(received), schemas)
        )

    assert benchmark.pedantic(read, rounds=7, warmup_rounds=1)
