"""The models as Spark SQL: macros written out, parameters bound, columns named, dialect changed."""

from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify
from sqlglot.schema import MappingSchema

from pipeline.method import Method, Model
from pipeline.spark.dialect import rewritten
from pipeline.warehouse import Connection, install

Columns = dict[str, str]
"""Names and DuckDB types of a table's columns, in order."""


class Macros:
    """The method's macros, to be put in place of their calls."""

    def __init__(self, text: str, answer: Callable[[str], Any]) -> None:
        """Read the macros.

        Args:
            text: warehouse/macros.sql.
            answer: what DuckDB answers to an expression of constants, as rows.
        """
        self._answer = answer
        self._macros = {
            each.this.this.name: ([name.name for name in each.this.expressions], each.expression)
            for each in sqlglot.parse(text, read="duckdb")
            if isinstance(each, exp.Create)
        }

    def written_out(self, tree: exp.Expression) -> exp.Expression:
        """The tree without calls of macros."""
        return tree.transform(self._step)

    def _step(self, node: exp.Expression) -> exp.Expression:
        is_call = isinstance(node, exp.Dot) and isinstance(node.expression, exp.Anonymous)
        if not is_call or node.this.name != "method":
            return node
        names, body = self._macros[node.expression.name.lower()]
        values = [self.written_out(value.copy()) for value in node.expression.expressions]
        if isinstance(body, exp.Subquery):
            return self._looked_up(node, body, values)
        given = dict(zip(names, values, strict=True))

        def put(part: exp.Expression) -> exp.Expression:
            if isinstance(part, exp.Column) and not part.table and part.name in given:
                return exp.paren(given[part.name].copy())
            return self._stated(part) if isinstance(part, exp.Subquery) else part

        return exp.paren(self.written_out(body.copy().transform(put)))

    def _stated(self, subquery: exp.Subquery) -> exp.Expression:
        """What a macro reads from the method's tables whatever its arguments, as a constant."""
        found = self._answer(f"select {subquery.sql('duckdb')}")[0][0]
        return sqlglot.parse_one(repr(found), read="duckdb")

    def _looked_up(
        self, call: exp.Expression, body: exp.Subquery, values: list[exp.Expression]
    ) -> exp.Expression:
        """A value of the method's tables: a constant, or the step that the argument has reached."""
        if all(isinstance(value, exp.Literal) for value in values):
            return exp.convert(self._answer(f"select {call.sql('duckdb')}")[0][0])
        best = body.find(exp.ArgMax)
        table = body.find(exp.From)
        steps = self._answer(
            f"select {best.this.sql('duckdb')}, {best.expression.sql('duckdb')} "
            f"{table.sql('duckdb')} order by 2 desc"
        )
        reached = exp.Case()
        for value, lowest in steps:
            step = exp.GTE(this=values[0].copy(), expression=exp.convert(lowest))
            reached = reached.when(step, exp.convert(value))
        return exp.paren(reached)


class Translator:
    """One version of the method, whose models are put to Spark.

    Attributes:
        shapes: columns of every table and model, by its name with the schema.
    """

    def __init__(self, con: Connection, method: Method) -> None:
        """Install the method in an empty warehouse in memory, which knows what its columns are."""
        install(con, method)
        con.execute("set variable knowledge = 'then'")
        for model in method.models():
            _create_empty(con, model)
        self.shapes: dict[str, Columns] = {}
        for name, column, kind in con.execute(_COLUMNS).fetchall():
            self.shapes.setdefault(name, {})[column] = kind
        self._macros_file = method.files["macros.sql"]
        nested: dict[str, dict[str, Columns]] = {}
        for name, columns in self.shapes.items():
            schema, table = name.split(".")
            nested.setdefault(schema, {})[table] = columns
        self._schema = MappingSchema(nested, dialect="duckdb")

    def query(self, con: Connection, model: Model, bound: Mapping[str, object]) -> str:
        """A model's SELECT for Spark.

        Args:
            con: the warehouse, whose tables of the method say what its parameters are.
            model: the model.
            bound: values of its parameters and variables by name.
        """
        macros = Macros(self._macros_file, lambda sql: con.execute(sql).fetchall())
        tree = macros.written_out(sqlglot.parse_one(model.sql, read="duckdb"))
        named = qualify(
            tree.transform(partial(_bind, bound)),
            schema=self._schema,
            dialect="duckdb",
            quote_identifiers=False,
            identify=False,
            validate_qualify_columns=False,
        )
        return rewritten(annotate_types(named, schema=self._schema, dialect="duckdb"))


_COLUMNS = """
    select if(database_name = 'temp', 'temp', schema_name) || '.' || table_name, column_name,
        data_type
    from duckdb_columns()
    where not internal
    order by column_index
"""


def _create_empty(con: Connection, model: Model) -> None:
    """A table with the columns of the model's SELECT."""
    days = dict.fromkeys(model.parameters, date(2000, 1, 1))
    if model.schema == "temp":
        con.execute(f"create temp table {model.name} as {model.sql}", days)
    elif not model.is_view:
        con.execute(f"create or replace table {model.name} as {model.sql}", days)


def _bind(bound: Mapping[str, object], node: exp.Expression) -> exp.Expression:
    """Parameters and variables as literals; what is split into a list is known as one."""
    if isinstance(node, (exp.Parameter, exp.Placeholder)):
        return exp.convert(bound[node.name])
    if isinstance(node, exp.Anonymous) and node.name.lower() == "getvariable":
        return exp.convert(bound[node.expressions[0].name])
    if isinstance(node, (exp.Split, exp.RegexpSplit, exp.RegexpExtractAll)):
        return exp.cast(node.copy(), "varchar[]", dialect="duckdb")
    return node
