"""A warehouse of its own for a backtest: given files as history, threat of every day as known then.

Nothing of it outlives the run; the published warehouse is neither read nor written.
"""

import tarfile
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from pipeline import raw, stage
from pipeline.errors import DeliveryError, SectorRiskError
from pipeline.facts import refresh_facts
from pipeline.method import models_for
from pipeline.settings import ROOT, Settings
from pipeline.sources import get_source, source_of_file
from pipeline.warehouse import Connection, open_warehouse, replace_range, transaction

SQL_FOLDER = ROOT / "warehouse" / "backtest"
THREAT = ("facts.source_coverage_daily", "temp.event_sector_daily", "scores.sector_threat_daily")


@contextmanager
def world(incidents: Iterable[Path], evidence: Iterable[str | Path] = ()) -> Iterator[Connection]:
    """A temporary warehouse that holds the files, each record known since its own disclosure.

    Args:
        incidents: files, archives or folders of VERIS incidents in JSON.
        evidence: other threat reports, as `PATH` or `SOURCE=PATH`.

    Raises:
        DeliveryError: a file that cannot be read.
    """
    with tempfile.TemporaryDirectory() as place:
        settings = Settings(home=Path(place))
        with open_warehouse(settings) as con:
            for path in incidents:
                take_in(con, settings, "veris", _one_file(path, Path(place)))
            for each in evidence:
                take_in(con, settings, *source_and_path(each))
            refresh_facts(con, "then")
            yield con


def take_in(con: Connection, settings: Settings, source_id: str, path: Path) -> None:
    """Stage one file as history."""
    arrival = raw.archive_file(con, settings, get_source(source_id), path, is_historical=True)
    stage.load(con, settings, arrival)
    row = con.execute(
        "select problem from raw.deliveries where delivery_id = ? and status in ('failed', 'held')",
        [arrival.delivery_id],
    ).fetchone()
    if row:
        raise DeliveryError(path.name, row[0], "Correct the file, then run the backtest again.")


def walk_forward(con: Connection, first: date, last: date) -> None:
    """The threat part of each sector on every day first…last, from what was known that day."""
    with transaction(con):
        for model in models_for(con):
            if model.name in THREAT:
                replace_range(con, model, first, last)


def sql(name: str) -> str:
    """The text of warehouse/backtest/<name>.sql."""
    return (SQL_FOLDER / f"{name}.sql").read_text(encoding="utf-8")


def source_and_path(given: str | Path) -> tuple[str, Path]:
    """Source and file of `PATH` or `SOURCE=PATH`; without source the file's ending tells it."""
    given = str(given)
    source_id, separator, path = given.partition("=")
    if separator:
        return get_source(source_id).source_id, Path(path)
    return source_of_file(Path(given)).source_id, Path(given)


def _one_file(path: Path, place: Path) -> Path:
    """A folder as one archive, so that its thousands of files are one delivery."""
    if not path.is_dir():
        return path
    files = sorted(each for each in path.rglob("*.json*") if each.is_file())
    if not files:
        raise SectorRiskError(f"{path} holds no .json file. Name a folder of VERIS incidents.")
    archive = place / f"{path.resolve().name}.tar"
    with tarfile.open(archive, "w") as tar:
        for file in files:
            tar.add(file, file.relative_to(path).as_posix(), recursive=False)
    return archive
