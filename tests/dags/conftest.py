import os

import embedded
import pytest


@pytest.fixture(scope="session")
def dags(tmp_path_factory):
    """The DAGs by id, in an Airflow with a metadata database and a data folder of its own."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(("AIRFLOW_", "SECTOR_RISK_")):
                patch.delenv(name)
        patch.setenv("SECTOR_RISK_HOME", str(home))
        for name, value in embedded.environment(home).items():
            patch.setenv(name, value)
        embedded.prepare()
        yield embedded.load_dags()
