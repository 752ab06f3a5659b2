"""The pages of the generated documentation: which there are, and what each is given. Next: `review/site_write`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from engine.kinds.scope import said as said_scope
from engine.review import drawing, links, words
from engine.review.atlas import Atlas, Field
from engine.review.lineage import Lineage, Node
from engine.review.page import SCRIPT, STYLE, asset, render
from engine.review.personal import Way, as_csv, ways
from engine.review.site_search import search_index
from engine.spec.school import School

Nav = list[tuple[str, list[tuple[str, str]]]]


class Site:
    """Makes the pages of an atlas; `title` stands on each of them."""

    def __init__(self, atlas: Atlas, title: str) -> None:
        self.atlas, self.title = atlas, title
        self._ways = ways(atlas.lineages.values())
        self._kinds: dict[Field, dict[str, None]] = {}
        for way in self._ways:
            self._kinds.setdefault((way.source, way.set, way.field), {})[way.kind] = None
        self._nav = self._index()

    def files(self) -> dict[str, str]:
        """Return the text of every file of the site, by its path."""
        found = {f"assets/{name}": asset(name) for name in (STYLE, SCRIPT)}
        found["assets/search.js"] = search_index(self.atlas)
        found[links.PERSONAL_CSV] = as_csv(way.cells(self.atlas.said(way.node.place)) for way in self._ways)
        for kind in (self._first, self._systems, self._sets, self._entities, self._mappings, self._haplo, self._shared):
            found.update(kind())
        return found

    def _page(self, path: str, template: str, title: str, **names: Any) -> tuple[str, str]:
        shared = {"atlas": self.atlas, "links": links, "words": words, "site": self.title, "nav": self._nav}
        root = "../" * path.count("/")
        return path, render(template, root, title=title, here=path, dumped=_dumped, **shared, **names)

    def _index(self) -> Nav:
        atlas = self.atlas
        rest = [
            ("Personal data", links.PERSONAL),
            ("Haplo attributes", links.ATTRIBUTES),
            ("Settings", links.SETTINGS),
            ("Lookups", links.LOOKUPS),
        ]
        entities = [(schema.title or name, links.entity_url(name)) for name, schema in atlas.schemas.items()]
        systems = [(source.title or name, links.system_url(name)) for name, source in atlas.sources.items()]
        parts = [("Systems", systems), ("Entities", entities), ("More", [("Overview", links.INDEX), *rest])]
        return [(head, each) for head, each in parts if each]

    def _first(self) -> Iterator[tuple[str, str]]:
        atlas = self.atlas
        counts = {}
        for name, source in atlas.sources.items():
            sizes = [len(each.fields) for _, _, each in source.sets()]
            counts[name] = (len(sizes), sum(sizes), sum(its == name for its, _, _ in atlas.used))
        yield self._page(links.INDEX, "index.html", "Overview", counts=counts, personal=len(self._ways))

    def _systems(self) -> Iterator[tuple[str, str]]:
        for name, source in self.atlas.sources.items():
            in_use = {each: sum(key[:2] == (name, each) for key in self.atlas.used) for _, each, _ in source.sets()}
            own = self.atlas.of_source(name)
            path = links.system_url(name)
            yield self._page(path, "system.html", source.title or name, source=source, own=own, in_use=in_use)

    def _sets(self) -> Iterator[tuple[str, str]]:
        atlas = self.atlas
        for source_name, source in atlas.sources.items():
            own = atlas.of_source(source_name)
            for endpoint, name, record in source.sets():
                keys = {field: (source_name, name, field) for field in record.fields}
                drawn = {field: drawing.of_source_field(atlas, key) for field, key in keys.items() if key in atlas.uses}
                yield self._page(
                    links.set_url(source_name, name),
                    "set.html",
                    f"{name} of {source_name}",
                    source=source,
                    name=name,
                    record=record,
                    endpoint_name=endpoint,
                    endpoint=source.endpoints[endpoint],
                    kinds={field: list(self._kinds.get(key, ())) for field, key in keys.items()},
                    scope=said_scope(record.scope),
                    scopes={field: said_scope(spec.scope) for field, spec in record.fields.items() if spec.scope},
                    readers=[each for each in own if name in each.used],
                    used=sum(key in atlas.used for key in keys.values()),
                    pictures={field: picture for field, picture in drawn.items() if picture.boxes},
                    place=atlas.declared[source_name].source_place(name),
                )

    def _entities(self) -> Iterator[tuple[str, str]]:
        atlas = self.atlas
        for entity, schema in atlas.schemas.items():
            own, binding = atlas.of_entity(entity), atlas.bindings.get(entity)
            bound_to: dict[str, list[str]] = {}
            for name, one in atlas.bound.get(entity, {}).items():
                for field in one.fields:
                    bound_to.setdefault(field, []).append(name)
            yield self._page(
                links.entity_url(entity),
                "entity.html",
                schema.title or entity,
                entity=entity,
                schema=schema,
                own=own,
                binding=binding,
                bound_to=bound_to,
                pictures={each.source: drawing.of_entity(atlas, each) for each in own},
                loaded=atlas.loaded("schema", entity),
            )

    def _mappings(self) -> Iterator[tuple[str, str]]:
        atlas = self.atlas
        for (source, entity), lineage in atlas.lineages.items():
            fields, mapping = lineage.of("field"), atlas.mapping(lineage)
            parts = {node.name: _parts(lineage, node) for node in fields}
            becoming = {node.name: _becoming(lineage, [node, *parts[node.name]]) for node in fields}
            yield self._page(
                links.mapping_url(source, entity),
                "mapping.html",
                f"{entity} from {source}",
                source=source,
                entity=entity,
                lineage=lineage,
                mapping=mapping,
                rules=lineage.rules(),
                whole=drawing.of_entity(atlas, lineage),
                pictures={node.name: drawing.of_field(atlas, lineage, node) for node in fields},
                parts=parts,
                becoming=becoming,
                unfilled=[name for name in atlas.schemas[entity].fields if name not in mapping.fields],
                overrides=list(self._overrides(source, entity)),
                loaded=atlas.loaded("mapping", f"{source}/{entity}"),
            )

    def _overrides(self, source: str, entity: str) -> Iterator[tuple[str, str, str, Any]]:
        """Yield what schools map otherwise: the school, the field, how, and where it says so."""
        for loaded in sorted(self.atlas.project.of("school"), key=lambda each: each.name):
            school, document = loaded.content, loaded.document
            assert isinstance(school, School)
            if school.source == source and entity in school.override:
                own = school.override[entity]
                for name, value in own.fields.items():
                    place = document.key_place(("override", entity, "fields", name))
                    yield school.school, name, words.said_value(value), place
                for index, name in enumerate(own.remove):
                    yield school.school, name, "", document.key_place(("override", entity, "remove", index))

    def _haplo(self) -> Iterator[tuple[str, str]]:
        atlas = self.atlas
        attributes: dict[str, list[tuple[str, str, list[str]]]] = {}
        for entity, binding in atlas.bindings.items():
            for name, one in atlas.bound[entity].items():
                attributes.setdefault(one.attribute, []).append((entity, name, one.fields))
            removed = binding.removed.set_ if binding.removed is not None else {}
            yield self._page(
                links.haplo_url(entity),
                "haplo.html",
                f"{entity} in Haplo",
                entity=entity,
                binding=binding,
                bound=atlas.bound[entity],
                own=atlas.of_entity(entity),
                removed_set={name: words.said_constant(value) for name, value in removed.items()},
                loaded=atlas.loaded("binding", entity),
            )
        title = "Haplo attributes"
        yield self._page(links.ATTRIBUTES, "attributes.html", title, attributes=dict(sorted(attributes.items())))

    def _shared(self) -> Iterator[tuple[str, str]]:
        yield self._page(links.SETTINGS, "settings.html", "Settings")
        yield self._page(links.LOOKUPS, "lookups.html", "Lookups")
        for name, lookup in self.atlas.lookups.items():
            place = self.atlas.loaded("lookup", name).document.key_place(("lookup",))
            yield self._page(links.lookup_url(name), "lookup.html", name, name=name, lookup=lookup, place=place)

        def known(of: Callable[[Way], str]) -> list[str]:
            return sorted({of(way) for way in self._ways})

        choices = {"kinds": known(lambda way: way.kind), "uses": known(lambda way: way.use)}
        choices["entities"] = known(lambda way: way.entity)
        yield self._page(links.PERSONAL, "personal.html", "Personal data", ways=self._ways, **choices)


def _parts(lineage: Lineage, node: Node) -> list[Node]:
    return [lineage.nodes[edge.origin] for edge in lineage.into(node.id) if edge.origin.startswith("part:")]


def _becoming(lineage: Lineage, nodes: Iterable[Node]) -> list[str]:
    """Return the names of Haplo that a field, or a part of it, goes to."""
    return list(dict.fromkeys(name for node in nodes for name in lineage.haplo(node.id)))


def _dumped(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)
