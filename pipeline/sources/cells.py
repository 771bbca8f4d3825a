"""Single cells of tables that people made: each parser gives the value or says what is wrong.

Nothing is guessed: where day and month, a separator or a unit can be confused, the cell is refused
with a sentence that says how to write it, or which format to state in the mapping of the source.
"""

import math
import re
import unicodedata
from collections.abc import Callable
from datetime import date, datetime

Cell = str | int | float | bool | date | datetime | None
"""One cell as the file gives it: text from CSV, typed from spreadsheets and Parquet."""

_INVISIBLE = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff\x00-\x08\x0b-\x1f]")
_ERROR_CELL = re.compile(r"#(REF!|N/A|VALUE!|NAME\?|DIV/0!|NUM!|NULL!)")
_CHANGED_BY_EXCEL = re.compile(r"\d(\.\d+)?E[+-]?\d+|\d{1,2}-[A-Z]{3}(-\d{2,4})?", re.IGNORECASE)
_CVE = re.compile(r"CVE-(?:1999|20\d\d)-\d{4,19}")
_SLASHED_DATE = re.compile(r"(\d{1,4})[./-](\d{1,2})[./-](\d{1,4})")
_NAMED_MONTHS = ("%d %b %Y", "%d %B %Y", "%d-%b-%Y", "%b %d, %Y", "%B %d, %Y", "%d. %B %Y")
_PLAIN_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
_GROUPED_NUMBERS = {
    "point": re.compile(r"[+-]?\d{1,3}(,\d{3})*(\.\d+)?|[+-]?\d+(\.\d+)?"),
    "comma": re.compile(r"[+-]?\d{1,3}([. ]\d{3})*(,\d+)?|[+-]?\d+(,\d+)?"),
}


class CellError(ValueError):
    """A cell that cannot be read; the message continues "column …" and ends with the remedy."""


def clean(cell: Cell) -> str:
    """Text of a cell without invisible characters, surrounding and repeated blanks."""
    written = "" if cell is None else str(cell)
    if written.isascii() and written.isprintable():
        return " ".join(written.split()) if " " in written else written
    return " ".join(_INVISIBLE.sub("", unicodedata.normalize("NFC", written)).split())


def text(cell: Cell, _form: str = "") -> str | None:
    """Text as written; None where empty."""
    return clean(cell) or None


def refuse_error(cell: Cell) -> None:
    """CellError where a spreadsheet's formula failed."""
    if isinstance(cell, str) and cell.startswith("#") and _ERROR_CELL.fullmatch(cell):
        raise CellError(f"holds the Excel error {cell}. Repair the formula and save again.")


def words(cell: Cell, form: str = "") -> list[str] | None:
    """Texts separated by `;` (or by the separator stated as the form)."""
    parts = [part.strip() for part in (text(cell) or "").split(form or ";")]
    return [part for part in parts if part] or None


def identifier(cell: Cell, form: str = "") -> str | None:
    """Identifier in capitals; form `digits:N` restores the leading zeros of N-digit numbers."""
    if form.startswith("digits:"):
        return _digits(cell, int(form.removeprefix("digits:")))
    if isinstance(cell, int | float) and form != "number":
        raise CellError(
            f"is the number {cell}: leading zeros may be lost. Format the column as text, "
            "or state its number of digits in the mapping (digits:N)."
        )
    written = unicodedata.normalize("NFKC", text(_whole_as_text(cell)) or "").upper()
    if _CHANGED_BY_EXCEL.fullmatch(written):
        raise CellError(
            f"is '{written}', which looks like an identifier that Excel changed into a number or "
            "a date. Format the column as text and enter it again."
        )
    if written.startswith("="):
        raise CellError("starts with '='. An identifier is text, not a formula.")
    return written or None


def _whole_as_text(cell: Cell) -> Cell:
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else cell


def _digits(cell: Cell, length: int) -> str | None:
    written = text(_whole_as_text(cell))
    if written is None:
        return None
    if not written.isdecimal() or len(written) > length:
        raise CellError(f"is '{written}', expected {length} digits.")
    return written.zfill(length)


def duns(cell: Cell, _form: str = "") -> str | None:
    """D-U-N-S number: always nine digits, so lost leading zeros can be restored."""
    return _digits(clean(_whole_as_text(cell)).replace("-", ""), 9)


def cage_code(cell: Cell, _form: str = "") -> str | None:
    """CAGE code: five letters and digits."""
    return _shaped(cell, re.compile(r"[0-9A-Z]{5}"), "five letters and digits")


def uei(cell: Cell, _form: str = "") -> str | None:
    """Unique Entity Identifier: twelve letters and digits."""
    return _shaped(cell, re.compile(r"[0-9A-Z]{12}"), "twelve letters and digits")


def lei(cell: Cell, _form: str = "") -> str | None:
    """Legal Entity Identifier (ISO 17442): twenty characters, the last two of them check digits."""
    code = _shaped(cell, re.compile(r"[0-9A-Z]{18}\d\d"), "20 characters, the last two digits")
    if code and int("".join(str(int(character, 36)) for character in code)) % 97 != 1:
        raise CellError(f"is '{code}', whose check digits do not fit. Compare it with the source.")
    return code


def _shaped(cell: Cell, shape: re.Pattern[str], expected: str) -> str | None:
    written = clean(cell).upper()
    if written and not shape.fullmatch(written):
        raise CellError(f"is '{written}', expected {expected}.")
    return written or None


def cve(cell: Cell, _form: str = "") -> str | None:
    """CVE id in capitals."""
    written = clean(cell).upper()
    if not written.isascii():
        written = unicodedata.normalize("NFKC", written).replace("‐", "-").replace("–", "-")
    if written and not _CVE.fullmatch(written):
        raise CellError(f"is '{written}', which is no CVE id. Write it as CVE-2019-19781.")
    return written or None


