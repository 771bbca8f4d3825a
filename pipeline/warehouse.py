"""The DuckDB file: opening it, schema, method tables, SQL models and replacing days."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from pipeline import storage
from pipeline.engine import DUCKDB, Engine
from pipeline.errors import NothingPublishedError, WarehouseLockedError
from pipeline.method import (
    Method,
    Model,
    installed_method,
    read_method,
    store_method,
)
from pipeline.migrations import bring_up_to_date, waiting
from pipeline.settings import ROOT, Settings, get_settings

Connection = duckdb.DuckDBPyConnection
DatabaseError = duckdb.Error

QUERIES_FOLDER = ROOT / "warehouse" / "queries"


@contextmanager
def open_warehouse(
    settings: Settings | None = None, *, patience_s: float = 0
) -> Iterator[Connection]:
    """The one writing connection, its schema and method brought up to date.

    Raises:
        WarehouseLockedError: another process is writing, and still was after `patience_s`.
        WarehouseDamagedError: the file, or a block of it, is not as it was written.
        StorageError: the disk is full, or the folder cannot be written.
    """
    settings = settings or get_settings()
    with storage.faults_explained(settings):
        settings.home.mkdir(parents=True, exist_ok=True)
        with _connect(settings.warehouse_file, settings, patience_s=patience_s) as con:
            install(con)
            yield con


@contextmanager
def open_copy(file: Path, settings: Settings) -> Iterator[Connection]:
    """A writing connection on a copy of the warehouse, as it is."""
    with storage.faults_explained(settings), _connect(file, settings) as con:
        yield con


@contextmanager
def open_memory(settings: Settings) -> Iterator[Connection]:
    """A connection without a file, to attach others to."""
    with _connect(Path(":memory:"), settings) as con:
        yield con


@contextmanager
def open_snapshot(settings: Settings | None = None) -> Iterator[Connection]:
    """A reading connection on the published snapshot."""
    settings = settings or get_settings()
    if not settings.snapshot_file.exists():
        raise NothingPublishedError(
            f"Nothing has been published in {settings.published_folder} yet. Run 'sector-risk run'."
        )
    file = settings.snapshot_file
    with (
        storage.faults_explained(settings, file, "'sector-risk run' publishes it anew."),
        open_snapshot_file(file, settings) as con,
    ):
        yield con


@contextmanager
def open_snapshot_file(file: Path, settings: Settings) -> Iterator[Connection]:
    """A reading connection on a copy of the warehouse."""
    with _connect(file, settings, read_only=True) as con:
        yield con


@contextmanager
def open_beside(con: Connection) -> Iterator[Connection]:
    """An empty warehouse in memory beside the published one, which it reads as `published`.

    It has every table, view and macro of the published one and the rows of its method; nothing
    done in it reaches a file.
    """
    row = con.execute(
        "select path from duckdb_databases() where database_name = current_database()"
    ).fetchone()
    settings = get_settings()
    with _connect(Path(":memory:"), settings) as beside:
        beside.execute(f"attach '{quoted(row[0] if row else '')}' as published (read_only)")
        beside.execute("copy from database published to memory (schema)")
        for (table,) in beside.execute(
            "select schema_name || '.' || table_name from duckdb_tables() "
            "where (schema_name = 'method' or table_name = 'migrations') "
            "and database_name = 'published'"
        ).fetchall():
            beside.execute(f"insert into {table} from published.{table}")
        bring_up_to_date(beside, waiting(beside))
        yield beside


@contextmanager
def _connect(
    file: Path, settings: Settings, *, read_only: bool = False, patience_s: float = 0
) -> Iterator[Connection]:
    opening = _open_patiently(patience_s) if patience_s else _open
    con = opening(file, settings, read_only=read_only)
    try:
        con.execute("set timezone = 'UTC'")
        con.execute("set enable_progress_bar = false")  # stdout is for data
        yield con
    finally:
        con.close()
        for handle in _read_beside.pop(file, []):
            os.close(handle)


def _open_patiently(patience_s: float) -> Callable[..., Connection]:
    from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_random

    return retry(
        retry=retry_if_exception_type(WarehouseLockedError),
        stop=stop_after_delay(patience_s),
        wait=wait_random(0.1, 0.5),
        reraise=True,
    )(_open)


def _open(file: Path, settings: Settings, *, read_only: bool) -> Connection:
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": settings.duckdb_memory_limit,
        "threads": settings.duckdb_threads,
        "temp_directory": str(settings.home / "spill"),
    }
    try:
        return duckdb.connect(str(file), read_only=read_only, config=config)
    except duckdb.Error as error:
        _refuse_locked(error, file)
        storage.refuse(error, settings)
        raise storage.damaged(file, error) from error


def attach_to_write(con: Connection, file: Path, name: str) -> None:
    """Open a further database file in a connection, locked against other writers."""
    try:
        con.execute(f"attach '{quoted(file)}' as {name}")
    except duckdb.Error as error:
        _refuse_locked(error, file)
        raise


def _refuse_locked(error: duckdb.Error, file: Path) -> None:
    if "lock on file" in str(error):
        raise WarehouseLockedError(
            f"{file} is being written by another process. Wait for it to end, then run again."
        ) from error


_read_beside: dict[Path, list[int]] = {}
"""Handles on files that a connection here has open: closing one early would end DuckDB's lock."""


