"""Large bundles column by column: the same rows as one object at a time, in the time of a parse.

Indicators, malware and supporting objects make up nearly all of a large bundle and need no prose
to be read. They are parsed by DuckDB, many objects at once; all others, and every object that is
not quite as expected, are left to the reader of single objects, so that no fault is judged twice.
"""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb
import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.sources.columns import side_by_side
from pipeline.sources.fields import EARLIEST, LATEST, MAX_TEXT, strings
from pipeline.sources.stix_objects import FOLLOWED, KEPT, Context, StixObject, decoded

MOMENT = pa.timestamp("us")
TEXT = pa.string()
MOMENTS = ("created", "modified", "published", "valid_until")
TEXTS = ("type", "id", "name", "description", "relationship_type")
REFS = ("created_by_ref", "source_ref", "target_ref")
AS_WRITTEN = ("revoked", "x_mitre_deprecated", "object_marking_refs", "granular_markings")
STRUCTURE = {
    **dict.fromkeys((*MOMENTS, *TEXTS, *REFS), "VARCHAR"),
    **dict.fromkeys((*AS_WRITTEN, "confidence"), "JSON"),
    "external_references": "STRUCT(url VARCHAR)[]",
}
PARSED = pa.schema(
    {
        **dict.fromkeys(MOMENTS, MOMENT),
        **dict.fromkeys((*TEXTS, *REFS, *AS_WRITTEN), TEXT),
        "confidence": pa.float64(),
        "external_references": pa.list_(pa.struct({"url": TEXT})),
    }
)
NO_TEXT = r"^(?:[\[{]|(?:true|false|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)$)"
PART, SMALLEST_PART = 20_000, 100
ROWS_AT_ONCE = 50_000
KINDS_IN_BULK = {"indicator": "sighting", "malware": "analysis"}
ONE_BY_ONE = (
    "report",
    "grouping",
    "campaign",
    "incident",
    "intrusion-set",
    "threat-actor",
    "sighting",
)
FACT = pa.struct(
    {
        **dict.fromkeys(("fact_type", "vocabulary", "value", "label", "stance"), TEXT),
        "confidence_0_1": pa.float64(),
        "sentence": TEXT,
    }
)


@dataclass(frozen=True)
class Bulk:
    """The rows made column by column, the numbers of those left over, and what all objects say."""

    table: pa.Table
    numbers: Any
    left_over: list[int]
    context: Context

    def parts(self, raws: Sequence[msgspec.Raw]) -> Iterator[pa.Table]:
        """The rows with their records, some at a time."""
        for start in range(0, len(self.numbers), ROWS_AT_ONCE):
            own = [raws[number] for number in self.numbers[start : start + ROWS_AT_ONCE]]
            part = self.table.slice(start, ROWS_AT_ONCE)
            yield part.append_column("record", side_by_side(own))


def in_bulk(raws: Sequence[msgspec.Raw], first: int, delivered_at: datetime) -> Bulk:
    """Rows of the objects that are as expected, and what is left over."""
    objects = _parsed(raws)
    is_plain = _is_plain(objects)
    context, edges = _context(raws, objects, is_plain)
    numbers = _numbers(is_plain)
    plain = objects.filter(is_plain).append_column("source_row", pa.array(numbers + first))
    table = _columns(plain, edges, context, delivered_at)
    return Bulk(table, numbers, _numbers(pc.invert(is_plain)).tolist(), context)


def _parsed(raws: Sequence[msgspec.Raw]) -> pa.Table:
    """The properties of all objects, those blank of objects that cannot be parsed together."""
    with duckdb.connect() as con:
        parts = [_part(con, raws[at : at + PART]) for at in range(0, len(raws), PART)]
    return pa.concat_tables(parts)


def _part(con: duckdb.DuckDBPyConnection, raws: Sequence[msgspec.Raw]) -> pa.Table:
    """Objects beside an unreadable one are halved until few are left to be read one by one."""
    try:
        return _table(con, raws)
    except (pa.ArrowInvalid, duckdb.Error):
        if len(raws) <= SMALLEST_PART:
            return pa.table([pa.nulls(len(raws), kind) for kind in PARSED.types], schema=PARSED)
    half = len(raws) // 2
    return pa.concat_tables([_part(con, raws[:half]), _part(con, raws[half:])])


def _table(con: duckdb.DuckDBPyConnection, raws: Sequence[msgspec.Raw]) -> pa.Table:
    lines = io.BytesIO(b"\n".join(raws))
    table = con.read_json(lines, columns=STRUCTURE, format="unstructured").to_arrow_table()
    if table.num_rows != len(raws):
        raise pa.ArrowInvalid("not one value an object")
    columns = [_typed(table[field.name], field.type) for field in PARSED]
    return pa.Table.from_arrays(columns, schema=PARSED)


