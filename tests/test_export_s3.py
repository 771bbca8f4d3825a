"""Exports into a store that speaks S3, on loopback."""

import io

import fsspec
import openpyxl
import pyarrow.parquet as pq
import pytest
from moto.server import ThreadedMotoServer
from s3fs import S3FileSystem
from worlds import DAY, world

from pipeline.errors import ExportError
from pipeline.export import export_tables, export_workbook

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
