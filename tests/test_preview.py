from pipeline.preview import preview

CONTENT = """Register of January,,,,
Supplier ID,Name,Sectors,Colour,Criticality
S-1,Harrow Valley Castings,manufacturing,red,3
S-2,Lowfell Glass,manufacturing,blue,9
S-1,Harrow Valley Castings Ltd,manufacturing,red,3
Total,,,,15
"""


def test_a_preview_says_what_would_be_read_what_not_and_why(tmp_path):
    path = tmp_path / "register.csv"
    path.write_text(CONTENT)
    found = preview(path, "supplier_register")
    assert found.place == "separated by ',', header in row 2"
    assert ("supplier_name", "Name") in found.columns
    assert found.unused == ["Colour"]
    assert found.n_rows == {"suppliers": 3}
    assert [row for row, _ in found.problems] == [4]
    assert found.repeated == [("S-1", [3, 5])]
    assert found.notes == ["Row 6 is a total or a footnote below the table: left out."]


def test_a_preview_of_a_format_without_columns_counts_its_records(tmp_path):
    path = tmp_path / "nvd.json"
    path.write_text('{"vulnerabilities": [{"cve": {"id": "CVE-1", "published": "2019-01-01"}}]}')
    found = preview(path, "nvd")
    assert found.n_rows == {"vulnerabilities": 1}
    assert found.problems[0][1].startswith("`cve.id` is 'CVE-1'")
