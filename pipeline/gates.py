"""Gates of a delivery as a whole: volume, drift and corrections; a critical one holds it.

The rows of a held delivery are in quarantine, one verdict each, so that the ledger adds up and
whatever reads `validated` needs to know nothing of it. `quarantine.release` lets it through.
"""

from collections.abc import Iterable
from typing import Any

import pyarrow as pa

from pipeline import manifest, validate
from pipeline.corrections import Tally
from pipeline.validate import GateResult, Verdict
from pipeline.warehouse import Connection

HELD = "held_delivery"


def write_verdicts(
    con: Connection, table: str, delivery_id: str, verdicts: Iterable[Verdict]
) -> None:
    """Append verdicts on rows of one delivery."""
    rows = [verdict._asdict() for verdict in verdicts]
    if rows:
        con.register("incoming_verdicts", pa.Table.from_pylist(rows))
        try:
            con.execute(
                "insert into quality.verdicts by name "
                "select ? as table_name, ? as delivery_id, * from incoming_verdicts",
                [table, delivery_id],
            )
        finally:
            con.unregister("incoming_verdicts")


def judge(con: Connection, delivery_id: str, tables: list[str], *, is_snapshot: bool) -> None:
    """Pass or hold a delivery by the measures of its tables."""
    is_released = con.execute(
        "select 1 from quality.releases where delivery_id = ?", [delivery_id]
    ).fetchone()
    failed: list[GateResult] = []
    for table in tables:
        found = measures(con, table, delivery_id, is_snapshot=is_snapshot)
        results = validate.gates(f"deliveries_{table}", [found])
        validate.write_gates(con, results, delivery_id)
        failed += [each for each in results if each.blocks]
    if failed and not is_released:
        for table in tables:
            _hold(con, table, delivery_id, failed[0])
        manifest.mark(con, delivery_id, "held", problem=f"{failed[0].found}. {REMEDY}")


REMEDY = (
    "Ask the source whether this is right; if so, release the delivery, otherwise wait for the next"
)


def _hold(con: Connection, table: str, delivery_id: str, gate: GateResult) -> None:
    reason = f"Its whole delivery is held: {gate.found}; expected: {gate.expected}"
    con.execute(
        f"insert into quality.verdicts select '{table}', delivery_id, source_row, ?, 'critical', "
        f"?, ? from staged.{table} where delivery_id = ?",
        [HELD, reason, f"{REMEDY}.", delivery_id],
    )


def measures(con: Connection, table: str, delivery_id: str, *, is_snapshot: bool) -> dict[str, Any]:
    """Measures of one table of a delivery, beside those of the loaded delivery before it."""
    previous_id = con.execute(
        "select p.delivery_id from raw.deliveries as p "
        "inner join raw.deliveries as d on p.source_id = d.source_id "
        "and (p.delivered_at, p.delivery_id) < (d.delivered_at, d.delivery_id) "
        "inner join quality.ledger as l on p.delivery_id = l.delivery_id and l.table_name = ? "
        "where d.delivery_id = ? and p.status = 'loaded' "
        "order by p.delivered_at desc, p.delivery_id desc limit 1",
        [table, delivery_id],
    ).fetchone()
    now = _summary(con, table, delivery_id)
    before = _summary(con, table, previous_id[0]) if previous_id else dict.fromkeys(now)
    return with_ratios(
        {**now, **{f"{name}_before": each for name, each in before.items()}},
        is_snapshot=is_snapshot,
    )


def with_ratios(measures: dict[str, Any], *, is_snapshot: bool) -> dict[str, Any]:
    """The measures and their ratios; what concerns lists delivered whole is blank for others."""
    n_rows, n_before = measures["n_rows"], measures["n_rows_before"]
    found = {
        **measures,
        "rows_ratio": n_rows / n_before if n_before else None,
        "refused_share": measures["n_refused"] / n_rows if n_rows else None,
    }
    for name in ("n_rows", "rows_ratio", "refused_share"):
        found[f"{name}_as_list"] = found[name] if is_snapshot else None
    return found


def _summary(con: Connection, table: str, delivery_id: str) -> dict[str, Any]:
    return validate.summary(con, table, {"delivery_id": delivery_id})[0]


def judge_corrections(
    con: Connection, delivery_id: str, tallies: list[Tally], *, is_snapshot: bool
) -> None:
    """A correction that no longer meets the value it expects is to be removed."""
    validate.write_gates(
        con,
        (
            GateResult(
                gate="correction_still_needed",
                severity="warning",
                is_passed=tally.is_applied,
                expected=f"{tally.correction} delivered as {tally.correction.expected_value}",
                found=_outcome(tally),
            )
            for tally in tallies
            if tally.found is not None or is_snapshot
        ),
        delivery_id,
    )


def _outcome(tally: Tally) -> str:
    if tally.is_applied:
        return f"Corrected to {tally.correction.new_value}: {tally.correction.reason}"
    found = "the record is not delivered" if tally.found is None else f"it is {tally.found}"
    return f"Not applied, {found}: remove the correction from warehouse/corrections.csv"
