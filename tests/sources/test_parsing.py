import pytest

from pipeline.errors import DeliveryError
from pipeline.sources.parsing import csv_records, day_in_name, decoded, json_lines, json_object


def test_json_that_is_too_deep_is_refused():
    with pytest.raises(DeliveryError, match="not valid JSON"):
        json_object("a.json", b"[" * 5_000 + b"]" * 5_000)


def test_another_top_level_is_refused():
    with pytest.raises(DeliveryError, match="top level is a list"):
        json_object("a.json", b"[]")


def test_a_bad_line_costs_only_itself():
    good, bad, number = json_lines("a.jsonl", b'\xef\xbb\xbf{"a": 1}\n\n{"a": \n3\n')
    assert (good.number, good.fields, good.problems) == (1, {"a": 1}, [])
    assert "Line 3 is not valid JSON" in bad.problems[0]
    assert "Line 4 is no JSON object" in number.problems[0]


def test_an_empty_file_of_lines_is_refused():
    with pytest.raises(DeliveryError, match="holds no record"):
        list(json_lines("a.jsonl", b"\n"))


def test_text_in_any_usual_encoding():
    assert (
        decoded("ü".encode())
        == decoded("ü".encode("utf-16"))
        == decoded("ü".encode("cp1252"))
        == "ü"
    )


def test_further_cells_are_kept_and_named():
    (record,) = csv_records("a.csv", "a,b\n1,2,3\n", ("a",))
    assert record.fields == {"a": "1", "b": "2", "further cells": ["3"]}
    assert "Line 2 has 3 cells where the header has 2" in record.problems[0]


def test_the_day_in_a_name():
    assert str(day_in_name("x_2020-13-01_2020-01-31_y.csv")) == "2020-01-31"
    assert day_in_name("epss_scores-20200131.csv") is None
