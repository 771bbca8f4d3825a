"""Vendors and products of a CSAF advisory, by product id."""

from typing import Any

from pipeline.sources.fields import at, mappings, strings, unique

MAX_NAMES = 20


class Products:
    """The product tree as a table: product id to vendor and product name."""

    def __init__(self, advisory: dict[str, Any]) -> None:
        self.by_id: dict[str, tuple[str | None, str | None]] = {}
        waiting: list[tuple[dict[str, Any], str | None, str | None]] = [
            (branch, None, None)
            for branch in reversed(mappings(at(advisory, "product_tree.branches")))
        ]
        while waiting:
            branch, vendor, product = waiting.pop()
            name = next(iter(strings(branch.get("name"))), None)
            vendor = name if branch.get("category") == "vendor" else vendor
            product = name if branch.get("category") == "product_name" else product
            self._add(branch.get("product"), vendor, product)
            inner = mappings(branch.get("branches"))
            waiting += [(child, vendor, product) for child in reversed(inner)]
        for other in mappings(at(advisory, "product_tree.full_product_names")):
            self._add(other, None, None)
        self._add_compositions(advisory)

    def _add(self, leaf: object, vendor: str | None, product: str | None) -> None:
        for found in mappings(leaf):
            name = next(iter(strings(found.get("name"))), None)
            for product_id in strings(found.get("product_id")):
                self.by_id[product_id] = (vendor, product or name)

    def _add_compositions(self, advisory: dict[str, Any]) -> None:
        for relationship in mappings(at(advisory, "product_tree.relationships")):
            of = next(iter(strings(relationship.get("product_reference"))), "")
            for composed in strings(at(relationship, "full_product_name.product_id")):
                self.by_id[composed] = self.by_id.get(of, (None, None))

    def affected_by(self, vulnerability: dict[str, Any]) -> tuple[list[str], list[str]]:
        """Vendors and product names that a vulnerability affects."""
        status = vulnerability.get("product_status")
        ids = strings(at(status, "known_affected")) or strings(at(status, "first_affected"))
        found = [self.by_id[product_id] for product_id in ids if product_id in self.by_id]
        vendors = unique(vendor for vendor, _ in found if vendor)
        names = unique(name for _, name in found if name)
        return vendors[:MAX_NAMES], names[:MAX_NAMES]
