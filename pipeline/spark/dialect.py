"""What DuckDB's SQL means, said so that Spark answers the same.

sqlglot translates the syntax. Rewritten here, on the tree with its types, is what the two engines
take differently or what one of them lacks.
"""

import re
import unicodedata
from collections.abc import Callable
from functools import cache

from sqlglot import ErrorLevel, exp, transforms
from sqlglot.dialects.spark import Spark

_INTEGERS = exp.DataType.INTEGER_TYPES
_REALS = {*exp.DataType.REAL_TYPES, exp.DataType.Type.UNKNOWN}
_ORDERED = (exp.GT, exp.GTE, exp.LT, exp.LTE)


def rewritten(query: exp.Query) -> str:
    """The query as Spark's SQL; it is qualified and has its types annotated."""
    for union in reversed(list(query.find_all(exp.SetOperation))):
        _match_columns(union)
    for join in list(query.find_all(exp.Join)):
        _as_lateral(join)
        _as_equi_join(join)
    whole = query
    for node in reversed(list(query.walk(bfs=False))):
        if rule := _RULES.get(type(node)):
            changed = rule(node)
            changed.type = changed.type or node.type
            whole = changed if node is query else whole
            if changed is not node:
                node.replace(changed)
    return str(whole.sql(Spark, pretty=True, unsupported_level=ErrorLevel.RAISE))


def _match_columns(union: exp.SetOperation) -> None:
    """`by name`: both sides get the columns of both, in one order, blank where one has none.

    Else the second takes the names of the first: Spark loses a column that it names twice.
    """
    left, right = union.left.named_selects, union.right.named_selects
    if not union.args.get("by_name"):
        if isinstance(union.right, exp.Select):
            named = zip(union.right.selects, left, strict=True)
            renamed = [exp.alias_(each.unalias(), name) for each, name in named]
            union.right.set("expressions", renamed)
        return
    names = [*left, *(name for name in right if name not in left)]
    for side, found in (("this", left), ("expression", right)):
        if found != names:
            union.set(side, _reshaped(union.args[side], names))
    union.set("by_name", False)


def _reshaped(query: exp.Query, names: list[str]) -> exp.Query:
    if isinstance(query, exp.Select):
        own = {each.alias_or_name: each for each in query.selects}
        return query.select(
            *(own.get(name) or exp.alias_(exp.Null(), name) for name in names), append=False
        )
    known = query.named_selects
    given = (exp.column(name) if name in known else exp.alias_(exp.Null(), name) for name in names)
    return exp.select(*given).from_(query.subquery("united"))


def _as_lateral(join: exp.Join) -> None:
    """A list unnested beside a table: a lateral join, since a join may follow it."""
    if isinstance(join.this, exp.Unnest):
        (array,) = join.this.expressions
        lateral = exp.Lateral(this=exp.Explode(this=array), alias=join.this.args["alias"])
        join.replace(exp.Join(this=lateral, kind="CROSS"))


def _as_equi_join(join: exp.Join) -> None:
    """`asof join` takes the nearest row: the one after which no other is within the bound."""
    if join.args.get("method") != "ASOF":
        return
    right = join.this
    name = right.alias_or_name
    conditions = list(join.args["on"].flatten()) if isinstance(join.args["on"], exp.And) else []
    conditions = conditions or [join.args["on"]]
    (bound,) = (each for each in conditions if isinstance(each, _ORDERED))
    theirs, is_last = _their_side(bound, name)
    keys = [
        side
        for each in conditions
        if each is not bound
        for side in (each.left, each.right)
        if side.table == name
    ]
    ordered = exp.Ordered(this=theirs.copy(), desc=not is_last)
    following = exp.Window(
        this=exp.Lead(this=theirs.copy()),
        partition_by=[key.copy() for key in keys],
        order=exp.Order(expressions=[ordered]),
    )
    bounded = exp.select(f"{name}.*", exp.alias_(following, "nearer")).from_(right.copy())
    join.set("this", bounded.where(theirs.copy().is_(exp.Null()).not_()).subquery(name))
    nearer = exp.column("nearer", table=name)
    beyond = bound.copy()
    (beyond.left if beyond.left.table == name else beyond.right).replace(nearer)
    nearest = exp.or_(nearer.copy().is_(exp.Null()), exp.not_(exp.paren(beyond)))
    join.set("method", None)
    join.set("on", exp.and_(*conditions, nearest))


def _their_side(bound: exp.Binary, name: str) -> tuple[exp.Column, bool]:
    """The right table's column of the bound, and whether the last one within it is meant."""
    if bound.right.table == name:
        return bound.right, isinstance(bound, (exp.GT, exp.GTE))
    return bound.left, isinstance(bound, (exp.LT, exp.LTE))


