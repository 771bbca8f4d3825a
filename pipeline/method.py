"""One version of the method: its tables and SQL as files, from this checkout or as stored.

A warehouse keeps every version that was ever installed in it, so that days can be scored by an
earlier one again. Grouping of reports and of supplier ids is code and always this program's.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import duckdb
import orjson

from pipeline.settings import ROOT

METHOD_FOLDER = ROOT / "warehouse" / "method"
MODELS_FOLDER = ROOT / "warehouse" / "models"
SCHEMA_FILE = ROOT / "warehouse" / "schema.sql"
MACROS_FILE = ROOT / "warehouse" / "macros.sql"
COMMENTS_FILE = ROOT / "warehouse" / "view_comments.sql"

_SOURCES = "sources.json"


class Model:
    """One SQL file: a table of days computed for a range, a table of facts, or a view of scores.

    A model with the parameters start_date and end_date is computed for a range of days. A model of
    alerts looks back `alert_memory_days`, so that scoring a day may change what later days tell.
    """

    def __init__(self, schema: str, name: str, sql: str) -> None:
        """Take the file's text; its folder is the schema and its stem the table."""
        self.name = f"{schema}.{name}"
        self.schema = schema
        self.sql = sql
        self.is_daily = "$start_date" in self.sql or "$end_date" in self.sql
        self.is_view = self.schema == "scores" and not self.is_daily
        self.is_fact = self.schema == "facts" and not self.is_daily
        self.is_alert = "alert" in self.sql

    @property
    def parameters(self) -> list[str]:
        """Which of start_date and end_date the SQL uses; DuckDB refuses unused ones."""
        return [name for name in ("start_date", "end_date") if f"${name}" in self.sql]

    def references(self) -> set[str]:
        """Schema-qualified names that the SQL holds: every table that it reads is one of them."""
        return set(re.findall(r"\b[a-z_]+\.[a-z_]+\b", self.sql)) - {self.name}


@dataclass(frozen=True)
class Method:
    """A version of the method; `files` are texts by path below warehouse/."""

    version: str
    files: Mapping[str, str]

    @property
    def tables(self) -> dict[str, str]:
        """CSV text by table name."""
        return {
            Path(path).stem: text
            for path, text in sorted(self.files.items())
            if path.startswith("method/")
        }

    @property
    def sources(self) -> bytes:
        """What the sources declare, as JSON."""
        return self.files[_SOURCES].encode()

    def models(self) -> tuple[Model, ...]:
        """The SQL models, each after those that it reads."""
        paths = [Path(path) for path in self.files if path.startswith("models/")]
        found = (Model(p.parent.name, p.stem, self.files[p.as_posix()]) for p in sorted(paths))
        by_name = {model.name: model for model in found}
        graph = {name: model.references() & by_name.keys() for name, model in by_name.items()}
        return tuple(by_name[name] for name in TopologicalSorter(graph).static_order())


def read_method(tables_folder: Path = METHOD_FOLDER) -> Method:
    """The method of this checkout, or with the tables of another folder."""
    from pipeline.sources import all_sources

    tables = sorted(tables_folder.glob("*.csv"))
    own = [SCHEMA_FILE, MACROS_FILE, *_model_files()]
    files = {f"method/{path.name}": _text(path) for path in tables}
    files |= {path.relative_to(ROOT / "warehouse").as_posix(): _text(path) for path in own}
    digest = hashlib.sha256()
    for path in [*tables, *own]:
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    for source in all_sources().values():
        digest.update(f"{source.source_id} {source.reliability} {source.is_snapshot} ".encode())
        digest.update(f"{source.expected_every_days} {source.states_vex}\0".encode())
    files[COMMENTS_FILE.name] = _text(COMMENTS_FILE)
    files[_SOURCES] = _declared_sources()
    return Method(digest.hexdigest()[:12], files)


def stored_method(con: duckdb.DuckDBPyConnection, version: str) -> Method | None:
    """A version as kept in this warehouse; None where it never was installed."""
    if not _keeps_methods(con):
        return None
    rows = con.execute(
        "select path, content from quality.method_files where method_version = ? order by path",
        [version],
    ).fetchall()
    return Method(version, dict(rows)) if rows else None


def store_method(con: duckdb.DuckDBPyConnection, method: Method) -> None:
    """Keep a version; the caller owns the transaction."""
    con.execute(
        "insert or ignore into quality.method_files "
        "select ?, unnest(?::varchar[]), unnest(?::varchar[])",
        [method.version, list(method.files), list(method.files.values())],
    )


@cache
def models() -> tuple[Model, ...]:
    """The SQL models of this checkout, each after those that it reads."""
    return read_method().models()


_models_by_version: dict[str, tuple[Model, ...]] = {}


def models_for(con: duckdb.DuckDBPyConnection) -> tuple[Model, ...]:
    """The SQL models of the method that is installed in this warehouse."""
    version = installed_method(con)
    if version is None:
        return models()
    if version not in _models_by_version:
        method = stored_method(con, version)
        _models_by_version[version] = method.models() if method else models()
    return _models_by_version[version]


def installed_method(con: duckdb.DuckDBPyConnection) -> str | None:
    """The version of the method in this file; None where there is none yet."""
    exists = con.execute(
        "select 1 from duckdb_tables() where schema_name = 'method' and table_name = 'version' "
        "and database_name = current_database()"
    ).fetchone()
    row = con.execute("select method_version from method.version").fetchone() if exists else None
    return str(row[0]) if row else None


def _keeps_methods(con: duckdb.DuckDBPyConnection) -> bool:
    row = con.execute(
        "select 1 from duckdb_tables() where schema_name = 'quality' "
        "and table_name = 'method_files' and database_name = current_database()"
    ).fetchone()
    return row is not None


def _model_files() -> list[Path]:
    return sorted(MODELS_FOLDER.glob("*/*.sql"))


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _declared_sources() -> str:
    from pipeline.sources import all_sources

    declared = [
        {
            "source_id": source.source_id,
            "title": source.title,
            "source_group": source.group,
            "fills_reports": "reports" in source.tables,
            "reliability": source.reliability,
            "reliability_reason": source.reliability_reason,
            "is_snapshot": source.is_snapshot,
            "states_vex": source.states_vex,
            "expected_every_days": source.expected_every_days,
            "tlp": source.tlp,
            "licence": source.licence,
        }
        for source in all_sources().values()
    ]
    return orjson.dumps(declared).decode()
