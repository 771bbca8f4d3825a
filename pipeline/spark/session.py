"""A Spark session: whatever spark-submit or its files configure, else this machine alone."""

import os
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import SettingsError
from pipeline.settings import Settings

if TYPE_CHECKING:
    from pyspark import SparkConf
    from pyspark.sql import SparkSession

_OPTIMIZER = "org.apache.spark.sql.catalyst.optimizer"


@contextmanager
def session(settings: Settings, folder: Path) -> Iterator["SparkSession"]:
    """A session that answers as DuckDB does: UTC, errors instead of silent blanks.

    Raises:
        SettingsError: pyspark or Java is missing.
    """
    try:
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise SettingsError(
            "SECTOR_RISK_ENGINE is 'spark' and the package pyspark is not installed: install "
            "sector-risk[spark], or set SECTOR_RISK_ENGINE=duckdb."
        ) from error
    if not (is_submitted() or shutil.which("java") or os.environ.get("JAVA_HOME")):
        raise SettingsError(
            "SECTOR_RISK_ENGINE is 'spark' and no Java is found on the PATH: install Java 17 or "
            "later, or set SECTOR_RISK_ENGINE=duckdb."
        )
    spark = SparkSession.builder.config(conf=_configured(settings, folder)).getOrCreate()
    try:
        spark.udf.register("double_text", double_text, "string")
        yield spark
    finally:
        spark.stop()


def double_text(value: float | None) -> str | None:
    """The shortest text that reads back as the number, as DuckDB writes it."""
    return None if value is None else repr(value)


def _configured(settings: Settings, folder: Path) -> "SparkConf":
    """What the answers depend on; all the rest only where spark-submit has not said it."""
    from pyspark import SparkConf

    conf = {
        "spark.app.name": "sector-risk",
        "spark.sql.ansi.enabled": "true",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.catalogImplementation": "in-memory",
        # 4.3 takes a column out of a union that another branch needs
        "spark.sql.optimizer.excludedRules": f"{_OPTIMIZER}.RemoveRedundantAliases",
        "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
    }
    if not is_submitted():
        threads = str(settings.duckdb_threads)
        conf |= {
            "spark.master": f"local[{threads}]",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.driver.host": "127.0.0.1",
            "spark.driver.memory": re.sub(r"\s|i?B$", "", settings.duckdb_memory_limit),
            "spark.local.dir": str(folder / "spill"),
            "spark.log.level": "ERROR",
            "spark.log.structuredLogging.enabled": "false",
            "spark.pyspark.python": sys.executable,
            "spark.sql.shuffle.partitions": threads,
            "spark.ui.enabled": "false",
            "spark.ui.showConsoleProgress": "false",
        }
    return SparkConf().setAll(list(conf.items()))


def is_submitted() -> bool:
    """Whether spark-submit has started this process."""
    return "PYSPARK_GATEWAY_PORT" in os.environ
