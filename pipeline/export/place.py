"""A file takes its place whole or not at all, in a folder or at any fsspec address."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipeline.errors import ExportError

OBJECT_STORES = {"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "oci"}


@contextmanager
def placed(target: Path | str) -> Iterator[Path]:
    """A temporary file that takes the target's place once it is complete.

    Raises:
        ExportError: the target cannot be written; what was there before is as it was.
    """
    if "://" in str(target):
        with _uploaded(str(target)) as path:
            yield path
        return
    target = Path(target)
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        yield part
        part.replace(target)
    except OSError as error:
        raise ExportError(
            f"{target} cannot be written: {error.strerror or error}. Choose a folder that you may "
            "write to and that has room, and a name that is no folder."
        ) from error
    finally:
        _remove(part)


def _remove(part: Path) -> None:
    try:
        part.unlink(missing_ok=True)
    except OSError:
        return


@contextmanager
def _uploaded(address: str) -> Iterator[Path]:
    """A local file that is copied to the address once it is complete."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "complete"
        yield path
        try:
            _put(path, address)
        except Exception as error:
            raise ExportError(
                f"{address} cannot be written: {type(error).__name__}: {error}. Check the "
                "address, that the bucket or folder exists, and the credentials in the environment."
            ) from error


def _put(path: Path, address: str) -> None:
    import fsspec

    files, remote = fsspec.url_to_fs(address)
    if _protocols(files) & OBJECT_STORES:  # an object appears whole; a bucket is not ours to make
        files.put_file(str(path), remote)
        return
    files.makedirs(files._parent(remote), exist_ok=True)
    files.put_file(str(path), f"{remote}.part")
    files.mv(f"{remote}.part", remote)


def _protocols(files: Any) -> set[str]:
    return {files.protocol} if isinstance(files.protocol, str) else set(files.protocol)
