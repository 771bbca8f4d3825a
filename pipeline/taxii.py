"""TAXII 2.1: all pages of a collection since the last poll, as one STIX envelope.

A poll is a delivery. Where it ended (`X-TAXII-Date-Added-Last`) is kept with the delivery and is
where the next one begins, so that nothing is fetched twice and nothing is missed.
"""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import msgspec

from pipeline.errors import FetchError
from pipeline.http import MAX_BYTES, Guard, download, shown

MEDIA_TYPE = "application/taxii+json;version=2.1"
PAGE_SIZE = 1_000
MAX_PAGES = 10_000


@dataclass(frozen=True)
class Polled:
    """One poll: the envelope's file, and the point in time that the next poll resumes after."""

    path: Path
    n_objects: int
    resume_after: str | None


class _Page(msgspec.Struct):
    objects: list[msgspec.Raw] = []
    more: bool = False
    next: str | None = None


def poll(collection: str, target: Path, guard: Guard, added_after: str | None) -> Polled | None:
    """Fetch what was added to a collection (its address) since a point in time; None = nothing."""
    part = target.with_name(target.name + ".part")
    n_objects, resume_after = 0, added_after
    try:
        with part.open("wb") as file:
            file.write(b'{"objects": [')
            for page, last in _pages(collection, guard, added_after):
                file.write(b",\n" if n_objects and page.objects else b"")
                file.write(b",\n".join(page.objects))
                n_objects += len(page.objects)
                resume_after = max(filter(None, (resume_after, last)), default=None)
                if file.tell() > MAX_BYTES:
                    raise FetchError(f"{shown(collection)}: more than {MAX_BYTES:,} bytes.")
            file.write(b"]}")
        if n_objects == 0:
            return None
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return Polled(target, n_objects, resume_after)


def _pages(
    collection: str, guard: Guard, added_after: str | None
) -> Iterator[tuple[_Page, str | None]]:
    address = httpx.URL(collection.rstrip("/") + "/objects/")
    parameters = {"limit": str(PAGE_SIZE)} | ({"added_after": added_after} if added_after else {})
    for _ in range(MAX_PAGES):
        page, last = _page(address.copy_merge_params(parameters), guard)
        yield page, last
        if not page.more:
            return
        if not page.next and not last:
            break
        parameters |= {"next": page.next} if page.next else {"added_after": last or ""}
    raise FetchError(f"{shown(address)}: has no last page within {MAX_PAGES:,}.")


def _page(url: httpx.URL, guard: Guard) -> tuple[_Page, str | None]:
    with tempfile.TemporaryDirectory() as folder:
        fetched = download(str(url), Path(folder) / "page", guard, {"Accept": MEDIA_TYPE})
        data = fetched.path.read_bytes() if fetched else b"{}"
    try:
        page = msgspec.json.decode(data, type=_Page)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise FetchError(f"{shown(url)}: is no TAXII 2.1 envelope ({error}).") from error
    headers = fetched.headers if fetched else {}
    last = headers.get("x-taxii-date-added-last") or headers.get("x-taxii-date-added-first")
    return page, last
