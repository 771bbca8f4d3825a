"""Great Expectations as the gate: suites over staged rows, deliveries and scored days.

Grain in: rows of one staged table, or one row of measures; grain out: verdicts with reason and
remedy. The suites are `expectations/<table>.json`; an expectation that cannot be evaluated is a
fault of ours and is raised, never read as a verdict on the data.
"""

import json
import logging
import sys
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from functools import cache
from types import ModuleType
from typing import Any, NamedTuple

import pyarrow as pa

from pipeline import audit
from pipeline.errors import UnknownNameError
from pipeline.settings import ROOT
from pipeline.warehouse import Connection

EXPECTATIONS_FOLDER = ROOT / "expectations"
SUMMARIES_FOLDER = ROOT / "warehouse" / "summaries"
POSITION = "row_position"
REPLAY = "Correct it at the source or in warehouse/corrections.csv, then replay."
LONGEST_VALUE = 80


class Verdict(NamedTuple):
    """One record and one rule that it breaks."""

    source_row: int
    rule_id: str
    severity: str
    reason: str
    remedy: str


class GateResult(NamedTuple):
    """One check of a delivery or of a scored day as a whole."""

    gate: str
    severity: str
    is_passed: bool
    expected: str
    found: str
    score_date: date | None = None
    policy: str = "warn"
    kind: str = "row"

    @property
    def blocks(self) -> bool:
        """Whether it holds or stops what it was asked about."""
        return self.policy != "warn" and not self.is_passed


class Breach(NamedTuple):
    """An expectation that does not hold and the positions of the rows that break it."""

    expectation: dict[str, Any]
    positions: list[int]


@cache
def suite(name: str) -> list[dict[str, Any]]:
    """The expectations of a table, as reviewed."""
    path = EXPECTATIONS_FOLDER / f"{name}.json"
    if not path.is_file():
        known = sorted(file.stem for file in EXPECTATIONS_FOLDER.glob("*.json"))
        raise UnknownNameError("Expectation suite", name, known)
    expectations: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))[
        "expectations"
    ]
    return expectations


def row_verdicts(table_name: str, rows: pa.Table) -> Iterator[Verdict]:
    """Verdicts on rows of one staged table: unreadable values first, then the suite's."""
    source_rows = rows["source_row"].to_pylist()
    problems = rows["problems"].to_pylist()
    for source_row, found in zip(source_rows, problems, strict=True):
        for problem in found or ():
            yield Verdict(source_row, "unreadable_value", "critical", problem, REPLAY)
    for breach in breaches(table_name, rows):
        about = breach.expectation["meta"]
        written = rows.take(breach.positions).to_pylist()
        for position, row in zip(breach.positions, written, strict=True):
            if not _is_explained(breach.expectation, row, problems[position]):
                yield Verdict(
                    source_rows[position],
                    about["rule_id"],
                    breach.expectation["severity"],
                    sentence(about["reason"], breach.expectation, row),
                    about["remedy"],
                )


def _is_explained(
    expectation: dict[str, Any], row: dict[str, Any], problems: list[str] | None
) -> bool:
    """A value that could not be read is blank for that reason: one verdict is enough."""
    column = expectation["kwargs"].get("column")
    return bool(problems) and column is not None and row[column] is None


def gates(suite_name: str, measures: list[dict[str, Any]]) -> list[GateResult]:
    """What the measures of deliveries or days say, one row each, passed or not."""
    names = sorted({name for each in suite(suite_name) for name in _columns(each)})
    frame = pa.table({n: pa.array([row[n] for row in measures], pa.float64()) for n in names})
    broken = {
        (breach.expectation["meta"]["rule_id"], position)
        for breach in breaches(suite_name, frame)
        for position in breach.positions
    }
    return [
        GateResult(
            gate=expectation["meta"]["rule_id"],
            severity=expectation["severity"],
            is_passed=(expectation["meta"]["rule_id"], position) not in broken,
            expected=sentence(expectation["meta"]["expected"], expectation, row),
            found=sentence(expectation["meta"]["found"], expectation, row),
            score_date=row.get("score_date"),
            policy=expectation["meta"]["policy"],
            kind=expectation["meta"]["kind"],
        )
        for position, row in enumerate(measures)
        for expectation in suite(suite_name)
    ]


