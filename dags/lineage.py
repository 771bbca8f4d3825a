"""What a task reads and writes, for the events of OpenLineage.

They are files below `lineage/` of the data folder, one an event, and go nowhere else. A table is
named as a path below its database file.
"""

from collections.abc import Iterable
from pathlib import Path

from airflow.sdk import BaseHook
from airflow.sdk.lineage import get_hook_lineage_collector

SCORES = ("sector_daily", "sector_driver_daily", "supplier_daily", "supplier_driver_daily")


def forget(_context: object) -> None:
    """Begin a task with nothing noted: those of a DAG.test share one process."""
    get_hook_lineage_collector.cache_clear()


def collected(source_id: str) -> None:
    """The inbox of a source becomes archived files and staged rows."""
    from pipeline.settings import get_settings
    from pipeline.sources import get_source

    settings = get_settings()
    staged = _tables("staged", get_source(source_id).tables)
    _note([settings.inbox_folder / source_id], [settings.raw_folder / source_id, *staged])


def scored() -> None:
    """Staged rows become scores."""
    _note(_staged(), _tables("scores", SCORES))


def published() -> None:
    """Scores become the snapshot, the Parquet tables and the workbook."""
    _note(_tables("scores", SCORES), _publication())


def backfilled() -> None:
    """Staged rows become scores, and these what is published."""
    _note(_staged(), [*_tables("scores", SCORES), *_publication()])


def _staged() -> list[Path]:
    from pipeline.sources import all_sources

    filled = {table for source in all_sources().values() for table in source.tables}
    return _tables("staged", sorted(filled))


def _tables(schema: str, names: Iterable[str]) -> list[Path]:
    from pipeline.settings import get_settings

    return [get_settings().warehouse_file / f"{schema}.{name}" for name in names]


def _publication() -> list[Path]:
    from pipeline.publish import PUBLISHED_TABLES, read_manifest
    from pipeline.settings import get_settings

    settings = get_settings()
    folder, manifest = settings.published_folder, read_manifest(settings)
    workbook = [folder / manifest.workbook] if manifest else []
    tables = [folder / "parquet" / name for name in PUBLISHED_TABLES]
    return [settings.snapshot_file, *workbook, *tables]


def _note(reads: Iterable[Path], writes: Iterable[Path]) -> None:
    """Say it of the running task; a data folder that is new has no place for events yet."""
    from pipeline.settings import get_settings

    (get_settings().home / "lineage").mkdir(parents=True, exist_ok=True)
    hook, collector = BaseHook(), get_hook_lineage_collector()
    for path in reads:
        collector.add_input_asset(context=hook, uri=path.absolute().as_uri())
    for path in writes:
        collector.add_output_asset(context=hook, uri=path.absolute().as_uri())
