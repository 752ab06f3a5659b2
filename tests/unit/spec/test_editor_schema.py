"""The JSON Schemas of single documents: shipped documents fit theirs, and a misspelt name does not."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError

from engine.spec.editor_schema import editor_schema
from engine.spec.load import Loaded
from engine.spec.mapping import Mapping
from engine.spec.project import Project, open_project
from engine.spec.query import World, findings
from engine.spec.relation import Reading
from engine.spec.scope import Scope

ROOT = Path(__file__).parents[3]
At = tuple[str | int, ...]
NAMED = ("from", "first_of", "case", "else", "setting", "collect", "lookup", "set", "union", "field", "when", "unless")
"""Keys of a mapping below which a name stands, or a list of names."""
MAPS = ("by", "where")
"""Keys below which the keys are names, and those of `by` the values too."""


@cache
def project(folder: str = ".") -> Project:
    return open_project(ROOT / folder)


@cache
def validator(kind: str, name: str, folder: str = ".") -> Draft202012Validator:
    loaded = project(folder).documents[kind, name]
    schema = editor_schema(project(folder), loaded)
    assert schema is not None
    return Draft202012Validator(schema)


MAPPINGS = sorted(project().names("mapping"))
BINDINGS = sorted(project().names("binding"))
SCHOOLS = [("examples/demo", "waters-edge"), ("examples/isams", "brook-hall")]


@pytest.mark.parametrize("name", MAPPINGS)
def test_a_shipped_mapping_fits_its_schema(name: str) -> None:
    validator("mapping", name).validate(project().documents["mapping", name].document.data)


@pytest.mark.parametrize(("kind", "name"), [("mapping", "isams/group"), ("binding", "student"), ("school", "")])
def test_what_is_made_is_a_json_schema(kind: str, name: str) -> None:
    made = validator(kind, name) if name else validator(kind, *reversed(SCHOOLS[0]))
    Draft202012Validator.check_schema(made.schema)
    assert len(json.dumps(made.schema)) < 1_000_000


@pytest.mark.parametrize("name", BINDINGS)
def test_a_shipped_binding_fits_its_schema(name: str) -> None:
    validator("binding", name).validate(project().documents["binding", name].document.data)


@pytest.mark.parametrize(("folder", "name"), SCHOOLS)
def test_a_school_of_the_examples_fits_its_schema(folder: str, name: str) -> None:
    validator("school", name, folder).validate(project(folder).documents["school", name].document.data)


def misspellings(data: dict[str, Any], seen: set[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield copies of a mapping with one name misspelt, for each kind of place not seen before; SQL is none."""
    for at, key in names_of(data):
        what = "/".join(str(step) for step in at if not isinstance(step, int))
        kind = f"{at[0]}:{[step for step in at if step in (*NAMED, *MAPS, 'order', 'fields')][-1:]}:{key}"
        if kind in seen:
            continue
        seen.add(kind)
        changed = copy.deepcopy(data)
        inner = changed
        for step in at[:-1]:
            inner = inner[step]  # type: ignore[index]
        if key:
            inner[f"{at[-1]}x"] = inner.pop(at[-1])  # type: ignore[arg-type]
        else:
            inner[at[-1]] += "x"  # type: ignore[index]
        yield f"{'key' if key else 'value'} {what}", changed


def names_of(value: Any, at: At = (), within: str = "") -> Iterator[tuple[At, bool]]:
    """Yield where names stand: paths, and whether the key there is meant, or the value."""
    if isinstance(value, dict):
        for key, child in value.items():
            path = (*at, key)
            if within in MAPS or (within == "fields" and at == ("fields",)):
                yield path, True
            if isinstance(child, str) and (key in NAMED or within in ("by", "fields")):
                yield path, False
            yield from names_of(child, path, key)
    elif isinstance(value, list):
        for index, child in enumerate(value):
            if isinstance(child, str) and within in (*NAMED, "order"):
                yield (*at, index), False
            yield from names_of(child, (*at, index), within if isinstance(child, list) else "")


def test_a_name_that_check_does_not_know_does_not_fit() -> None:
    seen: set[str] = set()
    told, missed = 0, []
    for name in MAPPINGS:
        loaded = project().documents["mapping", name]
        for what, data in misspellings(loaded.document.data, seen):
            says = check_says(loaded, data)
            told += bool(says)
            if says and validator("mapping", name).is_valid(data):
                missed.append((name, what, says))
    assert missed == []
    assert told > 30


def check_says(loaded: Loaded, data: dict[str, Any]) -> list[str]:
    """Return what the engine has against the names of a mapping."""
    mapping, whole = Mapping.model_validate(data), project()
    world = World(
        whole.source(mapping.source),
        whole.schema(mapping.mapping),
        whole.lookups(mapping.source),
        whole.setting_types(),
    )
    return [finding.what for finding in findings(mapping, world) if finding.code.startswith("unknown")]


