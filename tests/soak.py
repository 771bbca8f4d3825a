"""A long unattended life, simulated: one run a day, with deliveries and faults drawn from a seed.

Run it alone with `python -m tests.soak 400 --seed 1`; it prints the figures and fails where the
final tables differ from those of a clean replay of the archive.
"""

import argparse
import csv
import io
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from sample import content

from pipeline import flow
from pipeline.errors import GateError, WarehouseDamagedError
from pipeline.restore import restore
from pipeline.settings import ROOT, Settings
from pipeline.warehouse import open_snapshot, open_warehouse

START = date(2023, 11, 1)  # a leap day and both changes of the clocks lie ahead
SECTORS = ("energy", "healthcare", "logistics", "transit", "military", "finance")
CVES = [f"CVE-{2018 + n % 6}-{1000 + n}" for n in range(40)]
RUN = "import sys; from datetime import date; from pipeline import flow; print(flush=True); "
RUN += "flow.run_day(date.fromisoformat(sys.argv[1]))"


@dataclass
class Figures:
    """What happened: faults by kind, and memory and open files at the end of each day."""

    faults: Counter[str] = field(default_factory=Counter)
    resident_mb: list[float] = field(default_factory=list)
    open_files: list[int] = field(default_factory=list)
    seconds: float = 0.0


