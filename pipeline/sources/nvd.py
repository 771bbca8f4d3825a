"""NVD CVE API 2.0: what is said of a CVE, its best CVSS score and the products affected, by CPE."""

from collections.abc import Iterator
from typing import Any

from pipeline.errors import DeliveryError
from pipeline.sources.affected import (
    all_versions,
    cpe_parts,
    statement,
    unknown_versions,
    version_range,
)
from pipeline.sources.archive import documents
from pipeline.sources.base import Delivery, Row, Rows, Source
from pipeline.sources.fields import Cells, at, items, mappings
from pipeline.sources.parsing import as_json, chunked, json_object

TABLE = "vulnerabilities"
METRICS = ("cvssMetricV40", "cvssMetricV31", "cvssMetricV30", "cvssMetricV2")


def read(delivery: Delivery) -> Iterator[Rows]:
    """Rows of `vulnerabilities`, one per CVE and answer of the API."""
    yield from chunked(TABLE, _rows(delivery))


def _rows(delivery: Delivery) -> Iterator[Row]:
    number = 0
    for document in documents(delivery, (".json",)):
        entries = json_object(document.name, document.data).get("vulnerabilities")
        if not isinstance(entries, list):
            raise DeliveryError(
                document.name,
                "has no list `vulnerabilities`.",
                "Check that it is an answer of the NVD CVE API 2.0.",
            )
        for entry in entries:
            number += 1
            yield _row(number, entry)


def _row(number: int, entry: Any) -> Row:
    said = Cells({"cve": at(entry, "cve")})
    score = Cells(_score(at(entry, "cve.metrics")))
    published = said.moment("cve.published", required=True)
    return {
        "source_row": number,
        "record": as_json(entry),
        "cve_id": said.cve("cve.id", required=True),
        "published_date": published and published.date(),
        "disclosed_at": said.moment("cve.lastModified") or published,
        "statement_key": said.text("cve.id"),
        "is_withdrawn": said.text("cve.vulnStatus") == "Rejected",
        "affected": list(_affected(at(entry, "cve.configurations"))),
        "cvss_version": score.text("version"),
        "cvss_vector": score.text("vectorString"),
        "cvss_base_0_10": score.number("baseScore", 0, 10),
        "problems": said.problems + score.problems,
    }


def _affected(configurations: Any) -> Iterator[dict[str, Any]]:
    """The vulnerable products of the configurations, with their versions."""
    waiting = [node for one in mappings(configurations) for node in mappings(one.get("nodes"))]
    for match in [match for node in waiting for match in mappings(node.get("cpeMatch"))]:
        cells = Cells(match)
        cpe = cpe_parts(cells.text("criteria"))
        if cpe and match.get("vulnerable") is True:
            yield statement(cpe[0], cpe[1], _versions(cells, cpe[2]))


def _versions(cells: Cells, version: str) -> dict[str, Any]:
    low, low_open = cells.text("versionStartIncluding"), cells.text("versionStartExcluding")
    high, high_open = cells.text("versionEndIncluding"), cells.text("versionEndExcluding")
    if low or low_open or high or high_open:
        return version_range(
            low or low_open,
            high or high_open,
            is_low_open=low is None and low_open is not None,
            is_high_open=high is None and high_open is not None,
        )
    if version == "-":
        return unknown_versions()
    return all_versions() if version == "*" else version_range(version, version)


def _score(metrics: Any) -> dict[str, Any]:
    """The newest CVSS version stated, from NVD itself where it has scored."""
    stated = (mappings(items(at(metrics, name))) for name in METRICS)
    newest = next((metric for metric in stated if metric), [])
    best = min(newest, key=lambda metric: metric.get("type") != "Primary", default={})
    data = best.get("cvssData")
    return data if isinstance(data, dict) else {}


SOURCE = Source(
    source_id="nvd",
    title="National Vulnerability Database",
    group="sector_exposure",
    read=read,
    tables=(TABLE,),
    reliability="A",
    reliability_reason="The public reference; scores follow days after publication",
    licence="US government work, public domain",
    suffixes=(".json", ".json.gz", ".zip", ".tar.gz"),
    url="https://services.nvd.nist.gov/rest/json/cves/2.0",
    hosts=("services.nvd.nist.gov",),
)
