"""Where in the generated documentation each thing stands: its page, and the place in it. Seen from the first page.

Next: `review/atlas`.
"""

from __future__ import annotations

import re

from engine.review.lineage import Lineage, Node

INDEX = "index.html"
SETTINGS = "settings.html"
LOOKUPS = "lookups.html"
ATTRIBUTES = "attributes.html"
PERSONAL = "personal-data.html"
PERSONAL_CSV = "personal-data.csv"


def anchor(kind: str, *parts: str) -> str:
    """Return the id of a place in a page: never the same for different names, and fit for an address as it is."""
    return f"{kind}:" + ".".join(re.sub(r"[^A-Za-z0-9_:-]", lambda each: f"~{ord(each[0]):x}~", part) for part in parts)


def _at(kind: str, *parts: str) -> str:
    return f"#{anchor(kind, *parts)}" if all(parts) else ""


def system_url(source: str, endpoint: str = "") -> str:
    return f"systems/{source}.html{_at('endpoint', endpoint)}"


def set_url(source: str, name: str, field: str = "") -> str:
    return f"systems/{source}/{name}.html{_at('field', field)}"


def entity_url(entity: str, field: str = "") -> str:
    return f"entities/{entity}.html{_at('field', field)}"


def mapping_url(source: str, entity: str, at: str = "") -> str:
    """Return a mapping's page; `at` is an anchor of it."""
    return f"mappings/{source}/{entity}.html{'#' + at if at else ''}"


def haplo_url(entity: str, name: str = "") -> str:
    return f"haplo/{entity}.html{_at('name', name)}"


def attribute_url(attribute: str) -> str:
    return f"{ATTRIBUTES}{_at('attribute', attribute)}"


def setting_url(name: str) -> str:
    return f"{SETTINGS}{_at('setting', *name.split('.'))}"


def lookup_url(document: str) -> str:
    """Return a lookup's page, by the name of its document: `country`, or `system/country`."""
    return f"lookups/{document}.html"


def anchor_of(node: Node) -> str:
    """Return the place of a node in the page of its mapping."""
    if node.kind == "rows":
        return "rows"
    if node.kind == "part":
        return anchor("field", *node.name.split("."))
    return anchor(node.kind, *([node.of] if node.of else []), node.name)


def node_url(lineage: Lineage, node: Node, lookup: str = "") -> str:
    """Return where a node of a lineage stands; `lookup` is the name of its document."""
    if node.kind == "source":
        return set_url(lineage.source, node.of, node.name)
    if node.kind == "setting":
        return setting_url(node.name)
    if node.kind == "lookup":
        return lookup_url(lookup or node.name)
    if node.kind == "haplo":
        return haplo_url(lineage.entity, node.name)
    if node.kind == "run":
        return mapping_url(lineage.source, lineage.entity)
    return mapping_url(lineage.source, lineage.entity, anchor_of(node))
