"""Where the SQL models run: in DuckDB itself, or on Apache Spark."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Any

from pipeline.method import Model

if TYPE_CHECKING:
    from pipeline.settings import Settings


class Engine:
    """DuckDB: the rows of a model are those of its SELECT."""

    extends_facts = True
    """Whether new deliveries are added to the facts, instead of making every fact anew."""

    def forget(self) -> None:
        """What the engine has been given is no longer as it was."""

    def rows(
        self, _con: Any, model: Model, start: date | None = None, end: date | None = None
    ) -> tuple[str, dict[str, Any]]:
        """A SELECT of the model's rows for the days start…end, and its parameters.

        Args:
            _con: the connection that will read them.
            model: which model; its inputs are up to date.
            start: first day; None for a model without days.
            end: last day, included.
        """
        days = {"start_date": start, "end_date": end}
        return model.sql, {name: days[name] for name in model.parameters}


DUCKDB = Engine()


@contextmanager
def engine_for(settings: "Settings") -> Iterator[Engine]:
    """The engine that the settings name; its processes end with the block.

    Raises:
        SettingsError: Spark is asked for and not installed.
    """
    if settings.engine == "duckdb":
        yield DUCKDB
        return
    from pipeline.spark.engine import SparkEngine

    with SparkEngine(settings) as engine:
        yield engine
