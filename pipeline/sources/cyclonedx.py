"""CycloneDX bills of materials (JSON): what a supplier's product consists of, and its VEX.

The product is the component of the metadata; our id of the supplier is its property
`sector-risk:supplier_id`, else the supplier's name as stated; `sector-risk:reach` (internet, ics or
internal) says how its users run it. The product and its parts become
assets, statements on vulnerabilities become findings of the product. A bill that carries statements
covers its own product alone.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any

from pipeline.errors import DeliveryError
from pipeline.sources.base import Delivery, Row, Rows, Source
from pipeline.sources.cells import CellError, choice, identifier
from pipeline.sources.fields import Cells, at, items, mappings
from pipeline.sources.parsing import as_json, chunked, json_object

PROPERTY = "sector-risk:supplier_id"
REACH = "sector-risk:reach"
STATES = {
    "exploitable": "open",
    "in_triage": "open",
    "resolved": "fixed",
    "resolved_with_pedigree": "fixed",
    "not_affected": "not_affected",
    "false_positive": "not_affected",
}
_START = b"<"
reach = choice("internet", "ics", "internal")


def read(delivery: Delivery) -> Iterator[Rows]:
    """Rows of `assets` and of `findings`."""
    data = delivery.path.read_bytes()
    if data.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(_START):
        raise DeliveryError(delivery.name, "It is XML.", "Export the bill of materials as JSON.")
    bill = json_object(delivery.name, data)
    if bill.get("bomFormat") != "CycloneDX":
        raise DeliveryError(
            delivery.name, "It does not say bomFormat CycloneDX.", "Hand it to the right source."
        )
    product = at(bill, "metadata.component")
    if not isinstance(product, dict):
        raise DeliveryError(
            delivery.name, "metadata.component is missing.", "State which product the bill is for."
        )
    owner = _owner(bill, product)
    yield from chunked("assets", _assets(bill, product, owner))
    yield from chunked("findings", _findings(bill, owner))


def _owner(bill: dict[str, Any], product: dict[str, Any]) -> Row:
    """Supplier and asset id of the product, with what is wrong about them."""
    stated = _properties(bill, product, PROPERTY)
    names = (at(bill, "metadata.supplier.name"), at(product, "supplier.name"))
    owner: Row = {"supplier_id": None, "asset_id": None, "reach": None, "problems": []}
    for column, parse, written in (
        ("supplier_id", identifier, next((name for name in (*stated, *names) if name), None)),
        ("asset_id", identifier, product.get("bom-ref") or product.get("name")),
        ("reach", reach, next(iter(_properties(bill, product, REACH)), None)),
    ):
        try:
            owner[column] = parse(str(written or ""), "")
        except CellError as error:
            owner["problems"].append(f"{column} {error}")
    if not owner["supplier_id"]:
        owner["problems"].append(f"No supplier is named. Add the property {PROPERTY}.")
    return owner


def _properties(bill: dict[str, Any], product: dict[str, Any], name: str) -> list[Any]:
    stated = mappings(at(bill, "metadata.properties")) + mappings(product.get("properties"))
    return [part.get("value") for part in stated if part.get("name") == name]


def _assets(bill: dict[str, Any], product: dict[str, Any], owner: Row) -> Iterator[Row]:
    for number, part in enumerate([product, *_parts(bill)], 1):
        cells = Cells(part)
        name = cells.text("name", required=True)
        below = "" if number == 1 else f"/{part.get('bom-ref') or part.get('purl') or name}".upper()
        yield {
            "source_row": number,
            "record": as_json(part),
            "supplier_id": owner["supplier_id"],
            "asset_id": f"{owner['asset_id']}{below}",
            "reach": owner["reach"],
            "vendor": cells.text("supplier.name") or cells.text("publisher") or cells.text("group"),
            "product": name,
            "product_version": cells.text("version"),
            "cpe": cells.text("cpe"),
            "problems": owner["problems"] + cells.problems,
        }


def _parts(bill: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Components and their components, however deep."""
    waiting = mappings(bill.get("components"))[::-1]
    while waiting:
        part = waiting.pop()
        yield part
        waiting.extend(mappings(part.get("components"))[::-1])


def _findings(bill: dict[str, Any], owner: Row) -> Iterator[Row]:
    stated = Cells(bill).day("metadata.timestamp")
    if "vulnerabilities" not in bill:
        return
    shared: Row = {"supplier_id": owner["supplier_id"], "asset_id": owner["asset_id"]}
    yield shared | {
        "source_row": 1,
        "record": as_json(bill.get("metadata")),
        "status": "scanned",
        "last_seen": stated,
        "is_inferred": False,
        "problems": owner["problems"],
    }
    for number, said in enumerate(items(bill["vulnerabilities"]), 2):
        yield shared | _statement(number, said, stated, owner["problems"])


def _statement(number: int, said: Any, stated: date | None, problems: list[str]) -> Row:
    """One vulnerability; without an analysis it is only concluded from the parts."""
    cells = Cells(said if isinstance(said, dict) else {"id": str(said)})
    state = cells.choice("analysis.state", STATES)
    status = state or "open"
    return {
        "source_row": number,
        "record": as_json(said),
        "cve_id": cells.cve("id", required=True),
        "status": status,
        "first_seen": cells.day("analysis.firstIssued") or (stated if status == "open" else None),
        "last_seen": stated,
        "fixed_on": (cells.day("analysis.lastUpdated") or stated) if status == "fixed" else None,
        "is_inferred": state is None,
        "justification": _justification(cells) if status != "open" else None,
        "problems": problems + cells.problems,
    }


def _justification(cells: Cells) -> str | None:
    """Why the product is not, or no longer, affected: the word chosen and what is told of it."""
    stated = [cells.text(f"analysis.{name}") for name in ("justification", "detail")]
    return ": ".join(part.replace("_", " ") for part in stated if part) or None


SOURCE = Source(
    source_id="cyclonedx",
    title="CycloneDX bills of materials and VEX",
    group="sector_exposure",
    read=read,
    tables=("assets", "findings"),
    reliability="C",
    reliability_reason="Stated by the supplier about its own product",
    licence="Own records",
    suffixes=(".json",),
    tlp="AMBER",
    states_vex=True,
)
