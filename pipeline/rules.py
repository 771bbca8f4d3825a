"""Rules in SQL: references between tables, and uniqueness, which no chunk of rows can see.

One SELECT per file `warehouse/rules/<table>__<rule>.sql`, or `<table>+<table>__<rule>.sql` for
several tables; it takes `$delivery_id` (and `$table_name`) and returns source_row, severity, reason
and remedy of each record that breaks the rule.
"""

import re
from dataclasses import dataclass
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

from pipeline.settings import ROOT
from pipeline.warehouse import Connection

RULES_FOLDER = ROOT / "warehouse" / "rules"


@dataclass(frozen=True)
class Rule:
    """One rule; `needs` names the staged tables whose later arrival can settle it."""

    table: str
    rule_id: str
    sql: str
    needs: frozenset[str]

    def parameters(self, delivery_id: str) -> dict[str, str]:
        """What the SQL is given; DuckDB refuses unused parameters."""
        given = {"delivery_id": delivery_id, "table_name": self.table}
        return {name: value for name, value in given.items() if f"${name}" in self.sql}


@cache
def all_rules() -> tuple[Rule, ...]:
    """The rules in alphabetical order of their tables and names."""
    found = [rule for path in RULES_FOLDER.glob("*.sql") for rule in _read(path)]
    return tuple(sorted(found, key=lambda rule: (rule.table, rule.rule_id)))


def _read(path: Path) -> list[Rule]:
    tables, rule_id = path.stem.split("__", 1)
    sql = path.read_text(encoding="utf-8")
    read = set(re.findall(r"\b(?:staged|validated)\.(\w+)", sql))
    return [Rule(table, rule_id, sql, frozenset(read - {table})) for table in tables.split("+")]


def apply(con: Connection, rule: Rule, delivery_id: str) -> None:
    """Write the rule's verdicts on one delivery, in place of its earlier ones."""
    con.execute(
        "delete from quality.verdicts where delivery_id = ? and table_name = ? and rule_id = ?",
        [delivery_id, rule.table, rule.rule_id],
    )
    con.execute(
        f"insert into quality.verdicts by name select '{rule.table}' as table_name, "
        f"$delivery_id as delivery_id, '{rule.rule_id}' as rule_id, "
        f"found.source_row, found.severity, found.reason, found.remedy from ({rule.sql}) as found",
        rule.parameters(delivery_id),
    )


def apply_all(con: Connection, table: str, delivery_id: str, *, is_waiting: bool) -> None:
    """Write the verdicts of the rules on one table of one delivery.

    Args:
        con: the warehouse, within a transaction.
        table: the staged table.
        delivery_id: the delivery.
        is_waiting: the rules that another source's arrival can settle, or the others.
    """
    for rule in all_rules():
        if rule.table == table and bool(rule.needs) == is_waiting:
            apply(con, rule, delivery_id)


def recheck(con: Connection, arrived: set[str]) -> set[str]:
    """Look again at records that were refused for what has now arrived.

    Args:
        con: the warehouse, within a transaction.
        arrived: staged tables that have changed.

    Returns:
        The deliveries looked at.
    """
    checked: set[str] = set()
    for rule in _in_order():
        if not rule.needs & arrived:
            continue
        refused = con.execute(
            "select distinct delivery_id from quality.verdicts "
            "where table_name = ? and rule_id = ?",
            [rule.table, rule.rule_id],
        ).fetchall()
        for (delivery_id,) in refused:
            apply(con, rule, delivery_id)
        if refused:
            arrived = arrived | {rule.table}
        checked |= {delivery_id for (delivery_id,) in refused}
    return checked


@cache
def _in_order() -> tuple[Rule, ...]:
    """The rules of each table after those of the tables that they need."""
    needs: dict[str, set[str]] = {}
    for rule in all_rules():
        needs.setdefault(rule.table, set()).update(rule.needs)
    tables = TopologicalSorter(needs).static_order()
    return tuple(rule for table in tables for rule in all_rules() if rule.table == table)
