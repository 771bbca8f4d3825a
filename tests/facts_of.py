"""Some of the facts, made anew with everything that they are made from."""

from functools import cache

from pipeline.method import models


@cache
def _needed(name):
    by_name = {model.name: model for model in models()}
    waiting, needed = [name], set()
    while waiting:
        model = by_name[waiting.pop()]
        needed.add(model.name)
        waiting += (model.references() & by_name.keys()) - needed
    return [model for model in models() if model.name in needed]


def make(con, name):
    """Make the table of facts `name` from what is staged."""
    for model in _needed(name):
        if model.is_fact:
            con.execute(f"create or replace table {model.name} as {model.sql}")
