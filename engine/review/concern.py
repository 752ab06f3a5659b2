"""Whom a part of the documents concerns: the target fields that stand on it, by the lineage of each mapping.

Next: `review/meaning`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from engine.review.lineage import ROWS, Lineage
from engine.review.unit import Path, Unit

Graphs = Mapping[tuple[str, str], Lineage]


def concerns(unit: Unit, path: Path, graphs: Graphs) -> list[str]:
    """Return whom a part of a unit concerns, in words."""
    if unit.kind == "mapping":
        source, _, entity = unit.name.partition("/")
        graph = graphs.get((source, entity))
        return [] if graph is None else _of_mapping(graph, path)
    if unit.kind == "lookup":
        owner, _, name = unit.name.rpartition("/")
        return _everywhere(f"lookup:{name}", {key: each for key, each in graphs.items() if owner in ("", key[0])})
    if unit.kind == "school" and path[0] == "override" and path[2:]:
        graph = graphs.get((unit.form["source"], path[1]))
        return [] if graph is None else _of_mapping(graph, ("fields", path[-1]))
    return _everywhere(f"setting:{unit.name}", graphs) if unit.kind == "setting" else []


def _everywhere(node: str, graphs: Graphs) -> list[str]:
    return [
        f"{source}/{entity}: {each}"
        for (source, entity), graph in graphs.items()
        if node in graph.nodes
        for each in [", ".join(_fields(graph, [node]))]
        if each
    ]


def _of_mapping(graph: Lineage, path: Path) -> list[str]:
    if path[0] == "fields":
        if f"field:{path[1]}" not in graph.nodes:
            return []
        return sorted({graph.nodes[f"haplo:{name}"].of for name in graph.haplo(f"field:{path[1]}")})
    if path[0] in ("from", "one_per", "known_by", "when", "where") or not path[1:]:
        return _said_rows(graph)
    if path[0] == "join":
        return _fields(graph, _by_way_of(graph, path[1]))
    table = path[1]
    match path[2:]:
        case ("fields", name):
            return _fields(graph, [f"table:{table}.{name}"])
        case ("where", rule):
            return _fields(graph, [f"rule:{table}/{rule}"])
        case ("join", alias):
            return _fields(graph, _by_way_of(graph, alias))
    own = [node.id for node in graph.of("table", "rule") if node.of == table]
    return _fields(graph, [*own, *_by_way_of(graph, table)])


def _said_rows(graph: Lineage) -> list[str]:
    return [f"which rows of {graph.entity} there are"]


def _by_way_of(graph: Lineage, name: str) -> list[str]:
    """Return what a value gets to by way of a join or a table."""
    return list(dict.fromkeys(edge.target for edge in graph.edges if name in edge.way))


def _fields(graph: Lineage, nodes: Iterable[str]) -> list[str]:
    """Return the target fields that stand on some nodes, in the order of the mapping; rows as such first."""
    reached = {each for node in nodes if node in graph.nodes for each in graph.onward(node)}
    fields = [node.name for node in graph.of("field") if node.id in reached]
    known = [f"known_by.{node.name}" for node in graph.of("known") if node.id in reached]
    return [*(_said_rows(graph) if ROWS in reached else []), *fields, *known]
