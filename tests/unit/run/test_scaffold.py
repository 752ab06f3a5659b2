"""A source that is begun from a description or from an answer: what is found, what is guessed, what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.document import parse
from engine.errors import DocumentError
from engine.run.scaffold import begin_source
from engine.run.scaffold_auth import guess_auth
from engine.run.scaffold_guess import personal, singular, type_of, words_of
from engine.run.scaffold_reading import ScaffoldError
from engine.run.scaffold_schema import Schemas
from engine.run.scaffold_shape import fields_of
from engine.run.scaffold_text import yaml_text
from engine.run.soundness import all_problems
from engine.spec.project import open_project

PUPILS = """<?xml version="1.0"?>
<Export xmlns="urn:some"><Made at="2026-01-01"/><People>
  <Person Id="7" Active="true"><Forename>Ada</Forename><DOB>10/12/2012</DOB><Address><Town>Lincoln</Town></Address>
    <Siblings><Sibling Id="8"/><Sibling Id="9"/></Siblings><Phones><Phone>1</Phone><Phone>2</Phone></Phones></Person>
  <Person Id="08"><Forename>Al</Forename><DOB>23/06/2013</DOB><Siblings/></Person>
</People></Export>"""

PERSON: dict[str, Any] = {
    "type": "object",
    "properties": {
        "id": {"type": ["string", "null"]},
        "forename": {"type": "string"},
        "born": {"type": "string", "format": "date", "example": "31/12/2014"},
        "home": {"allOf": [{"type": "object", "properties": {"post code": {"type": "string"}}}]},
        "kind": {"oneOf": [{"type": "string", "enum": ["a", "b"]}, {"type": "null"}]},
        "friend": {"$ref": "#/components/schemas/Person"},
    },
}


def get(schema: object, **more: object) -> dict[str, Any]:
    answer = {"description": "", "content": {"application/json": {"schema": schema}}}
    return {"get": {"responses": {"200": answer}, **more}}


def described() -> dict[str, Any]:
    person = {"$ref": "#/components/schemas/Person"}
    people = {"type": "array", "items": person}
    items = {"type": "array", "items": {"type": "object", "properties": {"code": {"type": "string"}}}}
    page = [{"name": "pageNumber", "in": "query", "schema": {"type": "integer", "minimum": 0}}]
    offset = [{"name": "offset", "in": "query", "schema": {"type": "integer"}}]
    numbered = {"type": "object", "properties": {"people": people, "pages": {"type": "integer"}}}
    longer = {"allOf": [person, {"type": "object", "properties": {"more": {"type": "string"}}}]}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Some system"},
        "servers": [{"url": "/relative"}],
        "components": {
            "schemas": {"Person": PERSON},
            "securitySchemes": {
                "login": {"type": "openIdConnect"},
                "client": {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "https://a.example/token"}}},
            },
        },
        "paths": {
            "/v1/people": get(numbered, parameters=page),
            "/v1/people/{id}": get(longer),
            "/v1/people/{id}/items": get(items),
            "/v1/sites/{siteId}/items": get(items, parameters=offset),
            "/v1/people/{id}/notes": get({"type": "string"}),
        },
    }


def asked_with_everything() -> dict[str, Any]:
    """Return a description with a key among the parameters, and with parameters of every kind."""
    params = [
        {"name": "X-Site", "in": "header", "required": True},
        {"name": "form", "in": "query", "required": True, "schema": {"enum": ["short", "long"], "default": "short"}},
        {"name": "term", "in": "query", "required": True, "description": "Which term. Or all."},
        {"name": "since", "in": "query"},
    ]
    things = {"type": "array", "items": {"type": "object", "properties": {"id": {"type": "integer"}}}}
    return {
        "openapi": "3.0.1",
        "servers": [{"url": "https://{area}.some.example/", "variables": {"area": {"default": "eu"}}}],
        "components": {"securitySchemes": {"key": {"type": "apiKey", "in": "query", "name": "api_key"}}},
        "paths": {"/things": get(things, parameters=params, deprecated=True)},
    }


def begun(folder: Path, name: str, data: object, way: str = "openapi", records: str | None = None) -> dict[str, Any]:
    """Begin a source; return its documents' data by the names of their files."""
    file = folder / f"{name}.given"
    file.write_text(data if isinstance(data, str) else json.dumps(data), encoding="utf-8")
    openapi, sample = (file, None) if way == "openapi" else (None, file)
    found = {}
    for made in begin_source(folder, name, openapi, sample, records, force=False).files:
        document, problems = parse(made.read_text(encoding="utf-8"), made)
        assert problems == []
        assert document is not None
        found[made.stem] = document.data
    return found


