"""The models on Spark: tables go there and come back as Parquet, DuckDB keeps the warehouse."""

import logging
import tempfile
from contextlib import ExitStack
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from pipeline.engine import Engine
from pipeline.method import Model, installed_method, read_method, stored_method
from pipeline.settings import Settings
from pipeline.spark.session import session
from pipeline.spark.translate import Columns, Translator
from pipeline.warehouse import Connection, open_memory, quoted

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

logger = logging.getLogger(__name__)


class SparkEngine(Engine):
    """One session for one warehouse, which nobody else writes to meanwhile.

    A table goes to Spark once, and each model's rows stay there for the models that read them. The
    folder has to be one that this machine and Spark's executors share.
    """

    extends_facts = False

    def __init__(self, settings: Settings) -> None:
        """Nothing is started before the first model."""
        self._settings = settings
        self._open = ExitStack()
        self._known: Translator | None = None
        self._given: set[str] = set()
        self._n = 0

    def __enter__(self) -> Self:
        """See `close`."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop Spark and remove what was exchanged with it."""
        self._open.close()

    def forget(self) -> None:
        """Give Spark every table anew."""
        self._given.clear()

    def rows(
        self, con: Connection, model: Model, start: date | None = None, end: date | None = None
    ) -> tuple[str, dict[str, Any]]:
        """Compute the model on Spark; the SELECT reads the Parquet files that it has written."""
        shapes = self._translator(con).shapes
        for name in sorted(model.references() & shapes.keys()):
            self._give(con, name, model, start, end)
        bound = {"start_date": start, "end_date": end, "knowledge": _knowledge(con)}
        place = self._place(model.name)
        query = self._translator(con).query(con, model, bound)
        self._session.sql(query).write.parquet(str(place))
        self._register(model.name, place)
        columns = ", ".join(
            f'cast("{name}" as {kind}) as "{name}"' for name, kind in shapes[model.name].items()
        )
        logger.info("%s: computed on Spark", model.name)
        return f"select {columns} from read_parquet('{quoted(place)}/*.parquet')", {}

    def _give(
        self, con: Connection, name: str, model: Model, start: date | None, end: date | None
    ) -> None:
        """Let Spark read a table of the warehouse; of scores that alerts remember, the days."""
        is_remembered = model.is_alert and name.startswith("scores.")
        if name in self._given and not is_remembered:
            return
        rows = f"from {name}"
        if is_remembered and start and end:
            rows += _remembered(con, self._translator(con).shapes[name], start, end)
        place = self._place(name)
        place.mkdir(parents=True)
        con.execute(f"copy ({rows}) to '{quoted(place)}/rows.parquet' (format parquet)")
        self._register(name, place)

    def _place(self, name: str) -> Path:
        self._n += 1
        return self._folder / f"{self._n}-{name}"

    def _register(self, name: str, place: Path) -> None:
        schema, _ = name.split(".")
        self._session.sql(f"create database if not exists {schema}")
        self._session.sql(f"drop table if exists {name}")
        self._session.catalog.createTable(name, path=str(place), source="parquet")
        self._given.add(name)

    @cached_property
    def _folder(self) -> Path:
        parent = self._settings.spark_folder or self._settings.home / "spark"
        parent.mkdir(parents=True, exist_ok=True)
        return Path(self._open.enter_context(tempfile.TemporaryDirectory(dir=parent)))

    @cached_property
    def _session(self) -> "SparkSession":
        return self._open.enter_context(session(self._settings, self._folder))

    def _translator(self, con: Connection) -> Translator:
        if self._known is None:
            version = installed_method(con) or ""
            aside = self._open.enter_context(open_memory(self._settings))
            self._known = Translator(aside, stored_method(con, version) or read_method())
        return self._known


def _remembered(con: Connection, names: Columns, start: date, end: date) -> str:
    """Condition on the rows of scores that alerts of these days look at."""
    row = con.execute("select method.parameter('alert_memory_days')").fetchone()
    first = start - timedelta(days=int(row[0]) if row else 0)
    if "first_date" in names:
        return f" where last_date >= date '{first}' and first_date <= date '{end}'"
    return f" where score_date between date '{first}' and date '{end}'"


def _knowledge(con: Connection) -> str:
    row = con.execute("select getvariable('knowledge')").fetchone()
    return str(row[0]) if row else "then"
