"""What a backfill would do and why, before anything is computed."""

import hashlib
from collections import Counter
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from pipeline.errors import SectorRiskError, UnknownNameError
from pipeline.facts import INPUTS, refresh_facts
from pipeline.method import installed_method
from pipeline.score import Knowledge, inputs_by_day
from pipeline.warehouse import Connection, query, transaction

USUAL_SECONDS = 3.0
USUAL_SECONDS_PER_MILLION = 1.5


@dataclass(frozen=True)
class Request:
    """What is asked for; the same request has the same id, so that asking again takes it up.

    Attributes:
        method_version: None = the installed one; else a stored version or its first digits.
        sectors: replace the scores of these sectors alone; empty = all.
        force: compute days too whose method and inputs have not changed.
        requested_by: the account that asks.
    """

    start: date
    end: date
    reason: str
    requested_by: str
    knowledge: Knowledge = "then"
    method_version: str | None = None
    sectors: tuple[str, ...] = ()
    force: bool = False

    @property
    def name(self) -> str:
        """First day, last day and a hash over all that decides what is computed."""
        decisive = {key: value for key, value in asdict(self).items() if key != "requested_by"}
        digest = hashlib.sha256(repr(sorted(decisive.items())).encode()).hexdigest()
        return f"{self.start:%Y%m%d}-{self.end:%Y%m%d}-{digest[:6]}"


@dataclass(frozen=True)
class Late:
    """A delivery that scored days should have been computed from, as it is now, and were not."""

    delivery_id: str
    what: str
    n_days: int
    first_date: date
    last_date: date


@dataclass(frozen=True)
class Plan:
    """Days, reasons and cost.

    Attributes:
        reasons: number of days to compute by the reason why.
        late: deliveries not in yet when their days were scored.
        n_hindsight: days known as they were then that hindsight would replace.
        n_rows: suppliers times days to compute.
        expected_s: from the rate of the last backfills here, or a usual one where there is none.
        basis: what it was planned from: method, inputs and runs of the days.
    """

    request: Request
    method_version: str
    n_due: int
    n_current: int
    reasons: dict[str, int]
    late: tuple[Late, ...]
    n_hindsight: int
    n_suppliers: int
    n_rows: int
    expected_s: float
    is_rate_measured: bool
    inputs_sha256: str
    basis: str


def plan(con: Connection, request: Request) -> Plan:
    """Compare what is stored with what the request would give; changes nothing.

    Raises:
        SectorRiskError: the days, the method or the sectors cannot be had.
    """
    if request.end < request.start:
        raise SectorRiskError(f"The last day, {request.end}, is before the first, {request.start}.")
    version = _version(con, request.method_version)
    wanted = inputs_by_day(con, request.start, request.end, request.knowledge)
    stored = _stored(con, request.start, request.end)
    reasons = Counter(
        reason
        for day, inputs in wanted.items()
        if (reason := _reason(request, version, inputs, stored.get(day)))
    )
    if request.sectors:
        _check_sectors(con, request, version, stored, len(wanted))
    row = con.execute("select count(distinct supplier_id) from staged.suppliers").fetchone()
    n_due, n_suppliers = sum(reasons.values()), int(row[0]) if row else 0
    rate = _rate(con)
    fixed, each = (0.0, rate) if rate else (USUAL_SECONDS, USUAL_SECONDS_PER_MILLION / 1e6)
    inputs_sha256 = _sha256(sorted(wanted.items()))
    runs = [(day, run["run_id"]) for day, run in sorted(stored.items())]
    return Plan(
        request=request,
        method_version=version,
        n_due=n_due,
        n_current=len(wanted) - n_due,
        reasons=dict(reasons.most_common()),
        late=late_deliveries(con, request.start, request.end),
        n_hindsight=sum(
            run["knowledge"] == "then" for run in stored.values() if request.knowledge == "now"
        ),
        n_suppliers=n_suppliers,
        n_rows=n_due * n_suppliers,
        expected_s=round(fixed + each * n_due * n_suppliers, 1) if n_due else 0.0,
        is_rate_measured=bool(rate),
        inputs_sha256=inputs_sha256,
        basis=_sha256((version, inputs_sha256, runs)),
    )


def late_deliveries(
    con: Connection, start: date | None = None, end: date | None = None
) -> tuple[Late, ...]:
    """Deliveries that arrived or changed after days that should show them had been scored."""
    con.execute(f"create or replace temp view known_inputs as {INPUTS}")
    days = {"first_date": start or date.min, "last_date": end or date(9999, 12, 31)}
    return tuple(Late(**row) for row in query(con, "late_deliveries", **days))


def state_sha256(con: Connection, start: date, end: date) -> str:
    """Hash over the runs of the stored days start…end."""
    stored = _stored(con, start, end)
    return _sha256([(day, run["run_id"]) for day, run in sorted(stored.items())])


def _sha256(value: object) -> str:
    return hashlib.sha256(repr(value).encode()).hexdigest()


def _version(con: Connection, asked: str | None) -> str:
    if not asked:
        return installed_method(con) or ""
    known = [
        version
        for (version,) in con.execute(
            "select distinct method_version from quality.method_files order by 1"
        ).fetchall()
    ]
    found = [version for version in known if version.startswith(asked)]
    if len(found) != 1:
        raise UnknownNameError("Method", asked, known)
    return str(found[0])


def _stored(con: Connection, start: date, end: date) -> dict[date, dict[str, Any]]:
    rows = query(con, "stored_days", first_date=start, last_date=end)
    return {row["score_date"]: row for row in rows}


def _reason(
    request: Request, version: str, inputs: str, stored: dict[str, Any] | None
) -> str | None:
    """Why a day is to be computed; None where it is current."""
    if stored is None:
        return "not scored yet"
    if stored["knowledge"] != request.knowledge:
        return f"knowledge {stored['knowledge']} becomes {request.knowledge}"
    if stored["method_version"] != version:
        return f"method {stored['method_version']} becomes {version}"
    if stored["inputs_sha256"] != inputs:
        return "deliveries came or changed since"
    return "asked for by --force" if request.force else None


def _rate(con: Connection) -> float | None:
    """Seconds per supplier and day, the median of the last five backfills."""
    row = con.execute(
        "select median(rate) from (select seconds / n_rows as rate from quality.backfills "
        "where n_rows > 0 order by swapped_at desc limit 5)"
    ).fetchone()
    return float(row[0]) if row and row[0] is not None else None


def _check_sectors(
    con: Connection,
    request: Request,
    version: str,
    stored: dict[date, dict[str, Any]],
    n_days: int,
) -> None:
    """Sectors can be replaced alone only where nothing else of the same days depends on them."""
    known = [name for (name,) in con.execute("select sector_id from method.sectors").fetchall()]
    for name in request.sectors:
        if name not in known:
            raise UnknownNameError("Sector", name, known)
    if len(stored) != n_days or any(
        (run["method_version"], run["knowledge"]) != (version, request.knowledge)
        for run in stored.values()
    ):
        raise SectorRiskError(
            "Single sectors can be scored again only with the method and knowledge that their "
            "days have already: a day is of one method. Leave --sectors out."
        )
    with transaction(con):
        refresh_facts(con, request.knowledge)
    rows = query(con, "sectors_sharing_suppliers", sectors=list(request.sectors))
    if rows:
        named = ", ".join(f"{row['sector_id']} ({row['n_suppliers']} suppliers)" for row in rows)
        raise SectorRiskError(
            f"Suppliers with a share in {', '.join(request.sectors)} have one also in {named}, "
            "so that their scores would mix old and new. Name these sectors too, or leave "
            "--sectors out."
        )
