"""Wrong inputs without end: files of a source with bytes, lines and values exchanged, from a seed.

Every reader must turn each of them into rows, quarantined rows or a DeliveryError, in time and
without keeping memory.
"""

import gc
import gzip
import io
import random
import signal
import tarfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import openpyxl
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
from hostile import HOSTILE
from reader_helpers import DATA, SHARED, delivery, tar, zipped

from pipeline.batch import batches
from pipeline.errors import DeliveryError
from pipeline.settings import ROOT
from pipeline.sources import get_source, records

MOST_BYTES = 12_000
MOST_LINES = 12
MOST_PROSE_BYTES = 2_500
SECONDS_EACH = 2.0
IN_MEMORY = Path("/dev/shm")
LONGEST_MESSAGE = 1_000
SAMPLE = ROOT / "warehouse" / "sample"
REAL = {
    "csaf": "csaf/cisa_csaf_ot_2017-2021.tar.xz",
    "epss": "epss/epss_kev_nvd_2025-03-18.csv",
    "icsadv": "icsadv/CISA_ICS_ADV_Master_20231219.csv",
    "kev": "kev/known_exploited_vulnerabilities.csv",
    "misp": "misp/eset_misp_events.tar.xz",
    "news": "reports/annoctr_train_dev.tar.xz",
    "bulletin": "reports/us_gov_alerts_iran_2020.jsonl",
    "stix": "stix/oasis_cti_documentation_examples.tar.xz",
    "veris": "vcdb/vcdb_dev.jsonl.xz",
    "vulnrichment": "vulnrichment/cisa_vulnrichment_kev_subset_2024-10.tar.xz",
}
ODD_TEXTS = [
    *HOSTILE[:-60],
    *("0000-00-00", "2020-02-30", "9999-12-31T23:59:60Z", "2020-01-06T25:00:00+99:99"),
    *("٢٠٢٠-٠١-٠١", "CVE-2020-１２３４", "CVE-0000-0000", "1e999", "nan", "-0", "9" * 400),
    *("2020-01-01\x00", "a" * 5_000, "TLP:RED", "<p>" * 300, "<!DOCTYPE x [<!ENTITY a 'b'>]>"),
    *("Mon, 32 Jan 2020 25:61:61 GMT", "\U0001f3ed", "https://[", "//", "C:", "T1059.999"),
]
ODD_VALUES = [None, [], {}, True, -1, 0, 1e308, 2**63 - 1, -(2**63), [[{}]], {"": None}, [""]]
ODD_BYTES = [
    *(b"null", b"[]", b"{}", b"-1", b'""', b"1e999", b'"\\u0000"', b'"\\ud800"', b"[" * 2_000),
    *(b"\xff", b"\x00", b"\xef\xbb\xbf", b"\r\n", b"\n\n", b",", b";", b'"', b"'", b"\t"),
    *(b"<", b"&lol;", b"]]>"),
]


class TooSlowError(BaseException):
    """The reader had its time; no `except Exception` of the reader may hide it."""


@dataclass
class Outcome:
    """What became of the inputs of one reader."""

    n_inputs: int = 0
    n_refused: int = 0
    n_rows: int = 0
    n_bad_rows: int = 0
    seconds: float = 0.0
    slowest_seconds: float = 0.0
    growth_mb: float = 0.0
    faults: Counter[str] = field(default_factory=Counter)
    kept: list[Path] = field(default_factory=list)


