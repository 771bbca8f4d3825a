"""Settings: where things are and how much is allowed, from variables SECTOR_RISK_…."""

from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """One value each, validated together at start."""

    model_config = SettingsConfigDict(env_prefix="SECTOR_RISK_", frozen=True, extra="forbid")

    home: Path = Field(ROOT / "data", description="Folder of everything that a run writes")
    inbox: Path | None = Field(
        None,
        description="Arriving files, <source>/[<YYYY-MM-DD>/]<file>; default <home>/inbox",
    )
    duckdb_memory_limit: str = Field("4GB", description="Memory that DuckDB may use")
    duckdb_threads: int = Field(2, ge=1, description="Threads that DuckDB may use")

    tlp: Literal["CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED"] = Field(
        "AMBER", description="Traffic Light Protocol marking of what is published"
    )
    contact: str = Field(
        "the team that runs Sector Risk", description="Whom readers of the workbook may ask"
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
    airflow_url: str = Field(
        "http://127.0.0.1:8080", description="Where the status report links to for runs and logs"
    )

    fetch: bool = Field(False, description="Collecting also fetches the sources' addresses")
    feeds: dict[str, list[str]] = Field(
        {},
        description="Addresses to poll, by source, as JSON; taxii+https://… is a TAXII collection, "
        "misp+https://… a MISP feed, csaf+https://… a CSAF provider",
    )
    private_hosts: frozenset[str] = Field(
        frozenset(), description="Hosts that may have a private address and speak plain HTTP"
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
    """The settings of this process."""
    return Settings()
