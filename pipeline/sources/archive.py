"""Opens deliveries: a plain file, a compressed one, or an archive of documents, within limits.

What a file is gets decided by its first bytes, never by its name. Nothing is ever written to disk,
so a member's name is only a label; a name that leaves the archive is still refused, because the
file was then made to do harm.
"""

import bz2
import gzip
import io
import lzma
import re
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from tarfile import EOFHeaderError, HeaderError, ReadError  # type: ignore[attr-defined]
from typing import IO, Self, cast

from pipeline.errors import DeliveryError
from pipeline.sources.base import Delivery, Row
from pipeline.sources.parsing import as_json

MAX_MEMBERS = 50_000
MAX_MEMBER_BYTES = 512 * 2**20
MAX_TOTAL_BYTES = 2 * 2**30
MAX_RATIO = 250
RATIO_COUNTS_FROM_BYTES = 16 * 2**20
MAX_FOLDERS = 16
TERMS = re.compile(r"(?:licen[cs]e(?:-\w+)?|copying|readme)(?:\.(?:md|rst|html|txt|json))?")
NAMES_LISTED = 20

_DAMAGE = (
    EOFError,
    OSError,
    lzma.LZMAError,
    zlib.error,
    tarfile.TarError,
    zipfile.BadZipFile,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OverflowError,
    UnicodeError,
)


@dataclass(frozen=True)
class Document:
    """One document of a delivery: the delivered file itself or a member of an archive."""

    name: str
    data: bytes


def documents(delivery: Delivery, suffixes: tuple[str, ...]) -> Iterator[Document]:
    """The documents of a delivery, in the order of the archive.

    Of an archive only members with one of the suffixes are documents; an archive without any is
    refused. All other members are noted in the delivery, for its quarantine, but for licences,
    readmes and hidden files.
    """
    try:
        yield from _opened(delivery, suffixes)
    except _DAMAGE as error:
        raise DeliveryError(
            delivery.name,
            f"cannot be unpacked ({type(error).__name__}: {error}).",
            "Deliver the file again; it was torn on its way or is not what its name says.",
        ) from error


def _opened(delivery: Delivery, suffixes: tuple[str, ...]) -> Iterator[Document]:
    n_packed = delivery.path.stat().st_size
    with delivery.path.open("rb") as file:
        head = file.read(6)
        file.seek(0)
        if head.startswith(b"PK\x03\x04"):
            yield from _some(delivery, _zip_members(delivery, file, n_packed, suffixes), suffixes)
            return
        unpacked = _Limited(_decompressed(head, file), delivery.name, n_packed)
        start = unpacked.read(512)
        if unpacked.file is file and not _is_tar(start):
            yield Document(delivery.name, _whole(delivery, n_packed))
            return
        rest = cast("IO[bytes]", _Rejoined(start, unpacked))
        if _is_tar(start):
            yield from _some(delivery, _tar_members(delivery, rest, suffixes), suffixes)
        else:
            yield Document(delivery.name, rest.read())


def _is_tar(start: bytes) -> bool:
    return start[257:262] == b"ustar"


def _whole(delivery: Delivery, n_bytes: int) -> bytes:
    if n_bytes > MAX_MEMBER_BYTES:
        raise _too_large(delivery.name, f"has more than {MAX_MEMBER_BYTES:,} bytes")
    return delivery.path.read_bytes()


def _decompressed(head: bytes, file: IO[bytes]) -> IO[bytes]:
    if head.startswith(b"\x1f\x8b"):
        return cast("IO[bytes]", gzip.GzipFile(fileobj=file))
    if head.startswith(b"\xfd7zXZ\x00"):
        return lzma.LZMAFile(file)
    if head.startswith(b"BZh"):
        return bz2.BZ2File(file)
    return file


class _Limited:
    """Counts what is read and stops at the limits, so that a bomb is never unpacked."""

    def __init__(self, file: IO[bytes], name: str, n_packed: int) -> None:
        self.file, self.name, self.n_packed, self.n_read = file, name, n_packed, 0

    def read(self, n: int = -1) -> bytes:
        wanted = MAX_MEMBER_BYTES + 1 if n < 0 else n
        parts = []
        while wanted > 0 and (part := self.file.read(min(wanted, 2**20))):
            parts.append(part)
            wanted -= len(part)
            self.n_read += len(part)
            _check_size(self.name, self.n_read, self.n_packed)
        if n < 0 and wanted <= 0:
            raise _too_large(self.name, f"more than {MAX_MEMBER_BYTES:,} bytes unpacked")
        return b"".join(parts)


class _Rejoined:
    """The first bytes and the rest as one file again."""

    def __init__(self, start: bytes, rest: _Limited) -> None:
        self.start, self.rest = io.BytesIO(start), rest

    def read(self, n: int = -1) -> bytes:
        first = self.start.read(n)
        if n < 0:
            return first + self.rest.read()
        return first + self.rest.read(n - len(first)) if len(first) < n else first


