import os
from pathlib import Path

import embedded
import pytest

from pipeline.settings import get_settings

SAMPLE = Path(__file__).parents[2] / "warehouse" / "sample"


@pytest.fixture(scope="session")
def dags(tmp_path_factory):
    """The DAGs by id, in an Airflow with a metadata database and a data folder of its own."""
    home = tmp_path_factory.mktemp("home")
    ours = {"SECTOR_RISK_HOME": str(home), "SECTOR_RISK_INBOX": str(SAMPLE)}
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(("AIRFLOW_", "SECTOR_RISK_")):
                patch.delenv(name)
        for name, value in {**ours, **embedded.environment(home)}.items():
            patch.setenv(name, value)
        get_settings.cache_clear()
        embedded.prepare()
        yield embedded.load_dags()
    get_settings.cache_clear()
