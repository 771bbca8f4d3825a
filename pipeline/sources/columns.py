"""Cells of many records at once: the values that `Cells` gives, column by column.

Where it would have anything to say of a record, UnusualError says that the records are to be read
one by one, so that no fault is judged twice.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.sources.fields import CVE, MAX_TEXT, utc
from pipeline.sources.parsing import json_bytes


class UnusualError(Exception):
    """A cell is missing, too long, of another type or not readable."""


class Columns:
    """Reads the named cells of records, with the same methods as `Cells`."""

    def __init__(self, records: Sequence[dict[str, Any]], names: Sequence[str]) -> None:
        try:
            cells = pa.array(records, pa.struct([(name, pa.string()) for name in names]))
            texts = pc.utf8_trim_whitespace(pa.concat_arrays(cells.flatten()))
        except (pa.ArrowTypeError, pa.ArrowInvalid) as error:
            raise UnusualError from error
        if (pc.max(pc.utf8_length(texts)).as_py() or 0) > MAX_TEXT:
            raise UnusualError
        texts = pc.if_else(pc.equal(texts, ""), None, texts)
        n = len(records)
        self.texts = {name: texts.slice(nth * n, n) for nth, name in enumerate(names)}

    def text(self, name: str, *, required: bool = False) -> pa.Array:
        """Trimmed strings; blank counts as missing."""
        texts = self.texts[name]
        if required and texts.null_count:
            raise UnusualError(name)
        return texts

    def moment(self, name: str, *, required: bool = False) -> pa.Array:
        """Points in time as naive UTC."""
        return _meanings(self.text(name, required=required), utc, pa.timestamp("us"))

    @staticmethod
    def day_of(moments: pa.Array) -> pa.Array:
        """The calendar days of points in time."""
        return moments.cast(pa.date32(), safe=False)

    def day(self, name: str) -> pa.Array:
        """Calendar days."""
        return self.day_of(self.moment(name))

    def cve(self, name: str, *, required: bool = False) -> pa.Array:
        """CVE ids in capitals."""
        texts = self.text(name, required=required)
        is_id = pc.match_substring_regex(texts, f"^{CVE.pattern}$", ignore_case=True)
        if not pc.all(is_id, min_count=0).as_py():
            raise UnusualError(name)
        return pc.utf8_upper(texts)

    def choice(self, name: str, choices: Mapping[str, Any]) -> pa.Array:
        """The meaning of one of a few words, whatever their case."""
        return _meanings(self.text(name), lambda word: choices[word.lower()])


def _meanings(
    texts: pa.Array, meaning: Callable[[str], Any], kind: pa.DataType | None = None
) -> pa.Array:
    """Each text that occurs is looked at once."""
    written = texts.dictionary_encode()
    try:
        found = pa.array([meaning(text) for text in written.dictionary.to_pylist()], kind)
    except (KeyError, ValueError, OverflowError) as error:
        raise UnusualError from error
    return found.take(written.indices)


def as_written(records: Sequence[dict[str, Any]]) -> pa.Array:
    """Each record as JSON text, as it is kept."""
    return side_by_side(_each.decode(json_bytes(records)))


_each = msgspec.json.Decoder(list[msgspec.Raw])


def side_by_side(texts: Sequence[msgspec.Raw]) -> pa.Array:
    """Texts in UTF-8 as a column, in one buffer."""
    lengths = np.fromiter(map(len, texts), np.int32, len(texts))
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    data = b"".join(texts)
    return pa.StringArray.from_buffers(len(texts), pa.py_buffer(offsets), pa.py_buffer(data))