def _check_size(name: str, n_unpacked: int, n_packed: int) -> None:
    if n_unpacked > MAX_TOTAL_BYTES:
        raise _too_large(name, f"more than {MAX_TOTAL_BYTES:,} bytes unpacked")
    if n_unpacked > RATIO_COUNTS_FROM_BYTES and n_unpacked > MAX_RATIO * max(n_packed, 1):
        raise _too_large(name, f"unpacks to more than {MAX_RATIO} times its size")


def _too_large(name: str, what: str) -> DeliveryError:
    return DeliveryError(name, f"{what}.", "Deliver it in smaller files.")


def _tar_members(
    delivery: Delivery, file: IO[bytes], suffixes: tuple[str, ...]
) -> Iterator[Document]:
    with tarfile.open(fileobj=file, mode="r|", tarinfo=_StrictHeader) as archive:
        for number, member in enumerate(archive, 1):
            _check_member(delivery.name, number, member.name, member.size)
            if not (member.isfile() or member.isdir()):
                raise _hostile(delivery.name, member.name, "is a link or a device")
            if member.isfile() and _is_document(delivery, member.name, suffixes):
                content = archive.extractfile(member)
                yield Document(member.name, content.read() if content else b"")


class _StrictHeader(tarfile.TarInfo):
    """A damaged header ends the reading with an error, where the library would end in silence."""

    @classmethod
    def fromtarfile(cls, tarfile: tarfile.TarFile) -> Self:
        try:
            return super().fromtarfile(tarfile)
        except EOFHeaderError:
            raise
        except HeaderError as error:
            raise ReadError(f"a damaged header: {error}") from error


def _zip_members(
    delivery: Delivery, file: IO[bytes], n_packed: int, suffixes: tuple[str, ...]
) -> Iterator[Document]:
    n_before = 0
    with zipfile.ZipFile(file) as archive:
        for number, member in enumerate(archive.infolist(), 1):
            _check_member(delivery.name, number, member.filename, member.file_size)
            if (member.external_attr >> 28) not in {0, 4, 8}:
                raise _hostile(delivery.name, member.filename, "is a link or a device")
            if not member.is_dir() and _is_document(delivery, member.filename, suffixes):
                with archive.open(member) as content:
                    limited = _Limited(content, delivery.name, n_packed)
                    limited.n_read = n_before
                    yield Document(member.filename, limited.read())
                    n_before = limited.n_read


def _check_member(name: str, number: int, member: str, n_bytes: int) -> None:
    if number > MAX_MEMBERS:
        raise _too_large(name, f"holds more than {MAX_MEMBERS:,} files")
    if n_bytes > MAX_MEMBER_BYTES:
        raise _too_large(name, f"its file {number} unpacks to {n_bytes:,} bytes")
    parts = PurePosixPath(member.replace("\\", "/"))
    if parts.is_absolute() or ".." in parts.parts or ":" in "".join(parts.parts[:1]):
        raise _hostile(name, member, "has a path that leaves the archive")
    if len(parts.parts) > MAX_FOLDERS:
        raise _hostile(name, member, f"lies deeper than {MAX_FOLDERS} folders")


def _hostile(name: str, member: str, what: str) -> DeliveryError:
    return DeliveryError(
        name,
        f"its member {member[:80]!r} {what}; nothing of the archive was read.",
        "Ask the sender for plain files.",
    )


def _is_document(delivery: Delivery, name: str, suffixes: tuple[str, ...]) -> bool:
    """Whether a member is a document of the source, by its ending; others are noted."""
    path = PurePosixPath(name.lower())
    is_hidden = path.name.startswith(".") or "__macosx" in path.parts
    if is_hidden or TERMS.fullmatch(path.name):
        return False
    if path.name.endswith(suffixes):
        return True
    delivery.not_read[path.suffix].append(name)
    return False


def not_read(delivery: Delivery, first: int) -> Iterator[Row]:
    """The rows that stand for members that are no documents, one for each ending."""
    for number, (suffix, names) in enumerate(sorted(delivery.not_read.items()), first):
        ending = f"ending in {suffix}" if suffix else "without an ending"
        yield {
            "source_row": number,
            "record": as_json({"ending": suffix, "files": names[:NAMES_LISTED]}),
            "problems": [
                f"Not read: {len(names):,} of the archive's files, {ending}, such as "
                f"{names[0][:120]}. {delivery.source_id} takes none of these: hand them to the "
                "source that does, or leave them out."
            ],
        }


def _some(
    delivery: Delivery, found: Iterator[Document], suffixes: tuple[str, ...]
) -> Iterator[Document]:
    n = 0
    for n, document in enumerate(found, 1):  # noqa: B007
        yield document
    if n == 0:
        raise DeliveryError(
            delivery.name,
            f"the archive holds no document ending in {', '.join(suffixes)}.",
            "Check that it was handed to the right source.",
        )
