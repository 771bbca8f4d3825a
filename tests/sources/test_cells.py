from datetime import date, datetime, time

import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from pipeline.sources import cells
from pipeline.sources.cells import CellError

ANY_CELL = st.one_of(
    st.none(),
    st.text(),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.dates(),
    st.datetimes(),
    st.sampled_from(
        ["1.234,50", "1,234.50", "12%", "03/04/2020", "#REF!", "=1+1", "1-Mar", "a:1;b"]
    ),
)
PARSERS = [
    cells.text,
    cells.words,
    cells.identifier,
    cells.duns,
    cells.cage_code,
    cells.uei,
    cells.lei,
    cells.cve,
    cells.flag,
    cells.day,
    cells.number,
    cells.amount,
    cells.share,
    cells.criticality,
    cells.sectors,
    cells.choice("open", "fixed"),
]


@pytest.mark.slow
@pytest.mark.parametrize("parse", PARSERS)
@examples(40)
@given(cell=ANY_CELL, form=st.sampled_from(["", "dmy", "comma", "point", "percent", "digits:6"]))
def test_every_cell_gives_a_value_or_a_sentence(parse, cell, form):
    sentence = "."
    try:
        parse(cell, form)
    except CellError as error:
        sentence = str(error)
    assert sentence.endswith(".")


@given(st.dates(date(1950, 1, 1), date(2100, 12, 31)))
def test_a_day_is_read_in_each_unambiguous_way(day):
    written = {day, datetime.combine(day, time(9)), day.isoformat(), f"{day:%d %B %Y}"}
    assert {cells.day(cell) for cell in written} == {day}
    assert cells.day(f"{day:%d/%m/%Y}", "dmy") == day
    assert cells.day(f"{day:%m/%d/%Y}", "mdy") == day
    assert cells.day(f"{day:%Y.%m.%d}", "ymd") == day


@given(st.integers(-(10**12), 10**12))
def test_a_number_is_read_with_the_separators_stated(value):
    assert cells.number(f"{value:,}.5".replace("-0.5", "0.5"), "point") is not None
    assert cells.number(f"{value:,}", "point") == value
    assert cells.number(f"{value:,}".replace(",", "."), "comma") == value
    assert cells.number(str(value)) == value


@pytest.mark.parametrize(
    ("parse", "cell", "sentence"),
    [
        (cells.day, "03/04/2020", "day and month can be confused"),
        (cells.day, 46293, "is the number 46293, not a date"),
        (cells.day, "1926-01-01", "Check the century"),
        (cells.day, "soon", "is no date"),
        (cells.number, "1,234.50", "is no plain number"),
        (cells.number, "€ 12k", "is no plain number"),
        (cells.amount, "-5", "is -5: negative"),
        (cells.share, "12", "is 12, above 1. Shares run from 0 to 1 (12 % is 0.12)"),
        (cells.criticality, "9", "is 9. Use a whole number from 1 (negligible) to 5 (vital)"),
        (cells.criticality, "2.5", "is 2.5. Use a whole number"),
        (cells.identifier, 1001, "leading zeros may be lost"),
        (cells.identifier, "1.001E+03", "that Excel changed"),
        (cells.identifier, "1-Mar", "that Excel changed"),
        (cells.identifier, "=1+1", "not a formula"),
        (cells.cve, "CVE-19-781", "is no CVE id"),
        (cells.lei, "529900T8BM49AURSDO56", "check digits do not fit"),
        (cells.sectors, "energy:0.7;finance:0.7", "sum to 1.4"),
        (cells.sectors, "energy:0.7;finance", "some sectors have a share, others none"),
        (cells.flag, "perhaps", "Use yes or no"),
    ],
)
def test_a_doubtful_cell_is_refused_with_its_reason(parse, cell, sentence):
    with pytest.raises(CellError) as error:
        parse(cell, "")
    assert sentence in str(error.value)


@pytest.mark.parametrize(
    ("parse", "cell", "form", "value"),
    [
        (cells.identifier, "\u00a0ab-1 ", "", "AB-1"),
        (cells.identifier, 10005, "digits:6", "010005"),
        (cells.identifier, 10005.0, "number", "10005"),
        (cells.duns, "4-123-456", "", "004123456"),
        (cells.lei, "529900T8BM49AURSDO55", "", "529900T8BM49AURSDO55"),
        (cells.cve, "cve–2019–19781", "", "CVE-2019-19781"),
        (cells.share, "12 %", "", 0.12),
        (cells.share, 12, "percent", 0.12),
        (cells.share, 0.12, "", 0.12),
        (cells.number, "1 234,5", "comma", 1234.5),
        (cells.criticality, 4.0, "", 4),
        (cells.words, "a; b;;", "", ["a", "b"]),
        (cells.choice("not_affected"), "Not affected", "", "not_affected"),
        (
            cells.sectors,
            "Energy:60%; Finance:40%",
            "text",
            [
                {"vocabulary": "text", "value": "energy", "share_0_1": 0.6},
                {"vocabulary": "text", "value": "finance", "share_0_1": 0.4},
            ],
        ),
        (
            cells.sectors,
            "Transit",
            "",
            [{"vocabulary": "sector", "value": "transit", "share_0_1": 1.0}],
        ),
    ],
)
def test_a_clear_cell_is_read(parse, cell, form, value):
    assert parse(cell, form) == value


@pytest.mark.parametrize("written", [" S-1", "S-1 ", "\tS-1", "\u00a0S-1", "  S-1  ", "S-1\u200b"])
def test_blanks_around_an_identifier_are_no_part_of_it(written):
    assert cells.identifier(written) == "S-1"


@given(written=st.text(st.sampled_from(" \t\u00a0\u200bab\u00e9")))
def test_clean_text_has_single_blanks_inside_and_none_around(written):
    kept = written.replace("\u200b", "").split()
    assert cells.clean(written) == " ".join(kept)
