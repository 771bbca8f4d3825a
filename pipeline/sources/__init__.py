"""The register of sources: every module of this package that declares a `SOURCE`."""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from pipeline.errors import UnknownNameError
from pipeline.sources.base import Delivery, Rows, Source

__all__ = ["Delivery", "Rows", "Source", "all_sources", "get_source"]


@cache
def all_sources() -> dict[str, Source]:
    """Declared sources by id, in alphabetical order."""
    modules = (import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__))
    sources = (module.SOURCE for module in modules if hasattr(module, "SOURCE"))
    return {source.source_id: source for source in sources}


def get_source(source_id: str) -> Source:
    """The source of that id; UnknownNameError names the nearest otherwise."""
    sources = all_sources()
    if source_id not in sources:
        raise UnknownNameError("Source", source_id, list(sources))
    return sources[source_id]
