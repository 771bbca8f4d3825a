"""Two schedulers start the same day at once: one works, the other waits its turn or is refused."""

import pytest
from faults.killing import PREPARED
from sample import DAY, content, copy_of, published_hashes

from pipeline import flow
from pipeline.errors import WarehouseLockedError

pytestmark = [pytest.mark.gx, pytest.mark.slow]

REFUSED = WarehouseLockedError.exit_code


def run(settings, start):
    start.wait()
    try:
        flow.run_day(DAY, settings=settings)
    except WarehouseLockedError:
        raise SystemExit(REFUSED) from None


def test_two_runs_of_one_day(evening, tmp_path):
    alone, settings = (copy_of(evening, tmp_path / name) for name in ("one", "two"))
    flow.run_day(DAY, settings=alone)
    start = PREPARED.Barrier(2)
    runs = [PREPARED.Process(target=run, args=(settings, start)) for _ in range(2)]
    for each in runs:
        each.start()
    for each in runs:
        each.join()
    assert {each.exitcode for each in runs} <= {0, REFUSED}
    flow.run_day(DAY, settings=settings)
    assert content(settings) == content(alone)
    assert tables_and_workbook(settings) == tables_and_workbook(alone)


def tables_and_workbook(settings):
    published = published_hashes(settings).items()
    return {name: digest for name, digest in published if name.endswith((".xlsx", ".parquet"))}