def _typed(cells: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    return (cells.cast(pa.timestamp("us", "UTC")) if kind == MOMENT else cells).cast(kind)


def _is_plain(objects: pa.Table) -> pa.Array:
    """Whether an object is of a type read in bulk and has nothing to complain about."""
    confidence = pc.fill_null(objects["confidence"], 0)
    named = pc.utf8_length(pc.utf8_trim_whitespace(pc.fill_null(objects["name"], "-")))
    told = pc.fill_null(pc.utf8_length(objects["description"]), 0)
    conditions = [
        pc.is_null(objects["granular_markings"]),
        _is_word(objects["id"]),
        _is_word(objects["type"]),
        *(_is_text(objects[name]) for name in TEXTS),
        pc.invert(pc.is_in(objects["type"], pa.array(ONE_BY_ONE))),
        pc.and_(pc.greater_equal(confidence, 0), pc.less_equal(confidence, 100)),
        pc.and_(pc.greater(named, 0), pc.less_equal(named, MAX_TEXT)),
        pc.less_equal(told, MAX_TEXT),
        *(_is_moment(objects[name]) for name in MOMENTS),
    ]
    result = conditions[0]
    for condition in conditions[1:]:
        result = pc.and_(result, condition)
    return result.combine_chunks()


def _is_word(cells: pa.ChunkedArray) -> pa.ChunkedArray:
    text = pc.fill_null(cells, "")
    return pc.and_(pc.equal(text, pc.utf8_trim_whitespace(text)), pc.not_equal(text, ""))


def _is_text(cells: pa.ChunkedArray) -> pa.ChunkedArray:
    """Not a number, a list or another thing that was turned into text."""
    return pc.invert(pc.fill_null(pc.match_substring_regex(cells, NO_TEXT), fill_value=False))


def _is_moment(moments: pa.ChunkedArray) -> pa.ChunkedArray:
    within = pc.and_(
        pc.greater_equal(moments, pa.scalar(EARLIEST, MOMENT)),
        pc.less(moments, pa.scalar(LATEST, MOMENT)),
    )
    return pc.fill_null(within, fill_value=True)


def _context(
    raws: Sequence[msgspec.Raw], objects: pa.Table, is_plain: pa.Array
) -> tuple[Context, pa.Table]:
    """What objects refer to, and the relationships of all, as source and target.

    Only what is referred to is decoded, and of the relationships those that what is left follows.
    """
    named = pc.is_in(objects["type"], pa.array([*KEPT, "marking-definition"]))
    kept = pc.or_kleene(named, pc.invert(is_plain))
    things = [decoded(raws[number]) for number in _numbers(kept)]
    context = Context(things)
    stated = [(source, target) for source, targets in context.edges.items() for target in targets]
    is_edge = pc.and_(
        pc.and_(is_plain, pc.equal(objects["type"], "relationship")),
        pc.is_in(objects["relationship_type"], pa.array(sorted(FOLLOWED))),
    )
    edges = objects.select(["source_ref", "target_ref"]).filter(is_edge)
    follow = {ref for thing in things if thing for ref in _followed(thing)}
    followed = edges.filter(pc.is_in(edges["source_ref"], pa.array(sorted(follow), TEXT)))
    for source, target in zip(*(column.to_pylist() for column in followed.columns), strict=True):
        context.add_edge(source, target)
    ends = [pa.array(end, TEXT) for end in zip(*stated, strict=True)] if stated else []
    more = [pa.table(ends, names=edges.column_names)] if ends else []
    return context, pa.concat_tables([edges, *more])


def _numbers(mask: pa.Array | pa.ChunkedArray) -> Any:
    return np.flatnonzero(np.asarray(mask))


def _followed(thing: StixObject) -> list[str]:
    return [*strings(thing.id), *strings(thing.object_refs), *strings(thing.sighting_of_ref)]


def _columns(
    plain: pa.Table, edges: pa.Table, context: Context, delivered_at: datetime
) -> pa.Table:
    created, delivered = plain["created"], pa.scalar(delivered_at, MOMENT)
    modified = pc.coalesce(plain["modified"], created)
    kinds = pc.index_in(plain["type"], pa.array(list(KINDS_IN_BULK)))
    trimmed = pc.utf8_trim_whitespace(plain["description"])
    return pa.table(
        {
            "source_row": plain["source_row"],
            "report_key": plain["id"],
            "kind": pc.fill_null(pa.array(list(KINDS_IN_BULK.values())).take(kinds), "context"),
            "title": _titles(plain),
            "publisher": _names(plain["created_by_ref"], context),
            "url": _first_urls(plain["external_references"]),
            "published_at": pc.coalesce(plain["published"], created, delivered),
            "modified_at": modified,
            "disclosed_at": pc.coalesce(modified, delivered),
            "valid_until": plain["valid_until"],
            "is_withdrawn": pc.or_(
                pc.equal(pc.fill_null(plain["revoked"], ""), "true"),
                pc.equal(pc.fill_null(plain["x_mitre_deprecated"], ""), "true"),
            ),
            "confidence_0_1": pc.divide(plain["confidence"], 100),
            "tlp": _markings(plain["object_marking_refs"], context),
            "refs": pa.ListArray.from_arrays(
                pa.array(np.zeros(plain.num_rows + 1, np.int32)), pa.array([], TEXT)
            ),
            "facts": _facts(plain, edges, context),
            "body": pc.if_else(pc.equal(trimmed, ""), None, trimmed),
        }
    )


def _titles(plain: pa.Table) -> pa.Array:
    told = pc.coalesce(plain["relationship_type"], plain["id"])
    made = pc.binary_join_element_wise(plain["type"], told, ": ")
    return pc.coalesce(pc.utf8_trim_whitespace(plain["name"]), made)


def _names(refs: pa.ChunkedArray, context: Context) -> pa.Array:
    ids = list(context.about)
    names = pa.array([context.name_of(ref) for ref in ids], TEXT)
    return names.take(pc.index_in(refs, pa.array(ids, TEXT)).combine_chunks())


def _first_urls(references: pa.ChunkedArray) -> pa.Array:
    lists = references.combine_chunks()
    urls = pc.utf8_trim_whitespace(pc.struct_field(lists.flatten(), "url"))
    is_url = pc.fill_null(pc.and_(pc.not_equal(urls, ""), _is_text(urls)), fill_value=False)
    parents = pc.list_parent_indices(lists).filter(is_url).to_numpy()
    rows, firsts = np.unique(parents, return_index=True)
    where = np.full(len(lists), -1)
    where[rows] = firsts
    return urls.filter(is_url).take(_or_null(where))


def _or_null(positions: Any) -> pa.Array:
    return pa.array(positions, pa.int64(), mask=positions < 0)


def _markings(refs: pa.ChunkedArray, context: Context) -> pa.Array:
    """Each list that occurs is looked at once."""
    written = refs.combine_chunks().dictionary_encode()
    found = [
        context.strictest(strings(msgspec.json.decode(one.as_py()))) for one in written.dictionary
    ]
    return pa.array(found, TEXT).take(written.indices)


def _facts(plain: pa.Table, edges: pa.Table, context: Context) -> pa.Array:
    """For each object that can tell of a threat, what its relationships lead to, once each."""
    told = {ref: list(context.said_by([ref], "attacked")) for ref in context.about}
    tells = pc.is_in(plain["type"], pa.array(list(KINDS_IN_BULK))).combine_chunks()
    telling = plain["id"].filter(tells).combine_chunks().dictionary_encode()
    ids, refs = telling.dictionary, pa.array(list(told), TEXT)
    source = pc.fill_null(pc.index_in(edges["source_ref"], ids), -1).to_numpy()
    target = pc.fill_null(pc.index_in(edges["target_ref"], refs), -1).to_numpy()
    is_known = (source >= 0) & (target >= 0)
    pairs, facts = _pairs(source[is_known], target[is_known], list(told.values()))
    offsets = np.searchsorted(pairs[:, 0], np.arange(len(ids) + 2)).astype(np.int32)
    lists = pa.ListArray.from_arrays(
        pa.array(offsets), pa.array(facts, FACT).take(pa.array(pairs[:, 1]))
    )
    position = np.full(plain.num_rows, len(ids))
    position[np.asarray(tells)] = telling.indices.to_numpy()
    return lists.take(pa.array(position))


def _pairs(
    source: Any, target: Any, told: list[list[dict[str, Any]]]
) -> tuple[Any, list[dict[str, Any]]]:
    """Pairs of object and fact, each once, by object; facts as numbers into a list."""
    distinct = {(one["fact_type"], one["value"]): one for said in told for one in said}
    numbers = {key: number for number, key in enumerate(distinct)}
    said = [[numbers[one["fact_type"], one["value"]] for one in each] for each in told]
    flat = np.array([number for each in said for number in each], np.int64)
    n_said = np.array([len(each) for each in said], np.int64)
    starts = np.cumsum(n_said) - n_said
    n_each = n_said[target]
    nth = np.arange(n_each.sum()) - np.repeat(np.cumsum(n_each) - n_each, n_each)
    what = flat[np.repeat(starts[target], n_each) + nth]
    keys = np.sort(np.repeat(source.astype(np.int64), n_each) * max(len(distinct), 1) + what)
    keys = keys[np.diff(keys, prepend=-1) > 0]
    pairs = np.stack(np.divmod(keys, max(len(distinct), 1)), axis=1)
    return pairs, list(distinct.values())
