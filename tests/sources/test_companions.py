"""What a source needs beside its one file in pipeline/sources; a failure names what is missing."""

from dataclasses import replace
from pathlib import Path

import pytest
from reader_helpers import DATA, delivery

from pipeline.extract.lexicon import read_table
from pipeline.method import SCHEMA_FILE
from pipeline.settings import ROOT
from pipeline.sources import all_sources, records

THIS, TESTS = Path(__file__).name, Path(__file__).parent
SAMPLE = ROOT / "warehouse" / "sample"
SECTORS = {row["vocabulary"] for row in read_table("sector_aliases")}


def samples(source_id):
    return [*(DATA / source_id).glob("*"), *SAMPLE.glob(f"{source_id}/*/*")]


def missing(source):
    """What is not there yet, one line each."""
    module = ROOT / "pipeline" / "sources" / f"{source.source_id}.py"
    if not module.is_file():
        yield f"{module.name}: the module is named like the source"
    if not samples(source.source_id):
        yield f"tests/data/{source.source_id}/: a small file, wrong records included"
    if f"`{source.source_id}`" not in (ROOT / "README.md").read_text():
        yield "README.md: a line in the table of sources, and what becomes of it"
    tests = [path.read_text() for path in TESTS.glob("test_*.py") if path.name != THIS]
    if not any(f'"{source.source_id}"' in text for text in tests):
        yield f"tests/sources/test_{source.source_id}.py: what a good and a bad record become"
    for table in source.tables:
        yield from _missing_of_table(table)


def _missing_of_table(table):
    if f"create table if not exists staged.{table} (" not in SCHEMA_FILE.read_text():
        yield f"warehouse/schema.sql: staged.{table}, each column with its comment"
    for name in (table, f"deliveries_{table}"):
        if not (ROOT / "expectations" / f"{name}.json").is_file():
            yield f"expectations/{name}.json: a suite, each expectation with reason and remedy"
    if not (ROOT / "warehouse" / "summaries" / f"{table}.sql").is_file():
        yield f"warehouse/summaries/{table}.sql: the measures of a delivery"


def rows_of_samples(source):
    for path in samples(source.source_id):
        for rows in records(source, delivery(source.source_id, path)):
            found = rows.rows if isinstance(rows.rows, list) else rows.rows.to_pylist()
            yield from ((rows.table, row) for row in found)


@pytest.mark.parametrize("source", all_sources().values(), ids=all_sources())
def test_a_source_has_all_that_belongs_to_it(source):
    assert list(missing(source)) == []


@pytest.mark.parametrize("source", all_sources().values(), ids=all_sources())
def test_its_samples_give_good_rows_for_each_table(source):
    rows = rows_of_samples(source)
    assert {table for table, row in rows if not row.get("problems")} == set(source.tables)


@pytest.mark.parametrize("source", all_sources().values(), ids=all_sources())
def test_its_sector_labels_have_a_vocabulary_with_aliases(source):
    used = {
        fact["vocabulary"]
        for _, row in rows_of_samples(source)
        for fact in row.get("facts") or []
        if fact["fact_type"] == "sector"
    }
    assert used <= SECTORS


def test_a_source_without_companions_is_told_each_of_them():
    source = replace(all_sources()["kev"], source_id="new_list", tables=("new_things",))
    told = " ".join(missing(source))
    for place in (
        "new_list.py",
        "tests/data/new_list/",
        "README.md",
        "tests/sources/test_new_list.py",
        "staged.new_things",
        "expectations/new_things.json",
        "expectations/deliveries_new_things.json",
        "warehouse/summaries/new_things.sql",
    ):
        assert place in told
