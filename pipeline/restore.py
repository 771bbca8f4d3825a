"""Building the warehouse anew from the raw archive, which is therefore all that needs a backup."""

import csv
import shutil
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path

from pipeline import ledger, manifest, stage
from pipeline.errors import SectorRiskError, WarehouseDamagedError
from pipeline.ledger import LedgerLine
from pipeline.raw import Arrival, file_sha256, utc_now
from pipeline.settings import Settings
from pipeline.warehouse import Connection, open_warehouse, transaction


class _Restoring(Settings):
    """The same settings, with the warehouse under construction beside the one in use."""

    @property
    def warehouse_file(self) -> Path:
        return self.home / "warehouse.restoring.duckdb"


def restore(settings: Settings) -> list[LedgerLine]:
    """Read every archived delivery again, in order of arrival, into a new warehouse.

    The old file is kept beside it. Scores are not restored: they follow from the deliveries. What
    people decided (releases, approvals) is.

    Raises:
        WarehouseLockedError: another process is writing.
        SectorRiskError: there is no manifest, or an archived file is missing or damaged.
    """
    with suppress(WarehouseDamagedError), open_warehouse(settings):
        pass
    arrivals = [_arrival(settings, row) for row in _rows(settings, "deliveries")]
    _refuse_damage(arrivals)
    restoring = _Restoring(**settings.model_dump())
    _remove(restoring.warehouse_file)
    with open_warehouse(restoring) as con:
        lines = _refill(con, restoring, arrivals)
    _swap(settings, restoring)
    return lines


def _refill(con: Connection, settings: Settings, arrivals: list[Arrival]) -> list[LedgerLine]:
    with transaction(con):
        for row in _rows(settings, "releases"):
            con.execute("insert into quality.releases values (?, ?)", [*row.values()])
        for row in _rows(settings, "inbox_files"):
            con.execute("insert into raw.inbox_files values (?, ?, ?, ?)", [*row.values()])
        for row in _rows(settings, "publications"):
            con.execute(
                "insert into quality.publications values (?, ?, ?, ?::json::varchar[], ?, ?, ?)",
                [value or None for value in row.values()],
            )
    for arrival in arrivals:
        stage.take_in(con, settings, arrival)
    return ledger.lines(con, [arrival.delivery_id for arrival in arrivals])


def _rows(settings: Settings, name: str) -> list[dict[str, str]]:
    file = manifest.folder(settings) / f"{name}.csv"
    if not file.is_file():
        raise SectorRiskError(
            f"{file} is missing: without it nobody knows when each delivery arrived. "
            "Bring the raw archive back from a backup, then try again."
        )
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _arrival(settings: Settings, row: dict[str, str]) -> Arrival:
    return Arrival(
        delivery_id=row["delivery_id"],
        source_id=row["source_id"],
        path=settings.raw_folder / row["path"],
        name=row["name"],
        delivered_at=datetime.fromisoformat(row["delivered_at"]),
        published_on=date.fromisoformat(row["published_on"]) if row["published_on"] else None,
        is_historical=row["is_historical"] == "true",
        url=row["url"] or None,
        sha256=row["sha256"],
        n_bytes=int(row["n_bytes"]),
        licence=row["licence"],
        etag=row["etag"] or None,
        last_modified=row["last_modified"] or None,
    )


def _refuse_damage(arrivals: list[Arrival]) -> None:
    wrong = [
        str(arrival.path)
        for arrival in arrivals
        if not arrival.path.is_file() or file_sha256(arrival.path) != arrival.sha256
    ]
    if wrong:
        raise SectorRiskError(
            f"{len(wrong)} archived files are missing or not as received: "
            f"{', '.join(wrong[:5])}. Bring them back from a backup, then try again."
        )


def _swap(settings: Settings, restoring: Settings) -> None:
    moment = utc_now().strftime("%Y%m%dT%H%M%S%f")
    for file in (_wal(settings.warehouse_file), settings.warehouse_file):
        if file.exists():
            shutil.move(file, file.with_name(f"{file.name}.before-{moment}"))
    restoring.warehouse_file.replace(settings.warehouse_file)


def _wal(file: Path) -> Path:
    return file.with_name(f"{file.name}.wal")


def _remove(file: Path) -> None:
    file.unlink(missing_ok=True)
    _wal(file).unlink(missing_ok=True)
