"""A small world for tests: rows put straight into the staged tables, then scored and published."""

import shutil
from datetime import date, datetime, time, timedelta

from pipeline import warehouse
from pipeline.settings import Settings


def sector(sector_id, stance="threatened", sentence=None):
    return {
        "fact_type": "sector",
        "vocabulary": "sector",
        "value": sector_id,
        "label": sector_id.title(),
        "stance": stance,
        "confidence_0_1": None,
        "sentence": sentence or f"Attacks on {sector_id} are expected.",
    }


def cve(cve_id, sentence=None):
    return {
        "fact_type": "cve",
        "vocabulary": None,
        "value": cve_id,
        "label": cve_id,
        "stance": "named",
        "confidence_0_1": None,
        "sentence": sentence or f"{cve_id} is being exploited.",
    }


class World:
    """Deliveries in the order of the test; `publish` scores and leaves a snapshot to read."""

    def __init__(self, home):
        self.settings = Settings(home=home)
        self._opened = warehouse.open_warehouse(self.settings)
        self.con = self._opened.__enter__()
        self._next_row = 0

    def deliver(self, table, day, rows, source_id, *, delivery_id=None):
        known = datetime.combine(day, time(23, 59, 59))
        delivery_id = delivery_id or f"{source_id}/{day}"
        self._note_delivery(delivery_id, source_id, known)
        self._note_rows(delivery_id, table, rows)
        for row in rows:
            self._next_row += 1
            self._insert(
                f"staged.{table}",
                {
                    "source_id": source_id,
                    "delivery_id": delivery_id,
                    "source_row": self._next_row,
                    "known_at": known,
                    "disclosed_at": known,
                    "record": "{}",
                    "record_md5": repr(sorted(row.items(), key=str)),
                    "is_repeat": False,
                    **row,
                },
            )

    def report(self, day, key, kind, facts, *, source_id="stix", **fields):
        row = {
            "report_key": key,
            "kind": kind,
            "title": fields.pop("title", key.replace("-", " ").capitalize()),
            "publisher": fields.pop("publisher", source_id.upper()),
            "published_at": datetime.combine(day, time(12)),
            "facts": facts,
            **fields,
        }
        self.deliver("reports", day, [row], source_id, delivery_id=f"{source_id}/{day}/{key}")

    def suppliers(self, day, rows):
        self.deliver(
            "suppliers",
            day,
            [
                {
                    "supplier_id": supplier_id,
                    "supplier_name": name,
                    "country": "NL",
                    "sectors": [
                        {"vocabulary": "sector", "value": one, "share_0_1": share}
                        for one, share in shares.items()
                    ],
                    "criticality_1_5": criticality,
                    "dependency_0_1": dependency,
                }
                for supplier_id, name, shares, criticality, dependency in rows
            ],
            "supplier_register",
        )

    def assets(self, day, rows):
        names = ("asset_id", "supplier_id", "reach")
        self.deliver("assets", day, [dict(zip(names, row, strict=True)) for row in rows], "assets")

    def scan(self, day, found):
        """Findings by supplier: a list of (asset, CVE), empty where the scan found nothing."""
        rows = []
        for supplier_id, open_now in found.items():
            rows.append({"supplier_id": supplier_id, "status": "scanned"})
            rows += [
                {
                    "supplier_id": supplier_id,
                    "asset_id": asset_id,
                    "cve_id": cve_id,
                    "status": "open",
                    "is_inferred": False,
                }
                for asset_id, cve_id in open_now
            ]
        self.deliver("findings", day, rows, "scanner_findings")

    def epss(self, day, percentiles):
        self.deliver(
            "epss_scores",
            day,
            [
                {"cve_id": cve_id, "epss_date": day, "epss_0_1": p / 2, "percentile_0_1": p}
                for cve_id, p in percentiles.items()
            ],
            "epss",
        )

    def listed(self, day, cve_ids):
        self.deliver(
            "exploited_vulnerabilities",
            day,
            [{"cve_id": cve_id, "added_date": day} for cve_id in cve_ids],
            "kev",
        )

    def score(self, start, end):
        from pipeline import score

        return score.score_range(self.con, start, end, force=True)

    def close(self):
        self.con.execute("checkpoint")
        self._opened.__exit__(None, None, None)

    def publish(self):
        self.close()
        self.settings.published_folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(self.settings.warehouse_file, self.settings.snapshot_file)
        return self.settings

    def _note_delivery(self, delivery_id, source_id, known):
        row = {
            "delivery_id": delivery_id,
            "source_id": source_id,
            "name": f"{delivery_id.replace('/', '-')}.csv",
            "path": delivery_id,
            "licence": "none",
            "n_bytes": 1,
            "sha256": delivery_id,
            "delivered_at": known,
            "is_historical": False,
            "status": "loaded",
        }
        self._insert("raw.deliveries", row, verb="insert or ignore")

    def _note_rows(self, delivery_id, table, rows):
        self.con.execute(
            "insert into quality.ledger values (?, ?, ?, ?, 0, 0, ?) "
            "on conflict do update set n_received = n_received + excluded.n_received, "
            "n_loaded = n_loaded + excluded.n_loaded, "
            "content_hash = content_hash || excluded.content_hash",
            [delivery_id, table, len(rows), len(rows), repr(rows)],
        )

    def _insert(self, table, row, verb="insert"):
        names = ", ".join(f'"{name}"' for name in row)
        marks = ", ".join("?" for _ in row)
        self.con.execute(f"{verb} into {table} ({names}) values ({marks})", list(row.values()))


