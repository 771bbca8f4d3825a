"""Every reader against wrong inputs; `--fuzz 100000 -m slow` gives each reader that many."""

import pytest
from deliveries import warehouse
from fuzz import run

from pipeline import staged
from pipeline.sources import all_sources

MOST_GROWTH_MB = 64


@pytest.fixture(scope="module")
def schemas(tmp_path_factory):
    with warehouse(tmp_path_factory.mktemp("schemas")) as con:
        tables = {table for source in all_sources().values() for table in source.tables}
        return {table: staged.schema(con, table) for table in tables}


@pytest.mark.slow
@pytest.mark.parametrize("source_id", all_sources())
def test_wrong_files_give_rows_or_a_typed_error(source_id, schemas, tmp_path):
    outcome = run(source_id, 60, 1, schemas, tmp_path)
    assert not outcome.faults


@pytest.mark.slow
@pytest.mark.parametrize("source_id", all_sources())
def test_very_many_wrong_files(source_id, schemas, tmp_path, request, record_property):
    n_inputs = request.config.getoption("--fuzz")
    outcome = run(source_id, n_inputs, 2, schemas, tmp_path)
    print(source_id, outcome)  # noqa: T201 - the report
    assert not outcome.faults, outcome.kept
    assert outcome.growth_mb < MOST_GROWTH_MB
