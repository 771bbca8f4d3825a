"""The same models on Spark as in DuckDB: every table equal, numbers to 1e-9."""

import math
import shutil
import sys
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest
import sqlglot
from sample import FIRST as SAMPLE_FIRST
from sample import LAST as SAMPLE_LAST
from sample import copy_of
from small_world import january
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify

from pipeline import warehouse
from pipeline.engine import DUCKDB, engine_for
from pipeline.errors import SettingsError
from pipeline.method import read_method
from pipeline.score import score_range
from pipeline.settings import Settings
from pipeline.spark.dialect import accents, rewritten
from pipeline.spark.session import double_text

FIRST, LAST = date(2019, 12, 22), date(2020, 2, 5)
TABLES = (
    "select schema_name || '.' || table_name from duckdb_tables() "
    "where schema_name in ('facts', 'scores') and database_name = current_database() "
    "order by 1"
)
QUICK_FOR_LITTLE = (
    "--conf spark.driver.extraJavaOptions=-XX:TieredStopAtLevel=1 "
    "--conf spark.sql.adaptive.enabled=false --conf spark.sql.codegen.wholeStage=false "
    "--conf spark.sql.codegen.factoryMode=NO_CODEGEN pyspark-shell"
)


@pytest.fixture(scope="module")
def spark(tmp_path_factory):
    """An engine whose session serves every test here."""
    pytest.importorskip("pyspark", reason="pyspark is not installed")
    if not shutil.which("java"):
        pytest.skip("Spark needs Java 17 or later on the PATH")
    settings = Settings(
        home=tmp_path_factory.mktemp("spark"), engine="spark", duckdb_memory_limit="2GB"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYSPARK_SUBMIT_ARGS", QUICK_FOR_LITTLE)
        with engine_for(settings) as engine:
            yield engine


def tables(con):
    """Columns and rows of every table of facts and scores, ordered by all that is exact."""
    found = {}
    for (name,) in con.execute(TABLES).fetchall():
        described = [row[:2] for row in con.execute(f"describe {name}").fetchall()]
        exact_first = sorted(described, key=lambda column: column[1] == "DOUBLE")
        order = ", ".join(f'"{column}"' for column, _ in exact_first)
        rows = con.execute(f"from {name} order by {order}").fetchall()
        found[name] = (described, rows)
    return found


def differences(ours, theirs, place):
    """Where two values, or what is in them, differ."""
    if isinstance(ours, (float, int)) and isinstance(theirs, (float, int)):
        if not math.isclose(ours, theirs, rel_tol=1e-9, abs_tol=1e-9):
            yield f"{place}: {ours} and {theirs}"
    elif isinstance(ours, (list, tuple, dict)) and len(ours) == len(theirs or ()):
        keys = ours if isinstance(ours, dict) else range(len(ours))
        for key in keys:
            yield from differences(ours[key], theirs[key], f"{place}[{key}]")
    elif ours != theirs:
        yield f"{place}: {ours} and {theirs}"


def assert_spark_agrees(con, spark, first, last, knowledge="then"):
    """Score by DuckDB, then everything again on Spark."""
    score_range(con, first, last, knowledge=knowledge, force=True, engine=DUCKDB)
    ours = tables(con)
    assert all(ours[f"scores.{name}"][1] for name in ("sector_daily", "supplier_spans"))
    con.execute("delete from quality.facts_inputs")
    for name in ours:
        if name.startswith("scores."):
            con.execute(f"delete from {name}")
    score_range(con, first, last, knowledge=knowledge, force=True, engine=spark)
    theirs = tables(con)
    assert ours.keys() == theirs.keys()
    found = [each for name in ours for each in differences(ours[name], theirs[name], name)]
    assert not found, "\n".join([f"{len(found)} differences", *found[:20]])


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
class TestOnSpark:
    def test_six_weeks_with_everything_that_can_move_a_score(self, spark, tmp_path):
        world = january(tmp_path)
        assert_spark_agrees(world.con, spark, FIRST, LAST)
        alerts = world.con.execute("select count(*) from scores.alerts_daily").fetchone()
        assert alerts[0] > 5
        world.close()

    def test_a_generated_world_in_hindsight_by_range_after_range(self, spark, monkeypatch):
        monkeypatch.syspath_prepend(Path(__file__).parent / "benchmarks")
        from world import World, fill

        world = World(n_suppliers=40, n_days=40, n_reports=60, n_cves=80, n_findings=6)
        with duckdb.connect(config={"threads": 2}) as con:
            con.execute("set timezone = 'UTC'")
            warehouse.install(con)
            fill(con, world)
            assert_spark_agrees(con, spark, world.start, world.start + timedelta(days=39), "now")

    @pytest.mark.gx
    def test_the_bundled_sample(self, spark, collected, tmp_path):
        with warehouse.open_warehouse(copy_of(collected, tmp_path)) as con:
            assert_spark_agrees(con, spark, SAMPLE_FIRST, SAMPLE_LAST)


@pytest.mark.slow
def test_every_model_is_put_into_words_that_spark_has():
    from pipeline.spark.translate import Translator

    method = read_method()
    with duckdb.connect() as con:
        translator = Translator(con, method)
        bound = {"start_date": FIRST, "end_date": LAST, "knowledge": "then"}
        queries = {each.name: translator.query(con, each, bound) for each in method.models()}
    unknown = {}
    for name, query in queries.items():
        tree = sqlglot.parse_one(query, read="spark")
        called = {each.name.lower() for each in tree.find_all(sqlglot.exp.Anonymous)}
        asked = {"ASOF", "BY NAME", "QUALIFY", "EXCLUDE", "$"} & set(query.upper().split())
        if rest := (called - OF_SPARK) | asked:
            unknown[name] = rest
    assert not unknown


OF_SPARK = {
    "aggregate", "array_sort", "collect_list", "double_text", "format_string", "max_by", "rint",
    "sequence", "size", "struct", "transform", "translate", "try_element_at",
}  # fmt: skip


def in_spark(sql):
    """A query over one table of each kind of column, as Spark gets it, in one line."""
    columns = {"id": "varchar", "day": "date", "x": "double", "n": "integer", "many": "varchar[]"}
    schema = {"facts": {"a": columns, "b": columns}}
    tree = qualify(
        sqlglot.parse_one(sql, read="duckdb"),
        schema=schema,
        dialect="duckdb",
        quote_identifiers=False,
        identify=False,
        validate_qualify_columns=False,
    )
    lines = rewritten(annotate_types(tree, schema=schema, dialect="duckdb")).split()
    return " ".join(lines).replace("( ", "(").replace(" )", ")")


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("a.day - date '2020-01-01'", "DATEDIFF(a.day, CAST('2020-01-01' AS DATE))"),
        ("a.day - a.n", "a.day - a.n"),
        ("cast(a.x as integer)", "CAST(RINT(CAST(a.x AS DOUBLE)) AS INT)"),
        ("cast(a.x > 1 as integer)", "CAST(a.x > 1 AS INT)"),
        ("1.0 / a.n", "CAST(1.0 AS DOUBLE) / a.n"),
        ("a.id || a.x", "a.id || DOUBLE_TEXT(a.x)"),
        ("len(a.many)", "SIZE(a.many)"),
        ("a.many[3]", "TRY_ELEMENT_AT(a.many, 3)"),
        ("printf('%.0f of %s', a.x, a.day)", "RINT(a.x), CAST(a.day AS STRING)"),
        ("regexp_replace(a.id, '(b)', '\\1')", "'$1'"),
        ("strip_accents(a.id)", "TRANSLATE(a.id, '"),
    ],
)
def test_what_the_two_take_differently(said, meant):
    assert meant in in_spark(f"select {said} as found from facts.a as a")


