"""Settings: where things are and how much is allowed, from variables SECTOR_RISK_…."""

import json
import os
import re
from collections.abc import Iterator
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le
from pydantic import AfterValidator, BeforeValidator, Field, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from pipeline.errors import SettingsError

ROOT = Path(__file__).resolve().parent.parent
PREFIX = "SECTOR_RISK_"
CREDENTIAL = re.compile(rf"{PREFIX}[A-Z0-9_]+_(TOKEN|USER|PASSWORD)")  # see pipeline.http


def _from_json(value: Any) -> Any:
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        raise ValueError("not JSON") from None


def _matching(pattern: str) -> Any:
    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError("not of that form")
        return value

    return AfterValidator(check)


Address = Annotated[str, _matching(r"((taxii|misp|csaf)\+)?https?://[^\s/]+\S*")]


class Settings(BaseSettings):
    """One value each, validated together at start."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, frozen=True, extra="forbid"
    )

    home: Path = Field(ROOT / "data", description="Folder of everything that a run writes")
    inbox: Path | None = Field(
        None,
        description="Arriving files, <source>/[<YYYY-MM-DD>/]<file>; default <home>/inbox",
    )
    duckdb_memory_limit: Annotated[str, _matching(r"\d+(\.\d+)?\s?[KMGT]i?B")] = Field(
        "4GB",
        description="Memory that DuckDB may use",
        json_schema_extra={"allowed": "a number and KB, MB, GB or TB"},
    )
    duckdb_threads: int = Field(2, ge=1, description="Threads that DuckDB may use")

    engine: Literal["duckdb", "spark"] = Field(
        "duckdb", description="Where facts and scores are computed"
    )
    spark_folder: Path | None = Field(
        None,
        description="Folder that this machine and the executors of Spark share; default "
        "<home>/spark",
    )
    lake: str | None = Field(
        None,
        description="Where each publication's Parquet tables are copied: s3://bucket/prefix or "
        "another fsspec address",
        json_schema_extra={"is_secret": True},
    )

    tlp: Literal["CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED"] = Field(
        "AMBER", description="Traffic Light Protocol marking of what is published"
    )
    contact: str = Field(
        "the team that runs Sector Risk", description="Whom readers of the workbook may ask"
    )
    airflow_url: Annotated[str, _matching(r"https?://[^\s/]+\S*")] = Field(
        "http://127.0.0.1:8080",
        description="Where the status report links to for runs and logs",
        json_schema_extra={"allowed": "an address http(s)://…", "is_secret": True},
    )

    approval_hours: float = Field(
        4, gt=0, le=168, description="How long a publication that is held back waits for a person"
    )
    approval_default: Literal["reject", "approve"] = Field(
        "reject", description="What happens when nobody has answered by then"
    )
    validation_days: int = Field(
        400, ge=1, description="Days for which the results of Great Expectations are kept"
    )

    kept_publications: int = Field(
        2, ge=2, description="Publications that are kept, the one that is read now included"
    )
    replaced_days: int = Field(
        90,
        ge=1,
        description="Days for which backfills can be rolled back",
    )
    log_days: int = Field(30, ge=1, description="Days for which logs and lineage events are kept")

    fetch: bool = Field(False, description="Collecting also fetches the sources' addresses")
    feeds: Annotated[dict[str, list[Address]], NoDecode, BeforeValidator(_from_json)] = Field(
        {},
        description="Addresses to poll, by source; taxii+https://… is a TAXII collection, "
        "misp+https://… a MISP feed, csaf+https://… a CSAF provider",
        json_schema_extra={"allowed": 'JSON such as {"rss": ["https://…"]}', "is_secret": True},
    )
    private_hosts: Annotated[frozenset[str], NoDecode, BeforeValidator(_from_json)] = Field(
        frozenset(),
        description="Hosts that may have a private address and speak plain HTTP",
        json_schema_extra={"allowed": 'JSON such as ["10.0.0.7"]'},
    )

    @property
    def inbox_folder(self) -> Path:
        """Folder that the file sources collect from."""
        return self.inbox or self.home / "inbox"

    @property
    def raw_folder(self) -> Path:
        """Archive of every delivery as received."""
        return self.home / "raw"

    @property
    def warehouse_file(self) -> Path:
        """The file being written; only the pipeline opens it."""
        return self.home / "warehouse.duckdb"

    @property
    def published_folder(self) -> Path:
        """Snapshot, Parquet partitions and workbooks that consumers read: a link."""
        return self.home / "published"

    @property
    def publications_folder(self) -> Path:
        """The last publications, each a numbered folder."""
        return self.home / "publications"

    @property
    def backfills_folder(self) -> Path:
        """Backfills by id: the copy that one is computed in, then the rows that it replaced."""
        return self.home / "backfills"

    @property
    def snapshot_file(self) -> Path:
        """The read-only DuckDB snapshot of the last successful run."""
        return self.published_folder / "sector-risk.duckdb"


@cache
def get_settings() -> Settings:
    """The settings of this process.

    Raises:
        SettingsError: what is wrong with which variables, all of them at once.
    """
    faults = list(_unknown_variables())
    try:
        settings = Settings()
    except ValidationError as error:
        wrong = sorted({str(each["loc"][0]) for each in error.errors()})
        faults = [_fault(name) for name in wrong] + faults
    if faults:
        raise SettingsError(
            f"{len(faults)} of the settings cannot be used:\n" + "\n".join(f"  {f}" for f in faults)
        )
    return settings


def _fault(name: str) -> str:
    field, variable = Settings.model_fields[name], f"{PREFIX}{name.upper()}"
    found = "a value not shown" if _is_secret(field) else f"'{os.environ.get(variable, '')}'"
    return f"{variable} is {found}; allowed: {allowed(field)} ({field.description})"


def _unknown_variables() -> Iterator[str]:
    """Variables that nobody reads; their values may be secrets with a mistyped name."""
    known = [f"{PREFIX}{name.upper()}" for name in Settings.model_fields]
    for variable in sorted(os.environ):
        if (
            variable.startswith(PREFIX)
            and variable not in known
            and not CREDENTIAL.fullmatch(variable)
        ):
            near = get_close_matches(variable, known, n=1)
            hint = f"; nearest: {near[0]}" if near else ""
            yield f"{variable} is not a setting{hint}"


def _is_secret(field: FieldInfo) -> bool:
    return bool(_extra(field).get("is_secret"))


def _extra(field: FieldInfo) -> dict[str, Any]:
    return field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}


def allowed(field: FieldInfo) -> str:
    """Which values a setting takes, in words."""
    said = _extra(field).get("allowed")
    if isinstance(said, str):
        return said
    if get_origin(field.annotation) is Literal:
        return ", ".join(get_args(field.annotation))
    words = _KINDS.get(field.annotation, "text")
    bounds = [
        f"{word} {getattr(each, name):g}"
        for each in field.metadata
        for kind, name, word in _BOUNDS
        if isinstance(each, kind)
    ]
    return " ".join([words, " and ".join(bounds)]).strip()


_KINDS: dict[Any, str] = {
    bool: "1 or 0",
    int: "a whole number",
    float: "a number",
    Path: "a path",
    Path | None: "a path",
}
_BOUNDS = ((Ge, "ge", "from"), (Gt, "gt", "above"), (Le, "le", "up to"))


def settings_table() -> str:
    """The settings as the Markdown table of the README."""
    lines = ["| variable | default | allowed | meaning |", "|---|---|---|---|"]
    for name, field in Settings.model_fields.items():
        default = field.get_default()
        written = "0" if default is False else "./data" if default == ROOT / "data" else default
        shown = f"`{written}`" if written else ""
        lines.append(
            f"| `{PREFIX}{name.upper()}` | {shown} | {allowed(field)} | {field.description} |"
        )
    return "\n".join(lines).replace("<", "&lt;")
