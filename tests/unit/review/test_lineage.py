"""The lineage of a small mapping is written down here by hand; that of all shipped ones agrees with their SQL."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.review.lineage import ROWS, Edge, Lineage
from engine.review.tracing import lineage, lineages
from engine.run.soundness import sound_project
from engine.spec.project import Project, open_project
from engine.spec.query import World, build
from engine.spec.relation import Reading

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def member(folder: Path) -> Lineage:
    return lineage(sound_project(folder), "orchard", "member")


def into(found: Lineage, node: str) -> set[tuple[str, str, tuple[str, ...]]]:
    return {(edge.origin, edge.role, edge.way) for edge in found.into(node)}


def test_a_value_leads_back_through_tables_to_its_fields(member: Lineage) -> None:
    assert into(member, "field:name") == {("table:named.shown", "value", ())}
    assert into(member, "table:named.shown") == {
        ("source:people.nick", "value", ()),
        ("source:people.name", "value", ()),
    }
    assert member.sources("field:name") == [("people", "nick"), ("people", "name")]
    assert member.sources("field:source_id") == [("people", "id")]
    assert member.nodes["table:named.shown"].said == "the first of nick, name that has a value, cleaned (squeeze)"
    assert str(member.nodes["table:named.shown"].place) == "mappings/orchard/member.yaml:8:7"
    assert str(member.nodes["source:people.nick"].place) == "mappings/orchard/source.yaml:20:11"
    assert (member.nodes["source:people.nick"].pii, member.nodes["source:people.nick"].scope) == ("name", "Names")


def test_a_field_of_a_table_keeps_the_way_that_it_came(member: Lineage) -> None:
    assert into(member, "field:source_id") == {("source:people.id", "value", ("named",))}


def test_a_join_says_what_its_record_is_found_by(member: Lineage) -> None:
    assert into(member, "field:town") == {
        ("source:homes.town", "value", ("home",)),
        ("source:homes.town", "order", ()),
        ("source:homes.person", "key", ()),
        ("source:people.id", "key", ("named",)),
        ("source:homes.main", "where", ()),
    }
    assert member.sources("field:town") == [("homes", "town")]
    assert member.sources("field:town", None) == [
        ("homes", "town"),
        ("homes", "person"),
        ("people", "id"),
        ("homes", "main"),
    ]
    assert member.nodes["source:homes.town"].scope == "Homes"


def test_a_list_of_records_has_its_parts_and_the_rules_of_its_records(member: Lineage) -> None:
    assert into(member, "field:phones") == {
        ("source:phones.person", "key", ("called",)),
        ("source:people.id", "key", ("named",)),
        ("source:phones.rank", "order", ("called",)),
        ("rule:called/kinds", "rule", ()),
        ("part:phones.number", "value", ()),
        ("part:phones.kind", "value", ()),
    }
    assert member.nodes["part:phones.number"].pii == "contact"  # that of the whole list, as it has none of its own
    assert member.nodes["part:phones.kind"].said == "by kind: m → 'mobile'; else kind"
    assert member.settings("field:phones") == ["members.kinds"]
    assert [rule.name for rule in member.rules("field:phones")] == ["kinds"]


def test_lookups_settings_and_the_run_are_told_apart(member: Lineage) -> None:
    assert into(member, "field:colour") == {
        ("source:people.colour", "value", ("named",)),
        ("lookup:colours", "lookup", ()),
    }
    assert into(member, "field:greeting") == {
        ("setting:members.greeting", "setting", ()),
        ("table:named.shown", "value", ()),
        ("run:title", "run", ()),
    }
    assert member.lookups("field:colour") == ["colours"]
    assert member.nodes["lookup:colours"].place is not None
    assert str(member.nodes["setting:members.greeting"].place) == "schemas/settings.yaml:5:5"


def test_the_rows_have_the_rules_that_leave_records_out(member: Lineage) -> None:
    assert [(rule.of, rule.name, rule.said) for rule in member.rules()] == [
        ("", "born", "born > DATE '1900-01-01'"),
        ("named", "has-name", "name has a value"),
    ]
    assert set(member.sources(ROWS, None)) == {("people", "born"), ("people", "name")}


def test_what_a_row_is_known_by_is_there_too(member: Lineage) -> None:
    assert member.sources("known:birth") == [("people", "born")]


def test_a_field_ends_in_the_attributes_that_it_fills(member: Lineage) -> None:
    assert member.haplo("source:people.nick") == ["dc:attribute:title"]
    assert member.haplo("field:phones") == []  # a part of it alone is sent
    assert member.haplo("source:phones.number") == ["x:attribute:number"]
    assert Edge("part:phones.number", "haplo:x:attribute:number") in member.edges
    assert member.haplo("field:greeting") == []
    town = member.bound["x:attribute:town"]
    assert (town.attribute, str(town.place)) == ("x:attribute:town", "schemas/haplo/member.yaml:6:3")
    assert town.paths == (
        "instructions[1].else[2] (town)",
        "instructions[1].else[3] (town → object/x:attribute:town)",
    )
    assert town.instructions[1] == {"source": "town", "destination": "object", "name": "x:attribute:town"}
    assert member.bound["x:attribute:status"].said == "always 'present'"


def test_the_key_ends_in_the_code_by_which_haplo_finds_the_object(member: Lineage) -> None:
    assert member.haplo("source:people.id") == ["_code"]
    assert into(member, "haplo:_code") == {("field:source_id", "value", ())}
    code = member.bound["_code"]
    assert code.attribute == member.nodes["haplo:_code"].of == "std:attribute:configured-behaviour"
    assert str(code.place) == "schemas/member.yaml:5:3"
    # looked for by it, and given to one that is new; where the row is gone, only looked for
    assert [each.partition(" ")[0] for each in code.paths] == [
        "instructions[0]",
        "instructions[1].else[0].otherwise[1]",
    ]
    assert [each["name"] for each in code.instructions] == ["ref", "std:attribute:configured-behaviour"]


def test_a_school_that_maps_a_field_otherwise_has_a_lineage_of_its_own(folder: Path) -> None:
    (folder / "schools").mkdir()
    (folder / "schools" / "hill.yaml").write_text(
        "school: hill\nsource: orchard\nconfig: {key: {env: KEY}}\nentities: [member]\n"
        "override:\n  member:\n    fields: {name: {from: name}}\n    remove: [town]\n"
    )
    project = sound_project(folder)
    found = lineage(project, "orchard", "member", project.school("hill"))
    assert into(found, "field:name") == {("source:people.name", "value", ("named",))}
    assert str(found.nodes["field:name"].place) == "schools/hill.yaml:7:14"
    assert "field:town" not in found.nodes
    assert "haplo:x:attribute:town" not in found.nodes


@pytest.fixture(scope="module")
def shipped() -> Project:
    return open_project(ROOT)


def test_every_shipped_mapping_is_made_of_what_its_sql_is_made_of(shipped: Project) -> None:
    found = lineages(shipped)
    assert len(found) == len(shipped.names("mapping")) >= 30
    for (source, entity), one in found.items():
        of, mapping = shipped.source(source), shipped.mapping(source, entity)
        world = World(of, shipped.schema(entity), shipped.lookups(source), shipped.setting_types())
        query = build(mapping, world, Reading(of.formats, lambda name: name))
        for name, uses in query.lineage.items():
            values, all_ = set(one.sources(f"field:{name}")), set(one.sources(f"field:{name}", None))
            assert values <= set(uses) <= all_, (source, entity, name)
        for use in {use for uses in query.lineage.values() for use in uses}:
            targets = [
                shipped.schema(entity).fields[name] for name in query.lineage if use in one.sources(f"field:{name}")
            ]
            assert set(query.becomes.get(use, ())) == {kind for each in targets for kind in each.kinds()}, use
        # all that is asked of a source is in the graph, but for keys, which tell records of a set apart
        read = {(name, field) for name, fields in query.used.items() for field in fields}
        keys = {(name, key) for _, name, each in of.sets() for key in each.key or []}
        drawn = {(node.of, node.name) for node in one.of("source")}
        assert drawn <= read, (source, entity)
        assert read - drawn <= keys, (source, entity)