def seeds(source_id: str) -> list[tuple[str, bytes]]:
    """Small files of a source, name and bytes; the first also in each kind of archive."""
    found = [
        (path.name, path.read_bytes())
        for path in sorted([*(DATA / source_id).glob("*"), *SAMPLE.glob(f"{source_id}/*/*")])
    ]
    found += _real(source_id)
    found = [(name, _shortened(name, data)) for name, data in found]
    found = [(name, data) for name, data in found if len(data) <= MOST_BYTES]
    name, data = found[0]
    if ".xlsx" in get_source(source_id).suffixes:
        found += _as_tables(data)
    packed = [
        ("a.zip", zipped({name: data, f"2-{name}": data[::-1]})),
        ("a.tar.xz", tar({name: data, f"2-{name}": data[: len(data) // 2]})),
        (f"{name}.gz", gzip.compress(data)),
    ]
    return found * 3 + packed


def _real(source_id: str) -> list[tuple[str, bytes]]:
    if source_id not in REAL or not SHARED.is_dir():
        return []
    path = SHARED / REAL[source_id]
    if not path.name.endswith(".tar.xz"):
        return [] if path.suffix == ".xz" else [(path.name, path.read_bytes())]
    with tarfile.open(path) as archive:
        members = [one for one in archive if one.isfile() and one.size <= MOST_BYTES][:40:8]
        return [(Path(one.name).name, archive.extractfile(one).read()) for one in members]


def _as_tables(data: bytes) -> list[tuple[str, bytes]]:
    """A CSV as a workbook and as Parquet."""
    rows = [line.split(",") for line in data.decode().splitlines()[:8]]
    rows = [row for row in rows if len(row) == len(rows[0])]
    book, packed = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(packed)
    table, columnar = pa.table(list(zip(*rows[1:], strict=True)), names=rows[0]), io.BytesIO()
    pq.write_table(table, columnar)
    return [("a.xlsx", packed.getvalue()), ("a.parquet", columnar.getvalue())]


def _shortened(name: str, data: bytes) -> bytes:
    """The start of a table or of prose: what follows is more of the same, and only takes time."""
    if name.endswith(".txt"):
        return data[:MOST_PROSE_BYTES]
    is_lines = name.endswith((".csv", ".jsonl"))
    return b"\n".join(data.split(b"\n")[:MOST_LINES]) if is_lines else data


def mutations(known: list[tuple[str, bytes]], seed: int) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of one wrong file after another, for ever."""
    rng = random.Random(seed)
    while True:
        name, data = rng.choice(known)
        changes = rng.choice(((_values,), (_values, _lines, _bytes, _splice)))
        for _ in range(rng.choice((1, 1, 2, 3, 6))):
            changed = rng.choice(changes)(rng, data, known) or _lines(rng, data, known)
            data = changed or _bytes(rng, data, known)
        yield name, data


def _bytes(rng: random.Random, data: bytes, known: object) -> bytes:
    at = rng.randrange(len(data) + 1)
    end = at + rng.choice((0, 1, 2, 8, 40, 400))
    middle = rng.choice(
        (b"", data[at:end] * 2, rng.randbytes(end - at), rng.choice(ODD_BYTES), None)
    )
    return data[:at] if middle is None else data[:at] + middle + data[end:]


def _lines(rng: random.Random, data: bytes, known: object) -> bytes | None:
    lines = data.split(b"\n")
    if len(lines) < 2:
        return None
    at, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    change = rng.randrange(4)
    if change == 0:
        del lines[at]
    elif change == 1:
        lines[at], lines[other] = lines[other], lines[at]
    elif change == 2:
        lines.insert(at, lines[other])
    else:
        lines[at] = _cells(rng, lines[at])
    return b"\n".join(lines)


def _cells(rng: random.Random, line: bytes) -> bytes:
    cells = line.split(b",")
    cells[rng.randrange(len(cells))] = rng.choice(ODD_TEXTS).encode(errors="surrogatepass")
    return b",".join(cells)


def _splice(rng: random.Random, data: bytes, known: list[tuple[str, bytes]]) -> bytes:
    _, other = rng.choice(known)
    return data[: rng.randrange(len(data) + 1)] + other[rng.randrange(len(other)) :]


def _values(rng: random.Random, data: bytes, known: object) -> bytes | None:
    """A value of a JSON document, or of one of its lines, exchanged, removed or moved."""
    lines = data.split(b"\n")
    at = rng.randrange(len(lines))
    for part, rebuild in (
        (data, lambda new: new),
        (lines[at], lambda new: b"\n".join([*lines[:at], new, *lines[at + 1 :]])),
    ):
        try:
            tree = orjson.loads(part)
        except orjson.JSONDecodeError:
            continue
        places = list(_places(tree))
        if places:
            _exchange(rng, places)
            return rebuild(_written(tree))
    return None


def _places(tree: object) -> Iterator[tuple[object, object]]:
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        keys = (
            node if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ()
        )
        for key in keys:
            yield node, key
            waiting.append(node[key])


def _exchange(rng: random.Random, places: list) -> None:
    node, key = rng.choice(places)
    change = rng.randrange(6)
    if change == 0:
        del node[key]
    elif change == 1:
        node[key] = [node[key]]
    elif change == 2:
        other, place = rng.choice(places)
        node[key] = orjson.loads(_written(other[place]))
    elif change == 3 and isinstance(node[key], str):
        node[key] += rng.choice(ODD_TEXTS)
    elif change < 5:
        node[key] = rng.choice(ODD_TEXTS)
    else:
        node[key] = orjson.loads(_written(rng.choice(ODD_VALUES)))


def _written(value: object) -> bytes:
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:
        return orjson.dumps(None)


def run(source_id: str, n_inputs: int, seed: int, schemas: dict, folder: Path) -> Outcome:
    """Give a reader that many wrong files; those that it does not survive stay in the folder."""
    outcome, held = Outcome(), 0.0
    known = seeds(source_id)
    with TemporaryDirectory(dir=IN_MEMORY if IN_MEMORY.is_dir() else None) as place:
        for name, data in known[:1]:  # word lists are loaded once, and that is not counted
            _one(source_id, _file(place, name, data), schemas, Outcome(), folder)
        for name, data in islice(mutations(known, seed), n_inputs):
            _one(source_id, _file(place, name, data), schemas, outcome, folder)
            if outcome.n_inputs == n_inputs // 2:
                held = _megabytes_held()
    outcome.growth_mb = _megabytes_held() - held
    return outcome


def _file(place: str, name: str, data: bytes) -> Path:
    path = Path(place) / f"input{''.join(Path(name).suffixes)}"
    path.write_bytes(data)
    return path


def _one(source_id: str, path: Path, schemas: dict, outcome: Outcome, folder: Path) -> None:
    outcome.n_inputs += 1
    start = time.process_time()
    try:
        with limited(SECONDS_EACH):
            _read(source_id, path, schemas, outcome)
    except (Exception, TooSlowError) as error:
        fault = f"{type(error).__name__} at {_place(error)}: {str(error)[:80]}"
        if fault not in outcome.faults:
            kept = folder / f"{source_id}-{outcome.n_inputs}{''.join(path.suffixes)}"
            kept.write_bytes(path.read_bytes())
            outcome.kept.append(kept)
        outcome.faults[fault] += 1
    taken = time.process_time() - start
    outcome.seconds += taken
    outcome.slowest_seconds = max(outcome.slowest_seconds, taken)


def _read(source_id: str, path: Path, schemas: dict, outcome: Outcome) -> None:
    try:
        for _, rows in batches(records(get_source(source_id), delivery(source_id, path)), schemas):
            outcome.n_rows += len(rows)
            outcome.n_bad_rows += sum(map(bool, rows["problems"].to_pylist()))
            numbers = rows["source_row"].to_pylist()
            assert len(set(numbers)) == len(numbers), "two records have one number"
    except DeliveryError as error:
        outcome.n_refused += 1
        if len(str(error)) > LONGEST_MESSAGE:
            raise ValueError("the message is longer than anyone reads") from error


def _place(error: BaseException) -> str:
    place = error.__traceback__
    while place.tb_next:
        place = place.tb_next
    return f"{Path(place.tb_frame.f_code.co_filename).name}:{place.tb_lineno}"


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Break off with TooSlowError after that much time of the processor."""

    def stop(*_: object) -> None:
        raise TooSlowError(f"took longer than {seconds:g} s")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _megabytes_held() -> float:
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 2**20
