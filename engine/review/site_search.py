"""What the search of the documentation finds: a script that holds a list, so that it needs no request.

Next: `review/pages/site.js`, which looks into it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from engine.review import links
from engine.review.atlas import Atlas

KINDS = (
    "entity",
    "field of an entity",
    "mapping",
    "mapped field",
    "system",
    "record set",
    "source field",
    "Haplo attribute",
    "setting",
    "lookup",
    "endpoint",
    "source field, not in use",
    "page",
)
"""What things are, those first that come first among equally good ones."""
Entry = tuple[str, str, str, str]
"""A name, its kind, what it belongs to, and where it stands."""


def search_index(atlas: Atlas) -> str:
    """Return the script; a line for each thing, so that a change of one is a change of one line."""
    lines = [
        json.dumps([name, KINDS.index(kind), about, url], ensure_ascii=True)
        for name, kind, about, url in _entries(atlas)
    ]
    kinds = json.dumps(KINDS)
    return f'window.haplomapIndex = {{"kinds": {kinds}, "entries": [\n' + ",\n".join(lines) + "\n]};\n"


def _entries(atlas: Atlas) -> Iterator[Entry]:
    yield from _of_entities(atlas)
    for (source, entity), lineage in atlas.lineages.items():
        yield f"{entity} from {source}", "mapping", "", links.mapping_url(source, entity)
        for node in lineage.of("field", "part"):
            at = links.mapping_url(source, entity, links.anchor_of(node))
            yield node.name, "mapped field", f"{entity} from {source}", at
    yield from _of_sources(atlas)
    for entity, bound in atlas.bound.items():
        for name, one in bound.items():
            about = f"the code of each {entity}" if one.is_code else entity
            yield name, "Haplo attribute", about, links.haplo_url(entity, name)
    for group, members in atlas.settings.items():
        for name, setting in members.items():
            yield f"{group}.{name}", "setting", setting.description, links.setting_url(f"{group}.{name}")
    for name, lookup in atlas.lookups.items():
        yield name, "lookup", lookup.description, links.lookup_url(name)
    for title, url in (("Personal data", links.PERSONAL), ("Haplo attributes", links.ATTRIBUTES)):
        yield title, "page", "", url


def _of_entities(atlas: Atlas) -> Iterator[Entry]:
    for entity, schema in atlas.schemas.items():
        yield entity, "entity", schema.title, links.entity_url(entity)
        for name in schema.fields:
            yield name, "field of an entity", entity, links.entity_url(entity, name)


def _of_sources(atlas: Atlas) -> Iterator[Entry]:
    for source, document in atlas.sources.items():
        yield source, "system", document.title, links.system_url(source)
        for endpoint in document.endpoints:
            yield endpoint, "endpoint", source, links.system_url(source, endpoint)
        for _, name, record_set in document.sets():
            yield name, "record set", source, links.set_url(source, name)
            for field in record_set.fields:
                used = (source, name, field) in atlas.used
                kind = "source field" if used else "source field, not in use"
                yield field, kind, f"{name} of {source}", links.set_url(source, name, field)