class World:
    """What the sources would send on each day; the same seed gives the same bytes."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.suppliers = {f"S-{n:04}": chance.choice(SECTORS) for n in range(24)}
        self.open: dict[tuple[str, str], date] = {}
        self.listed = CVES[:8]
        self.n_bulletins = 0

    def deliveries(self, day: date) -> list[tuple[str, str, str]]:
        """Source, file name and text of what is sent on that day."""
        sent = [("epss", f"epss_scores-{day}.csv", self._epss(day))] if day.day % 3 == 0 else []
        if day == START or day.weekday() == 0:
            sent.append(("supplier_register", f"suppliers-{day}.csv", self._register()))
            sent.append(("kev", f"kev-{day}.json", self._kev(day)))
        if day.weekday() in {1, 4}:
            sent.append(("scanner_findings", f"findings-{day}.csv", self._scan(day)))
        sent += [
            ("bulletin", f"bulletin-{day}-{n}.jsonl", self._bulletin(day))
            for n in range(self.chance.choice([0, 0, 1, 2]))
        ]
        return sent

    def _register(self) -> str:
        if self.chance.random() < 0.3:
            self.suppliers[f"S-{len(self.suppliers):04}"] = self.chance.choice(SECTORS)
        if self.chance.random() < 0.2:
            self.suppliers[self.chance.choice(list(self.suppliers))] = self.chance.choice(SECTORS)
        rows = [
            [number, f"Supplier {number[2:]} Ltd", sector, int(number[2:]) % 5 + 1, "2020-01-01"]
            for number, sector in self.suppliers.items()
        ]
        return _csv(["Supplier ID", "Name", "Sectors", "Criticality", "Valid from"], rows)

    def _scan(self, day: date) -> str:
        for key in [key for key in self.open if self.chance.random() < 0.1]:
            del self.open[key]
        for _ in range(3):
            key = self.chance.choice(list(self.suppliers)), self.chance.choice(CVES)
            self.open.setdefault(key, day)
        found = {supplier for supplier, _ in self.open}
        rows = [
            [supplier, f"A-{supplier[2:]}", cve, "open", since, day, ""]
            for (supplier, cve), since in sorted(self.open.items())
        ]
        rows += [
            [one, "", "", "scanned", "", day, ""] for one in self.suppliers if one not in found
        ]
        header = ["Supplier ID", "Asset ID", "CVE", "Status", "First seen", "Last seen", "Fixed on"]
        return _csv(header, rows)

    def _epss(self, day: date) -> str:
        rows = [[cve, f"{self.chance.random():.5f}"] for cve in CVES]
        ranked = sorted(float(share) for _, share in rows)
        rows = [[*row, f"{(ranked.index(float(row[1])) + 1) / len(rows):.5f}"] for row in rows]
        head = f"#model_version:v2023.03.01,score_date:{day}T00:00:00+0000\n"
        return head + _csv(["cve", "epss", "percentile"], rows)

    def _kev(self, day: date) -> str:
        if self.chance.random() < 0.5:
            self.listed = CVES[: min(len(self.listed) + 1, len(CVES))]
        entries = [
            {
                "cveID": cve,
                "vendorProject": "Vendor",
                "product": f"Product {n}",
                "vulnerabilityName": f"Vulnerability {n}",
                "dateAdded": str(START - timedelta(days=1)),
                "shortDescription": "A vulnerability.",
                "requiredAction": "Apply updates.",
                "dueDate": str(START + timedelta(days=20)),
                "knownRansomwareCampaignUse": self.chance.choice(["Known", "Unknown"]),
            }
            for n, cve in enumerate(self.listed)
        ]
        head = {"title": "KEV", "catalogVersion": f"{day:%Y.%m.%d}", "count": len(entries)}
        head["dateReleased"] = f"{day}T12:00:00.0000Z"
        return json.dumps({**head, "vulnerabilities": entries})

    def _bulletin(self, day: date) -> str:
        self.n_bulletins += 1
        number = self.n_bulletins
        sector, actor = self.chance.choice(SECTORS), self.chance.choice(["APT33", "Sandworm", ""])
        supersedes = f"B-{number - 1}" if number > 1 and self.chance.random() < 0.2 else None
        text = (
            f"Notice {number}: {actor or 'Unknown actors'} are targeting organisations in the "
            f"{sector} sector. Operators should patch {self.chance.choice(CVES)} at once."
        )
        notice = {
            "doc_id": f"B-{number}",
            "issuer": "CISA",
            "title": f"Attacks on the {sector} sector expected ({number})",
            "doc_type": "alert",
            "published": str(day),
            "valid_until": f"{day + timedelta(days=self.chance.randrange(5, 60))}T00:00:00Z",
            "supersedes": supersedes,
            "text": text,
        }
        return json.dumps(notice) + "\n"


def _csv(header: list[str], rows: list[list[object]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    return text.getvalue()


class Life:
    """The inbox, the warehouse and what goes wrong with them."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.settings = Settings(home=folder / "home", inbox=folder / "inbox")
        self.chance = random.Random(seed)
        self.world = World(random.Random(f"world {seed}"))
        self.later: dict[date, list[tuple[str, str, bytes]]] = {}
        self.figures = Figures()
        self.first_unscored: date | None = None

    def live(self, n_days: int) -> Figures:
        """One run a day from `START`."""
        begun = time.monotonic()
        for day in (START + timedelta(days=n) for n in range(n_days)):
            self._receive(day)
            self._run(day)
            self.figures.resident_mb.append(_resident_mb())
            self.figures.open_files.append(len(list(Path("/proc/self/fd").iterdir())))
        self._catch_up(START + timedelta(days=n_days - 1))
        self.figures.seconds = time.monotonic() - begun
        return self.figures

    def _receive(self, day: date) -> None:
        for source_id, name, text in self.world.deliveries(day):
            self._send(day, source_id, name, text.encode())
        for source_id, name, part in self.later.pop(day, []):
            path = self.settings.inbox_folder / source_id / str(day) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(part)

    def _send(self, day: date, source_id: str, name: str, whole: bytes) -> None:
        fault = self.chance.choices(
            ["none", "late", "duplicate", "torn", "lost and late by weeks"], [80, 8, 5, 5, 2]
        )[0]
        arrivals = [(0, whole)]
        if fault == "late":
            arrivals = [(self.chance.randrange(1, 6), whole)]
        elif fault == "lost and late by weeks":
            arrivals = [(self.chance.randrange(14, 40), whole)]
        elif fault == "duplicate":
            arrivals.append((self.chance.randrange(0, 4), whole))
        elif fault == "torn":
            arrivals = [(0, whole[: self.chance.randrange(1, len(whole))]), (1, whole)]
        if fault != "none":
            self.figures.faults[f"delivery {fault}"] += 1
        for n, (delay, part) in enumerate(arrivals):
            file = name if delay else f"{n}-{name}" if n else name
            self.later.setdefault(day + timedelta(days=delay), []).append((source_id, file, part))

    def _run(self, day: date) -> None:
        self.first_unscored = self.first_unscored or day
        fault = self.chance.choices(
            ["none", "kill -9", "no run", "file damaged", "file held by a reader", "run twice"],
            [86, 5, 3, 1, 2, 3],
        )[0]
        if fault != "none":
            self.figures.faults[fault] += 1
        if fault == "no run":
            return
        if fault == "kill -9":
            self._killed(day)
        elif fault == "file damaged":
            self._damaged()
        elif fault == "run twice":
            self._catch_up(day)
        if fault == "file held by a reader" and self.settings.snapshot_file.exists():
            with open_snapshot(self.settings):
                self._catch_up(day)
        else:
            self._catch_up(day)

    def _catch_up(self, day: date) -> None:
        """Every day since the last success, in order, as the schedule does."""
        missed = self.first_unscored
        while missed and missed <= day:
            try:
                flow.run_day(missed, settings=self.settings)
            except GateError:
                self.figures.faults["publication held back"] += 1
            missed += timedelta(days=1)
        self.first_unscored = None

    def _killed(self, day: date) -> None:
        environment = os.environ | {
            "SECTOR_RISK_HOME": str(self.settings.home),
            "SECTOR_RISK_INBOX": str(self.settings.inbox),
            "PYTHONPATH": str(ROOT),
        }
        command = [sys.executable, "-c", RUN, str(day)]
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as run:
            assert run.stdout
            run.stdout.readline()
            with suppress(subprocess.TimeoutExpired):
                run.wait(self.chance.uniform(0, 6))
            run.send_signal(signal.SIGKILL)

    def _damaged(self) -> None:
        """Its first blocks are overwritten; restoring and scoring again must make it good."""
        file = self.settings.warehouse_file
        if not file.exists():
            return
        with file.open("r+b") as warehouse:
            warehouse.write(self.chance.randbytes(20_000))
        try:
            with open_warehouse(self.settings):
                raise AssertionError("the damage was not noticed")
        except WarehouseDamagedError:
            restore(self.settings)
        for kept in file.parent.glob("warehouse.duckdb.before-*"):
            kept.unlink()
        flow.score_range(START, self.first_unscored or START, settings=self.settings)


