"""`requirements.schema` texts: read line by line, added up, written, and read back."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.haplo.application import Application as Receiving
from engine.haplo.declared import declared_application, filled, read_requirements, with_root_models
from engine.haplo.fit import binding_problems
from engine.haplo.needed import needed_application
from engine.haplo.requirements import Requirements
from engine.haplo.requirements_text import requirements_text
from engine.haplo.target import application_case, data_types
from engine.problem_text import render_problem
from engine.spec.binding import Application, Binding
from engine.spec.project import Project, open_project, shipped
from engine.spec.schema import Schema


def texts(*given: str) -> Requirements:
    requirements = Requirements()
    for number, text in enumerate(given, 1):
        requirements.add(text, Path(f"{number}.schema"))
    return requirements


def application(*given: str) -> Application:
    requirements = texts(*given)
    assert requirements.all_problems() == []
    return declared_application(requirements)


# Reading


def test_a_declaration_has_the_values_below_it() -> None:
    found = application(
        "# a comment\n"
        "\n"
        "type x:type:pet as Pet\n"
        "    title: Pet\n"
        "  # a comment\n"
        "\tattribute x:attribute:name\n"
        "    attribute: x:attribute:owner\n"
        "    behaviour classification\n"
        "    annotation x:annotation:tame\n"
        "    parent-type x:type:thing\n"
        "attribute x:attribute:name\r\n"
        "    title  Name of it \r\n"
        "    qualifier std:qualifier:nickname\n"
    )
    pet = found.types["x:type:pet"]
    assert (pet.title, pet.parent, pet.attributes) == (
        "Pet",
        "x:type:thing",
        ["x:attribute:name", "x:attribute:owner"],
    )
    assert (pet.behaviour, pet.annotations) == (["classification"], ["x:annotation:tame"])
    name = found.attributes["x:attribute:name"]
    assert (name.title, name.type, name.qualifiers) == ("Name of it", "text", ["std:qualifier:nickname"])


def test_of_single_values_the_highest_sort_counts_and_of_equal_ones_the_last() -> None:
    text = "type x:t\n    title: high [sort=20000]\n    title: default\n    title: low [sort=1]\n"
    assert application(text).types["x:t"].title == "high"
    assert application("type x:t\n    title: one\n    title: two\n").types["x:t"].title == "two"
    assert application("type x:t\n    title: one [sort=10000]\ntype x:t\n    title: two\n").types["x:t"].title == "two"


def test_lists_come_in_sort_order_each_value_once() -> None:
    text = (
        "type x:t\n    attribute x:c\n    attribute x:b [sort=9000]\n    attribute x:a [sort=9000]\n    attribute x:c\n"
    )
    assert application(text).types["x:t"].attributes == ["x:b", "x:a", "x:c"]


def test_several_texts_add_up_to_one_declaration() -> None:
    found = application(
        "type x:t\n    title T\n    attribute x:a\nattribute x:a\n",
        "attribute x:b\n    data-type: datetime\ntype x:t\n    attribute x:b\n",
    )
    assert found.types["x:t"].attributes == ["x:a", "x:b"]
    assert {code: one.type for code, one in found.attributes.items()} == {"x:a": "text", "x:b": "datetime"}


@pytest.mark.parametrize("word", ["REMOVE", "FORCE-REMOVE"])
def test_a_removed_value_is_gone_wherever_it_was_written(word: str) -> None:
    removing = f"type x:t\n    {word} attribute x:a\n    {word} title: T\n"
    adding = "type x:t\n    title: T\n    attribute x:a\n    attribute x:b\n"
    for order in ((removing, adding), (adding, removing)):
        found = application(*order).types["x:t"]
        assert (found.title, found.attributes) == ("", ["x:b"])


def test_a_template_gives_its_values_and_those_of_its_own_templates() -> None:
    found = application(
        "schema-template x:titled\n    attribute dc:attribute:title [sort=1]\n    title: Template [sort=1]\n"
        "schema-template x:both\n    apply-schema-template x:titled\n    attribute x:b\n    attribute x:c\n"
        "    apply-schema-template: x:both\n",
        "type x:t\n    apply-schema-template x:both\n    title: Own\n    REMOVE attribute x:c\n    attribute x:a\n",
    )
    assert found.types["x:t"].title == "Own"
    assert found.types["x:t"].attributes == ["dc:attribute:title", "x:a", "x:b"]


def test_what_is_only_optional_is_not_there() -> None:
    optional = "OPTIONAL attribute x:a\n    data-type: number\nOPTIONAL type x:t\n    title: T\n"
    assert application(optional).attributes == {}
    assert application(optional).types == {}
    found = application(optional, "attribute x:a\n    title: A\n")
    assert (found.attributes["x:a"].type, found.attributes["x:a"].title) == ("number", "A")


def test_kinds_of_no_interest_are_passed_over() -> None:
    found = application("label std:label:x as X\n    title: x\nfeature y\nservice-user z\n    group: std:group:a\n")
    assert found == application("")


def test_the_data_types_are_those_of_an_import() -> None:
    written = ("link", "isbn", "idsn", "text-multiline", "uuid", "nonsense", "postal-address")
    found = application("".join(f"attribute x:{n}\n    data-type: {kind}\n" for n, kind in enumerate(written)))
    kinds = [one.type for one in found.attributes.values()]
    assert kinds == ["ref", "isbn", "isbn", "text-multiline", "uuid", "text", "postal-address"]


def test_types_that_no_import_can_set_are_no_names() -> None:
    text = "attribute x:a\n    data-type: uuid\nattribute x:b\ntype x:t\n    attribute x:a\n    attribute x:b\n"
    receiving = Receiving.from_case(application_case(application(text)))
    assert sorted(receiving.attributes) == ["x:b"]
    assert data_types(application(text), "TYPE:x:t") == {"x:a": "uuid", "x:b": "text"}


def test_a_sub_type_has_the_attributes_of_its_parents_unless_it_hides_them() -> None:
    found = application(
        "type x:dog\n    parent-type x:pet\n    attribute x:c\n    attribute-hide x:a\n"
        "type x:pet\n    attribute x:a\n    attribute x:b\n"
    )
    receiving = Receiving.from_case(application_case(found))
    assert receiving.types["x:dog"].attributes == ("x:b", "x:c")
    assert receiving.types["x:pet"].attributes == ("x:a", "x:b")


def test_an_alias_goes_by_the_attribute_behind_it() -> None:
    found = application(
        "aliased-attribute x:alias\n    alias-of: std:attribute:email\ntype x:t\n    attribute x:alias\n"
    )
    assert data_types(found, "TYPE:x:t") == {"std:attribute:email": "email-address"}
    assert Receiving.from_case(application_case(found)).attributes["x:alias"].alias_of == "std:attribute:email"


def test_the_platforms_own_attributes_have_their_types_without_a_word() -> None:
    found = application(
        "attribute std:attribute:telephone\n    title: Phone\n"
        "type x:t\n    attribute dc:attribute:type\n    attribute std:attribute:telephone\n    attribute x:unknown\n"
    )
    assert {code: one.type for code, one in found.attributes.items()} == {
        "std:attribute:telephone": "telephone-number",
        "dc:attribute:type": "ref",
    }


def test_entries_of_lists_and_qualifiers() -> None:
    text = "object x:list:red\n    title: Red\n    type x:type:colour\n    parent x:list:warm\nqualifier x:q:home\n"
    found = application(text)
    assert found.objects == {"x:list:red": {"type": "x:type:colour", "title": "Red"}}
    assert found.qualifiers == ["x:q:home"]
    red = Receiving.from_case(application_case(found)).objects[0]
    assert red.values["std:attribute:configured-behaviour"][0]["text"] == "x:list:red"


@pytest.mark.parametrize(
    ("line", "place", "what"),
    [
        ("    title: x", "1.schema:1:5", "a value stands before any declaration"),
        ("type", "1.schema:1:1", "this line opens no declaration"),
        ("type x:t as", "1.schema:1:1", "this line opens no declaration"),
        ("Type x:t", "1.schema:1:1", "this line opens no declaration"),
        ("type x/t", "1.schema:1:6", "'x/t' is no code"),
        ("OPTIONAL type x.t", "1.schema:1:15", "'x.t' is no code"),
        ("type x:t\n    title", "1.schema:2:5", "this line is no value"),
        ("type x:t\n\n    title: [sort=3]", "1.schema:3:5", "this line is no value"),
        ("type x:t\n  ~", "1.schema:2:3", "this line is no value"),
        ("type x:t\n  apply-schema-template x:u", "1.schema:2:25", "there is no schema-template 'x:u'"),
    ],
)
def test_a_line_that_is_nothing_is_a_problem_with_its_place(line: str, place: str, what: str) -> None:
    [problem] = texts(line).all_problems()
    assert (str(problem.place), problem.what) == (place, what)
    assert problem.fix or problem.why


def test_all_problems_of_all_texts_come_at_once_and_values_below_a_bad_line_are_not_blamed() -> None:
    found = texts("bad\n    title: fine\ntype x:t\n  ~", "  ~\n").all_problems()
    assert [str(problem.place) for problem in found] == ["1.schema:1:1", "1.schema:4:3", "2.schema:1:3"]


def test_a_file_that_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "latin.schema").write_bytes(b"type x:t\n    title: caf\xe9\n")
    files = [(tmp_path / name, Path(name)) for name in ("latin.schema", "none.schema")]
    _, problems = read_requirements(files)
    assert [(each.code, str(each.place)) for each in problems] == [
        ("not-utf8", "latin.schema:2:15"),
        ("file-unreadable", "none.schema:1:1"),
    ]


def test_a_document_goes_before_the_texts() -> None:
    document = Application.model_validate(
        {"application": "a", "attributes": {"x:a": {"type": "number"}}, "qualifiers": ["x:q"], "auto_models": ["x:t"]}
    )
    found = filled(document, application("attribute x:a\nattribute x:b\ntype x:t\nqualifier x:q\nqualifier x:r\n"))
    assert {code: one.type for code, one in found.attributes.items()} == {"x:a": "number", "x:b": "text"}
    assert (found.application, found.auto_models, found.qualifiers) == ("a", ["x:t"], ["x:q", "x:r"])


def test_root_types_can_be_taken_for_selected() -> None:
    found = with_root_models(application("type x:t\ntype x:u\n    parent-type: x:t\n"))
    assert found.auto_models == ["x:t"]


# Writing

SCHEMA = Schema.model_validate(
    {
        "schema": "pet",
        "fields": {
            "source_id": {"required": True},
            "name": {},
            "sex": {},
            "owner": {"ref": "person"},
            "legs": {"type": "integer"},
        },
    }
)
BINDING = Binding.model_validate(
    {
        "binding": "pet",
        "model": "TYPE:x:type:pet",
        "destination": "object",
        "names": {
            "dc:attribute:title": "name",
            "x:attribute:sex": {"from": "sex", "list": {"f": "x:list:sex:female", "m": "x:list:sex:male"}},
            "x:attribute:owner": {"from": "owner", "qualifier": "x:qualifier:first-home"},
            "x:attribute:leg-count": "legs",
        },
    }
)
PERSON = Binding.model_validate(
    {
        "binding": "person",
        "model": "haplo:person",
        "destination": "profile",
        "type": "x:type:owner",
        "names": {"dc:attribute:title": {"person_name": {"last": "name"}}, "std:attribute:email": "sex"},
    }
)


def test_a_text_says_all_that_a_binding_needs() -> None:
    text = requirements_text(needed_application([BINDING], {"pet": SCHEMA}, {"pet": BINDING, "person": PERSON}))
    assert text.partition("\n\n")[2] == (
        "qualifier x:qualifier:first-home\n"
        "    title: First home\n"
        "\n"
        "attribute x:attribute:leg-count\n"
        "    title: Leg count\n"
        "    data-type: integer\n"
        "\n"
        "attribute x:attribute:owner\n"
        "    title: Owner\n"
        "    data-type: link\n"
        "    linked-type: x:type:owner\n"
        "    qualifier: x:qualifier:first-home\n"
        "\n"
        "attribute x:attribute:sex\n"
        "    title: Sex\n"
        "    data-type: link\n"
        "    linked-type: x:list:sex\n"
        "\n"
        "type x:list:sex\n"
        "    title: Sex\n"
        "    behaviour: classification\n"
        "    attribute: dc:attribute:title\n"
        "    attribute: dc:attribute:type\n"
        "    attribute: std:attribute:configured-behaviour\n"
        "\n"
        "type x:type:pet\n"
        "    title: Pet\n"
        "    attribute: dc:attribute:title\n"
        "    attribute: dc:attribute:type\n"
        "    attribute: std:attribute:configured-behaviour\n"
        "    attribute: x:attribute:sex\n"
        "    attribute: x:attribute:owner\n"
        "    attribute: x:attribute:leg-count\n"
        "\n"
        "object x:list:sex:female\n"
        "    title: f\n"
        "    type: x:list:sex\n"
        "\n"
        "object x:list:sex:male\n"
        "    title: m\n"
        "    type: x:list:sex\n"
    )


def test_an_application_that_is_known_gives_titles_and_types() -> None:
    known = Application.model_validate(
        {
            "application": "known",
            "attributes": {
                "x:attribute:leg-count": {"type": "number", "title": "Legs"},
                "x:attribute:sex": {"type": "link", "links_to": ["x:type:sex"]},
            },
            "types": {"x:type:pet": {"title": "Companion"}, "x:type:sex": {"title": "Sexes"}},
            "objects": {"x:list:sex:male": {"type": "x:type:sex", "title": "Male"}},
        }
    )
    found = needed_application([BINDING], {"pet": SCHEMA}, {"pet": BINDING}, known)
    assert (found.attributes["x:attribute:leg-count"].title, found.attributes["x:attribute:leg-count"].type) == (
        "Legs",
        "number",
    )
    assert (found.types["x:type:pet"].title, found.types["x:type:sex"].title) == ("Companion", "Sexes")
    assert found.objects["x:list:sex:male"] == {"type": "x:type:sex", "title": "Male"}


def test_people_are_declared_by_their_root_type_and_what_is_below_it() -> None:
    found = needed_application([PERSON], {"person": SCHEMA}, {"person": PERSON})
    assert found.types["x:type:owner"].parent == "std:type:person"
    assert found.types["std:type:person"].attributes == [
        "dc:attribute:title",
        "dc:attribute:type",
        "std:attribute:configured-behaviour",
        "std:attribute:email",
    ]
    text = requirements_text(found)
    assert "attribute std:attribute:email\n" not in text.replace("attribute: ", "")
    assert "title: Person" not in text


@pytest.fixture(scope="module")
def shipped_project() -> Project:
    return open_project(shipped() / "examples" / "demo")


@pytest.mark.parametrize("known", [True, False])
def test_the_text_read_back_takes_all_that_the_shipped_bindings_send(shipped_project: Project, known: bool) -> None:
    project = shipped_project
    every = {name: project.binding(name) for name in project.names("binding")}
    there = [project.application("school")] if known else []
    text = requirements_text(needed_application(list(every.values()), project.schemas(), every, *there))
    read = application(text)
    for name, binding in every.items():
        types = data_types(read, binding.model)
        assert types
        assert binding_problems(project.schema(name), project.schemas(), binding, types) == []
        if known:
            assert types == data_types(project.application("school"), binding.model)
    assert requirements_text(read) == "\n".join(_without_models(text))


def _without_models(text: str) -> list[str]:
    """Return a text's lines without those that say which models are selected, which no text can declare."""
    lines = text.split("\n")
    first = next((n for n, line in enumerate(lines) if line.startswith("# An administrator")), None)
    last = lines.index("")
    return lines if first is None else lines[:first] + lines[last:]


def test_a_problem_of_a_text_reads_well() -> None:
    line = "    titel"
    [problem] = texts(f"type x:t\n{line}\n").all_problems()
    assert render_problem(problem, lambda file, number: line) == (
        "1.schema:2:5: error: this line is no value [requirements-line]\n"
        "    2 |     titel\n"
        "      |     ^^^^^\n"
        "  why: a declaration begins in the first column, its values are indented\n"
        "  fix: write 'KEY VALUE', optionally with '[sort=N]'"
    )
