"""Rows that are gone at the source: what a binding may say of them, and what becomes of their objects."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from engine.errors import DocumentError, Place, Problem
from engine.haplo.application import Application
from engine.haplo.compile import compile_control, origin_of
from engine.haplo.fit import binding_problems
from engine.haplo.interpret import interpret
from engine.haplo.needed import needed_application
from engine.haplo.outcome import Outcome
from engine.haplo.removed import NOT_KNOWN, fields_touched
from engine.haplo.store import ObjectStore
from engine.haplo.target import derived_application
from engine.kinds.types import quote
from engine.spec.binding import Binding
from engine.spec.load import load_file
from engine.spec.schema import Schema
from engine.stages.emit import emit

TODAY = date(2026, 1, 1)
FIELDS: dict[str, Any] = {
    "source_id": {"type": "text", "required": True},
    "title": {"type": "text", "required": True},
    "status": {"type": "enum", "values": ["here", "past"]},
    "needed": {"type": "enum", "values": ["here", "past"], "required": True},
    "house": {"type": "text"},
    "note": {"type": "text"},
    "flag": {"type": "boolean", "required": True},
    "whole": {"type": "integer", "required": True},
    "real": {"type": "number", "required": True},
    "day": {"type": "date", "required": True},
    "moment": {"type": "datetime", "required": True},
    "hour": {"type": "time", "required": True},
    "texts": {"type": "list", "of": {"type": "text"}, "required": True},
    "moods": {"type": "list", "of": {"type": "enum", "values": ["good", "bad"]}, "required": True},
    "owner": {"type": "text", "ref": "owner", "required": True},
    "home": {"type": "record", "fields": {"town": {"type": "text"}}, "required": True},
}
SCHEMA = Schema.model_validate({"schema": "pet", "fields": FIELDS})
SCHEMAS = {"pet": SCHEMA, "owner": Schema.model_validate({"schema": "owner", "fields": {}})}
TITLE = {"dc:attribute:title": "title"}


def _binding(names: dict[str, Any], removed: Any, **more: Any) -> Binding:
    given = {"binding": "pet", "model": "TYPE:x:type:pet", "destination": "object", "names": {**TITLE, **names}}
    return Binding.model_validate({**given, **({"removed": removed} if removed else {}), **more})


# What is written


def test_a_row_that_is_gone_has_a_branch_of_its_own() -> None:
    names = {"x:status": {"from": "status", "clear": True}, "x:house": "house"}
    binding = _binding(names, {"set": {"x:status": "past"}, "clear": ["x:house"]}, type="x:type:cat")
    ordinary = compile_control(SCHEMA, SCHEMAS, _binding(names, None, type="x:type:cat"))
    control = compile_control(SCHEMA, SCHEMAS, binding)
    first, *others = ordinary.pop("instructions")
    gone = [
        {
            "action": "load",
            "destination": "object",
            "using": "load:by-ref",
            "otherwise": [
                {"action": "abort-record", "message": "gone at the source, and not known here"},
                {"action": "new", "destination": "object"},
            ],
        },
        {"action": "set-value", "destination": "object", "name": "x:status", "value": "past"},
        {"action": "remove-values", "destination": "object", "name": "x:house"},
    ]
    assert control.pop("instructions") == [
        first,
        {"action": "if-exists", "source": "_removed", "then": gone, "else": others},
    ]
    assert control == ordinary


@pytest.mark.parametrize(
    ("bound", "kind", "value", "written"),
    [
        ({"from": "needed", "map": {"past": "Left"}}, "text", "past", {"mapInputValue": {"past": "Left"}}),
        ({"from": "needed", "list": {"here": "x:a", "past": "x:b"}}, "ref", "past", {"refMapping": "x:a"}),
        ({"from": "flag", "map": {"false": "No"}}, "text", False, {"value": "false", "mapInputValue": {"false": "No"}}),
        ("day", "datetime", "2024-09-01", {"dateFormat": "yyyy-MM-dd"}),
        ("whole", "integer", 0, {}),
        ({"from": "needed", "qualifier": "x:q"}, "text", "here", {"qualifier": "x:q"}),
        ({"from": "moods", "first": True}, "text", "bad", {}),
        ({"value": "here"}, "text", "past", {}),
    ],
)
def test_a_value_goes_the_way_of_its_name(bound: Any, kind: str, value: Any, written: dict[str, Any]) -> None:
    binding = _binding({"x:a": bound}, {"set": {"x:a": value}})
    control = compile_control(SCHEMA, SCHEMAS, binding, {"x:a": kind, "dc:attribute:title": "text"})
    whole = {"action": "set-value", "destination": "object", "name": "x:a", "value": value, **written}
    assert control["instructions"][1]["then"][1:] == [whole]


def test_every_instruction_of_both_branches_leads_back_to_its_line() -> None:
    names = {"x:status": {"from": "status", "clear": True}, "x:house": "house"}
    binding = _binding(names, {"set": {"x:status": "past"}, "clear": ["x:house"]}, type="x:type:cat")
    branches = compile_control(SCHEMA, SCHEMAS, binding)["instructions"][1]

    def origins(branch: str) -> list[tuple[str, ...]]:
        return [origin_of(SCHEMA, binding, (1, branch, number)) for number in range(len(branches[branch]))]

    title, status = ("names", "dc:attribute:title"), ("names", "x:status")
    assert origins("then") == [("removed",), ("removed", "set", "x:status"), ("removed", "clear")]
    assert origins("else") == [(), ("type",), title, status, status, ("names", "x:house"), title]
    assert origin_of(SCHEMA, binding, (1, "then", 0, "otherwise", 0)) == ("removed",)
    assert origin_of(SCHEMA, binding, (1, "else", 3, "then", 0)) == status
    assert origin_of(SCHEMA, binding, (1,)) == ("removed",)
    assert [origin_of(SCHEMA, binding, path) for path in (None, (0,), (2,), (1, "then", 3))] == [()] * 4


def test_what_is_needed_of_the_application_is_the_same() -> None:
    names = {"x:a": {"from": "needed", "list": {"here": "x:list:here", "past": "x:list:past"}}}
    plain, marked = _binding(names, None), _binding(names, {"set": {"x:a": "past"}})
    found = needed_application([marked], SCHEMAS, {"pet": marked})
    assert found == needed_application([plain], SCHEMAS, {"pet": plain})
    assert set(found.objects) == {"x:list:here", "x:list:past"}


# What becomes of the object

# tab-separated files cannot clear, so there the status is a constant
STATUS = {"json": {"from": "status", "clear": True}, "tsv": {"value": "here"}, "xml": {"from": "status", "clear": True}}
ADA = {"source_id": "1", "title": "Ada", "status": "here", "house": "Red", "note": "n"}


class Pets:
    """An application with pets in it, and the files that are sent to it one after another."""

    def __init__(self, folder: Path, form: str = "json") -> None:
        clear = form != "tsv"
        names = {"x:status": STATUS[form], "x:house": "house", "x:note": {"from": "note", "clear": clear}}
        self.binding = _binding(names, {"set": {"x:status": "past"}, "clear": ["x:house"]}, format=form)
        self.folder, self.store = folder, ObjectStore()
        self.case = derived_application([self.binding], SCHEMAS)

    def send(self, rows: list[dict[str, str]], gone: list[str] = []) -> Outcome:  # noqa: B006 - never changed
        """Emit rows and rows that are gone, and let them be imported."""
        _parquet(self.folder / "rows.parquet", rows, list(FIELDS))
        away = self.folder / "away"
        away.mkdir(exist_ok=True)
        _parquet(away / "gone.parquet", [{"source_id": key} for key in gone], ["source_id"])
        given = {"gone": away / "gone.parquet"} if gone else {}
        rows_file, out = self.folder / "rows.parquet", self.folder / "out"
        emitted = emit(SCHEMA, SCHEMAS, self.binding, "s", rows_file, (), out, **given)
        assert (emitted.rows, emitted.gone) == (len(rows) + len(gone), len(gone))
        files = {part.name: part.path for part in emitted.parts}
        control = json.loads(emitted.control.read_bytes())
        return interpret(control, files, Application.from_case(self.case), store=self.store, today=TODAY)

    def pet(self, key: str = "1") -> dict[str, Any]:
        """The values of a pet, each by its text; the type and the code are left out."""
        ref = self.store.by_behaviour(f"s:pet:{key}")
        values = self.store.load(ref or "") or {}
        held = {name: [one["text"] if isinstance(one, dict) else one for one in many] for name, many in values.items()
                if name == "dc:attribute:title" or name.startswith("x:")}  # fmt: skip
        return {name: held[name] for name in sorted(held)}


def _parquet(file: Path, rows: list[dict[str, str]], columns: list[str]) -> None:
    lines = []
    for row in rows or [{}]:
        cells = [f"$v{number}::{FIELDS_SQL[name]} AS {quote(name)}" for number, name in enumerate(columns)]
        lines.append((f"SELECT {', '.join(cells)}, []::VARCHAR[] AS _withheld", row))
    with duckdb.connect() as database:
        for number, (statement, row) in enumerate(lines):
            made = "CREATE TABLE made AS" if number == 0 else "INSERT INTO made"
            database.execute(f"{made} {statement}", {f"v{at}": row.get(name) for at, name in enumerate(columns)})
        if not rows:
            database.execute("DELETE FROM made")
        database.execute(f"COPY made TO '{file}' (FORMAT parquet)")


FIELDS_SQL = {name: field.sql_type() for name, field in SCHEMA.fields.items()}
HERE = {"dc:attribute:title": ["Ada"], "x:house": ["Red"], "x:note": ["n"], "x:status": ["here"]}
GONE = {"dc:attribute:title": ["Ada"], "x:note": ["n"], "x:status": ["past"]}


@pytest.fixture(params=["json", "tsv", "xml"])
def pets(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Pets]:
    found = Pets(tmp_path, request.param)
    yield found
    found.store.close()


in_json = pytest.mark.parametrize("pets", ["json"], indirect=True)


def _went_well(outcome: Outcome) -> bool:
    return (outcome.control_errors, outcome.errors, outcome.exception) == ([], [], None)


def test_one_who_was_gone_and_returns_is_as_if_never_gone(pets: Pets) -> None:
    assert _went_well(pets.send([ADA]))
    whole = pets.store.load(pets.store.by_behaviour("s:pet:1") or "")
    assert pets.pet() == HERE
    assert _went_well(pets.send([], ["1"]))
    assert pets.pet() == GONE
    again = pets.send([], ["1"])
    assert _went_well(again)
    assert (again.updated, again.unchanged, pets.pet()) == (0, 1, GONE)
    assert _went_well(pets.send([ADA]))
    assert pets.store.load(pets.store.by_behaviour("s:pet:1") or "") == whole


def test_a_row_that_is_gone_and_unknown_makes_nothing(pets: Pets) -> None:
    outcome = pets.send([], ["1", "2"])
    assert (outcome.committed, outcome.created, outcome.exception) == ([], 0, None)
    assert outcome.errors == [f"{NOT_KNOWN} (record {number})" for number in (0, 1)]


def test_rows_and_rows_that_are_gone_go_side_by_side(pets: Pets) -> None:
    pets.send([ADA, {**ADA, "source_id": "2", "title": "Bob"}])
    outcome = pets.send([{**ADA, "house": "Blue"}], ["2"])
    assert _went_well(outcome)
    assert pets.pet("1") == {**HERE, "x:house": ["Blue"]}
    assert pets.pet("2") == {**GONE, "dc:attribute:title": ["Bob"]}


@pytest.mark.parametrize("pets", ["json", "xml"], indirect=True)
def test_what_one_branch_clears_the_other_leaves(pets: Pets) -> None:
    pets.send([ADA])
    bare = {"source_id": "1", "title": "Ada"}
    assert _went_well(pets.send([bare]))
    assert pets.pet() == {"dc:attribute:title": ["Ada"], "x:house": ["Red"]}  # the note and the status have clear: true
    pets.send([ADA])
    assert _went_well(pets.send([], ["1"]))
    assert pets.pet() == GONE  # the note stays, the house goes


@in_json
def test_one_who_returns_without_a_status_is_not_gone_any_more(pets: Pets) -> None:
    pets.send([ADA])
    pets.send([], ["1"])
    pets.send([{"source_id": "1", "title": "Ada", "house": "Red", "note": "n"}])
    assert pets.pet() == {name: held for name, held in HERE.items() if name != "x:status"}


@in_json
def test_a_row_that_is_gone_does_not_become_another_type(pets: Pets) -> None:
    """Such as an object whose type somebody has changed in the application."""
    pets.send([ADA])
    pets.binding = pets.binding.model_copy(update={"type": "x:type:cat"})
    pets.case = derived_application([pets.binding], SCHEMAS)
    before = pets.store.load(pets.store.by_behaviour("s:pet:1") or "") or {}
    assert _went_well(pets.send([], ["1"]))
    after = pets.store.load(pets.store.by_behaviour("s:pet:1") or "") or {}
    assert after["dc:attribute:type"] == before["dc:attribute:type"]


# What is wrong

DOCUMENT = """\
binding: pet
model: TYPE:x:type:pet
destination: object
names: {dc:attribute:title: title, x:house: house,
  x:status: {from: status, clear: true}}