def copy_warehouse(con: Connection, settings: Settings, target: Path) -> None:
    """A copy of the file being written, as of now; the writing lock stays held."""
    con.execute("checkpoint")
    handle = os.open(settings.warehouse_file, os.O_RDONLY)
    _read_beside.setdefault(settings.warehouse_file, []).append(handle)
    with os.fdopen(handle, "rb", closefd=False) as file, target.open("wb") as copy:
        shutil.copyfileobj(file, copy, 1 << 20)


def quoted(path: Path | str) -> str:
    """A path as it stands between quotes in SQL, where a name cannot be a bound value."""
    return str(path).replace("'", "''")


@contextmanager
def transaction(con: Connection) -> Iterator[None]:
    """All or nothing."""
    con.execute("begin")
    try:
        yield
    except BaseException:
        con.execute("rollback")
        raise
    con.execute("commit")


def install(con: Connection, method: Method | None = None) -> None:
    """Migrate the tables, load the method's and define the views; cheap when current.

    Args:
        con: the writing connection.
        method: the version to install; None = that of this checkout.

    Raises:
        WarehouseVersionError: another version made it, and it cannot be migrated; it stays as is.
    """
    method = method or read_method()
    migrations = waiting(con)
    if not migrations and installed_method(con) == method.version:
        return
    with transaction(con):
        bring_up_to_date(con, migrations)
        store_method(con, method)
        _load_method(con, method)
        con.execute(method.files["macros.sql"])
        _create_verdict_views(con)
        for model in method.models():
            if model.is_view:
                con.execute(f"create or replace view {model.name} as {model.sql}")
        con.execute(method.files["view_comments.sql"])
        con.execute(
            "create or replace table method.version as select ? as method_version",
            [method.version],
        )


def _load_method(con: Connection, method: Method) -> None:
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "table"
        for name, text in method.tables.items():
            file.write_text(text, encoding="utf-8")
            con.execute(
                f"create or replace table method.{name} as "
                "select * from read_csv(?, header = true, sample_size = -1)",
                [str(file)],
            )
        file.write_bytes(method.sources)
        con.execute(
            "create or replace table method.sources as select * from read_json(?, columns = {"
            "source_id: 'varchar', title: 'varchar', source_group: 'varchar', "
            "fills_reports: 'boolean', reliability: 'varchar', reliability_reason: 'varchar', "
            "is_snapshot: 'boolean', states_vex: 'boolean', expected_every_days: 'integer', "
            "tlp: 'varchar', licence: 'varchar'})",
            [str(file)],
        )


def read_every_block(con: Connection) -> int:
    """Read all that is stored; number of tables.

    Raises:
        duckdb.Error: a block is not as it was written; whoever opened the file names it.
    """
    tables = con.execute(
        'select format(\'"{}"."{}"\', schema_name, table_name) from duckdb_tables() '
        "where database_name = current_database()"
    ).fetchall()
    for (table,) in tables:
        con.execute(f"select bit_xor(hash(t)) from {table} as t").fetchall()
    return len(tables)


def staged_tables(con: Connection) -> list[str]:
    """Names of the staged tables, in alphabetical order."""
    rows = con.execute(
        "select table_name from duckdb_tables() where schema_name = 'staged' "
        "and database_name = current_database() order by 1"
    ).fetchall()
    return [name for (name,) in rows]


def _create_verdict_views(con: Connection) -> None:
    """Complementary by construction: a staged row is in validated.x or in quarantine.x."""
    for table in staged_tables(con):
        is_critical = (
            "exists (select 1 from quality.verdicts as v where v.severity = 'critical' "
            f"and v.table_name = '{table}' and v.delivery_id = s.delivery_id "
            "and v.source_row = s.source_row)"
        )
        con.execute(
            f"create or replace view validated.{table} as select s.*, "
            "cast(case when getvariable('knowledge') = 'now' then s.disclosed_at "
            "else s.known_at end as date) as known_date "
            f"from staged.{table} as s where not {is_critical}"
        )
        con.execute(
            f"create or replace view quarantine.{table} as "
            f"select s.* from staged.{table} as s where {is_critical}"
        )


def query(con: Connection, name: str, **parameters: object) -> list[dict[str, Any]]:
    """The rows of warehouse/queries/<name>.sql, a dictionary each."""
    sql = (QUERIES_FOLDER / f"{name}.sql").read_text(encoding="utf-8")
    cursor = con.execute(sql, parameters)
    columns = [column[0] for column in cursor.description]
    return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]