def summary(con: Connection, name: str, parameters: dict[str, Any]) -> list[dict[str, Any]]:
    """Rows of `warehouse/summaries/<name>.sql`."""
    path = SUMMARIES_FOLDER / f"{name}.sql"
    cursor = con.execute(path.read_text(encoding="utf-8"), parameters)
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def write_gates(
    con: Connection, results: Iterable[GateResult], delivery_id: str | None = None
) -> None:
    """Append the outcome of checks."""
    rows = [{"delivery_id": delivery_id, **result._asdict()} for result in results]
    if rows:
        con.register("found_gates", pa.Table.from_pylist(rows))
        con.execute("insert into quality.gates by name from found_gates")
        con.unregister("found_gates")


def sentence(template: str, expectation: dict[str, Any], row: dict[str, Any]) -> str:
    """The template with the row's values, the bounds, and `value` for the column's own."""
    values = {name: _written(value) for name, value in row.items()}
    bounds = {name: _written(value) for name, value in expectation["kwargs"].items()}
    column = expectation["kwargs"].get("column")
    return template.format_map({**bounds, **values, "value": values.get(column, "blank")})


def _written(value: Any) -> str:
    if value is None:
        return "blank"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list):
        return ", ".join(map(_written, value))[:LONGEST_VALUE]
    text = str(value)
    text = text if text.isprintable() else ascii(text)[1:-1]
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"


def breaches(suite_name: str, rows: pa.Table) -> list[Breach]:
    """Expectations of the suite that do not hold, in the suite's order, with all bad positions."""
    expectations = suite(suite_name)
    if not expectations or not len(rows):
        return []
    columns = sorted({name for each in expectations for name in _columns(each)})
    frame = rows.select(columns).to_pandas(date_as_object=False)
    frame[POSITION] = range(len(frame))
    result_format = {
        "result_format": "COMPLETE",
        "unexpected_index_column_names": [POSITION],
        "exclude_unexpected_values": False,
    }
    batch = _batch_definition().get_batch({"dataframe": frame})
    outcome = batch.validate(_gx_suite(suite_name), result_format=result_format)
    broken = {}
    for result in outcome.results:
        rule_id = result.expectation_config.meta["rule_id"]
        _raise_fault(suite_name, rule_id, result.exception_info)
        if not result.success:
            found = result.result["unexpected_index_list"]
            broken[rule_id] = sorted({int(each[POSITION]) for each in found})
    audit.keep(suite_name, outcome)
    return [
        Breach(each, broken[each["meta"]["rule_id"]])
        for each in expectations
        if each["meta"]["rule_id"] in broken
    ]


def _columns(expectation: dict[str, Any]) -> list[str]:
    kwargs = expectation["kwargs"]
    single = [kwargs[key] for key in ("column", "column_A", "column_B") if key in kwargs]
    return [*single, *kwargs.get("column_list", ())]


def _raise_fault(suite_name: str, rule_id: str, info: dict[str, Any]) -> None:
    parts = [info] if "raised_exception" in info else list(info.values())
    for part in parts:
        if part["raised_exception"]:
            raise RuntimeError(
                f"expectations/{suite_name}.json, rule {rule_id}: {part['exception_message']}"
            )


@cache
def _gx() -> Any:
    """The library, imported once and silenced; the import takes six seconds."""
    logging.getLogger("great_expectations").setLevel(logging.CRITICAL)
    with warnings.catch_warnings(), _no_spark():
        warnings.simplefilter("ignore")
        import great_expectations as gx

    logging.getLogger("great_expectations").setLevel(logging.CRITICAL)
    return gx


@contextmanager
def _no_spark() -> Iterator[None]:
    """Spark cannot be imported meanwhile.

    Great Expectations would, where it is installed, and need not; and pyspark 4.3 ends a process
    whose main module has no file, as those of a pool.
    """
    modules: dict[str, ModuleType | None] = sys.modules  # type: ignore[assignment]
    spark, modules["pyspark"] = modules.get("pyspark"), None
    try:
        yield
    finally:
        del modules["pyspark"]
        if spark is not None:
            modules["pyspark"] = spark


@cache
def _batch_definition() -> Any:
    gx = _gx()
    from great_expectations.data_context.types.base import ProgressBarsConfig

    logging.getLogger("great_expectations.data_context.types.base").setLevel(logging.CRITICAL)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    asset = context.data_sources.add_pandas("staged").add_dataframe_asset("rows")
    return asset.add_batch_definition_whole_dataframe("all")


@cache
def _gx_suite(name: str) -> Any:
    return _gx().ExpectationSuite(name=name, expectations=suite(name))
