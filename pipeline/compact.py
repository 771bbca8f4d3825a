"""Compaction: the warehouse copied into a file without the holes that replaced days have left.

Both files stay locked until the new one has taken the place of the old, which is one rename: no
writer can come in between, and a kill leaves either file whole.
"""

import os
from pathlib import Path
from typing import NamedTuple

from pipeline import storage
from pipeline.errors import SectorRiskError
from pipeline.settings import Settings
from pipeline.warehouse import Connection, attach_to_write, open_memory, open_warehouse

WORTH_IT_0_1 = 0.1
"""Holes below this share of the file are soon filled again."""


class Holes(NamedTuple):
    """Bytes of the warehouse file, and how many of them hold nothing."""

    n_bytes: int
    n_free: int

    @property
    def is_worth_it(self) -> bool:
        """Whether compaction gains enough."""
        return self.n_free > WORTH_IT_0_1 * self.n_bytes


def holes(con: Connection, database: str) -> Holes:
    """How much of a database file holds nothing, after a checkpoint."""
    con.execute(f"checkpoint {database}")
    row = con.execute(
        "select total_blocks * block_size, free_blocks * block_size from pragma_database_size() "
        "where database_name = ?",
        [database],
    ).fetchone()
    return Holes(*row) if row else Holes(0, 0)


def compact(settings: Settings, *, dry_run: bool = False) -> Holes:
    """Copy the warehouse into a file without holes, where that is worth it; what there was to gain.

    Raises:
        WarehouseLockedError: another process is writing.
        SectorRiskError: there is no room for the copy.
    """
    with open_warehouse(settings):
        pass  # brought up to date, and without a write-ahead log
    aside = compacting_file(settings)
    for leftover in (aside, aside.with_name(f"{aside.name}.wal")):
        leftover.unlink(missing_ok=True)
    with storage.faults_explained(settings), open_memory(settings) as con:
        attach_to_write(con, settings.warehouse_file, "before")
        found = holes(con, "before")
        if found.is_worth_it and not dry_run:
            _need_room(settings, found)
            attach_to_write(con, aside, "compacted")
            con.execute("copy from database before to compacted")
            con.execute("checkpoint compacted")
            aside.replace(settings.warehouse_file)
            _flush(settings.home)
            con.execute("detach before")
    return found


def compacting_file(settings: Settings) -> Path:
    """The copy under construction."""
    return settings.home / "warehouse.compacting.duckdb"


def _need_room(settings: Settings, found: Holes) -> None:
    needed, free = found.n_bytes - found.n_free, storage.free_bytes(settings)
    if free < needed:
        raise SectorRiskError(
            f"Compaction needs {needed / 1e6:,.0f} MB in {settings.home}, and {free / 1e6:,.0f} MB "
            "are free. Nothing was changed. Free some space, then run it again."
        )


def _flush(folder: Path) -> None:
    """Make the rename last through a loss of power."""
    handle = os.open(folder, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)
