from datetime import datetime
from pathlib import Path

import pytest
from reader_helpers import delivery

from pipeline.settings import ROOT


@pytest.fixture
def deliver(tmp_path):
    """A delivery of the given bytes or file, arrived on 2020-01-20."""

    def make(content: bytes | str | Path, name="register.csv", source_id="supplier_register"):
        path = content if isinstance(content, Path) else tmp_path / name
        if not isinstance(content, Path):
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return delivery(source_id, path, datetime.fromisoformat("2020-01-20T23:59:59"))

    return make


@pytest.fixture(scope="session")
def sample_deliveries():
    """Every file of the bundled sample as a delivery, in order of arrival."""
    files = (ROOT / "warehouse" / "sample").glob("*/*/*")
    return [
        delivery(path.parts[-3], path, datetime.fromisoformat(f"{path.parts[-2]}T23:59:59"))
        for path in sorted(files, key=lambda path: (path.parts[-2], path.parts[-3]))
    ]
