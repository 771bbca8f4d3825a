"""Models reach what is known only through views that say when it was known, and ask them for it."""

import re

import pytest

from pipeline.method import models

TIMELESS = {
    "facts.sector_labels": "what a label means does not depend on the day",
    "facts.source_coverage_daily": "compares each day with the deliveries of before",
}
KNOWN = re.compile(r"\bknown_(date|at)\b|\.\*|delivery_id = ")
"""Asks for it, takes it along, or takes the rows of a delivery whose day it has."""
MODELS = [model for model in models() if model.schema in {"facts", "scores", "temp"}]


def blocks(sql, schema):
    """The innermost parenthesised text around each table of a schema that is read."""
    for found in re.finditer(rf"\b(?:from|join)\s+{schema}\.\w+", sql):
        depth, start = 0, found.start()
        while start > 0 and depth >= 0:
            start -= 1
            depth += {")": 1, "(": -1}.get(sql[start], 0)
        depth, end = 0, found.end()
        while end < len(sql) and depth >= 0:
            depth += {"(": 1, ")": -1}.get(sql[end], 0)
            end += 1
        yield sql[start:end]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_a_model_reads_no_delivered_row_without_asking_when_it_was_known(model):
    sql = re.sub(r"--[^\n]*", "", model.sql)
    assert "staged." not in sql, "read validated, which has known_date"
    if model.name in TIMELESS:
        return
    for block in [*blocks(sql, "validated"), *blocks(sql, "quarantine")]:
        assert KNOWN.search(block), f"reads rows without known_date: {block[:200]}"


def test_the_lint_sees_a_model_that_looks_ahead():
    sql = "with a as (select x from validated.assets) select known_date from a"
    assert [KNOWN.search(block) for block in blocks(sql, "validated")] == [None]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_a_day_asks_facts_for_what_held_on_it(model):
    """A daily model that reads facts with a validity compares the day with it."""
    if not model.is_daily:
        return
    read = {name for name in model.references() if name in VALID}
    if read:
        assert re.search(r"score_date|start_date", model.sql)
        assert re.search(r"until_date|known_date|from_date", model.sql), read


VALID = {
    model.name
    for model in MODELS
    if model.is_fact and re.search(r"\bas until_date|\buntil_date\b", model.sql)
}