def test_the_nearest_row_before_is_the_one_without_another_in_between():
    query = in_spark(
        "select a.x, b.x as theirs from facts.a as a "
        "asof left join facts.b as b on a.id = b.id and a.day >= b.day"
    )
    assert "LEFT JOIN (SELECT b.*, LEAD(b.day) OVER (PARTITION BY b.id ORDER BY b.day" in query
    assert "a.day >= b.day AND (b.nearer IS NULL OR NOT (a.day >= b.nearer))" in query


def test_columns_meet_by_their_names():
    query = in_spark("select id, x from facts.a union all by name select n, x, id from facts.b")
    first, second = query.split("UNION ALL")
    assert first.index(" AS id") < first.index(" AS x") < first.index("NULL AS n")
    assert second.index(" AS id") < second.index(" AS x") < second.index(" AS n")


def test_accents_are_those_that_duckdb_strips():
    letters, bases, marks = accents()
    (stripped,) = duckdb.execute("select strip_accents(?)", [letters + marks]).fetchone()
    assert stripped == bases


def test_a_number_is_written_as_duckdb_writes_it():
    values = [0.1, 1.0, 1e-5, 1 / 3, 1e22, 0.0005, None]
    found = duckdb.execute("select cast(unnest(?::double[]) as varchar)", [values]).fetchall()
    assert [double_text(value) for value in values] == [text for (text,) in found]


def test_an_engine_that_is_not_installed_is_said(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    settings = Settings(home=tmp_path, engine="spark")
    with duckdb.connect() as con, engine_for(settings) as engine:
        warehouse.install(con)
        (model,) = (each for each in read_method().models() if each.name == "facts.gaps")
        with pytest.raises(SettingsError, match="pyspark is not installed"):
            engine.rows(con, model)
