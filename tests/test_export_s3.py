"""Exports into a store that speaks S3, on loopback."""

import io
from dataclasses import asdict

import duckdb
import fsspec
import openpyxl
import orjson
import pyarrow.parquet as pq
import pytest
from moto.server import ThreadedMotoServer
from s3fs import S3FileSystem
from worlds import DAY, world

from pipeline import lake
from pipeline.errors import ExportError, NothingPublishedError
from pipeline.export import export_tables, export_workbook
from pipeline.publish import Published
from pipeline.settings import Settings

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


@pytest.fixture(scope="module")
def con():
    return world(n_suppliers=9, n_days=10)


@pytest.fixture(scope="module")
def store():
    """The file system of a store with one bucket."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    access = {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in access.items():
            patch.setenv(name, value)
        S3FileSystem.clear_instance_cache()
        files = fsspec.filesystem("s3")
        files.mkdir("scores")
        yield files
        S3FileSystem.clear_instance_cache()
    server.stop()


def test_a_workbook_arrives_whole_and_replaces_the_one_before(con, store, tmp_path):
    store.pipe_file("scores/daily/day.xlsx", b"yesterday")
    digest = export_workbook(con, DAY, "s3://scores/daily/day.xlsx")
    assert digest == export_workbook(con, DAY, tmp_path / "day.xlsx")
    stored = store.cat_file("scores/daily/day.xlsx")
    assert stored == (tmp_path / "day.xlsx").read_bytes()
    assert openpyxl.load_workbook(io.BytesIO(stored)).sheetnames[0] == "Summary"
    store.invalidate_cache()
    assert store.ls("scores/daily", detail=False) == ["scores/daily/day.xlsx"]


def test_tables_arrive_under_a_prefix(con, store):
    addresses = export_tables(con, DAY, "s3://scores/flat/")
    assert "s3://scores/flat/suppliers.parquet" in addresses
    with store.open("scores/flat/suppliers.parquet") as file:
        assert pq.read_table(file).num_rows == 9


def test_a_bucket_that_does_not_exist_is_said_and_not_made(con, store):
    with pytest.raises(
        ExportError, match=r"s3://none/day\.xlsx cannot be written: .*that the buck"
    ):
        export_workbook(con, DAY, "s3://none/day.xlsx")
    assert not store.exists("none")


def publish(settings, months):
    """What a publication leaves for the lake: partitions of months and the hashes of their days."""
    for table in ("sector_daily", "supplier_daily"):
        folder = settings.published_folder / "parquet" / table
        folder.mkdir(parents=True, exist_ok=True)
        for month, content in months.items():
            duckdb.execute(
                f"copy (select '{table}' as name, date '{month}-01' + i::integer as score_date, "
                f"'{content}' as said from range(3) as r (i)) to '{folder / month}.parquet'"
            )
    state = repr(months)
    published = Published(
        "2020-02-03", "run", "m", state, "s", "w", "h", months, None, settings.tlp
    )
    (settings.published_folder / "manifest.json").write_bytes(orjson.dumps(asdict(published)))


def read(settings, table="supplier_daily"):
    with lake.open_lake(settings.lake, settings) as con:
        return con.execute(f"select score_date, said from {table} order by all").fetchall()


def test_a_publication_is_read_back_from_the_store(store, tmp_path):
    settings = Settings(home=tmp_path, lake="s3://scores/lake")
    publish(settings, {"2020-01": "january", "2020-02": "february"})
    assert len(lake.put(settings)) == 4
    local = duckdb.execute(
        "select score_date, said from read_parquet(?) order by all",
        [f"{settings.published_folder}/parquet/supplier_daily/*.parquet"],
    ).fetchall()
    assert read(settings) == local
    assert len(local) == 6
    assert lake.put(settings) == []


def test_only_months_that_changed_are_copied_and_what_they_replace_goes(store, tmp_path):
    settings = Settings(home=tmp_path, lake="s3://scores/changed/")
    publish(settings, {"2020-01": "january", "2020-02": "february"})
    lake.put(settings)
    publish(settings, {"2020-01": "january", "2020-02": "revised"})
    assert {name.split("/")[1][:7] for name in lake.put(settings)} == {"2020-02"}
    assert {said for _, said in read(settings)} == {"january", "revised"}
    store.invalidate_cache()
    assert len(store.find("scores/changed")) == 5


def test_a_copy_that_breaks_off_leaves_readers_the_publication_before(store, tmp_path, monkeypatch):
    settings = Settings(home=tmp_path, lake="s3://scores/broken")
    publish(settings, {"2020-01": "january"})
    lake.put(settings)
    publish(settings, {"2020-01": "revised"})
    with monkeypatch.context() as patch:
        patch.setattr(lake.orjson, "dumps", lambda *_, **__: 1 / 0)
        with pytest.raises(ExportError, match="SECTOR_RISK_LAKE"):
            lake.put(settings)
    assert {said for _, said in read(settings)} == {"january"}
    lake.put(settings)
    assert {said for _, said in read(settings)} == {"revised"}


def test_a_place_without_a_manifest_is_said(store, tmp_path):
    with pytest.raises(NothingPublishedError, match=r"s3://scores/nowhere holds no manifest\.json"):
        read(Settings(home=tmp_path, lake="s3://scores/nowhere"))
