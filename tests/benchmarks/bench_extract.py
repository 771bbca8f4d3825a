"""Extraction takes time in proportion to the text, whatever the text repeats."""

from datetime import date

import pytest

from pipeline.extract import extract

HOSTILE = ["[", "a-", "in 2012 ", "bank, ", "a.a.gov ", "APT-C-1 ", "1", "(", "Iran hackers "]


@pytest.mark.parametrize("length", [10_000, 40_000])
@pytest.mark.parametrize("unit", HOSTILE)
def bench_hostile_text(benchmark, unit, length):
    benchmark(extract, (unit * length)[:length], date(2020, 1, 6))