def test_a_description_becomes_documents_that_pass_every_check(tmp_path: Path) -> None:
    made = begun(tmp_path, "some", described())
    begun(tmp_path, "marked", PUPILS, "sample")
    told = begun(tmp_path, "told", asked_with_everything())
    assert [problem.what for problem in all_problems(open_project(tmp_path))] == []
    source, people = made["source"], made["people"]["endpoints"]
    assert source["title"] == "Some system"
    assert "default" not in source["config"]["base_url"]
    assert source["config"]["client_secret"]["type"] == "secret"
    assert source["apis"]["main"]["auth"]["request"]["url"] == "https://a.example/token"
    assert source["formats"] == {"date": ["%d/%m/%Y"]}
    assert people["people"]["pages"] == {
        "kind": "number",
        "param": "pageNumber",
        "first": 0,
        "last": {"at": "$.pages"},
    }
    fields = people["people"]["sets"]["people"]["fields"]
    assert fields["id"] == {"pii": "identifier"}
    assert fields["born"] == {"type": "date", "pii": "birth"}
    assert fields["home_post_code"] == {"at": "home['post code']", "pii": "address"}
    assert fields["kind"] == {"type": "enum", "values": ["a", "b"]}
    assert "back into itself" in fields["friend"]["assumed"]
    assert told["source"]["apis"]["main"]["params"] == {"api_key": "{{ config.api_key }}"}
    assert told["source"]["config"]["base_url"]["default"] == "https://eu.some.example"
    things = told["things"]["endpoints"]["things"]
    assert things["headers"] == {"X-Site": "{{ config.x_site }}"}
    assert things["params"] == {"form": "short", "term": "{{ config.term }}"}
    assert things["filters"] == {
        "form": {"required": True, "values": ["short", "long"]},
        "term": {"required": True, "note": "Which term"},
        "since": {},
    }
    assert things["deprecated"] == {"note": "the description says so"}


def test_what_a_path_asks_for_comes_from_another_set_or_from_the_school_file(tmp_path: Path) -> None:
    made = begun(tmp_path, "some", described())
    items = made["people"]["endpoints"]["people_items"]
    assert items["for_each"]["set"] == "people"
    (kept,) = items["for_each"]["keep"]
    assert items["get"] == f"v1/people/{{{{ each.{kept} }}}}/items"
    assert "id in its path is people.id" in items["assumed"]
    (record_set,) = items["sets"].values()
    assert record_set["key"] == [kept, "code"]
    assert record_set["fields"][kept]["link"] == "people.id"
    site = made["sites"]["endpoints"]["site_items"]
    assert site["get"] == "v1/sites/{{ config.site_id }}/items"
    assert site["pages"] == {"kind": "none"}
    assert "offset" in site["assumed"]


def test_a_single_record_counts_only_with_more_than_its_list_gives(tmp_path: Path) -> None:
    data = described()
    made = begun(tmp_path, "some", data)
    (single,) = [s for e in made["people"]["endpoints"].values() for s in e["sets"].values() if s.get("one")]
    assert "more" in single["fields"]
    data["paths"]["/v1/people/{id}"] = get({"$ref": "#/components/schemas/Person"})
    file = tmp_path / "less.json"
    file.write_text(json.dumps(data), encoding="utf-8")
    left_out = begin_source(tmp_path, "less", file, None, None, force=False).left_out
    assert left_out == [
        "GET /v1/people/{id}: it gives nothing that people does not give",
        "GET /v1/people/{id}/notes: its answer has no records",
    ]