def _selected(node: exp.Select) -> exp.Expression:
    """`qualify` as a condition on a subquery, whose columns have no table any more."""
    if not node.args.get("qualify"):
        return node
    outer = transforms.eliminate_qualify(node.copy())
    for column in outer.args["where"].find_all(exp.Column):
        column.set("table", None)
    return outer


def _window(node: exp.Window) -> exp.Expression:
    """`lag` and `lead` look at rows, not at a frame; Spark refuses one for them."""
    select = node.find_ancestor(exp.Select)
    if not isinstance(node.this, (exp.Lag, exp.Lead)) or not (name := node.alias) or not select:
        return node
    (named,) = (each for each in select.args["windows"] if each.name == name)
    if not named.args.get("spec"):
        return node
    own = {part: named.args.get(part) for part in ("partition_by", "order")}
    return exp.Window(this=node.this, **exp.Window(**own).copy().args)


def _row(node: exp.TableColumn) -> exp.Expression:
    """A row of a table as one value."""
    return exp.Anonymous(this="struct", expressions=[exp.column(exp.Star(), table=node.name)])


def _cast(node: exp.Cast) -> exp.Expression:
    """A number becomes the nearest integer, halves the even one; a series of days has dates."""
    if isinstance(node.this, exp.Explode):
        return node.this
    if node.to.this in _INTEGERS and node.this.type and node.this.type.this in _REALS:
        nearest = exp.func("rint", exp.cast(node.this, "double"))
        return exp.cast(nearest, node.to)
    if node.to.is_type(*exp.DataType.TEXT_TYPES):
        return _text(node.this)
    return node


def _text(node: exp.Expression) -> exp.Expression:
    """A value as text; a double in its shortest form, which Java writes otherwise."""
    is_double = node.type and node.type.this in exp.DataType.REAL_TYPES
    return exp.func("double_text", node) if is_double else exp.cast(node, "string")


def _difference(node: exp.Sub) -> exp.Expression:
    """Days between two dates are a number, not an interval."""
    dates = all(side.type and side.type.is_type("date") for side in (node.left, node.right))
    return exp.DateDiff(this=node.left, expression=node.right) if dates else node


def _joined_text(node: exp.DPipe) -> exp.Expression:
    for side in ("this", "expression"):
        if node.args[side].type and node.args[side].type.this in exp.DataType.REAL_TYPES:
            node.set(side, _text(node.args[side]))
    return node


def _number(node: exp.Literal) -> exp.Expression:
    """A literal with a point is a double; Spark would divide decimals and cut digits off."""
    if node.is_string or "." not in node.this or isinstance(node.parent, exp.Cast):
        return node
    return exp.cast(node.copy(), "double")


def _length(node: exp.Length) -> exp.Expression:
    is_list = node.this.type and node.this.type.is_type("array", "list")
    return exp.Anonymous(this="size", expressions=[node.this]) if is_list else node


def _element(node: exp.Bracket) -> exp.Expression:
    """An element beyond the end is blank."""
    (place,) = node.expressions
    if not place.is_int:
        return node
    return exp.func("try_element_at", node.this, exp.Literal.number(int(place.name) + 1))


def _series(node: exp.GenerateSeries) -> exp.Expression:
    """An empty series, where Spark counts backwards or refuses."""
    start, end, step = node.args["start"], node.args["end"], node.args.get("step")
    if node.args.get("is_end_exclusive"):
        end = exp.Sub(this=exp.paren(end), expression=exp.Literal.number(1))
    parts = [each.copy() for each in (start, end, step) if each]
    counted = exp.Anonymous(this="sequence", expressions=parts)
    return exp.Case().when(exp.LTE(this=start.copy(), expression=end.copy()), counted)


def _table(node: exp.Table) -> exp.Expression:
    if not isinstance(node.this, exp.Case):
        return node
    return exp.Lateral(this=exp.Explode(this=node.this), alias=node.args["alias"])


def _list(node: exp.ArrayAgg) -> exp.Expression:
    """A list in an order: Spark collects in any, so each value is sorted with its key."""
    if not isinstance(node.this, exp.Order):
        return node
    value, (ordered,) = node.this.this, node.this.expressions
    pair = exp.Struct(
        expressions=[
            exp.PropertyEQ(this=exp.to_identifier("place"), expression=ordered.this),
            exp.PropertyEQ(this=exp.to_identifier("value"), expression=value),
        ]
    )
    listed = exp.func("array_sort", exp.func("collect_list", pair, dialect="spark"))
    return exp.func("transform", listed, _lambda("pair", "pair.value"), dialect="spark")


