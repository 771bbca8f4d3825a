from datetime import datetime
from pathlib import Path

import pytest

from pipeline.settings import ROOT
from pipeline.sources import Delivery


@pytest.fixture
def deliver(tmp_path):
    """A delivery of the given bytes or file, arrived on 2020-01-20."""

    def make(content: bytes | str | Path, name="register.csv", source_id="supplier_register"):
        path = content if isinstance(content, Path) else tmp_path / name
        if not isinstance(content, Path):
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        arrived = datetime.fromisoformat("2020-01-20T23:59:59")
        return Delivery(f"{source_id}/2020-01-20/0", source_id, path, path.name, arrived)

    return make


@pytest.fixture(scope="session")
def sample_deliveries():
    """Every file of the bundled sample as a delivery, in order of arrival."""
    files = (ROOT / "warehouse" / "sample").glob("*/*/*")
    return [
        Delivery(
            f"{path.parts[-3]}/{path.parts[-2]}/{path.name}",
            path.parts[-3],
            path,
            path.name,
            datetime.fromisoformat(f"{path.parts[-2]}T23:59:59"),
        )
        for path in sorted(files, key=lambda path: (path.parts[-2], path.parts[-3]))
    ]
