"""Hostile input that no other test holds, and the promise that SECURITY.md names real tests."""

import io
import pickle
import re
import zipfile
from datetime import date

import duckdb
import openpyxl
import pytest
from hostile import HOSTILE
from reader_helpers import received_bytes
from small_world import World, sector

from pipeline import flow, score
from pipeline.errors import DeliveryError
from pipeline.settings import ROOT, Settings
from pipeline.sources import all_sources
from pipeline.warehouse import open_snapshot, open_warehouse

DAY = date(2020, 1, 6)


class Bomb:
    """Writes a file when it is unpickled."""

    def __init__(self, trace):
        self.trace = trace

    def __reduce__(self):
        return open, (str(self.trace), "w")


@pytest.mark.parametrize("source_id", sorted(all_sources()))
def test_a_pickle_is_never_run(source_id, tmp_path):
    trace = tmp_path / "trace"
    data = pickle.dumps(Bomb(trace))
    for suffix in all_sources()[source_id].suffixes:
        try:
            tables = received_bytes(source_id, data, tmp_path, name=f"delivered{suffix}")
        except DeliveryError:
            continue
        rows = [row for rows in tables.values() for row in rows]
        assert source_id == "news" or all(row.get("problems") for row in rows)
    assert not trace.exists()


def test_links_to_other_workbooks_are_not_followed(tmp_path):
    header = ["Supplier ID", "Name", "Sectors", "Criticality"]
    book = openpyxl.Workbook()
    book.active.append(header)
    book.active.append(["S-1", "='[http://127.0.0.1:1/other.xlsx]Sheet1'!A1", "energy", 3])
    file = io.BytesIO()
    book.save(file)
    with zipfile.ZipFile(file, "a") as package:
        package.writestr("xl/externalLinks/externalLink1.xml", "<externalLink/>")
    with pytest.raises(DeliveryError, match="formulas have no saved result"):
        received_bytes("supplier_register", file.getvalue(), tmp_path, name="register.xlsx")


@pytest.mark.slow
def test_names_and_labels_are_never_taken_for_sql(tmp_path):
    """Every hostile text as a supplier, a title, an asset and a publisher, through to scores."""
    world = World(tmp_path / "home'; drop table scores.sector_daily; --")
    texts = sorted({text[:200] for text in HOSTILE if text.strip()})
    for number, text in enumerate(texts):
        world.report(DAY, f"{number} {text}", "news", [sector("energy", sentence=text)],
                     title=text, publisher=text)  # fmt: skip
    world.suppliers(DAY, [(text, text, {"energy": 1.0}, 3, 0.5) for text in texts])
    world.assets(DAY, [(text, text, "internet") for text in texts])
    world.scan(DAY, {text: [(text, "CVE-2020-0601")] for text in texts})
    score.score_range(world.con, DAY, DAY)
    with open_snapshot(world.publish()) as con:
        found = con.execute("select supplier_id from scores.supplier_daily").fetchall()
        assert sorted(supplier_id for (supplier_id,) in found) == texts


@pytest.mark.gx
@pytest.mark.slow
def test_a_home_and_a_file_with_quotes_in_their_names(tmp_path):
    settings = Settings(home=tmp_path / "it's; drop", inbox=tmp_path / "in'box")
    name = "x'); drop table raw.deliveries; --"
    for source_id in ("bulletin", "supplier_register"):
        sent = next((ROOT / "warehouse" / "sample" / source_id).glob("*/*"))
        target = settings.inbox_folder / source_id / str(DAY) / f"{name}{sent.suffix}"
        target.parent.mkdir(parents=True)
        target.write_bytes(sent.read_bytes())
    flow.run_day(DAY, settings=settings)
    with open_warehouse(settings) as con:
        stored = con.execute("select name from raw.deliveries").fetchall()
    assert all(re.fullmatch(r"[\w.\-]+", each) for (each,) in stored)
    assert (settings.published_folder / f"sector-risk-{DAY}.xlsx").exists()


def test_whoever_reads_cannot_write(january_settings):
    with open_snapshot(january_settings) as con, pytest.raises(duckdb.Error, match="read-only"):
        con.execute("delete from scores.sector_daily")


def test_every_defence_names_a_test_that_exists():
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    named = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", text)
    assert len(named) > 20
    for file, test in named:
        assert f"def {test}(" in (ROOT / file).read_text(encoding="utf-8"), f"{file}::{test}"
