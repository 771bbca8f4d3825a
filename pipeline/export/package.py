"""A finished workbook becomes one file: same content, same bytes; whole or not at all."""

import hashlib
import re
import shutil
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from openpyxl.packaging.custom import StringProperty
from openpyxl.writer.excel import ExcelWriter

from pipeline.export.place import placed

_EPOCH = (1980, 1, 1, 0, 0, 0)
_SHAPE = re.compile(r'(<(?:\w+:)?cNvPr id="\d+" name="Chart (\d+)")')


class _FixedZip(ZipFile):
    """A zip without clock or file attributes; describes the charts of the drawing in passing."""

    alt_texts: list[str]

    def writestr(self, zinfo_or_arcname: Any, data: Any, *_: Any, **__: Any) -> None:
        name = str(zinfo_or_arcname)
        if name.startswith("xl/drawings/drawing"):
            data = self._described(data.decode())
        super().writestr(_entry(name), data)

    def write(self, filename: Any, arcname: Any = None, *_: Any, **__: Any) -> None:
        with Path(filename).open("rb") as part, self.open(_entry(str(arcname)), "w") as entry:
            shutil.copyfileobj(part, entry, 1 << 20)

    def _described(self, drawing: str) -> str:
        return _SHAPE.sub(
            lambda found: f"{found[1]} descr={quoteattr(self.alt_texts[int(found[2]) - 1])}",
            drawing,
        )


def _entry(name: str) -> ZipInfo:
    entry = ZipInfo(name, _EPOCH)
    entry.compress_type, entry.create_system, entry.external_attr = ZIP_DEFLATED, 3, 0o644 << 16
    return entry


def set_properties(workbook: Any, title: str, as_of: datetime, facts: Mapping[str, str]) -> None:
    """Document properties for people and, as custom properties, for machines."""
    properties = workbook.properties
    properties.title, properties.creator, properties.language = title, "Sector Risk", "en"
    properties.subject = "Daily cyber-threat risk scores"
    properties.created = properties.modified = as_of
    for name, value in facts.items():
        workbook.custom_doc_props.append(StringProperty(name=name, value=value))


def save(workbook: Any, alt_texts: list[str], target: Path | str) -> str:
    """Write the workbook whole to a path or any fsspec address; its SHA-256."""
    with placed(target) as path:
        with _FixedZip(path, "w", ZIP_DEFLATED) as archive:
            archive.alt_texts = alt_texts
            ExcelWriter(workbook, archive).write_data()
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