def test_xml_tells_attributes_lists_and_how_days_are_written(tmp_path: Path) -> None:
    made = begun(tmp_path, "marked", PUPILS, "sample")
    assert made["source"]["apis"]["main"] | {"auth": None} == {
        "base_url": "{{ config.base_url }}",
        "auth": None,
        "answers": "xml",
        "root": "Export",
    }
    people = made["persons"]["endpoints"]["persons"]["sets"]["persons"]
    assert (people["records"], people["key"], people["known"]) == ("People/Person", "Id", ["Siblings"])
    assert people["fields"] == {
        "Id": {"at": "@Id", "pii": "identifier"},
        "Active": {"type": "boolean", "at": "@Active", "pii": "status"},
        "Forename": {"pii": "name"},
        "DOB": {"type": "date", "pii": "birth"},
        "Address_Town": {"at": "Address/Town", "pii": "address"},
        "Phones_Phone": {"type": "list", "at": "Phones/Phone", "pii": "contact"},
    }
    assert made["source"]["formats"] == {"date": ["%d/%m/%Y"]}


def test_json_records_are_the_longest_list_or_stand_where_one_says(tmp_path: Path) -> None:
    data = {"a": [{"id": 1}], "b": {"c": [{"id": 1, "n": 1}, {"id": 2, "n": 1.5, "t": None}]}}
    longest = begun(tmp_path, "one", data, "sample")["c"]["endpoints"]["c"]["sets"]["c"]
    assert longest["records"] == "$.b.c"
    assert longest["fields"] == {"id": {"type": "integer"}, "n": {"type": "number"}, "t": {}}
    assert begun(tmp_path, "two", data, "sample", "$.a")["a"]["endpoints"]["a"]["sets"]["a"]["records"] == "$.a"
    assert (
        begun(tmp_path, "single", data, "sample", "$.b.c[0]")["c_0"]["endpoints"]["c_0"]["sets"]["c_0"]["one"] is True
    )


@pytest.mark.parametrize(
    ("way", "text", "code", "said"),
    [
        ("openapi", "swagger: '2.0'", "not-openapi", "Swagger 2.0"),
        ("openapi", "openapi: 4.0.0", "not-openapi", "OpenAPI 4.0.0"),
        ("openapi", "[1]", "not-openapi", "is a list"),
        ("openapi", "{}", "not-openapi", "is no OpenAPI document"),
        ("openapi", "openapi: 3.0.0", "not-openapi", "no paths"),
        ("openapi", "{openapi: 3", "sample-unreadable", "no JSON from line 1, column 2"),
        ("openapi", '{"openapi": "3.0.0", "paths": {"/a": {"post": {}}}}', "no-records", "gives records"),
        ("sample", '{"secret": [1,}', "sample-unreadable", "no JSON from line 1, column 15"),
        ("sample", "<a><secret></a>", "sample-unreadable", "no XML from line 1"),
        ("sample", "<!DOCTYPE a><a><b/></a>", "sample-unreadable", "DOCTYPE"),
        ("sample", "<a/>", "no-records", "has no records"),
        ("sample", '{"secret": "x"}', "no-records", "has no list of records"),
        ("sample", " ", "sample-unreadable", "is empty"),
        ("sample", "[" * 100_000, "sample-unreadable", "nested too deep"),
    ],
)
def test_what_is_no_description_or_no_answer_is_refused(
    tmp_path: Path, way: str, text: str, code: str, said: str
) -> None:
    with pytest.raises(ScaffoldError) as caught:
        begun(tmp_path, "some", text, way)
    assert (caught.value.code, caught.value.exit_code) == (code, 2)
    assert said in caught.value.what
    assert "secret" not in f"{caught.value.what}{caught.value.why}{caught.value.fix}"
    assert not (tmp_path / "mappings").exists()


def test_broken_yaml_is_told_at_its_place(tmp_path: Path) -> None:
    with pytest.raises(DocumentError) as caught:
        begun(tmp_path, "some", "openapi: 3.0.0\npaths: [\n")
    assert [problem.code for problem in caught.value.problems] == ["yaml-syntax"]


