"""The published tables as Parquet at an fsspec address, such as a bucket, for any engine to read.

A partition is `<table>/<month>-<marking>-<hash>.parquet` and never overwritten; `manifest.json`,
written last, names those that are in force: a reader has one publication whole at any moment.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from pipeline.errors import ExportError, NothingPublishedError
from pipeline.publish import Published, read_manifest
from pipeline.settings import Settings
from pipeline.warehouse import Connection, open_memory

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

logger = logging.getLogger(__name__)

MANIFEST = "manifest.json"


def put(settings: Settings) -> list[str]:
    """Bring the address of the settings up to what is published; the files that it copied.

    Raises:
        ExportError: the address cannot be written; its readers have what they had before.
    """
    published = read_manifest(settings)
    if not settings.lake or published is None:
        return []
    try:
        return _put(settings, settings.lake.rstrip("/"), published)
    except Exception as error:
        raise ExportError(
            f"{settings.lake} cannot be written: {type(error).__name__}: {error}. Check "
            "SECTOR_RISK_LAKE, that the bucket exists, and the credentials in the environment; "
            "what is published here stands, and publishing the day again copies it."
        ) from error


def _put(settings: Settings, address: str, published: Published) -> list[str]:
    import fsspec

    files, root = fsspec.url_to_fs(address)
    wanted = _partitions(settings, published)
    known = _read_manifest(files, root)
    if known == {"state_sha256": published.state_sha256, "tlp": published.tlp, "files": [*wanted]}:
        return []
    held = set(known["files"]) if known else set()
    copied = [name for name in wanted if name not in held]
    for name in copied:
        files.makedirs(files._parent(f"{root}/{name}"), exist_ok=True)
        files.put_file(str(wanted[name]), f"{root}/{name}")
    said = {"state_sha256": published.state_sha256, "tlp": published.tlp, "files": [*wanted]}
    files.pipe_file(f"{root}/{MANIFEST}", orjson.dumps(said, option=orjson.OPT_INDENT_2))
    for name in sorted(held - wanted.keys()):
        files.rm_file(f"{root}/{name}")
    logger.info("%s: %d partitions copied", address, len(copied))
    return copied


def _partitions(settings: Settings, published: Published) -> dict[str, Path]:
    """Local files by the names that they get: the same content under another marking is another."""
    marking = published.tlp.replace("+", "-")
    return {
        f"{file.parent.name}/{file.stem}-{marking}-{published.months[file.stem][:12]}.parquet": file
        for file in sorted((settings.published_folder / "parquet").glob("*/*.parquet"))
    }


def _read_manifest(files: Any, root: str) -> dict[str, Any] | None:
    try:
        return dict(orjson.loads(files.cat_file(f"{root}/{MANIFEST}")))
    except FileNotFoundError:
        return None


def tables(address: str) -> dict[str, list[str]]:
    """Addresses of the partitions in force, by table.

    Raises:
        NothingPublishedError: there is no manifest at the address.
    """
    import fsspec

    address = address.rstrip("/")
    files, root = fsspec.url_to_fs(address)
    known = _read_manifest(files, root)
    if known is None:
        raise NothingPublishedError(
            f"{address} holds no {MANIFEST}: nothing has been published there. Set "
            "SECTOR_RISK_LAKE to it and publish a day."
        )
    found: dict[str, list[str]] = {}
    for name in known["files"]:
        found.setdefault(name.split("/")[0], []).append(f"{address}/{name}")
    return found


@contextmanager
def open_lake(address: str, settings: Settings) -> Iterator[Connection]:
    """DuckDB with a view for each table at the address."""
    import fsspec

    files, _ = fsspec.url_to_fs(address)
    with open_memory(settings) as con:
        if "://" in address:
            con.register_filesystem(files)
        for table, partitions in tables(address).items():
            con.from_parquet(partitions).create_view(table)
        yield con


def give_spark(spark: "SparkSession", address: str) -> None:
    """A temporary view for each table at the address; s3:// is s3a:// to Hadoop's client."""
    for table, partitions in tables(address).items():
        places = [each.replace("s3://", "s3a://", 1) for each in partitions]
        spark.read.parquet(*places).createOrReplaceTempView(table)
