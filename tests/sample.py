"""The bundled sample as tests use it, and what two warehouses must agree on."""

import hashlib
import shutil
from datetime import date, timedelta

from pipeline import flow
from pipeline.settings import ROOT, Settings
from pipeline.sources import all_sources
from pipeline.warehouse import open_warehouse

FIRST, LAST = date(2019, 12, 15), date(2020, 2, 15)
DAY = date(2020, 1, 8)
EVE = DAY - timedelta(days=1)


def sample_settings(home):
    return Settings(home=home, inbox=ROOT / "warehouse" / "sample")


def collect_all(settings, until=None):
    for source_id in all_sources():
        flow.collect(source_id, until=until, settings=settings)


def copy_of(settings, folder):
    """The same settings over a copy of all that they hold."""
    home = shutil.copytree(settings.home, folder / "home", symlinks=True)
    return settings.model_copy(update={"home": home})


def content(settings):
    with open_warehouse(settings) as con:
        return content_of(con)


def content_of(con):
    """Hash of every stored and served table of scores, in a fixed order."""
    tables = con.execute(
        "select table_name from information_schema.tables "
        "where table_schema = 'scores' order by table_name"
    ).fetchall()
    hashes = {}
    for (table,) in tables:
        rows = con.execute(f"select * from scores.{table} order by all").fetchall()
        hashes[table] = hashlib.sha256(repr(rows).encode()).hexdigest()
    return hashes


def published_hashes(settings):
    folder = settings.published_folder
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