def replace_range(
    con: Connection, model: Model, start: date, end: date, engine: Engine = DUCKDB
) -> int:
    """Replace the days start…end of a model's table; number of rows the table has then.

    A model of schema `temp` is computed into a temporary table instead. What comes out as it was
    is not written. The caller owns the transaction.
    """
    rows, parameters = engine.rows(con, model, start, end)
    if model.schema == "temp":
        con.execute(f"create or replace temp table {model.name} as {rows}", parameters)
    else:
        cells = ", ".join(f"cast({n} as {t}) as {n}" for n, t in _types(con, model.name).items())
        con.execute(
            f"create or replace temp table fresh as select {cells} from ({rows})", parameters
        )
        if "first_date" in columns(con, model.name):
            replace_spans(con, model.name, start, end)
        else:
            _replace_days(con, model.name, start, end)
    row = con.execute(f"select count(*) from {model.name}").fetchone()
    return int(row[0]) if row else 0


def _replace_days(con: Connection, table: str, start: date, end: date) -> None:
    inside = f"score_date between '{start}' and '{end}'"
    if content(con, f"from {table} where {inside}") != content(con, "from fresh"):
        con.execute(f"delete from {table} where {inside}")
        con.execute(f"insert into {table} by name from fresh")


def content(con: Connection, rows: str) -> list[tuple[object, ...]]:
    """Number of rows and the sum of their hashes: equal where the rows are, in whatever order."""
    return con.execute(f"select count(*), sum(hash(t)) from ({rows}) as t").fetchall()


def columns(con: Connection, table: str) -> list[str]:
    """Names of a table's columns, in order."""
    return list(_types(con, table))


def _types(con: Connection, table: str) -> dict[str, str]:
    described = con.execute(f"select * from {table} limit 0").description
    return {column[0]: str(column[1]) for column in described}


def replace_spans(con: Connection, table: str, start: date, end: date) -> None:
    """Put the spans of temporary table `fresh` in place of the days start…end.

    The first column of the table says whose spans they are.
    Spans that reach into the range are cut, and at its ends neighbours that say the same are
    joined, so that the table is the same whichever ranges it was computed in. A span that only
    ends on another day is not written anew. Within the range, no two neighbours in `fresh` may say
    the same.
    """
    names = columns(con, table)
    whose, listed, payload = names[0], ", ".join(names), _payload(names)
    inside = f"first_date > date '{start}' and last_date < date '{end}'"
    touched = f"last_date >= date '{start}' - 1 and first_date <= date '{end}' + 1"
    _join_pieces(con, table, start, end)
    con.execute(f"delete from {table} where {inside}")
    con.execute(
        "create or replace temp table kept as select t.place, j.* "
        f"from (select rowid as place, {whose}, first_date, hash({payload}) as payload_hash "
        f"from {table} where {touched}) as t "
        f"inner join joined as j using ({whose}, first_date, payload_hash)"
    )
    con.execute(f"delete from {table} where {touched} and rowid not in (select place from kept)")
    con.execute(
        f"update {table} as t set last_date = k.last_date from kept as k "
        "where t.rowid = k.place and t.last_date <> k.last_date"
    )
    con.execute(
        f"insert into {table} by name select {listed} from joined "
        f"anti join kept using ({whose}, first_date, payload_hash) "
        f"union all by name select {listed} from fresh where {inside} "
        f"order by {whose}, first_date"
    )


def _payload(names: list[str]) -> str:
    return ", ".join(name for name in names if name not in {"first_date", "last_date"})


def _join_pieces(con: Connection, table: str, start: date, end: date) -> None:
    """Spans at the ends of the range, cut and joined, as temporary table `joined`."""
    names = columns(con, table)
    whose, payload = names[0], _payload(names)
    con.execute(
        f"""
        create or replace temp table joined as
        with pieces as (
            select * from fresh where first_date <= $start or last_date >= $end
            union all by name
            select * replace (least(last_date, $start - 1) as last_date) from {table}
            where first_date < $start and last_date >= $start - 1
            union all by name
            select * replace (greatest(first_date, $end + 1) as first_date) from {table}
            where last_date > $end and first_date <= $end + 1
        ),
        marked as (
            select *,
                lag(last_date) over own as previous_last_date,
                coalesce(previous_last_date = first_date - 1, false) as is_continued
            from (select *, hash({payload}) as payload_hash from pieces)
            window own as (partition by {whose}, payload_hash order by first_date)
        ),
        last_dates as (
            select {whose}, payload_hash, max(last_date) as final_date
            from marked
            group by all
        )
        select {payload}, payload_hash, first_date, coalesce(
            lead(previous_last_date) over (
                partition by {whose}, payload_hash order by first_date
            ),
            final_date
        ) as last_date
        from marked inner join last_dates using ({whose}, payload_hash)
        where not is_continued
        """,
        {"start": start, "end": end},
    )
