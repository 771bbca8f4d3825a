"""A file takes its place whole or not at all, in a folder or at any fsspec address."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def placed(target: Path | str) -> Iterator[Path]:
    """A temporary file that takes the target's place once it is complete."""
    if "://" in str(target):
        with _uploaded(str(target)) as path:
            yield path
        return
    target = Path(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        yield part
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _uploaded(address: str) -> Iterator[Path]:
    """A local file that is copied to the address once it is complete."""
    import fsspec

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "workbook"
        yield path
        files, remote = fsspec.url_to_fs(address)
        files.makedirs(files._parent(remote), exist_ok=True)
        files.put_file(str(path), f"{remote}.part")
        files.mv(f"{remote}.part", remote)
