"""Workbooks against ECMA-376, as the validator of Microsoft's Open XML SDK holds it."""

import re
import zipfile
from datetime import timedelta

import openpyxl
import pytest
from hostile import HOSTILE
from openxml_audit import FileFormat, OpenXmlValidator, ValidationSeverity
from worlds import DAY, world

from pipeline.export import export_range, export_workbook

pytestmark = pytest.mark.slow

KINDS = ["day", "range", "portfolio", "hostile"]
CELL = r"'[^'\[\]:*?/\\]{1,31}'!\$[A-Z]{1,3}\$\d+"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("workbooks")
    con = world(n_days=40)
    export_workbook(con, DAY, folder / "day.xlsx")
    export_workbook(con, DAY, folder / "portfolio.xlsx", supplier_ids=["SUP-00003"])
    export_range(con, DAY - timedelta(30), DAY, folder / "range.xlsx")
    strange = world(len(HOSTILE) + 1, 2, names=HOSTILE, titles=HOSTILE[:5])
    export_workbook(strange, DAY, folder / "hostile.xlsx")
    return folder


def faults(path):
    """Errors; warnings are about links that leave the file and text kept in its cells."""
    validator = OpenXmlValidator(FileFormat.MICROSOFT_365, max_errors=0)
    found = validator.validate(path).errors
    return [one.description for one in found if one.severity is ValidationSeverity.ERROR]


def parts(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


@pytest.mark.parametrize("kind", KINDS)
def test_the_validator_finds_no_fault(folder, kind):
    assert faults(folder / f"{kind}.xlsx") == []


@pytest.mark.parametrize(
    ("part", "written", "instead"),
    [
        ("xl/worksheets/sheet2.xml", "sheetData>", "sheetDate>"),
        ("xl/worksheets/sheet2.xml", "<sheetViews>", '<pageSetup paperSize="9"/><sheetViews>'),
        ("xl/tables/table1.xml", 'id="1"', 'id="none"'),
        ("xl/styles.xml", "<fonts", "<unknown/><fonts"),
    ],
)
def test_the_validator_would_find_one(folder, tmp_path, part, written, instead):
    with zipfile.ZipFile(tmp_path / "damaged.xlsx", "w") as archive:
        for name, content in parts(folder / "day.xlsx").items():
            if name == part:
                assert written in content
                content = content.replace(written, instead)
            archive.writestr(name, content)
    assert faults(tmp_path / "damaged.xlsx")


@pytest.mark.parametrize("kind", KINDS)
def test_names_ids_and_dates_are_as_excel_wants_them(folder, kind):
    path = folder / f"{kind}.xlsx"
    workbook = openpyxl.load_workbook(path)
    titles = [sheet.title.lower() for sheet in workbook]
    assert len(set(titles)) == len(titles)
    for title in titles:
        assert re.fullmatch(r"[^'\[\]:*?/\\]{1,31}", title)
        assert title != "history"
    for name, defined in workbook.defined_names.items():
        assert re.fullmatch(r"[a-z_][a-z_0-9.]*", name)
        assert not re.fullmatch(r"[a-z]{1,3}\d+|r\d*c\d*|[rc]", name)
        assert re.fullmatch(CELL, defined.attr_text)
    for sheet in workbook:
        if sheet.print_title_rows:
            assert re.fullmatch(r"\$?\d+:\$?\d+", sheet.print_title_rows)
    ids = [table.id for sheet in workbook for table in sheet.tables.values()]
    assert len(set(ids)) == len(ids)
    assert workbook.epoch.year == 1899


@pytest.mark.parametrize("kind", KINDS)
def test_every_part_has_its_type_and_every_relation_its_part(folder, kind):
    found = parts(folder / f"{kind}.xlsx")
    types = found.pop("[Content_Types].xml")
    for name in found:
        assert f'PartName="/{name}"' in types or name.endswith(".rels")
    for name, content in found.items():
        if name.endswith(".rels"):
            inside = re.findall(r'Target="([^"]+)"(?! TargetMode)', content)
            for target in inside:
                if not re.search(rf'Target="{re.escape(target)}" TargetMode="External"', content):
                    assert _resolved(name, target) in found, (name, target)


def _resolved(rels, target):
    if target.startswith("/"):
        return target[1:]
    base = rels.replace("_rels/", "").rpartition("/")[0].split("/")
    for step in target.split("/"):
        base = base[:-1] if step == ".." else [*base, step]
    return "/".join(step for step in base if step)


@pytest.mark.parametrize("kind", KINDS)
def test_every_cell_has_a_style_that_exists(folder, kind):
    found = parts(folder / f"{kind}.xlsx")
    n_styles = int(re.search(r'<cellXfs count="(\d+)"', found["xl/styles.xml"])[1])
    for name, content in found.items():
        if name.startswith("xl/worksheets/sheet"):
            used = {int(number) for number in re.findall(r'<c r="[A-Z]+\d+" s="(\d+)"', content)}
            assert used
            assert max(used) < n_styles
