"""Vendors, products and versions of a CSAF advisory, by product id."""

from typing import Any, NamedTuple

from pipeline.sources.affected import statement, unknown_versions, versions_of
from pipeline.sources.fields import at, mappings, strings, unique
from pipeline.sources.parsing import json_bytes

MAX_NAMES = 20
VERSIONS = ("product_version", "product_version_range")
STATUSES = {
    "known_affected": "affected",
    "first_affected": "affected",
    "last_affected": "affected",
    "known_not_affected": "not_affected",
    "fixed": "fixed",
    "first_fixed": "fixed",
}
SAID = ("product_status", "threats", "flags")
Named = tuple[str | None, str | None, str | None]
"""Vendor, product and version as the tree writes them."""


class About(NamedTuple):
    """Vendors and products that a vulnerability affects, and what is said of each product."""

    vendors: list[str]
    names: list[str]
    statements: list[dict[str, Any]]


class Products:
    """The product tree as a table: product id to vendor, product and version."""

    def __init__(self, advisory: dict[str, Any]) -> None:
        self.by_id: dict[str, Named] = {}
        self.said: dict[bytes, About] = {}
        self.groups = {
            group_id: strings(group.get("product_ids"))
            for group in mappings(at(advisory, "product_tree.product_groups"))
            for group_id in strings(group.get("group_id"))
        }
        self._add_branches(mappings(at(advisory, "product_tree.branches")))
        for other in mappings(at(advisory, "product_tree.full_product_names")):
            self._add(other, (None, None, None))
        self._add_compositions(advisory)

    def _add_branches(self, branches: list[dict[str, Any]]) -> None:
        waiting: list[tuple[dict[str, Any], Named]] = [
            (branch, (None, None, None)) for branch in reversed(branches)
        ]
        while waiting:
            branch, (vendor, product, version) = waiting.pop()
            category, name = branch.get("category"), next(iter(strings(branch.get("name"))), None)
            if category == "vendor":
                vendor = name
            elif category == "product_name":
                product = name
            elif category in VERSIONS:
                version = name
            named = (vendor, product, version)
            self._add(branch.get("product"), named)
            inner = mappings(branch.get("branches"))
            waiting += [(child, named) for child in reversed(inner)]

    def _add(self, leaf: object, named: Named) -> None:
        for found in mappings(leaf):
            name = next(iter(strings(found.get("name"))), None)
            for product_id in strings(found.get("product_id")):
                self.by_id[product_id] = (named[0], named[1] or name, named[2])

    def _add_compositions(self, advisory: dict[str, Any]) -> None:
        for relationship in mappings(at(advisory, "product_tree.relationships")):
            of = next(iter(strings(relationship.get("product_reference"))), "")
            for composed in strings(at(relationship, "full_product_name.product_id")):
                self.by_id[composed] = self.by_id.get(of, (None, None, None))

    def of(self, vulnerability: dict[str, Any]) -> About:
        """What a vulnerability is about; most of an advisory say the same, word for word."""
        words = json_bytes([vulnerability.get(part) for part in SAID])
        if words not in self.said:
            vendors, names = self._affected_by(vulnerability)
            self.said[words] = About(vendors, names, self._statements(vulnerability))
        return self.said[words]

    def _affected_by(self, vulnerability: dict[str, Any]) -> tuple[list[str], list[str]]:
        status = vulnerability.get("product_status")
        ids = strings(at(status, "known_affected")) or strings(at(status, "first_affected"))
        found = [self.by_id[product_id] for product_id in ids if product_id in self.by_id]
        vendors = unique(vendor for vendor, _, _ in found if vendor)
        names = unique(name for _, name, _ in found if name)
        return vendors[:MAX_NAMES], names[:MAX_NAMES]

    def _statements(self, vulnerability: dict[str, Any]) -> list[dict[str, Any]]:
        """What the advisory says of each product whose vendor it names, each statement once."""
        reasons = self._reasons(vulnerability)
        said = {
            (*self.by_id[product_id], status, reasons.get(product_id))
            for place, status in STATUSES.items()
            for product_id in strings(at(vulnerability, f"product_status.{place}"))
            if product_id in self.by_id
        }
        return [
            statement(
                vendor,
                product,
                versions_of(version) if version else unknown_versions(),
                status=status,
                justification=reason if status != "affected" else None,
            )
            for vendor, product, version, status, reason in sorted(said, key=_in_order)
            if vendor and product
        ]

    def _reasons(self, vulnerability: dict[str, Any]) -> dict[str, str]:
        """Why a product is not affected: its flag, else the impact told of it."""
        impacts = [
            (one, "; ".join(strings(one.get("details"))))
            for one in mappings(vulnerability.get("threats"))
            if one.get("category") == "impact"
        ]
        flags = [
            (one, "; ".join(strings(one.get("label"))))
            for one in mappings(vulnerability.get("flags"))
        ]
        return {
            product_id: reason
            for about, reason in [*impacts, *flags]
            for product_id in self._members(about)
            if reason
        }

    def _members(self, about: dict[str, Any]) -> list[str]:
        in_groups = [
            product_id
            for group_id in strings(about.get("group_ids"))
            for product_id in self.groups.get(group_id, [])
        ]
        return [*strings(about.get("product_ids")), *in_groups]


def _in_order(said: tuple[str | None, ...]) -> tuple[str, ...]:
    return tuple(part or "" for part in said)
