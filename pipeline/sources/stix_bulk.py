"""Large bundles column by column: the same rows as one object at a time, in the time of a parse.

Indicators, malware and supporting objects make up nearly all of a large bundle and need no prose
to be read. They are parsed by Arrow, many objects at once; all others, and every object that is not
quite as expected, are left to the reader of single objects. Whatever Arrow cannot parse is left to
it as a whole, so that no fault is judged twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj

from pipeline.sources.fields import EARLIEST, LATEST, MAX_TEXT, strings
from pipeline.sources.stix_objects import FOLLOWED, KEPT, STRICTNESS, Context, StixObject

MOMENT = pa.timestamp("us")
TEXT = pa.string()
MOMENTS = ("created", "modified", "published", "valid_until")
TEXTS = pa.list_(TEXT)
SCHEMA = pa.schema(
    {
        **dict.fromkeys(("type", "id", *MOMENTS), TEXT),
        **dict.fromkeys(("name", "description", "created_by_ref", "relationship_type"), TEXT),
        **dict.fromkeys(("source_ref", "target_ref"), TEXT),
        **dict.fromkeys(("revoked", "x_mitre_deprecated"), pa.bool_()),
        "confidence": pa.float64(),
        "object_marking_refs": TEXTS,
        "external_references": pa.list_(pa.struct({"url": TEXT})),
    }
)
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
_object = msgspec.json.Decoder(StixObject)


@dataclass(frozen=True)
class Bulk:
    """The rows made column by column, the numbers of those left over, and what all objects say."""

    table: pa.Table
    left_over: list[int]
    context: Context


def in_bulk(raws: Sequence[msgspec.Raw], first: int, delivered_at: datetime) -> Bulk | None:
    """Rows of the objects that are as expected; None where Arrow cannot parse the bundle."""
    try:
        objects = _parsed(raws)
        is_plain = _is_plain(objects)
        context = _context(raws, objects, is_plain)
        numbers = _numbers(is_plain)
        plain = objects.filter(is_plain).append_column("source_row", pa.array(numbers + first))
        plain = plain.append_column("record", _records([raws[number] for number in numbers]))
        table = _columns(plain, objects, context, delivered_at)
    except pa.ArrowInvalid:
        return None
    return Bulk(table, _numbers(pc.invert(is_plain)).tolist(), context)


def _parsed(raws: Sequence[msgspec.Raw]) -> pa.Table:
    lines = b"\n".join(raws)
    if lines.count(b"\n") != len(raws) - 1:
        lines = b"\n".join(bytes(raw).replace(b"\n", b" ") for raw in raws)
    table = pj.read_json(
        pa.BufferReader(lines),
        pj.ReadOptions(block_size=max(8 * 2**20, 2 * max(map(len, raws)))),
        pj.ParseOptions(explicit_schema=SCHEMA, unexpected_field_behavior="ignore"),
    )
    if table.num_rows != len(raws):
        raise pa.ArrowInvalid("not one object a line")
    return table.combine_chunks()


def _records(raws: Sequence[msgspec.Raw]) -> pa.Array:
    """The objects as received, one beside the other in one buffer."""
    data = b"".join(raws)
    lengths = np.fromiter(map(len, raws), np.int32, len(raws))
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    records = pa.StringArray.from_buffers(len(raws), pa.py_buffer(offsets), pa.py_buffer(data))
    records.validate(full=True)
    return records


def _is_plain(objects: pa.Table) -> pa.Array:
    """Whether an object is of a type read in bulk and has nothing to complain about."""
    confidence = pc.fill_null(objects["confidence"], 0)
    named = pc.utf8_length(pc.utf8_trim_whitespace(pc.fill_null(objects["name"], "-")))
    told = pc.fill_null(pc.utf8_length(objects["description"]), 0)
    conditions = [
        _is_word(objects["id"]),
        _is_word(objects["type"]),
        pc.invert(pc.is_in(objects["type"], pa.array(ONE_BY_ONE))),
        pc.and_(pc.greater_equal(confidence, 0), pc.less_equal(confidence, 100)),
        pc.and_(pc.greater(named, 0), pc.less_equal(named, MAX_TEXT)),
        pc.less_equal(told, MAX_TEXT),
        *(
            _is_moment(objects[name])
            for name in ("created", "modified", "published", "valid_until")
        ),
    ]
    result = conditions[0]
    for condition in conditions[1:]:
        result = pc.and_(result, condition)
    return result.combine_chunks()


def _is_word(cells: pa.ChunkedArray) -> pa.ChunkedArray:
    text = pc.fill_null(cells, "")
    return pc.and_(pc.equal(text, pc.utf8_trim_whitespace(text)), pc.not_equal(text, ""))


def _is_moment(cells: pa.ChunkedArray) -> pa.ChunkedArray:
    moments = _moments(cells)
    within = pc.and_(
        pc.greater_equal(moments, pa.scalar(EARLIEST, MOMENT)),
        pc.less(moments, pa.scalar(LATEST, MOMENT)),
    )
    return pc.fill_null(within, fill_value=True)


def _moments(cells: pa.ChunkedArray) -> pa.ChunkedArray:
    return cells.cast(pa.timestamp("us", "UTC")).cast(MOMENT)


def _context(raws: Sequence[msgspec.Raw], objects: pa.Table, is_plain: pa.Array) -> Context:
    """Only what objects refer to is decoded, and the relationships that those left over follow."""
    named = pc.is_in(objects["type"], pa.array([*KEPT, "marking-definition"]))
    kept = pc.or_kleene(named, pc.invert(is_plain))
    things = [_decoded(raws[number]) for number in _numbers(kept)]
    follow = {ref for thing in things if thing for ref in _followed(thing)}
    edges = pc.and_(
        pc.is_in(objects["relationship_type"], pa.array(sorted(FOLLOWED))),
        pc.is_in(objects["source_ref"], pa.array(sorted(follow), TEXT)),
    )
    followed = objects.select(["source_ref", "target_ref"]).filter(pc.and_not(edges, kept))
    context = Context(things)
    for source, target in zip(*(column.to_pylist() for column in followed.columns), strict=True):
        context.add_edge(source, target)
    return context


def _numbers(mask: pa.Array | pa.ChunkedArray) -> Any:
    return np.flatnonzero(np.asarray(mask))


def _followed(thing: StixObject) -> list[str]:
    return [*strings(thing.id), *strings(thing.object_refs), *strings(thing.sighting_of_ref)]


def _decoded(raw: msgspec.Raw) -> StixObject | None:
    try:
        thing = _object.decode(raw)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return None
    return thing if isinstance(thing.id, str) and isinstance(thing.type, str) else None


def _columns(
    plain: pa.Table, objects: pa.Table, context: Context, delivered_at: datetime
) -> pa.Table:
    created, modified = _moments(plain["created"]), _moments(plain["modified"])
    delivered = pa.scalar(delivered_at, MOMENT)
    modified = pc.coalesce(modified, created)
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
            "published_at": pc.coalesce(_moments(plain["published"]), created, delivered),
            "modified_at": modified,
            "disclosed_at": pc.coalesce(modified, delivered),
            "valid_until": _moments(plain["valid_until"]),
            "is_withdrawn": pc.or_(
                pc.fill_null(plain["revoked"], fill_value=False),
                pc.fill_null(plain["x_mitre_deprecated"], fill_value=False),
            ),
            "confidence_0_1": pc.divide(plain["confidence"], 100),
            "tlp": _markings(plain["object_marking_refs"], context),
            "refs": pa.ListArray.from_arrays(
                pa.array(np.zeros(plain.num_rows + 1, np.int32)), pa.array([], TEXT)
            ),
            "facts": _facts(plain, objects, context),
            "body": pc.if_else(pc.equal(trimmed, ""), None, trimmed),
            "record": plain["record"],
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
    is_url = pc.fill_null(pc.not_equal(urls, ""), fill_value=False)
    parents = pc.list_parent_indices(lists).filter(is_url).to_numpy()
    rows, firsts = np.unique(parents, return_index=True)
    where = np.full(len(lists), -1)
    where[rows] = firsts
    return urls.filter(is_url).take(_or_null(where))


def _or_null(positions: Any) -> pa.Array:
    return pa.array(positions, pa.int64(), mask=positions < 0)


def _markings(refs: pa.ChunkedArray, context: Context) -> pa.Array:
    lists = refs.combine_chunks()
    ranks = np.array([STRICTNESS.index(label) for label in context.tlp.values()])
    found = pc.index_in(lists.flatten(), pa.array(list(context.tlp), TEXT))
    parents = pc.list_parent_indices(lists).filter(pc.is_valid(found)).to_numpy()
    strictest = np.full(len(lists), -1)
    np.maximum.at(strictest, parents, ranks[found.drop_null().to_numpy()])
    return pa.array(STRICTNESS).take(_or_null(strictest))


def _facts(plain: pa.Table, objects: pa.Table, context: Context) -> pa.Array:
    """For each object that can tell of a threat, what its relationships lead to, once each."""
    told = {ref: list(context.said_by([ref], "attacked")) for ref in context.about}
    tells = pc.is_in(plain["type"], pa.array(list(KINDS_IN_BULK))).combine_chunks()
    telling = plain["id"].filter(tells)
    ids, refs = pc.unique(telling), pa.array(list(told), TEXT)
    edges = objects.select(["source_ref", "target_ref"]).filter(
        pc.is_in(objects["relationship_type"], pa.array(sorted(FOLLOWED)))
    )
    source = pc.fill_null(pc.index_in(edges["source_ref"], ids), -1).to_numpy()
    target = pc.fill_null(pc.index_in(edges["target_ref"], refs), -1).to_numpy()
    is_known = (source >= 0) & (target >= 0)
    pairs, facts = _pairs(source[is_known], target[is_known], list(told.values()))
    offsets = np.searchsorted(pairs[:, 0], np.arange(len(ids) + 2)).astype(np.int32)
    lists = pa.ListArray.from_arrays(
        pa.array(offsets), pa.array(facts, FACT).take(pa.array(pairs[:, 1]))
    )
    position = np.full(plain.num_rows, len(ids))
    position[np.asarray(tells)] = pc.index_in(telling, ids).to_numpy()
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
    keys = np.unique(np.repeat(source.astype(np.int64), n_each) * max(len(distinct), 1) + what)
    pairs = np.stack(np.divmod(keys, max(len(distinct), 1)), axis=1)
    return pairs, list(distinct.values())
