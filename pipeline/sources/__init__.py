"""The register of sources: every module of this package that declares a `SOURCE`.

A mapping that says `(like)` another source declares one too: the same table in another layout, with
deliveries and an inbox of its own.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pyarrow.compute as pc

from pipeline.errors import SectorRiskError, UnknownNameError
from pipeline.sources import mapping
from pipeline.sources.archive import not_read
from pipeline.sources.base import Delivery, Rows, Source

__all__ = [
    "Delivery",
    "Rows",
    "Source",
    "all_sources",
    "get_source",
    "records",
    "source_of_file",
]


@cache
def all_sources() -> dict[str, Source]:
    """Declared sources by id, in alphabetical order."""
    modules = (import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__))
    sources = [module.SOURCE for module in modules if hasattr(module, "SOURCE")]
    declared = {source.source_id: source for source in sources}
    declared |= {source.source_id: source for source in _other_layouts(declared)}
    return dict(sorted(declared.items()))


def _other_layouts(declared: dict[str, Source]) -> Iterator[Source]:
    """Sources that only a mapping declares."""
    for path in sorted(mapping.MAPPINGS.glob("*.csv")):
        like = mapping.load_mapping(path.stem).values.get(mapping.LIKE)
        if like and like not in declared:
            raise UnknownNameError(f"{path.name}: source", like, list(declared))
        if like:
            title = f"{declared[like].title} ({path.stem})"
            yield replace(declared[like], source_id=path.stem, title=title)


def get_source(source_id: str) -> Source:
    """The source of that id; UnknownNameError names the nearest otherwise."""
    sources = all_sources()
    if source_id not in sources:
        raise UnknownNameError("Source", source_id, list(sources))
    return sources[source_id]


def records(source: Source, delivery: Delivery) -> Iterator[Rows]:
    """What the source's reader yields, then a row for what it did not take of an archive."""
    last = 0
    for rows in source.read(delivery):
        if rows.table == source.tables[0]:
            last = max(last, _last_row(rows))
        yield rows
    if delivery.not_read:
        yield Rows(source.tables[0], list(not_read(delivery, last + 1)))


def _last_row(rows: Rows) -> int:
    if isinstance(rows.rows, list):
        return max((row["source_row"] for row in rows.rows), default=0)
    return pc.max(rows.rows["source_row"]).as_py() or 0


def source_of_file(path: Path) -> Source:
    """The one source that files with this ending are of; SectorRiskError names the choices.

    The first of a source's endings is its own, and wins over sources that merely accept it.
    """
    name = path.name.lower()
    fitting = [one for one in all_sources().values() if name.endswith(one.suffixes)]
    owners = [one for one in fitting if name.endswith(one.suffixes[:1])]
    for candidates in (fitting, owners):
        if len(candidates) == 1:
            return candidates[0]
    names = ", ".join(source.source_id for source in owners or fitting or all_sources().values())
    raise SectorRiskError(f"{path.name}: say which source it is of, --source one of {names}.")
