"""Small worlds for tests of the method: rows for the staged tables, drawn by Hypothesis."""

from datetime import date, datetime, timedelta

import pyarrow as pa
from hypothesis import strategies as st

FIRST, LAST = date(2020, 1, 1), date(2020, 1, 26)
CVES = ["CVE-2019-0001", "CVE-2019-0002", "CVE-2019-0003"]
LABELS = [
    ("text", "energy"),
    ("sector", "military"),
    ("cisa", "transportation systems"),
    ("naics", "221118"),
    ("text", "a sector of nobody"),
]
STANCES = {
    "sector": ["threatened", "attacked", "affected", "mentioned", "history"],
    "actor": ["named", "denied"],
    "cve": ["named"],
}
CLEARED = [
    "staged.reports",
    "staged.findings",
    "staged.assets",
    "staged.suppliers",
    "staged.epss_scores",
    "staged.exploited_vulnerabilities",
    "staged.vulnerabilities",
    "raw.deliveries",
    "facts.report_events",
    "facts.report_events_basis",
    "facts.source_coverage_daily",
    "quality.facts_inputs",
    "quality.verdicts",
    "quality.scored_days",
    "scores.sector_threat_daily",
    "scores.mix_threat_daily",
    "scores.mix_interval_daily",
    "scores.supplier_spans",
    "scores.vulnerability_spans",
    "scores.sector_daily",
    "scores.sector_driver_daily",
    "scores.alerts_daily",
]


def at(day, hour=20):
    return datetime.combine(FIRST, datetime.min.time()) + timedelta(days=day, hours=hour)


def received(source_id, day, number, **columns):
    """A staged row as it arrived on a day."""
    return {
        "source_id": source_id,
        "delivery_id": f"{source_id}/{at(day):%F}/{number:03}",
        "source_row": 1,
        "known_at": at(day),
        "disclosed_at": at(day),
        "record": "",
        "record_md5": repr(sorted(columns.items(), key=str)),
        "is_repeat": False,
    } | columns


def maybe(strategy):
    return st.none() | strategy


day_numbers = st.integers(0, 25)


@st.composite
def facts(draw):
    fact_type = draw(st.sampled_from(["sector", "sector", "sector", "actor", "cve"]))
    vocabulary, value = {
        "sector": draw(st.sampled_from(LABELS)),
        "actor": ("actor", "iran"),
        "cve": ("cve", draw(st.sampled_from(CVES))),
    }[fact_type]
    return {
        "fact_type": fact_type,
        "vocabulary": vocabulary,
        "value": value,
        "label": value,
        "stance": draw(st.sampled_from(STANCES[fact_type])),
        "confidence_0_1": draw(st.sampled_from([None, None, 0.0, 0.5, 0.9])),
        "sentence": "It says so.",
    }


@st.composite
def reports(draw, number):
    day = draw(day_numbers)
    published = draw(maybe(st.integers(-40, day)))
    modified = draw(st.sampled_from([None, None, 0, 1, 3]))
    return received(
        draw(st.sampled_from(["bulletin", "news", "rss"])),
        day,
        number,
        report_key=draw(st.sampled_from("123")),
        kind=draw(st.sampled_from(["alert", "bulletin", "incident", "advisory", "sighting"])),
        publisher=draw(st.sampled_from([None, "DHS", "The Herald"])),
        published_at=None if published is None else at(published, 9),
        modified_at=None if modified is None else at(min(modified, day), 10),
        valid_until=draw(maybe(st.integers(-3, 30).map(at))),
        supersedes_key=draw(st.sampled_from([None, None, None, "1", "2"])),
        is_withdrawn=draw(st.sampled_from([False, False, False, True])),
        severity_0_10=draw(maybe(st.floats(0, 10))),
        reliability=draw(maybe(st.sampled_from("ABCDEF"))),
        information_credibility_1_6=draw(maybe(st.integers(1, 6))),
        confidence_0_1=draw(maybe(st.floats(0, 1))),
        refs=draw(st.lists(st.sampled_from(["AA20-006A", "ICSA-20-006-01"]), max_size=1)),
        facts=draw(st.lists(facts(), max_size=3)),
    )


@st.composite
def scans(draw, number):
    day, supplier_id = draw(day_numbers), draw(st.sampled_from(["S-1", "S-2", "S-3"]))
    found = draw(
        st.lists(
            st.fixed_dictionaries(
                {
                    "asset_id": st.sampled_from(["A-1", "A-2", "A-3"]),
                    "cve_id": st.sampled_from(CVES),
                    "status": st.sampled_from(["open", "open", "open", "fixed"]),
                    "first_seen": maybe(day_numbers.map(lambda n: at(n).date())),
                    "fixed_on": st.sampled_from([None, None, at(day + 3).date()]),
                }
            ),
            max_size=4,
        )
    )
    nothing = {"status": "scanned", "asset_id": None, "cve_id": None}
    nothing |= {"first_seen": None, "fixed_on": None}
    return [
        received("scanner_findings", day, number, supplier_id=supplier_id, **row)
        | {"source_row": place}
        for place, row in enumerate([nothing, *found], 1)
    ]