@pytest.mark.parametrize(
    ("text", "path", "fix"),
    [
        ('{"people": [{"id": 1}]}', "$.peple", "did you mean '$.people'?"),
        (PUPILS, "People/Persn", "did you mean 'People/Person'"),
        ('{"people": [{"id": 1}]}', "$.people[", ""),
    ],
)
def test_a_path_without_records_is_refused_with_those_that_have_some(
    tmp_path: Path, text: str, path: str, fix: str
) -> None:
    with pytest.raises(ScaffoldError) as caught:
        begun(tmp_path, "some", text, "sample", path)
    assert caught.value.code == "no-records"
    assert caught.value.fix.startswith(fix)


def test_nothing_is_written_over_unless_one_says_so(tmp_path: Path) -> None:
    begun(tmp_path, "some", described())
    mark, kept = tmp_path / "mappings/some/source.yaml", tmp_path / "some.given"
    (tmp_path / "mappings/some/endpoints/people.yaml").unlink()
    mark.write_text("mine", encoding="utf-8")
    with pytest.raises(ScaffoldError, match="would be overwritten"):
        begin_source(tmp_path, "some", kept, None, None, force=False)
    assert mark.read_text(encoding="utf-8") == "mine"
    assert not (tmp_path / "mappings/some/endpoints/people.yaml").exists()
    begin_source(tmp_path, "some", kept, None, None, force=True)
    assert mark.read_text(encoding="utf-8") != "mine"


@pytest.mark.parametrize(
    ("name", "files", "said"),
    [
        ("Bad-Name", 1, "is no name"),
        ("isams", 1, "comes with haplomap"),
        ("some", 0, "from one file"),
        ("some", 2, "from one file"),
    ],
)
def test_a_command_that_says_too_little_or_too_much_is_refused(
    tmp_path: Path, name: str, files: int, said: str
) -> None:
    openapi, sample = [tmp_path if count < files else None for count in range(2)]
    with pytest.raises(ScaffoldError, match=said):
        begin_source(tmp_path, name, openapi, sample, None, force=False)
    with pytest.raises(ScaffoldError, match="--records"):
        begin_source(tmp_path, "some", tmp_path, None, "$", force=False)


@pytest.mark.parametrize(
    ("scheme", "header"),
    [
        ({"type": "http", "scheme": "Bearer"}, ("Authorization", "Bearer {{ config.token }}")),
        ({"type": "http", "scheme": "basic"}, ("Authorization", "Basic {{ config.credentials }}")),
        ({"type": "apiKey", "in": "header", "name": "X-API-Key"}, ("X-API-Key", "{{ config.api_key }}")),
        ({"type": "apiKey", "in": "header", "name": "Secret"}, ("Secret", "{{ config.api_key }}")),
        ({"type": "apiKey", "in": "cookie", "name": "c"}, None),
        ({"type": "oauth2", "flows": {"implicit": {}}}, None),
    ],
)
def test_a_security_scheme_becomes_a_header_with_a_secret_or_nothing(
    scheme: dict[str, Any], header: tuple[str, str] | None
) -> None:
    guess = guess_auth("some", scheme)
    if guess is None:
        assert header is None
        return
    assert guess.auth == {"kind": "header", "header": dict(zip(("name", "value"), header or (), strict=True))}
    assert [item["type"] for item in guess.config.values()] == ["secret"]


def test_a_description_that_grows_without_end_is_cut() -> None:
    """Thirty to the sixth fields, were each of them followed."""
    schemas = {
        f"s{depth}": {"properties": {f"p{n}": {"$ref": f"#/components/schemas/s{depth + 1}"} for n in range(30)}}
        for depth in range(6)
    }
    shape = Schemas({"components": {"schemas": schemas}}).answer({"$ref": "#/components/schemas/s0"})
    fields = list(fields_of(shape))
    assert 0 < len(fields) < 6_000
    assert any("goes on from here" in each.spec.get("assumed", "") for each in fields)