"""


@pytest.mark.parametrize(
    ("removed", "code", "what"),
    [
        ("{clear: [x:hose]}", "unknown-name", "6:19: 'x:hose' is not among the names of pet"),
        ("{set: {x:hose: past}}", "unknown-name", "6:17: 'x:hose' is not among the names of pet"),
        (
            "{set: {x:house: Red}}",
            "not-restored",
            "6:17: 'x:house' of pet is set for rows that are gone, and a row that comes back may not write it",
        ),
        ("{set: {x:status: past}, clear: [x:status]}", "bad-value", "6:42: 'x:status' of pet is set and cleared"),
        ("{clear: [x:house, x:house]}", "bad-value", "6:28: 'x:house' of pet is cleared twice"),
        (
            "{clear: [dc:attribute:title]}",
            "bad-value",
            "6:19: 'dc:attribute:title' stays as it is: an object keeps its title when its row is gone",
        ),
        (
            "{clear: [std:attribute:configured-behaviour]}",
            "bad-value",
            "6:19: 'std:attribute:configured-behaviour' stays as it is: an object keeps the code by which it is found "
            "again when its row is gone",
        ),
        (
            "{set: {dc:attribute:type: x:type:cat}}",
            "bad-value",
            "6:17: 'dc:attribute:type' stays as it is: an object keeps its type when its row is gone",
        ),
        (
            "{set: {x:status: pst}}",
            "bad-constant",
            "6:27: 'x:status' of pet cannot be set to this when a row is gone; it takes one of here, past",
        ),
    ],
)
def test_a_problem_stands_at_its_place(removed: str, code: str, what: str, tmp_path: Path) -> None:
    problems = _problems(tmp_path, f"{DOCUMENT}removed: {removed}\n")
    assert [(each.code, f"{each.place}: {each.what}") for each in problems] == [(code, f"pet.yaml:{what}")]


def _problems(folder: Path, text: str) -> list[Problem]:
    (folder / "pet.yaml").write_text(text, encoding="utf-8")
    loaded, found = load_file(folder / "pet.yaml", Path("pet.yaml"))
    if loaded is None:
        return found
    document, binding = loaded.document, loaded.content
    assert isinstance(binding, Binding)

    def at(*path: str | int) -> Place:
        return document.place(path)

    def at_key(*path: str | int) -> Place:
        return document.key_place(path)

    return binding_problems(SCHEMA, SCHEMAS, binding, {}, at, at_key)


def test_a_misspelt_name_is_guessed() -> None:
    with pytest.raises(DocumentError) as failure:
        compile_control(SCHEMA, SCHEMAS, _binding({"x:house": "house"}, {"clear": ["x:hose"]}))
    assert [problem.fix for problem in failure.value.problems] == ["did you mean 'x:house'?"]


SETTABLE = "'x:a' of pet cannot be set for rows that are gone: "
TAKES = "'x:a' of pet cannot be set to this when a row is gone; it takes "


@pytest.mark.parametrize(
    ("bound", "value", "what"),
    [
        ("texts", "a", f"{SETTABLE}'texts' is a list"),
        ("owner", "1", f"{SETTABLE}'owner' is a reference"),
        ({"from": "home", "part": "town"}, "York", f"{SETTABLE}it is a part of 'home'"),
        ({"person_name": {"last": "house"}, "clear": True}, "Ada", f"{SETTABLE}it is made of several fields"),
        ("needed", None, f"{TAKES}a value; what is to be taken away stands under clear"),
        ("needed", "", f"{TAKES}a value; what is to be taken away stands under clear"),
        ("needed", True, f"{TAKES}text, which is written in quotes where it looks like a number"),
        ("title", 7, f"{TAKES}text, which is written in quotes where it looks like a number"),
        ("flag", "true", f"{TAKES}true or false"),
        ("whole", 1.5, f"{TAKES}a whole number"),
        ("whole", True, f"{TAKES}a whole number"),
        ("real", "1", f"{TAKES}a number"),
        ("day", "01/09/2024", f"{TAKES}a date such as 2024-09-01"),
        ("day", "20240901", f"{TAKES}a date such as 2024-09-01"),
        ("moment", "2024-09-01", f"{TAKES}a date with a time such as 2024-09-01T08:30:00"),
        ("hour", "8:30", f"{TAKES}a time such as 08:30:00"),
        ({"from": "needed", "list": {"here": "x:list:here"}}, "past", f"{TAKES}one of here"),
        ({"from": "moods", "first": True}, "past", f"{TAKES}one of good, bad"),
    ],
)
def test_what_no_row_could_hold_is_refused(bound: Any, value: Any, what: str) -> None:
    with pytest.raises(DocumentError) as failure:
        compile_control(SCHEMA, SCHEMAS, _binding({"x:a": bound}, {"set": {"x:a": value}}))
    assert [problem.what for problem in failure.value.problems] == [what]


@pytest.mark.parametrize("value", ["2024-09-01", "past"])
@pytest.mark.parametrize("kind", ["ref", "datetime"])
def test_a_constant_is_judged_by_its_attribute(kind: str, value: str) -> None:
    binding = _binding({"x:a": {"value": "2020-01-01"}}, {"set": {"x:a": value}})
    problems = binding_problems(SCHEMA, SCHEMAS, binding, {"x:a": kind, "dc:attribute:title": "text"})
    expected = {
        ("ref", "past"): ["'x:a' of pet is of the type ref, and is set to a plain value for rows that are gone"],
        ("ref", "2024-09-01"): ["'x:a' of pet is of the type ref, and is set to a plain value for rows that are gone"],
        ("datetime", "past"): [f"{TAKES}a date such as 2024-09-01"],
        ("datetime", "2024-09-01"): [],
    }
    assert [problem.what for problem in problems] == expected[kind, value]


@pytest.mark.parametrize("bound", [{"value": None}, "house", {"from": "moods", "first": True}])
def test_what_an_ordinary_row_may_leave_is_not_set(bound: Any) -> None:
    fields = {**FIELDS, "moods": {**FIELDS["moods"], "required": False}}
    schema = Schema.model_validate({"schema": "pet", "fields": fields})
    binding = _binding({"x:a": bound}, {"set": {"x:a": "good"}})
    assert [problem.code for problem in binding_problems(schema, SCHEMAS, binding, {})] == ["not-restored"]


def test_accounts_are_blocked_by_haplo_itself() -> None:
    names = {f"user/{name}": "title" for name in ("username", "nameFirst", "nameLast", "email")}
    given = {"binding": "pet", "model": "haplo:user-sync", "destination": "profile", "names": names}
    binding = Binding.model_validate({**given, "removed": {"clear": ["user/email"]}})
    [problem] = binding_problems(SCHEMA, SCHEMAS, binding, {})
    assert (problem.code, problem.what) == ("bad-value", "'removed' is not for pet: its rows are user accounts")


@pytest.mark.parametrize("removed", ["{}", "{set: {}}", "{clear: []}"])
def test_to_say_nothing_is_a_problem(removed: str, tmp_path: Path) -> None:
    [problem] = _problems(tmp_path, f"{DOCUMENT}removed: {removed}\n")
    assert (problem.code, problem.what) == ("missing-key", "'removed' says neither what to set nor what to clear")


def test_what_one_that_is_gone_has_lost_is_known_by_its_fields() -> None:
    names = {
        "x:status": {"from": "status", "clear": True},
        "x:text": {"from": "texts", "first": True},
        "x:note": "note",
        "x:address": {"postal_address": {"street1": "house", "country": "needed"}},
    }
    binding = _binding(names, {"set": {"x:status": "past"}, "clear": ["x:text", "x:address"]})
    assert fields_touched(SCHEMA, binding) == {"status": True, "texts": True, "house": False, "needed": False}
    assert fields_touched(SCHEMA, _binding(names, None)) == {}
