from datetime import date

import pytest
from hypothesis import settings
from small_world import january

settings.register_profile("deep", max_examples=500)


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


def pytest_addoption(parser):
    parser.addoption("--fuzz", type=int, default=1_000, help="wrong inputs given to each reader")
