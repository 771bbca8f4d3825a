"""NVD CVE API 2.0: what is said of a CVE, with the best CVSS score stated."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import orjson

from pipeline.errors import DeliveryError
from pipeline.sources.base import Delivery, Row, Rows, Source
from pipeline.sources.cells import CellError, cve

METRICS = ("cvssMetricV40", "cvssMetricV31", "cvssMetricV30", "cvssMetricV2")


def read(delivery: Delivery) -> Iterator[Rows]:
    """Rows of `vulnerabilities`, one per CVE."""
    try:
        entries = orjson.loads(delivery.path.read_bytes())["vulnerabilities"]
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise DeliveryError(
            delivery.name,
            f"It is not an answer of the NVD CVE API 2.0 ({error}).",
            "Download it again.",
        ) from error
    yield Rows("vulnerabilities", [_row(number, entry) for number, entry in enumerate(entries, 1)])


def _row(number: int, entry: dict[str, Any]) -> Row:
    said = entry.get("cve") or {}
    row: Row = {"source_row": number, "record": orjson.dumps(entry).decode(), "problems": []}
    try:
        row["cve_id"] = cve(said.get("id"))
        published = datetime.fromisoformat(said["published"])
        row |= {"published_date": published.date(), "disclosed_at": published}
        row |= _score(said.get("metrics") or {})
    except CellError as error:
        row["problems"].append(f"id {error}")
    except (KeyError, ValueError, TypeError) as error:
        row["problems"].append(f"The entry cannot be read ({error!r}). Download it again.")
    return row


def _score(metrics: dict[str, list[dict[str, Any]]]) -> Row:
    """The newest CVSS version stated, from NVD itself where it has scored."""
    stated = next((metrics[name] for name in METRICS if metrics.get(name)), [])
    if not stated:
        return {}
    best = min(stated, key=lambda metric: metric.get("type") != "Primary")["cvssData"]
    return {
        "cvss_version": best["version"],
        "cvss_vector": best["vectorString"],
        "cvss_base_0_10": float(best["baseScore"]),
    }


SOURCE = Source(
    source_id="nvd",
    title="National Vulnerability Database",
    group="sector_exposure",
    read=read,
    tables=("vulnerabilities",),
    reliability="A",
    reliability_reason="The public reference; scores follow days after publication",
    licence="US government work, public domain",
    expected_every_days=None,
    suffixes=(".json",),
    url="https://services.nvd.nist.gov/rest/json/cves/2.0",
    hosts=("services.nvd.nist.gov",),
)