def test_items_of_a_list_are_told_how_to_be_taken_apart(tmp_path: Path) -> None:
    data = [{"id": 1, "emails": [{"address": "a@b.example", "kind": "home"}]}]
    fields = begun(tmp_path, "lists", data, "sample")["lists"]["endpoints"]["lists"]["sets"]["lists"]["fields"]
    assert fields["emails"]["note"] == "its items are JSON; at: 'emails[*].address' would take one field of each item"


def test_days_that_could_be_months_are_told(tmp_path: Path) -> None:
    data = [{"id": 1, "born": "05/06/2014", "left": "31/07/2025"}, {"id": 2, "born": "07/08/2014", "left": None}]
    fields = begun(tmp_path, "days", data, "sample")["days"]["endpoints"]["days"]["sets"]["days"]["fields"]
    assert fields["born"] == {
        "type": "date",
        "pii": "birth",
        "assumed": "all days seen could be months too: taken for day before month",
    }
    assert fields["left"] == {"type": "date", "pii": "status"}


@pytest.mark.parametrize(
    ("name", "values", "kind"),
    [
        ("dateOfBirth", [], "birth"),
        ("DOB", [], "birth"),
        ("family_name", [], "name"),
        ("familyNames", [], "name"),
        ("first", [], "name"),
        ("knownAs", [], "name"),
        ("first_lesson", [], None),
        ("house_name", [], "status"),
        ("parentEmail", [], "contact"),
        ("postCode", [], "address"),
        ("userName", [], "identifier"),
        ("homeAddress_postCode", [], "address"),
        ("x", ["a@b.example", "c@d.example"], "contact"),
        ("x", ["a@b.example", "none"], None),
        ("x", ["LN1 3AA"], "address"),
        ("colour", ["blue"], None),
    ],
)
def test_personal_data_is_known_by_name_or_by_all_values(name: str, values: list[str], kind: str | None) -> None:
    assert personal(name, values) == kind


def test_a_description_that_is_no_more_than_a_name_counts() -> None:
    assert personal("fn", note="First name") == "name"
    assert personal("fn", note="The first name of the building") is None


@pytest.mark.parametrize(
    ("name", "values", "kind"),
    [
        ("count", ["1", "-2"], ("integer", "")),
        ("count", ["1", "2.5"], ("number", "")),
        ("count", ["01", "2"], ("text", "")),
        ("rollNumber", ["1", "2"], ("text", "")),
        ("seen", ["31/01/2026", "01/02/2026"], ("date", "%d/%m/%Y")),
        ("seen", ["01/31/2026"], ("date", "%m/%d/%Y")),
        ("seen", ["2026-02-30"], ("text", "")),
        ("seen", ["2026-02-28T10:00:00Z"], ("datetime", "%Y-%m-%dT%H:%M:%SZ")),
        ("at", ["09:30"], ("time", "%H:%M")),
        ("on_roll", ["true", "false"], ("boolean", "")),
        ("on_roll", ["true", "perhaps"], ("text", "")),
        ("nothing", [], ("text", "")),
    ],
)
def test_a_type_is_known_by_all_values(name: str, values: list[str], kind: tuple[str, str]) -> None:
    assert type_of(name, values) == kind


def test_words_and_singulars() -> None:
    assert words_of("HTTPUrlOfTheXMLFile") == ["http", "url", "of", "the", "xml", "file"]
    assert [singular(word) for word in ("classes", "boxes", "bus", "countries", "notes")] == [
        "class",
        "box",
        "bus",
        "country",
        "note",
    ]


def test_long_and_odd_texts_are_read_back_as_they_were() -> None:
    odd = {"source": "x", "note": "it's: # a [long] text, " * 12 + "end", "title": "a\tb", "config": {"no": "1.50"}}
    document, problems = parse(yaml_text(odd, "# head", {("note",): "why " * 60}), Path("x.yaml"))
    assert document is not None
    assert document.data == odd
    assert [problem.code for problem in problems] == []
    assert max(map(len, document.text.splitlines())) <= 120
