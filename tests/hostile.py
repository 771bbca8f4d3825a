"""Text that has broken spreadsheets, readers or databases."""

_FORMULAS = [
    "=1+1", "+1+1", "-1+1", "@SUM(A1)", "=HYPERLINK(\"https://a.b\",\"x\")", "=cmd|'/c calc'!A1",
    "=IMPORTXML(\"https://a.b\",\"//x\")", "=WEBSERVICE(\"https://a.b\")", "=1/0", "==1", "=",
    "+", "-", "@", "\t=1+1", "\r=1+1", "\n=1+1", " =1+1", "=A1:XFD1048576", "=RAND()", "=NOW()",
    "{=SUM(A1:A9)}", "=DDE(\"cmd\";\"/C calc\";\"x\")", "-2+3+cmd|' /C calc'!A0", "=@x", "'=1",
    "\"=1+1\"", "=\"a\"&\"b\"", "%0A=1+1", "；=1+1", "＝1+1", "＋1", "－1", "＠x",
]  # fmt: skip
_ERRORS = ["#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NULL!", "#NAME?", "#NUM!", "#SPILL!", "#"]
_NUMBERS = [
    "007", "1E5", "1e-400", "0x1F", "1,234.50", "1.234,50", "1100108628127863", "0E-20", "NaN",
    "inf", "-inf", "Infinity", "1/2", "1-Mar", "MAR1", "SEPT2", "2020-01-04", "04/01/2020",
    "12:30", "TRUE", "FALSE", "true", "€ 12k", "12%", "(500)", "٣٤", "½", "²", "Ⅷ", "0", "-0",
]  # fmt: skip
_NOTHING = ["null", "NULL", "None", "n/a", "-", "--", "nil", "undefined", "\\N", "NA", "."]
_CONTROL = [f"a{chr(code)}b" for code in [*range(1, 32), *range(127, 160)]]
_DIRECTION = [f"gnp.{mark}exe" for mark in "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2069"]
_INVISIBLE = ["a\u00adb", "a\u200bb", "a\u2060b", "\ufeffbom", "a\u00a0b", "\u3000wide", "a\u2028b"]
_ESCAPES = [
    "_x0041_BC", "_x005F_", "_x000D_", "_x0000_", "_X0041_", "__x0041__", "_x41_", "_xZZZZ_",
    "&amp;", "&lt;b&gt;", "<b>bold</b>", "]]>", "<![CDATA[x]]>", "<!-- x -->", "<?xml?>", "&#0;",
    "&nbsp;", "&", "<", ">", "\"", "'", "''", "\\", "%s", "%n%n", "{0}", "{day}", "${x}", "$(x)",
]  # fmt: skip
_SQL = ["'; drop table scores; --", "Robert'); --", "1 or 1=1", "$day", "?", ":x", "/* x", "--"]
_PATHS = ["../../etc/passwd", "C:\\x\\y", "\\\\host\\share", "file:///x", "javascript:alert(1)"]
_SHEET = ["History", "[x]", "a/b", "a*b", "a?b", "a:b", "'a'", "A1", "R1C1", "XFD1048576"]
_SCRIPTS = [
    "Łódź Öl & Gas", "Ñandú", "Ελληνικά", "Кириллица", "中文公司", "日本語", "한국어", "עברית",
    "العربية", "हिन्दी", "ไทย", "İstanbul", "ﬁrst", "e\u0301", "\u0301x", "🏭 Works", "👩‍🔬",
    "🇩🇪", "𝕏", "𐍈", "Z̷̛a̸l̶g̴o̷",
]  # fmt: skip
_LONG = ["x" * 999, "x" * 1000, "x" * 1001, "x" * 40_000, "🏭" * 20_000, "a b " * 10_000]
_SPACES = [" lead", "trail ", "two  blanks", "line\nbreak", "cr\rlf", "win\r\nline", "tab\there"]
_XML = ["a\ufffeb", "a\uffffb", "a\ufdd0b", "\U0001ffffx"]

HOSTILE = [
    *_FORMULAS, *_ERRORS, *_NUMBERS, *_NOTHING, *_CONTROL, *_DIRECTION, *_INVISIBLE, *_ESCAPES,
    *_SQL, *_PATHS, *_SHEET, *_SCRIPTS, *_LONG, *_SPACES, *_XML,
]  # fmt: skip
