"""Real registers through the whole ingest by their mappings alone: every row accounted for."""

import shutil
from collections import Counter

import pytest

from pipeline import flow, sources
from pipeline.identity import doubtful_suppliers
from pipeline.settings import ROOT, Settings
from pipeline.sources import mapping
from pipeline.warehouse import open_warehouse
from tests import facts_of

SHARED = ROOT.parent / "shared" / "data" / "suppliers"
pytestmark = [
    pytest.mark.realdata,
    pytest.mark.gx,
    pytest.mark.skipif(not SHARED.is_dir(), reason="the public data is not beside the checkout"),
]

CMS, SP500, OPENFLIGHTS = (
    ("cms_hospitals", "cms_Hospital_General_Information_2025-04.csv"),
    ("sp500_constituents", "sp500_constituents_2026-08.csv"),
    ("openflights_airlines", "openflights_airlines_2025-04.dat"),
)


@pytest.fixture
def registers(tmp_path, monkeypatch):
    """The three layouts as sources of their own, each declared by one line of its mapping."""
    folder = tmp_path / "mappings"
    shutil.copytree(mapping.MAPPINGS, folder)
    for layout, _ in (CMS, SP500, OPENFLIGHTS):
        with (folder / f"{layout}.csv").open("a", encoding="utf-8") as file:
            file.write("(like),,,supplier_register\n")
    monkeypatch.setattr(mapping, "MAPPINGS", folder)
    for cached in (mapping.load_mapping, sources.all_sources):
        cached.cache_clear()
    yield Settings(home=tmp_path / "home")
    for cached in (mapping.load_mapping, sources.all_sources):
        cached.cache_clear()


def test_they_load_whole(registers):
    lines = {}
    for layout, file in (CMS, SP500, OPENFLIGHTS):
        (line,) = flow.ingest_file(SHARED / file, layout, settings=registers)
        lines[layout] = (line.n_received, line.n_loaded, line.n_quarantined, line.n_duplicate)
        assert line.status == "loaded"
    assert lines == {
        "cms_hospitals": (4_818, 4_818, 0, 0),
        "sp500_constituents": (503, 503, 0, 0),
        "openflights_airlines": (6_162, 6_162, 0, 0),
    }
    with open_warehouse(registers) as con:
        hospitals = ids(con, "cms_hospitals")
        assert {len(one) for one in hospitals} == {6}
        assert sum(one.startswith("0") for one in hospitals) > 0
        assert "010005" in hospitals
        assert Counter(sectors(con, "sp500_constituents")) == {
            "manufacturing": 188,
            "finance": 76,
            "energy": 48,
            "healthcare": 17,
            "military": 13,
            "logistics": 10,
            "transit": 4,
        }
        warned = con.execute(
            "select count(*) from quality.verdicts where rule_id = 'sector_ours'"
        ).fetchone()
        assert warned == (147,)


def test_suppliers_that_may_be_one_are_listed(registers):
    flow.ingest_file(SHARED / SP500[1], SP500[0], settings=registers)
    with open_warehouse(registers) as con:
        pairs = {(one.supplier_id_a, one.supplier_id_b) for one in doubtful_suppliers(con)}
    assert {("FOX", "FOXA"), ("NWS", "NWSA")} <= pairs


def ids(con, source_id):
    return [
        one
        for (one,) in con.execute(
            "select supplier_id from validated.suppliers where source_id = ?", [source_id]
        ).fetchall()
    ]


def sectors(con, source_id):
    """Our main sector of each supplier of a register, as scored."""
    con.execute("set variable knowledge = 'then'")
    facts_of.make(con, "facts.supplier_mixes")
    return [
        one
        for (one,) in con.execute(
            "select main_sector_id from facts.supplier_mixes where source_id = ?", [source_id]
        ).fetchall()
    ]
