"""What a disk may do to us, said in a sentence with a remedy."""

import errno
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from pipeline.errors import StorageError, WarehouseDamagedError
from pipeline.settings import Settings

_FULL = re.compile("No space left|Disk quota exceeded")
_NOT_WRITABLE = re.compile("Read-only file system|Permission denied")
_DAMAGE = re.compile("[Cc]orrupt|[Cc]hecksum|not a valid DuckDB|[Dd]eserializ")

RESTORE = (
    "'sector-risk restore' builds it anew from the raw archive; score the days again afterwards."
)


@contextmanager
def faults_explained(
    settings: Settings, file: Path | None = None, remedy: str = RESTORE
) -> Iterator[None]:
    """Turn a full disk, a folder that cannot be written and a damaged file into their errors.

    Args:
        settings: where the data folder is.
        file: the database that is read or written; None = the warehouse.
        remedy: what to do where it is damaged.
    """
    try:
        yield
    except (OSError, duckdb.Error) as error:
        refuse(error, settings)
        if isinstance(error, duckdb.Error) and _DAMAGE.search(str(error)):
            raise damaged(file or settings.warehouse_file, error, remedy) from error
        raise


def refuse(error: Exception, settings: Settings) -> None:
    """Raise StorageError where `error` comes of a disk that is full or cannot be written."""
    number = getattr(error, "errno", None)
    if number in {errno.ENOSPC, errno.EDQUOT} or _FULL.search(str(error)):
        raise StorageError(
            f"{settings.home}: the disk is full ({_first_line(error)}). Free some space and run "
            "again; what is published has not changed."
        ) from error
    if number in {errno.EROFS, errno.EACCES, errno.EPERM} or _NOT_WRITABLE.search(str(error)):
        raise StorageError(
            f"{settings.home}: cannot be written ({_first_line(error)}). Give this user the right "
            "to write there, or set SECTOR_RISK_HOME to a folder that has it."
        ) from error


def free_bytes(settings: Settings) -> int:
    """Room on the disk of the data folder."""
    return shutil.disk_usage(settings.home).free


def damaged(file: Path, error: Exception, remedy: str = RESTORE) -> WarehouseDamagedError:
    """The error that names the file and the command that makes it good."""
    return WarehouseDamagedError(f"{file} is damaged ({_first_line(error)}). {remedy}")


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