@st.composite
def registers(draw, number):
    day = draw(st.integers(0, 12))
    label = st.sampled_from(LABELS)
    rows = []
    for supplier_id in draw(st.lists(st.sampled_from(["S-1", "S-2", "S-3"]), unique=True)):
        labels = draw(st.lists(label, min_size=1, max_size=2, unique=True))
        share = draw(st.sampled_from([None, 0.3]))
        rows.append(
            received(
                "supplier_register",
                day,
                number,
                supplier_id=supplier_id,
                supplier_name=f"Supplier {supplier_id}",
                sectors=[
                    {"vocabulary": vocabulary, "value": value, "share_0_1": share}
                    for vocabulary, value in labels
                ],
                criticality_1_5=draw(maybe(st.integers(1, 5))),
                dependency_0_1=draw(maybe(st.floats(0, 1))),
                valid_from=draw(maybe(day_numbers.map(lambda n: at(n).date()))),
                valid_to=draw(st.sampled_from([None, None, at(20).date()])),
            )
            | {"source_row": len(rows) + 1}
        )
    return rows


def lists_of(strategy, size):
    """Up to `size` items, each with a number of its own."""
    return st.integers(0, size).flatmap(lambda n: st.tuples(*map(strategy, range(n))).map(list))


def joined(strategy, size):
    return lists_of(strategy, size).map(lambda parts: [row for part in parts for row in part])


def assets(number):
    return st.builds(
        lambda day, owner, asset_id, reach: received(
            "assets", day, number, supplier_id=owner, asset_id=asset_id, reach=reach
        ),
        day_numbers,
        st.sampled_from(["S-1", "S-2"]),
        st.sampled_from(["A-1", "A-2"]),
        st.sampled_from(["internet", "ics", "internal"]),
    )


def epss(number):
    return st.builds(
        lambda day, cve, rank, model: received(
            "epss",
            day,
            number,
            cve_id=cve,
            percentile_0_1=rank,
            epss_0_1=0.1,
            epss_date=at(day).date(),
            model_version=model,
        ),
        day_numbers,
        st.sampled_from(CVES),
        st.sampled_from([0.1, 0.5, 0.93, 0.9981]),
        st.sampled_from(["v1", "v1", "v2", None]),
    )


def listed(number):
    return st.builds(
        lambda day, cves: [
            received("kev", day, number, cve_id=cve, is_ransomware=flag) for cve, flag in cves
        ],
        day_numbers,
        st.dictionaries(
            st.sampled_from(CVES), st.sampled_from([None, False, True]), min_size=1
        ).map(dict.items),
    )


def vulnerabilities(number):
    return st.builds(
        lambda day, cve, base, ssvc: received(
            "nvd", day, number, cve_id=cve, cvss_base_0_10=base, ssvc_exploitation=ssvc
        ),
        day_numbers,
        st.sampled_from(CVES),
        maybe(st.sampled_from([3.9, 7.0, 9.8])),
        st.sampled_from([None, "poc", "active"]),
    )


def deliveries(number):
    return st.builds(
        lambda day, source: {"source_id": source, "known_at": at(day), "number": number},
        day_numbers,
        st.sampled_from(["bulletin", "news", "rss"]),
    )


worlds = st.fixed_dictionaries(
    {
        "reports": lists_of(reports, 7),
        "findings": joined(scans, 4),
        "assets": lists_of(assets, 3),
        "suppliers": joined(registers, 2),
        "epss_scores": lists_of(epss, 5),
        "exploited_vulnerabilities": joined(listed, 2),
        "vulnerabilities": lists_of(vulnerabilities, 3),
        "deliveries": lists_of(deliveries, 4),
    }
)


def fill(con, world):
    """Empty the warehouse and put the world's rows in."""
    for table in CLEARED:
        con.execute(f"delete from {table}")
    for table, rows in world.items():
        if rows and table != "deliveries":
            con.register("batch", pa.Table.from_pylist(rows))
            con.execute(f"insert into staged.{table} by name select * from batch")
            con.unregister("batch")
    for row in world["deliveries"]:
        con.execute(
            "insert into raw.deliveries by name select ? as delivery_id, ? as source_id, "
            "'f' as name, 'f' as path, 'CC0' as licence, 1 as n_bytes, '' as sha256, "
            "? as delivered_at, false as is_historical, 'loaded' as status",
            [f"{row['source_id']}/{row['number']}", row["source_id"], row["known_at"]],
        )
