"""A source of the tests' own: its files say row by row what its reader yields."""

import atexit
import json
import shutil
import tempfile
from datetime import date, datetime
from functools import cache
from pathlib import Path

from pipeline import raw, stage
from pipeline.errors import DeliveryError
from pipeline.settings import Settings
from pipeline.sources import Rows, Source
from pipeline.warehouse import open_warehouse, staged_tables

TIMES = {"published_at", "modified_at", "valid_until", "disclosed_at"}
DAYS = {"added_date", "due_date", "epss_date", "first_seen", "last_seen", "fixed_on"}
DAYS |= {"valid_from", "valid_to", "published_date"}


def read(delivery):
    text = delivery.path.read_text()
    if not text.startswith("["):
        raise DeliveryError(delivery.name, "No list in line 1.", "Deliver a list.")
    for part in json.loads(text):
        yield Rows(part["table"], [typed(row) for row in part["rows"]])


def typed(row):
    """The row as a reader gives it: dates and times instead of their text."""
    row = {k: datetime.fromisoformat(v) if k in TIMES and v else v for k, v in row.items()}
    return {k: date.fromisoformat(v) if k in DAYS and v else v for k, v in row.items()}


def source(source_id, tables, *, is_snapshot=False):
    return Source(
        source_id=source_id,
        title="Test",
        group="threat_reports",
        read=read,
        tables=tables,
        reliability="A",
        reliability_reason="Test",
        licence="Test",
        is_snapshot=is_snapshot,
        suffixes=(".json",),
    )


REPORTS = source("test_reports", ("reports",))
REGISTER = source("test_register", ("suppliers",), is_snapshot=True)
ASSETS = source("test_assets", ("assets", "findings"), is_snapshot=True)
SOURCES = {each.source_id: each for each in (REPORTS, REGISTER, ASSETS)}


def settings_in(folder):
    return Settings(home=folder / "home", inbox=folder / "inbox")


@cache
def _empty_warehouse():
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder)
    settings = Settings(home=folder)
    with open_warehouse(settings):
        return settings.warehouse_file


def warehouse(folder):
    """An open warehouse in the folder, copied from an empty one where there is none yet."""
    settings = settings_in(folder)
    if not settings.warehouse_file.exists():
        settings.home.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(_empty_warehouse(), settings.warehouse_file)
    return open_warehouse(settings)


def put(folder, source_id, day, name, content):
    """Put a file into the inbox; `content` is text, bytes or rows of the source's first table."""
    path = folder / "inbox" / source_id / (day or "") / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, list):
        content = json.dumps([{"table": SOURCES[source_id].tables[0], "rows": content}])
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def collect(con, folder, source_id, until=None):
    settings = settings_in(folder)
    arrivals = raw.archive(con, settings, SOURCES[source_id], until=until)
    return [line for each in arrivals for line in stage.load(con, settings, each)]


def supplier(supplier_id, source_row, **values):
    sectors = [{"vocabulary": "sector", "value": "energy", "share_0_1": 1.0}]
    row = {"supplier_id": supplier_id, "supplier_name": f"Supplier {supplier_id}"}
    return row | {"criticality_1_5": 3, "sectors": sectors, "source_row": source_row} | values


def report(report_key, source_row, **values):
    row = {"report_key": report_key, "kind": "alert", "title": f"Report {report_key}"}
    return row | {"published_at": "2020-01-06T12:00:00", "source_row": source_row} | values


def fact(fact_type="sector", value="energy", **values):
    stance = "threatened" if fact_type == "sector" else "named"
    return {"fact_type": fact_type, "vocabulary": "sector", "value": value, "label": value} | {
        "stance": stance,
        **values,
    }


def counts(line):
    return (line.n_received, line.n_loaded, line.n_quarantined, line.n_duplicate)


def tables(con):
    """Everything that deliveries have left behind, comparable between warehouses."""
    names = [f"staged.{name}" for name in staged_tables(con)]
    names += ["raw.deliveries", "quality.verdicts", "quality.ledger", "quality.gates"]
    return {name: con.execute(f"select * from {name} order by all").fetchall() for name in names}
