"""Who is who: supplier ids that name one supplier, by shared identifiers and by decisions.

Ids are joined only by an identifier that both carry (LEI, UEI, D-U-N-S, CAGE), when nothing speaks
against it, or by a row of method/supplier_decisions.csv; a likeness of names alone is a question
for a person. A joint holds from the day both sides were known, so that what arrives later changes
no earlier day; in hindsight it has always held.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import astuple, dataclass, replace
from datetime import date
from itertools import combinations, pairwise, product

from pipeline.errors import SectorRiskError
from pipeline.names import likeness, similar_pairs
from pipeline.warehouse import Connection

IDENTIFIERS = ("lei", "uei", "duns", "cage_code")
UNLIKE_NAMES = 0.4
BEGIN, END = date(1, 1, 1), date(9999, 12, 31)


class SupplierDecisionError(SectorRiskError):
    """A row of supplier_decisions.csv that cannot be obeyed."""


@dataclass(frozen=True)
class Supplier:
    """What the registers say of one supplier id.

    Attributes:
        name: the first under which it was known.
        identifiers: kind and value, with the day on which each became known.
        aliases: other names that the registers give it.
    """

    supplier_id: str
    name: str
    country: str | None
    known_date: date
    identifiers: dict[tuple[str, str], date]
    aliases: tuple[str, ...] = ()

    def values(self, kind: str, day: date) -> set[str]:
        """Its identifiers of one kind, as known by a day."""
        return {v for (k, v), known in self.identifiers.items() if k == kind and known <= day}


@dataclass(frozen=True)
class Pair:
    """Two supplier ids that may be one supplier.

    Attributes:
        from_date: the day from which this could be known.
        is_joined: they count as one; otherwise a person may decide.
    """

    supplier_id_a: str
    supplier_id_b: str
    reason: str
    from_date: date
    is_joined: bool


Span = tuple[str, date, date, str, str]
"""supplier_id, from_date, until_date, identity_id, reason."""
Decision = tuple[str, str, str, str]
"""supplier_id_a, supplier_id_b, same or different, reason."""


def assign_identities(con: Connection) -> None:
    """Fill facts.supplier_identities from the registers and the decisions."""
    decisions = _decisions(con)
    pairs = joints(_shared_or_decided(con), decisions)
    if con.execute("select getvariable('knowledge')").fetchone() == ("now",):
        pairs = [replace(pair, from_date=BEGIN) for pair in pairs]
    spans = identity_spans(pairs, decisions)
    con.execute("delete from facts.supplier_identities")
    if spans:
        columns = [list(column) for column in zip(*spans, strict=True)]
        con.execute(
            "insert into facts.supplier_identities select unnest(?::varchar[]), "
            "unnest(?::date[]), unnest(?::date[]), unnest(?::varchar[]), unnest(?::varchar[])",
            columns,
        )


def doubtful_suppliers(con: Connection) -> list[Pair]:
    """Pairs that share an identifier but were not joined, and pairs with like names."""
    suppliers, decisions = _suppliers(con, "true"), _decisions(con)
    pairs = joints(suppliers, decisions)
    settled = {frozenset(row[:2]) for row in decisions}
    settled |= {frozenset((pair.supplier_id_a, pair.supplier_id_b)) for pair in pairs}
    by_id = {supplier.supplier_id: supplier for supplier in suppliers}
    named = [
        (one.supplier_id, name, one.country)
        for one in suppliers
        for name in (one.name, *one.aliases)
    ]
    like = [
        Pair(a, b, _like(by_id[a], by_id[b], score), _both_known(by_id[a], by_id[b]), False)
        for a, b, score in similar_pairs(named)
        if frozenset((a, b)) not in settled
    ]
    return [pair for pair in pairs if not pair.is_joined] + like


def _like(a: Supplier, b: Supplier, score: float) -> str:
    """The two names, or aliases, that are most alike."""
    one, other = max(
        product((a.name, *a.aliases), (b.name, *b.aliases)), key=lambda pair: likeness(*pair)
    )
    return f"the names '{one}' and '{other}' are alike ({score:.0%})"


def _both_known(a: Supplier, b: Supplier) -> date:
    return max(a.known_date, b.known_date)


def joints(suppliers: Iterable[Supplier], decisions: Iterable[Decision]) -> list[Pair]:
    """Pairs by decision and by shared identifier, in the order in which they became known."""
    by_id = {supplier.supplier_id: supplier for supplier in suppliers}
    pairs = []
    decided = set()
    for id_a, id_b, decision, reason in decisions:
        decided.add(frozenset((id_a, id_b)))
        if decision == "same" and id_a in by_id and id_b in by_id:
            known = _both_known(by_id[id_a], by_id[id_b])
            first, second = sorted((id_a, id_b))
            pairs.append(Pair(first, second, f"decided: {reason}", known, True))
    holders: dict[tuple[str, str], list[Supplier]] = defaultdict(list)
    for supplier in by_id.values():
        for identifier in supplier.identifiers:
            holders[identifier].append(supplier)
    for identifier, sharing in holders.items():
        for a, b in combinations(sorted(sharing, key=lambda one: one.supplier_id), 2):
            if frozenset((a.supplier_id, b.supplier_id)) not in decided:
                pairs.append(_sharing(identifier, a, b))
    return sorted(pairs, key=lambda pair: (pair.from_date, astuple(pair)))


def _sharing(identifier: tuple[str, str], a: Supplier, b: Supplier) -> Pair:
    """Whether an identifier that both have joins them, by what was known on that day."""
    kind, value = identifier
    day = max(a.identifiers[identifier], b.identifiers[identifier])
    against = [
        other
        for other in IDENTIFIERS
        if (one := a.values(other, day)) and (two := b.values(other, day)) and one.isdisjoint(two)
    ]
    unlike = likeness(a.name, b.name) < UNLIKE_NAMES
    reason = f"both have {kind} {value}"
    if against:
        reason += f", but different {' and '.join(against)}"
    elif unlike:
        reason += f", but the names '{a.name}' and '{b.name}' are unlike"
    return Pair(a.supplier_id, b.supplier_id, reason, day, not against and not unlike)


def identity_spans(pairs: Iterable[Pair], decisions: Iterable[Decision] = ()) -> list[Span]:
    """Which id each joined supplier counts under, by days: the first of its group in order.

    Groups that hold two suppliers decided to be different stay apart.
    """
    apart = {frozenset(row[:2]) for row in decisions if row[2] == "different"}
    group: dict[str, set[str]] = {}
    since: dict[str, list[tuple[date, str, str]]] = {}
    for pair in pairs:
        if not pair.is_joined:
            continue
        one = group.setdefault(pair.supplier_id_a, {pair.supplier_id_a})
        other = group.setdefault(pair.supplier_id_b, {pair.supplier_id_b})
        if one is other or any(frozenset((a, b)) in apart for a in one for b in other):
            continue
        one |= other
        for member in sorted(one):
            group[member] = one
            row = (pair.from_date, min(one), pair.reason)
            since.setdefault(member, [(BEGIN, member, "its own")]).append(row)
    return [span for member in sorted(since) for span in _spans(member, since[member])]


def _spans(member: str, changes: list[tuple[date, str, str]]) -> list[Span]:
    """Spans between the changes of one id; of several on one day the last holds."""
    by_day = {day: (identity, reason) for day, identity, reason in changes}
    days = [*sorted(by_day), END]
    return [(member, start, end, *by_day[start]) for start, end in pairwise(days)]


def _decisions(con: Connection) -> list[Decision]:
    rows = con.execute(
        "select supplier_id_a, supplier_id_b, decision, coalesce(reason, '') "
        "from method.supplier_decisions order by all"
    ).fetchall()
    for a, b, decision, _ in rows:
        if decision not in {"same", "different"}:
            raise SupplierDecisionError(
                f"supplier_decisions.csv: '{decision}' for {a} and {b}. Write same or different."
            )
    return rows


def _shared_or_decided(con: Connection) -> list[Supplier]:
    """Only suppliers whom a joint can concern: the others need no look at their names."""
    shared = " union all ".join(
        f"select unnest(array_agg(distinct supplier_id)) from validated.suppliers "
        f"where {kind} is not null group by {kind} having count(distinct supplier_id) > 1"
        for kind in IDENTIFIERS
    )
    decided = "from method.supplier_decisions"
    return _suppliers(
        con,
        f"supplier_id in ({shared} union all select supplier_id_a {decided} "
        f"union all select supplier_id_b {decided})",
    )


def _suppliers(con: Connection, condition: str) -> list[Supplier]:
    """What the registers say, the first name of each id; `condition` is text of ours."""
    known = ", ".join(f"list(distinct {{'v': {kind}, 'd': first_{kind}}})" for kind in IDENTIFIERS)
    first = ", ".join(
        f"min(known_date) over (partition by supplier_id, {kind}) as first_{kind}"
        for kind in IDENTIFIERS
    )
    rows = con.execute(
        "select supplier_id, arg_min(supplier_name, (known_at, delivery_id)), "
        f"arg_min(country, (known_at, delivery_id)), min(known_date), "
        f"list_sort(list_distinct(flatten(list(aliases)))), {known} "
        f"from (select *, {first} from validated.suppliers where {condition}) "
        "group by supplier_id order by supplier_id"
    ).fetchall()
    return [
        Supplier(
            supplier_id,
            name,
            country,
            known_date,
            {
                (kind, one["v"]): one["d"]
                for kind, values in zip(IDENTIFIERS, identifiers, strict=True)
                for one in values
                if one["v"] is not None
            },
            tuple(aliases or ()),
        )
        for supplier_id, name, country, known_date, aliases, *identifiers in rows
    ]
