"""What Great Expectations itself answered, kept as JSON: `validation/<day>/<subject>/<suite>.json`.

The day is the one scored or, for a delivery, the one on which it arrived. Lists of rows are cut:
the verdicts name every row.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import orjson

from pipeline.settings import Settings

LONGEST_LIST = 20
_folder: ContextVar[Path | None] = ContextVar("folder", default=None)


def folder(settings: Settings) -> Path:
    """Where the results of every day are kept."""
    return settings.home / "validation"


@contextmanager
def kept(settings: Settings, day: date, subject: str) -> Iterator[None]:
    """Keep what is answered meanwhile, in place of what was kept of the same subject before."""
    own = folder(settings) / str(day) / subject.replace("/", "-")
    shutil.rmtree(own, ignore_errors=True)
    token = _folder.set(own)
    try:
        yield
    finally:
        _folder.reset(token)


def keep(suite_name: str, outcome: Any) -> None:
    """Keep one answer; a suite asked several times, as rows come in batches, has several files."""
    own = _folder.get()
    if own is None:
        return
    own.mkdir(parents=True, exist_ok=True)
    for result in outcome.results:
        result.result = {name: _cut(value) for name, value in result.result.items()}
    number = len(list(own.glob(f"{suite_name}*.json")))
    file = own / f"{suite_name}{f'-{number + 1}' if number else ''}.json"
    file.write_bytes(
        orjson.dumps(
            outcome.to_json_dict(),
            option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS,
            default=str,
        )
    )


def _cut(value: Any) -> Any:
    return value[:LONGEST_LIST] if isinstance(value, list) else value


def prune(settings: Settings, until: date) -> None:
    """Remove what is older, counted back from the day just published, than the settings say."""
    first = until - timedelta(days=settings.validation_days - 1)
    for path in folder(settings).glob("????-??-??"):
        if date.fromisoformat(path.name) < first:
            shutil.rmtree(path)