@pytest.mark.parametrize("name", MAPPINGS)
def test_the_names_in_view_are_those_that_the_engine_resolves(name: str) -> None:
    from engine.spec.query import _Builder

    whole, mapping = project(), project().documents["mapping", name].content
    assert isinstance(mapping, Mapping)
    source = whole.source(mapping.source)
    world = World(source, whole.schema(mapping.mapping), whole.lookups(mapping.source), whole.setting_types())
    builder, scope = _Builder(mapping, world, Reading(source.formats, lambda name: name)), Scope(source, mapping)
    for table in mapping.tables:
        relation = builder.relation(table, ())
        assert relation is not None
        assert set(scope.of_relation(table)) == set(relation.names())
    view = builder._view(mapping.from_, mapping.join, ())
    assert view is not None
    assert {each for each in scope.in_view(mapping.from_, mapping.join) if not each.startswith("run.")} == set(
        view.names()
    )


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"config": {"estabs": "1", "school_secret": {"env": "A"}}}, "estabs"),
        ({"config": {"estab": "1", "school_secret": "secret"}}, "secret"),
        ({"entities": ["studnt"]}, "studnt"),
        ({"settings": {"guardians": {"typs": None}}}, "typs"),
        ({"settings": {"guardian": {"types": None}}}, "guardian"),
        ({"settings": {"guardians": {"types": True}}}, "True"),
        ({"settings": {"guardians": {"mailings": ["al"]}}}, "al"),
        ({"override": {"student": {"fields": {"given_nam": "Forename"}}}}, "given_nam"),
        ({"override": {"student": {"remove": ["upm"]}}}, "upm"),
        ({"override": {"studen": {"remove": ["upn"]}}}, "studen"),
        ({"runs": {"nightly": {"entities": ["studnt"]}}}, "studnt"),
        ({"source": "xportr"}, "xportr"),
        ({"application": "schol"}, "schol"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_misspelt_name_in_a_school_file_does_not_fit(change: dict[str, Any], says: str) -> None:
    folder, name = SCHOOLS[0]
    data = {**project(folder).documents["school", name].document.data, **change}
    with pytest.raises(ValidationError) as told:
        validator("school", name, folder).validate(data)
    assert says in str(told.value)


@pytest.mark.parametrize(
    "change",
    [
        {"binding": "studnt"},
        {"names": {"a:b": "given_nam"}},
        {"names": {"a:b": {"from": "given_nam"}}},
        {"names": {"a:b": {"person_name": {"last": "given_nam"}}}},
        {"removed": {"clear": ["a"], "unless": "students.leaver_stay"}},
    ],
    ids=str,
)
def test_a_misspelt_name_in_a_binding_does_not_fit(change: dict[str, Any]) -> None:
    data = {**project().documents["binding", "student"].document.data, **change}
    with pytest.raises(ValidationError):
        validator("binding", "student").validate(data)


def test_what_a_name_means_stands_beside_it() -> None:
    schema = validator("mapping", "xporter/student").schema
    defs, top = schema["$defs"], schema["properties"]
    given = top["fields"]["properties"]["given_name"]["description"]
    assert given.startswith(project().schema("student").fields["given_name"].description)
    assert "personal data (name)" in given
    # editors show what the innermost definition says: that of a value must leave the word to the field
    assert not {"title", "description"} & set(defs["Value-Rows"])

    def said(of: str, name: str) -> str:
        names = defs[of].get("oneOf") or defs[of]["anyOf"][0]["oneOf"]
        (found,) = [each["description"] for each in names if each["const"] == name]
        return str(found)

    assert said("of-students" if "of-students" in defs else "a_relation", "students").startswith(
        "records of 'students'"
    )
    assert said("a_setting", "students.support_flags").endswith("(boolean; default: false)")
    assert said("a_lookup", "gender") == project().lookups("xporter")["gender"].description
    assert said("field-of-students", "Forename").startswith("students.Forename: text; ")


def test_what_stands_on_something_that_is_not_there_has_no_schema_of_its_own() -> None:
    whole = Project(ROOT, dict(project().documents))
    loaded = whole.documents["mapping", "xporter/student"]
    del whole.documents["source", "xporter"]
    assert editor_schema(whole, loaded) is None
    assert editor_schema(project(), project().documents["schema", "student"]) is None


def test_a_table_that_is_made_of_itself_does_not_make_a_schema_that_is() -> None:
    whole, loaded = project(), project().documents["mapping", "xporter/student"]
    data = copy.deepcopy(loaded.document.data)
    data["tables"] = {"one": {"from": "two"}, "two": {"from": "one", "fields": {"a": "Id"}}}
    looped = Loaded("mapping", loaded.name, Mapping.model_validate(data), loaded.document, loaded.home)
    schema = editor_schema(whole, looped)
    assert schema is not None
    told = [error.message for error in Draft202012Validator(schema).iter_errors({**data, "from": "two"})]
    assert told
