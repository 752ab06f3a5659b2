"""User accounts: what their control file says, what it makes, and which bindings are refused; the shipped example."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from engine.errors import DocumentError
from engine.haplo.application import Application
from engine.haplo.compile import compile_control
from engine.haplo.control import check_control
from engine.haplo.interpret import interpret
from engine.haplo.outcome import Outcome
from engine.haplo.target import application_case, data_types, derived_application
from engine.kinds.types import quote
from engine.spec.binding import Binding
from engine.spec.project import Project, open_project
from engine.spec.schema import Schema
from engine.stages.emit import emit

TODAY = date(2026, 1, 1)
EXAMPLE = Path(__file__).parents[3] / "examples" / "user-sync"
FIELDS: dict[str, Any] = {
    "source_id": {"type": "text"},
    "login": {"type": "text"},
    "first": {"type": "text"},
    "last": {"type": "text"},
    "mail": {"type": "text"},
    "teams": {"type": "list", "of": {"type": "text"}},
    "mails": {"type": "list", "of": {"type": "text"}},
    "born": {"type": "date"},
    "boss": {"type": "text", "ref": "person"},
    "home": {"type": "record", "fields": {"town": {"type": "text"}}},
}
SCHEMA = Schema.model_validate({"schema": "person", "fields": FIELDS})
NAMES: dict[str, Any] = {
    "user/username": "login",
    "user/nameFirst": "first",
    "user/nameLast": "last",
    "user/email": "mail",
}
ANN = {"login": "Ann", "first": "Ann", "last": "Archer", "mail": "ann@example.org"}
OF_ANN = {"username": ["ann"], "nameFirst": ["Ann"], "nameLast": ["Archer"], "email": ["ann@example.org"]}


def _binding(names: dict[str, Any], **more: Any) -> Binding:
    given = {"binding": "person", "model": "haplo:user-sync", "destination": "profile", "names": names}
    return Binding.model_validate({**given, **more})


def _control(names: dict[str, Any], data_types: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    return compile_control(SCHEMA, {"person": SCHEMA}, _binding(names, **more), data_types or {})


def _sync(names: dict[str, Any], *records: dict[str, Any]) -> Outcome:
    case = derived_application([_binding(names)], {"person": SCHEMA})
    control = _control(names)
    application = Application.from_case(case)
    assert check_control(control, application) == []
    return interpret(control, {"person-001": json.dumps(list(records)).encode()}, application, today=TODAY)


def _made(outcome: Outcome) -> list[tuple[str, dict[str, Any]]]:
    assert (outcome.control_errors, outcome.exception) == ([], None)
    return [(entry["destination"], entry["values"]) for entry in outcome.committed]


def test_the_whole_file_of_accounts() -> None:
    names = {**NAMES, "user/groups": "teams", "x:born": "born", "user:tags/born": "born"}
    assert _control(names) == {
        "dataImportControlFileVersion": 0,
        "model": "haplo:user-sync",
        "files": {"person-001": {"read": "json"}},
        "instructions": [
            {"source": "login", "destination": "user", "name": "username", "filters": ["haplo:to-lower-case"]},
            {"source": "first", "destination": "user", "name": "nameFirst"},
            {"source": "last", "destination": "user", "name": "nameLast"},
            {"source": "mail", "destination": "user", "name": "email"},
            {
                "action": "if-exists",
                "source": "teams",
                "then": [
                    {"action": "remove-values", "destination": "user", "name": "groups"},
                    {
                        "action": "for-each",
                        "source": "teams",
                        "wrapValues": True,
                        "instructions": [
                            {"source": "value", "destination": "user", "name": "groups", "multivalue": True}
                        ],
                    },
                ],
            },
            {"source": "born", "destination": "profile", "name": "x:born", "dateFormat": "yyyy-MM-dd"},
            {"source": "born", "destination": "user:tags", "name": "born"},
        ],
    }


def test_an_account_its_profile_and_its_tags_are_made() -> None:
    names = {**NAMES, "user/groups": {"value": "x:group:all"}, "x:born": "born", "user:tags/born": "born"}
    made = _made(_sync(names, {**ANN, "born": "2000-02-29"}))
    assert made == [
        ("user", {**OF_ANN, "groups": ["x:group:all"]}),
        ("profile", {"x:born": [{"type": "datetime", "date": "2000-02-29"}]}),
        ("user:tags", {"born": ["2000-02-29"]}),
    ]


def test_groups_are_several_and_a_list_may_give_its_first_value() -> None:
    names = {**NAMES, "user/groups": "teams", "user/email": {"from": "mails", "first": True}}
    account = {**ANN, "teams": ["x:group:a", "x:group:b"], "mails.first": "first@example.org"}
    assert _made(_sync(names, account))[0] == (
        "user",
        {**OF_ANN, "email": ["first@example.org"], "groups": ["x:group:a", "x:group:b"]},
    )


def test_names_that_differ_by_case_are_one_account() -> None:
    outcome = _sync(NAMES, ANN, {**ANN, "login": "ANN"}, {**ANN, "login": None})
    assert outcome.complete == 1
    assert outcome.errors[0] == "Duplicate username: ann (ignoring record 1)"
    assert outcome.errors[1].startswith("No username in record 2: ")


def test_an_account_that_lacks_something_does_not_stop_the_next() -> None:
    outcome = _sync(NAMES, {**ANN, "mail": None}, {**ANN, "login": "bob"})
    assert outcome.errors == ["Missing values in user: email (record 0, user ann)"]
    assert outcome.complete == 1


PERSON_NAME = {"person_name": {"last": "last"}}
WRONG: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({"user/email": None}, {}, "person makes accounts without 'user/email', which Haplo refuses"),
    (
        {},
        {"upsert": "code"},
        "person finds accounts by a code; an account is found by its user name (upsert: username)",
    ),
    ({}, {"type": "x:type:a"}, "person gives a type, and the type of a profile is not an import's to set"),
    (
        {"user/username": {"value": "x"}},
        {},
        "'user/username' of person must come from a field: it tells accounts apart",
    ),
    (
        {"user/username": {"from": "home", "part": "town"}},
        {},
        "'user/username' of person must come from a plain field: Haplo looks for it at the top of a record",
    ),
    ({"user/mail": "mail"}, {}, "'user/mail' of person is not known: an account has username, title, nameFirst, "),
    ({"user/email": "mails"}, {}, "'user/email' of person holds one value, and 'mails' is a list; add first: true"),
    (
        {"user/title": {"from": "mail", "first": True}},
        {},
        "'user/title' of person takes the first of 'mail', which is no",
    ),
    ({"user/title": {"from": "mail", "clear": True}}, {}, "'user/title' of person need not be cleared: an account is"),
    ({"user/title": {"from": "mail", "qualifier": "x:q"}}, {}, "'user/title' of person has a qualifier, which only"),
    ({"user/title": PERSON_NAME}, {}, "'user/title' of person is text, and is given a structure"),
    ({"user:tags/a": {"from": "mail", "list": {"a": "x:l:a"}}}, {}, "'user:tags/a' of person is text, and is given an"),
    ({"user/title": "boss"}, {}, "'user/title' of person is text, and 'boss' is a reference"),
    (
        {"object/x:a": "mail"},
        {},
        "'object/x:a' of person is of the destination 'object'; accounts have user, profile, ",
    ),
    ({"std:attribute:email": "mail"}, {}, "'std:attribute:email' of person is taken from the account, and cannot be"),
    ({"dc:attribute:type": "mail"}, {}, "'dc:attribute:type' of person is taken from the account, and cannot be set"),
]


@pytest.mark.parametrize(("names", "more", "what"), WRONG)
def test_what_an_account_cannot_be_is_told(names: dict[str, Any], more: dict[str, Any], what: str) -> None:
    wanted = {name: bound for name, bound in {**NAMES, **names}.items() if bound is not None}
    with pytest.raises(DocumentError) as failure:
        _control(wanted, **more)
    [problem] = failure.value.problems
    assert problem.what.startswith(what)


@pytest.mark.parametrize(
    ("more", "what"),
    [
        (
            {"upsert": "username"},
            "person finds its rows by user name, which only accounts have (model: haplo:user-sync)",
        ),
        (
            {"names": {"user/title": "first"}},
            "'user/title' of person is of the destination 'user', and haplo:person has",
        ),
    ],
)
def test_objects_are_no_accounts(more: dict[str, Any], what: str) -> None:
    with pytest.raises(DocumentError) as failure:
        _control(more.get("names", {"x:a": "first"}), model="haplo:person", upsert=more.get("upsert"))
    [problem] = failure.value.problems
    assert problem.what.startswith(what)


# The example


@pytest.fixture(scope="module")
def example() -> Project:
    return open_project(EXAMPLE)


ROWS: list[dict[str, str]] = [
    {
        "source_id": "'7'",
        "title": "'Dr'",
        "given_name": "'Zoë'",
        "family_name": "'O''Neil'",
        "staff_code": "'0042'",
        "roles": "['Head of Year', 'Cover']",
        "employment_start": "DATE '2019-09-01'",
        "emails": "['Zoe.ONeil@waters-edge.example', 'second@waters-edge.example']",
        "phones": "['01632 960001']",
    },
    {"source_id": "'8'", "given_name": "'Bo'", "family_name": "'Li'", "emails": "['', 'bo@waters-edge.example']"},
    {"source_id": "'9'", "given_name": "'No'", "family_name": "'Mail'"},
]


PHONE = {"type": "telephone-number", "guess_number": "01632 960001", "guess_country": "GB"}


def test_the_example_makes_the_accounts_that_its_rows_say(example: Project, tmp_path: Path) -> None:
    schema, binding = example.schema("staff"), example.binding("staff")
    application = example.application("accounts")
    lines = []
    for row in ROWS:
        cells = [f"({row.get(name, 'NULL')})::{one.sql_type()} AS {quote(name)}" for name, one in schema.fields.items()]
        lines.append(f"SELECT {', '.join(cells)}, []::VARCHAR[] AS _withheld")
    duckdb.sql(f"COPY ({' UNION ALL '.join(lines)}) TO '{tmp_path / 'rows.parquet'}' (FORMAT parquet)")
    types = data_types(application, binding.model)
    emitted = emit(
        schema, example.schemas(), binding, "we", tmp_path / "rows.parquet", (), tmp_path / "out", data_types=types
    )
    control = json.loads(emitted.control.read_bytes())
    assert control["files"] == {"staff-001": {"read": "json"}}
    receiving = Application.from_case(application_case(application))
    outcome = interpret(control, {part.name: part.path for part in emitted.parts}, receiving, today=TODAY)
    groups = ["school:group:staff"]
    assert _made(outcome) == [
        (
            "user",
            {
                "username": ["bo@waters-edge.example"],
                "nameFirst": ["Bo"],
                "nameLast": ["Li"],
                "email": ["bo@waters-edge.example"],
                "groups": groups,
            },
        ),
        ("profile", {}),
        (
            "user",
            {
                "username": ["zoe.oneil@waters-edge.example"],
                "title": ["Dr"],
                "nameFirst": ["Zoë"],
                "nameLast": ["O'Neil"],
                "email": ["Zoe.ONeil@waters-edge.example"],
                "groups": groups,
            },
        ),
        (
            "profile",
            {
                "std:attribute:telephone": [PHONE],
                "school:attribute:role": ["Head of Year", "Cover"],
                "school:attribute:start-date": [{"type": "datetime", "date": "2019-09-01"}],
            },
        ),
        ("user:tags", {"staff-code": ["0042"]}),
    ]
    [refused] = outcome.errors
    assert refused.startswith("No username in record 1: ")


def test_every_data_file_of_accounts_is_named(tmp_path: Path) -> None:
    duckdb.sql(
        "COPY (SELECT range::VARCHAR AS source_id, range::VARCHAR AS login, 'a' AS first, 'b' AS last, 'm@x' AS mail, "
        f"[]::VARCHAR[] AS _withheld FROM range(5)) TO '{tmp_path / 'rows.parquet'}' (FORMAT parquet)"
    )
    absent = ["teams", "mails", "born", "boss", "home"]
    emitted = emit(
        SCHEMA, {"person": SCHEMA}, _binding(NAMES), "s", tmp_path / "rows.parquet", absent, tmp_path / "out", limit=200
    )
    names = [part.name for part in emitted.parts]
    assert len(names) > 1
    assert list(json.loads(emitted.control.read_bytes())["files"]) == names
    assert all(set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789_-") for name in names)