JANUARY = date(2020, 1, 1)


def january(home):
    """Six weeks with everything that can move a score, in four suppliers of three sectors."""
    world = World(home)
    one = timedelta(days=1)
    start = JANUARY - 10 * one
    first = [
        ("S-1", "Aquila Power", {"energy": 1.0}, 5, None),
        ("S-2", "Borealis Freight", {"logistics": 0.7, "energy": 0.3}, 3, 0.5),
        ("S-3", "Corvus Clinics", {"healthcare": 1.0}, None, None),
        ("S-4", "Draco Grid", {"energy": 1.0}, 2, None),
    ]
    world.suppliers(start, first)
    assets = [("A-1", "S-1", "internet"), ("A-2", "S-1", "internal"), ("A-3", "S-2", "ics")]
    world.assets(start, assets)
    world.epss(start, {"CVE-2019-0001": 0.995, "CVE-2019-0002": 0.6, "CVE-2019-0003": 0.91})
    open_first = {
        "S-1": [("A-1", "CVE-2019-0001"), ("A-2", "CVE-2019-0001"), ("A-2", "CVE-2019-0002")],
        "S-2": [("A-3", "CVE-2019-0002")],
        "S-4": [],
    }
    world.scan(start, open_first)
    world.report(start, "old-campaign", "campaign", [sector("energy"), sector("logistics")])
    world.report(
        JANUARY + 2 * one,
        "warning",
        "bulletin",
        [sector("energy"), sector("military")],
        valid_until=datetime(2020, 1, 18),
        severity_0_10=8.0,
    )
    world.report(
        JANUARY + 5 * one,
        "alert",
        "alert",
        [sector("energy"), sector("healthcare"), cve("CVE-2019-0003")],
    )
    world.scan(JANUARY + 6 * one, {**open_first, "S-1": [("A-1", "CVE-2019-0003")]})
    world.listed(JANUARY + 8 * one, ["CVE-2019-0002"])
    world.report(
        JANUARY + 9 * one,
        "alert",
        "alert",
        [sector("energy"), sector("logistics")],
        modified_at=datetime(2020, 1, 10, 12),
        published_at=datetime(2020, 1, 6, 12),
    )
    world.report(
        JANUARY + 17 * one,
        "warning-renewed",
        "bulletin",
        [sector("military")],
        supersedes_key="warning",
        valid_until=datetime(2020, 3, 18),
    )
    world.suppliers(
        JANUARY + 19 * one,
        [
            ("S-1", "Aquila Power", {"energy": 0.8, "transit": 0.2}, 4, None),
            *first[1:3],
            ("S-5", "Eridanus Oil", {"energy": 1.0}, 4, 0.2),
        ],
    )
    world.scan(JANUARY + 20 * one, {"S-1": [], "S-5": [("A-9", "CVE-2019-0001")]})
    world.report(
        JANUARY + 24 * one,
        "alert",
        "alert",
        [sector("energy")],
        is_withdrawn=True,
        modified_at=datetime(2020, 1, 25, 12),
        published_at=datetime(2020, 1, 6, 12),
    )
    return world
