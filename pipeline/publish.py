"""Publishing: everything a consumer reads is prepared aside and then swapped in by renames."""

import hashlib
import logging
import os
import shutil
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import orjson

from pipeline.settings import Settings
from pipeline.warehouse import Connection, open_snapshot_file

logger = logging.getLogger(__name__)

PUBLISHED_TABLES = (
    "sector_daily",
    "sector_threat_daily",
    "sector_driver_daily",
    "supplier_daily",
    "supplier_driver_daily",
)


@dataclass(frozen=True)
class Published:
    """What consumers read after a run; paths are relative to the published folder.

    Attributes:
        state_sha256: hash over every stored day's method and inputs; equal state, equal files.
    """

    score_date: str
    run_id: str
    method_version: str
    state_sha256: str
    snapshot: str
    workbook: str
    workbook_sha256: str


def publish(con: Connection, settings: Settings, day: date) -> Published:
    """Swap in the snapshot, the Parquet partitions and the workbook of `day`.

    A kill at any moment leaves the previous snapshot whole; running again completes the swap.
    """
    run_id, version = _run(con, day)
    state = _state(con)
    folder = settings.published_folder
    aside = folder / ".preparing"
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    con.execute("checkpoint")
    snapshot = aside / settings.snapshot_file.name
    shutil.copyfile(settings.warehouse_file, snapshot)
    workbook = aside / f"sector-risk-{day}.xlsx"
    digest = _write_workbook(snapshot, settings, day, workbook)
    _write_parquet(con, aside / "parquet")
    shutil.copyfile(workbook, aside / "sector-risk-latest.xlsx")
    published = Published(str(day), run_id, version, state, snapshot.name, workbook.name, digest)
    (aside / "manifest.json").write_bytes(orjson.dumps(asdict(published), option=_INDENT))
    _swap(aside, folder)
    logger.info("published %s as %s", day, run_id)
    return published


_INDENT = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE


def current(con: Connection, settings: Settings, day: date) -> Published | None:
    """What is published, if it is `day` from today's method and inputs of every day."""
    found = read_manifest(settings)
    wanted = (_run(con, day)[0], _state(con))
    return found if found and (found.run_id, found.state_sha256) == wanted else None


def _run(con: Connection, day: date) -> tuple[str, str]:
    row = con.execute(
        "select run_id, method_version from quality.scored_days where score_date = ?", [day]
    ).fetchone()
    return row or ("", "")


def read_manifest(settings: Settings) -> Published | None:
    """What is published now; None before the first publication."""
    file = settings.published_folder / "manifest.json"
    return Published(**orjson.loads(file.read_bytes())) if file.exists() else None


def _state(con: Connection) -> str:
    rows = con.execute(
        "select score_date, run_id from quality.scored_days order by score_date"
    ).fetchall()
    return hashlib.sha256(repr(rows).encode()).hexdigest()


def _write_workbook(snapshot: Path, settings: Settings, day: date, target: Path) -> str:
    from pipeline.export import export_workbook

    with open_snapshot_file(snapshot, settings) as reader:
        return export_workbook(reader, day, target)


def _write_parquet(con: Connection, folder: Path) -> None:
    for table in PUBLISHED_TABLES:
        (folder / table).mkdir(parents=True)
        months = con.execute(
            f"select distinct strftime(score_date, '%Y-%m') from scores.{table} order by 1"
        ).fetchall()
        for (month,) in months:
            con.execute(
                f"copy (select * from scores.{table} "
                f"where strftime(score_date, '%Y-%m') = '{month}' order by all) "
                f"to '{folder / table / month}.parquet' (format parquet, compression zstd)"
            )


def _swap(aside: Path, folder: Path) -> None:
    """Move every prepared file to its place, the manifest last."""
    files = sorted(path for path in aside.rglob("*") if path.is_file())
    for file in sorted(files, key=lambda path: path.name == "manifest.json"):
        target = folder / file.relative_to(aside)
        target.parent.mkdir(parents=True, exist_ok=True)
        with file.open("rb") as handle:
            os.fsync(handle.fileno())
        file.replace(target)
    shutil.rmtree(aside)
