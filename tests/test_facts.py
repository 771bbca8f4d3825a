"""The tables of facts follow from the deliveries alone, however they came and were taken up."""

from itertools import groupby, pairwise

import duckdb
import pyarrow as pa
import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from method_worlds import fill, received, worlds

from pipeline import facts, warehouse
from pipeline.method import models

LEI = st.sampled_from([None, None, "5493001KJTIIGC8Y1R12", "213800D1EI4B9WTWWD28"])
PRODUCT = st.sampled_from(["ADC", "Gateway"])


@pytest.fixture(scope="module")
def con():
    with duckdb.connect(config={"threads": 2}) as con:
        warehouse.install(con)
        yield con


def by_delivery(world):
    """The rows of each delivery as (delivery_id, table, rows)."""
    rows = [
        (row["delivery_id"], table, row)
        for table in world
        if table != "deliveries"
        for row in world[table]
    ]
    rows.sort(key=lambda each: each[:2])
    return [
        (*key, [row for *_, row in group]) for key, group in groupby(rows, lambda each: each[:2])
    ]


def take(con, deliveries):
    """Stage what some deliveries hold, as the stages before would have done."""
    for delivery_id, table, rows in deliveries:
        con.register("batch", pa.Table.from_pylist(rows))
        con.execute(f"insert into staged.{table} by name select * from batch")
        con.unregister("batch")
        con.execute(
            "insert into raw.deliveries by name select ? as delivery_id, ? as source_id, "
            "'f' as name, 'f' as path, 'CC0' as licence, 1 as n_bytes, '' as sha256, "
            "? as delivered_at, false as is_historical, 'loaded' as status",
            [delivery_id, rows[0]["source_id"], rows[0]["known_at"]],
        )
        con.execute(
            "insert into quality.ledger values (?, ?, 1, 1, 0, 0, ?)",
            [delivery_id, table, str(len(rows))],
        )


def content(con):
    names = [model.name for model in models() if model.is_fact]
    return {name: con.execute(f"from {name} order by all").fetchall() for name in names}


def empty(con):
    fill(con, {"deliveries": []})
    con.execute("delete from quality.ledger")


@st.composite
def arrivals(draw):
    """A world's deliveries in any order, in groups that are taken up together."""
    world = draw(worlds)
    for row in world["suppliers"]:
        row["lei"] = draw(LEI)
    for row in world["assets"]:
        row |= {"vendor": "Citrix", "product": draw(PRODUCT), "product_version": "11.1"}
    for row in world["vulnerabilities"]:
        row["affected"] = [
            {"status": "affected", "vendor": "Citrix", "product": draw(PRODUCT), "versions": "all"}
        ]
    if world["suppliers"] and draw(st.booleans()):
        last = max(world["suppliers"], key=lambda row: row["known_at"])
        same = {name: last[name] for name in last if name not in received("x", 0, 0)}
        world["suppliers"].append(received("supplier_register", 20, 9, **same | {"lei": draw(LEI)}))
    in_order = draw(st.permutations(by_delivery(world)))
    cuts = sorted(draw(st.lists(st.integers(0, len(in_order)), max_size=5)))
    ends = [0, *cuts, len(in_order)]
    return [in_order[a:b] for a, b in pairwise(ends)]


def table_numbers(con):
    """The tables of facts by when they were made: making one anew gives it another number."""
    rows = con.execute(
        "select schema_name || '.' || table_name, table_oid from duckdb_tables() "
        "where schema_name = 'facts'"
    ).fetchall()
    return dict(rows)


def test_only_what_reads_a_delivery_is_made_anew(con):
    empty(con)
    scan = received(
        "scanner_findings", 1, 1, supplier_id="S-1", asset_id="A-1", cve_id="CVE-2020-1"
    )
    report = received("stix", 2, 1, report_key="R-1", kind="alert", title="An alert")
    again = received(
        "scanner_findings", 3, 1, supplier_id="S-1", asset_id="A-1", cve_id="CVE-2020-1"
    )
    tables = ["findings", "reports", "findings"]
    anew = []
    for table, row in zip(tables, [scan, report, again], strict=True):
        before = table_numbers(con)
        take(con, [(row["delivery_id"], table, [row])])
        facts.refresh_facts(con, "then")
        anew.append(
            {name for name, number in table_numbers(con).items() if number != before.get(name)}
        )
    assert "facts.report_versions" in anew[1]
    assert "facts.exploitation_estimates" not in anew[1]
    assert not anew[2]


@pytest.mark.slow
@given(groups=arrivals())
@examples(30, print_blob=True)
def test_facts_grown_by_delivery_are_those_made_at_once(con, groups):
    empty(con)
    for group in groups:
        take(con, group)
        facts.refresh_facts(con, "then")
    grown = content(con)
    facts.replace_facts(con)
    made = content(con)
    assert {name for name in made if made[name] != grown[name]} == set()
