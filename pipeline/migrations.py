"""Migrations: what brings the tables of a warehouse that an earlier version made to today's form.

Each is a file, `warehouse/migrations/<number>_<what>.sql`, applied once, in order, in one
transaction. A new warehouse is born with all of them behind it. One that is older than
`quality.migrations` has no record of them: the first six look themselves whether there is something
to do. What follows from the deliveries alone is made anew by scoring; what a new column would say
of old records stays blank until they are read anew from the archive.
"""

import hashlib
import logging
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import NamedTuple

import duckdb

from pipeline.errors import WarehouseVersionError
from pipeline.method import SCHEMA_FILE
from pipeline.settings import ROOT

logger = logging.getLogger(__name__)

MIGRATIONS_FOLDER = ROOT / "warehouse" / "migrations"
KEPT_SCHEMAS = ("raw", "staged", "quality", "scores")


class Migration(NamedTuple):
    """One change of the stored tables."""

    number: int
    name: str
    sql: str
    sha256: str


@cache
def migrations() -> tuple[Migration, ...]:
    """All of them, in order."""
    return tuple(_read(file) for file in sorted(MIGRATIONS_FOLDER.glob("*.sql")))


def _read(file: Path) -> Migration:
    sql = file.read_text(encoding="utf-8")
    digest = hashlib.sha256(sql.encode()).hexdigest()
    return Migration(int(file.stem.split("_")[0]), file.name, sql, digest)


def waiting(con: duckdb.DuckDBPyConnection) -> tuple[Migration, ...]:
    """Those that this warehouse does not have behind it.

    Raises:
        WarehouseVersionError: it has one that this version of Sector Risk does not know.
    """
    if not _has(con, "quality.migrations"):
        return migrations()
    rows = con.execute("select migration_number, name from quality.migrations").fetchall()
    behind = dict(rows)
    if unknown := sorted(behind.keys() - {one.number for one in migrations()}):
        raise WarehouseVersionError(
            "The warehouse was made by a newer version of Sector Risk, which has changed it by "
            f"{behind[unknown[-1]]}. Nothing was changed. Install that version again; or, to stay "
            "with this one, 'sector-risk restore' builds the warehouse anew from the raw archive."
        )
    return tuple(one for one in migrations() if one.number not in behind)


def bring_up_to_date(
    con: duckdb.DuckDBPyConnection, migrations_waiting: tuple[Migration, ...]
) -> None:
    """Apply what waits, then create the tables that are missing; the caller's transaction.

    Raises:
        WarehouseVersionError: the tables do not have today's form even so.
    """
    is_new = not _has(con, "raw.deliveries")
    n_days = 0 if is_new else _n_scored_days(con)
    for one in () if is_new else migrations_waiting:
        con.execute(one.sql)
        logger.info("the warehouse has %s behind it now", one.name)
    _give_form(con)
    _record(con, migrations_waiting)
    if n_lost := n_days - _n_scored_days(con):
        logger.warning(
            "%d days were scored by an earlier version in a form that is no longer kept. What is "
            "published stays; score them again by 'sector-risk backfill'.",
            n_lost,
        )


def _has(con: duckdb.DuckDBPyConnection, table: str) -> bool:
    row = con.execute(
        "select 1 from information_schema.tables where table_catalog = current_database() "
        "and table_schema || '.' || table_name = ?",
        [table],
    ).fetchone()
    return row is not None


def _n_scored_days(con: duckdb.DuckDBPyConnection) -> int:
    row = con.execute("select count(*) from quality.scored_days").fetchone()
    return int(row[0]) if row else 0


def _record(con: duckdb.DuckDBPyConnection, behind: tuple[Migration, ...]) -> None:
    moment = datetime.now(UTC).replace(tzinfo=None)
    for one in behind:
        con.execute(
            "insert into quality.migrations values (?, ?, ?, ?)",
            [one.number, one.name, one.sha256, moment],
        )


def _give_form(con: duckdb.DuckDBPyConnection) -> None:
    """Create what is missing; make tables that differ from the schema anew, with their rows.

    The schema decides on the order of columns, constraints and defaults, which DuckDB cannot change
    in a table that has been updated in the same transaction.
    """
    schema = SCHEMA_FILE.read_text(encoding="utf-8")
    with duckdb.connect() as fresh:
        fresh.execute(schema)
        wanted = form(fresh)
    found = form(con)
    other = sorted(name for name in wanted if found.get(name, wanted[name]) != wanted[name])
    for table in other:
        con.execute(f"alter table {table} rename to {table.split('.')[1]}_before")
    con.execute(schema)
    for table in other:
        try:
            con.execute(f"insert into {table} by name from {table}_before")
        except (duckdb.BinderException, duckdb.ConstraintException) as error:
            raise WarehouseVersionError(
                f"The warehouse was made by another version: {table} is not as it should be "
                f"({str(error).splitlines()[0]}). Nothing was changed. 'sector-risk restore' "
                "builds it anew from the raw archive; then score the days again."
            ) from error
        con.execute(f"drop table {table}_before")


def form(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """How each stored table would be created, by schema.table."""
    rows = con.execute(
        "select schema_name || '.' || table_name, sql from duckdb_tables() "
        "where schema_name in ? and database_name = current_database()",
        [list(KEPT_SCHEMAS)],
    ).fetchall()
    return dict(rows)