def choice(*allowed: str) -> Callable[[Cell, str], str | None]:
    """Parser of one of the allowed words, in small letters."""

    def parse(cell: Cell, _form: str = "") -> str | None:
        written = (text(cell) or "").casefold().replace(" ", "_").replace("-", "_")
        if written and written not in allowed:
            raise CellError(f"is '{clean(cell)}'. Use one of: {', '.join(allowed)}.")
        return written or None

    return parse


def flag(cell: Cell, _form: str = "") -> bool:
    """Yes or no; empty means no."""
    written = clean(cell).casefold()
    if written in {"true", "yes", "y", "1"}:
        return True
    if written in {"", "false", "no", "n", "0"}:
        return False
    raise CellError(f"is '{clean(cell)}'. Use yes or no.")


def day(cell: Cell, form: str = "") -> date | None:
    """Date: ISO, a month written as a word, a real date cell, or digits in the order stated."""
    if isinstance(cell, int | float):
        raise CellError(f"is the number {cell}, not a date. Format the column as a date.")
    found = cell if isinstance(cell, date) else _day_of_text(text(cell), form)
    if isinstance(found, datetime):
        found = found.date()
    if found and not 1950 <= found.year <= 2100:
        raise CellError(f"is {found}: the year lies outside 1950 to 2100. Check the century.")
    return found


def _day_of_text(written: str | None, form: str) -> date | None:
    if written is None:
        return None
    try:
        return datetime.fromisoformat(written).date()
    except ValueError:
        return _day_with_month_name(written) or _day_in_order(written, form)


def _day_with_month_name(written: str) -> date | None:
    for pattern in _NAMED_MONTHS:
        try:
            return datetime.strptime(written, pattern).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    return None


def _day_in_order(written: str, form: str) -> date:
    parts = _SLASHED_DATE.fullmatch(written)
    if parts is None:
        raise CellError(f"is '{written}', which is no date. Use YYYY-MM-DD.")
    if form not in {"dmy", "mdy", "ymd"}:
        raise CellError(
            f"is the text '{written}': day and month can be confused. Use a real date or "
            "YYYY-MM-DD, or state the order in the mapping (dmy, mdy, ymd)."
        )
    numbers = {letter: int(part) for letter, part in zip(form, parts.groups(), strict=True)}
    try:
        return date(numbers["y"], numbers["m"], numbers["d"])
    except ValueError:
        raise CellError(f"is '{written}', which is no date in the order {form}.") from None


def number(cell: Cell, form: str = "") -> float | None:
    """Number; form `point` (1,234.5) or `comma` (1.234,5) allows thousands separators."""
    if isinstance(cell, bool | date):
        raise CellError(f"is '{cell}', not a number.")
    if isinstance(cell, int | float):
        return None if math.isnan(cell) else _finite(float(cell))
    written = text(cell)
    if written is None:
        return None
    if not _GROUPED_NUMBERS.get(form, _PLAIN_NUMBER).fullmatch(written):
        raise CellError(
            f"is '{written}', which is no plain number. Use 1234.50 without unit or separator, "
            "or state the separators in the mapping (point for 1,234.50, comma for 1.234,50)."
        )
    if form == "comma":
        written = written.replace(".", "").replace(" ", "").replace(",", ".")
    return _finite(float(written.replace(",", "")))


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise CellError(f"is {value}, not a number.")
    return value


def amount(cell: Cell, form: str = "") -> float | None:
    """Number that cannot be negative."""
    value = number(cell, form)
    if value is not None and value < 0:
        raise CellError(f"is {value:g}: negative. Use an amount of 0 or more.")
    return value


def share(cell: Cell, form: str = "") -> float | None:
    """Share from 0 to 1; 12 % and, with the form `percent`, 12 are read as 0.12."""
    written = clean(cell) if isinstance(cell, str) else cell
    is_percent = form == "percent"
    if isinstance(written, str) and written.endswith("%"):
        written, is_percent = written.removesuffix("%").strip(), True
    value = number(written, "" if form == "percent" else form)
    value = value / 100 if is_percent and value is not None else value
    if value is not None and not 0 <= value <= 1:
        side = "above 1" if value > 1 else "below 0"
        raise CellError(f"is {clean(cell)}, {side}. Shares run from 0 to 1 (12 % is 0.12).")
    return value


def criticality(cell: Cell, form: str = "") -> int | None:
    """Whole number from 1 (negligible) to 5 (vital)."""
    value = number(cell, form)
    if value is not None and value not in {1, 2, 3, 4, 5}:
        raise CellError(
            f"is {value:g}. Use a whole number from 1 (negligible) to 5 (vital), or leave it empty."
        )
    return None if value is None else int(value)


def sectors(cell: Cell, form: str = "") -> list[dict[str, str | float]] | None:
    """Sectors separated by `;`, each with its share after a colon; without shares, equal parts.

    The form names the vocabulary of the labels; without one they are our own sector ids.
    """
    parts = words(cell) or []
    labels = [part.rpartition(":")[0] or part for part in parts]
    stated = [share(part.rpartition(":")[2]) if ":" in part else None for part in parts]
    if None in stated and any(part is not None for part in stated):
        raise CellError(f"is '{clean(cell)}': some sectors have a share, others none. State all.")
    shares = [1 / len(parts) if part is None else part for part in stated]
    if parts and abs(sum(shares) - 1) > 0.01:
        raise CellError(f"is '{clean(cell)}': the shares sum to {sum(shares):g}, not to 1.")
    return [
        {"vocabulary": form or "sector", "value": clean(label).casefold(), "share_0_1": part}
        for label, part in zip(labels, shares, strict=True)
    ] or None
