import fcntl
import os
import shutil
from datetime import date, timedelta

import pytest
from hypothesis import settings
from sample import EVE, collect_all, sample_settings
from small_world import january

from pipeline import flow

settings.register_profile("deep", max_examples=1_000)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """What looks at a scored world is slow: scoring it takes seconds."""
    for item in items:
        if "january_settings" in item.fixturenames:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def january_settings(tmp_path_factory):
    """Where the small world of January 2020 is published; for reading only."""
    world = january(tmp_path_factory.mktemp("january"))
    world.score(date(2019, 12, 22), date(2020, 2, 5))
    return world.publish()


@pytest.fixture(scope="session")
def collected(tmp_path_factory):
    """A home with every delivery of the sample taken in and no day scored; to be copied."""
    return shared(tmp_path_factory, "collected", collect_all)


@pytest.fixture(scope="session")
def evening(tmp_path_factory):
    """A home on the evening before DAY, its last days scored and published; to be copied."""
    return shared(tmp_path_factory, "evening", as_the_evening_before)


def as_the_evening_before(settings):
    collect_all(settings, until=EVE)
    flow.score_range(EVE - timedelta(days=3), EVE, settings=settings)
    flow.publish(EVE, settings=settings)


def shared(tmp_path_factory, name, make):
    """A home that whichever worker needs it first makes for all of them."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    home, unfinished = folder / name, folder / f"{name}-unfinished"
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not home.exists():
            shutil.rmtree(unfinished, ignore_errors=True)
            make(sample_settings(unfinished))
            unfinished.rename(home)
    return sample_settings(home)


def pytest_addoption(parser):
    parser.addoption("--fuzz", type=int, default=300, help="wrong inputs given to each reader")