def _lambda(names: str, body: str) -> exp.Expression:
    variables = [exp.to_identifier(name) for name in names.split()]
    return exp.Lambda(this=exp.maybe_parse(body), expressions=variables)


def _largest(node: exp.Max) -> exp.Expression:
    """The n largest as a list."""
    n = node.args.get("count") or next(iter(node.expressions), None)
    if n is None:
        return node
    return exp.Anonymous(this="max_by", expressions=[node.this, node.this.copy(), n])


def _in(node: exp.In) -> exp.Expression:
    """Pairs among pairs: the pair of a subquery is two columns of it."""
    query = node.args.get("query")
    if query and isinstance(query.this, exp.Select) and len(query.this.selects) == 1:
        pair = query.this.selects[0].unalias()
        if isinstance(pair, exp.Tuple):
            query.this.set("expressions", pair.expressions)
    return node


def _replace(node: exp.RegexpReplace) -> exp.Expression:
    """Groups are $1 in a replacement."""
    text = node.args["replacement"]
    if text.is_string and "\\" in text.this:
        node.set("replacement", exp.Literal.string(text.this.replace("\\", "$")))
    return node


def _full_match(node: exp.RegexpFullMatch) -> exp.Expression:
    pattern = exp.Literal.string(rf"\A(?:{node.expression.this})\z")
    return exp.RegexpLike(this=node.this, expression=pattern)


def _function(node: exp.Anonymous) -> exp.Expression:
    rule = _FUNCTIONS.get(node.name.lower())
    return rule(*node.expressions) if rule else node


def _printed(form: exp.Expression, *values: exp.Expression) -> exp.Expression:
    """`printf`: halves go to the even digit, texts are given as texts."""
    places = _places(form)
    given = [
        exp.func("rint", value) if place == "%.0f" else _text(value) if place == "%s" else value
        for place, value in zip(places, values, strict=True)
    ]
    return exp.Anonymous(this="format_string", expressions=[form, *given])


def _places(form: exp.Expression) -> list[str]:
    text = "".join(each.this for each in form.find_all(exp.Literal, bfs=False))
    return [place for place in re.findall(r"%%|%[+.\d]*[dfs]", text) if place != "%%"]


def _sum(values: exp.Expression) -> exp.Expression:
    start = exp.cast(exp.Literal.number(0), "double")
    return exp.func("aggregate", values, start, _lambda("total value", "total + value"))


def _reduce(values: exp.Expression, step: exp.Expression, start: exp.Expression) -> exp.Expression:
    return exp.Anonymous(this="aggregate", expressions=[values, start, step])


def _without_accents(text: exp.Expression) -> exp.Expression:
    letters, bases, marks = accents()
    given = [exp.Literal.string(letters + marks), exp.Literal.string(bases)]
    return exp.Anonymous(this="translate", expressions=[text, *given])


@cache
def accents() -> tuple[str, str, str]:
    """Letters with accents, the letters below them, and the accents that stand alone."""
    letters, bases, marks = [], [], []
    for letter in map(chr, range(0x80, 0xD800)):
        base, *rest = list(unicodedata.normalize("NFD", letter))
        if _is_mark(letter):
            marks.append(letter)
        elif base + "".join(rest) != letter and all(map(_is_mark, rest)):
            letters.append(letter)
            bases.append(base)
    return "".join(letters), "".join(bases), "".join(marks)


def _is_mark(letter: str) -> bool:
    return unicodedata.category(letter).startswith("M")


_FUNCTIONS: dict[str, Callable[..., exp.Expression]] = {
    "strip_accents": _without_accents,
    "printf": _printed,
    "hash": lambda *values: exp.Anonymous(this="struct", expressions=list(values)),
    "list_sum": _sum,
    "list_reduce": _reduce,
    "list_extract": lambda values, place: exp.func("try_element_at", values, place),
}

_RULES: dict[type[exp.Expression], Callable[..., exp.Expression]] = {
    exp.Select: _selected,
    exp.Window: _window,
    exp.TableColumn: _row,
    exp.Cast: _cast,
    exp.Sub: _difference,
    exp.DPipe: _joined_text,
    exp.Literal: _number,
    exp.Length: _length,
    exp.Bracket: _element,
    exp.GenerateSeries: _series,
    exp.Table: _table,
    exp.ArrayAgg: _list,
    exp.Max: _largest,
    exp.In: _in,
    exp.RegexpReplace: _replace,
    exp.RegexpFullMatch: _full_match,
    exp.Anonymous: _function,
}