def replayed(life: Life, folder: Path, last: date) -> dict[str, str]:
    """The tables of scores after the archive alone is read again and every day scored at once."""
    settings = Settings(home=folder, inbox=folder / "inbox")
    shutil.copytree(life.settings.raw_folder, settings.raw_folder)
    restore(settings)
    flow.score_range(START, last, settings=settings)
    return content(settings)


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def growth(series: list[float]) -> float:
    """Median of the last quarter over that of the second quarter, the first being the warm-up."""
    quarter = len(series) // 4
    early, late = (sorted(part) for part in (series[quarter : 2 * quarter], series[-quarter:]))
    return late[quarter // 2] / early[quarter // 2]


def report(life: Life, different: list[str], n_tables: int) -> str:
    """The figures as text."""
    figures = life.figures
    memory, files = figures.resident_mb, figures.open_files
    with open_warehouse(life.settings) as con:
        states = con.execute("select status, count(*) from raw.deliveries group by 1").fetchall()
    return (
        f"{len(memory)} days in {figures.seconds:.0f} s\n"
        f"deliveries: {dict(states)}\n"
        f"faults: {dict(figures.faults)}\n"
        f"memory: {memory[0]:.0f} MB first, {memory[-1]:.0f} MB last, x{growth(memory):.3f}\n"
        f"open files: {min(files)} to {max(files)}\n"
        f"tables that differ from a clean replay: {different or 'none'} of {n_tables}\n"
    )


def main() -> None:
    """Live, replay, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("n_days", type=int)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        life = Life(Path(folder), asked.seed)
        life.live(asked.n_days)
        last = START + timedelta(days=asked.n_days - 1)
        lived = content(life.settings)
        again = replayed(life, Path(folder) / "again", last)
        different = [name for name in lived if lived[name] != again.get(name)]
        sys.stdout.write(report(life, different, len(lived)))
        sys.exit(bool(different))


if __name__ == "__main__":
    main()
