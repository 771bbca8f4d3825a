"""Airflow inside this process: SQLite for its metadata, no server, runs by `DAG.test`."""

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow.sdk import DAG

DAGS_FOLDER = Path(__file__).resolve().parent


def environment(home: Path) -> dict[str, str]:
    """Variables that keep everything of Airflow below the data folder; set before its import."""
    return {
        "AIRFLOW_HOME": str(home / "airflow"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS_FOLDER),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        **openlineage(home),
    }


def openlineage(home: Path) -> dict[str, str]:
    """Variables that let each event of OpenLineage become a file below the data folder."""
    folder = home / "lineage"
    folder.mkdir(parents=True, exist_ok=True)
    transport = {"type": "file", "log_file_path": str(folder / "event"), "append": False}
    return {
        "AIRFLOW__OPENLINEAGE__TRANSPORT": json.dumps(transport),
        "AIRFLOW__OPENLINEAGE__NAMESPACE": "sector-risk",
        "AIRFLOW__OPENLINEAGE__DISABLE_SOURCE_CODE": "True",
    }


def prepare() -> None:
    """Bring the metadata database to the newest revision and create the warehouse's pool."""
    from airflow.models.pool import Pool
    from airflow.utils.db import check_migrations, initdb
    from wiring import WAREHOUSE_POOL

    try:
        check_migrations(0)
    except TimeoutError:
        initdb()
    Pool.create_or_update_pool(
        WAREHOUSE_POOL, slots=1, description="DuckDB takes one writer", include_deferred=False
    )


def load_dags() -> "dict[str, DAG]":
    """The DAGs of this folder by id; a fault in any of them is raised."""
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(str(DAGS_FOLDER))
    if bag.import_errors:
        raise ImportError("\n".join(bag.import_errors.values()))
    return dict(bag.dags)


def run_dag(
    dag: "DAG", moment: datetime, conf: dict[str, str] | None = None, *, can_ask: bool = False
) -> bool:
    """Run one DAG with that logical date, each task once; True if every task succeeded.

    Without a server nobody can be asked: what a gate holds back fails, and says what to do.
    """
    from airflow.sdk import DagRunState

    for task in dag.tasks:
        task.retries = 0  # nobody waits for half an hour in front of a terminal
    deadline, dag.deadline = dag.deadline, None  # Airflow 3.3.2 cannot end a DAG.test with one
    try:
        run = dag.test(
            logical_date=moment,
            run_conf=conf,
            mark_success_pattern=None if can_ask else "ask_a_person",
        )
    finally:
        dag.deadline = deadline
    return bool(run.state == DagRunState.SUCCESS)
