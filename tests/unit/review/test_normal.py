"""The normal form: what means the same is equal, and what does not is not, however alike it looks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.document import parse
from engine.review.normal import normal, words
from engine.spec.load import KINDS

MAPPING = "mapping: thing\nsource: acme\nfrom: things\nfields:\n  id: Id\n"
SOURCE = "source: acme\napis: {{main: {{base_url: 'https://acme.example', auth: {{kind: none}}{}}}}}\n"
BINDING = "binding: thing\nmodel: haplo:person\ndestination: profile\nnames:\n  dc:attribute:title: {}\n"


def form(text: str) -> Any:
    document, problems = parse(text, Path("trial.yaml"))
    assert document is not None
    assert problems == []
    return normal(KINDS[next(iter(document.data))].model_validate(document.data))


def a_field(value: str) -> str:
    return f"{MAPPING}  x: {value}\n"


SAME = [
    (a_field("Name"), a_field("{from: Name}")),
    (a_field("{from: Name, clean: trim}"), a_field("{clean: [trim], from: Name}")),
    (a_field("{sql: upper(Name)}"), a_field("{sql: 'UPPER( Name )'}")),
    (MAPPING.replace("from: things", "from: {union: [things]}"), MAPPING),
    (f"{MAPPING}note: n\n", MAPPING),
    (SOURCE.format(", timeout: 60s"), SOURCE.format("")),
    (
        SOURCE.format(", errors: [{when: {json: $.e, present: true}, means: fatal, say: a}]"),
        SOURCE.format(", errors: [{when: {json: $.e, present: true}, means: fatal, say: b, fix: c}]"),
    ),
]
OTHER = [
    (a_field("{value: true}"), a_field("{value: 1}")),
    (a_field("{value: 1}"), a_field("{value: 1.0}")),
    (a_field("{value: null}"), a_field("{sql: 'NULL'}")),
    (a_field("{from: Name}"), a_field("{from: Name, default: null}")),
    (a_field("{case: A, map: {x: true}}"), a_field("{case: A, map: {x: 1}}")),
    (a_field("{first_of: [A, B]}"), a_field("{first_of: [B, A]}")),
    (a_field("{sql: upper(Name)}"), a_field("{sql: lower(Name)}")),
    (f"{MAPPING}known_by: {{a: A, b: B}}\n", f"{MAPPING}known_by: {{b: B, a: A}}\n"),
    (BINDING.format("{person_name: {last: name}}"), BINDING.format("{person_name: {last: name, title: title}}")),
    (SOURCE.format(", timeout: 61s"), SOURCE.format("")),
]


@pytest.mark.parametrize(("one", "two"), SAME)
def test_what_means_the_same_is_equal(one: str, two: str) -> None:
    assert form(one) == form(two)


@pytest.mark.parametrize(("one", "two"), OTHER)
def test_what_means_something_else_is_not(one: str, two: str) -> None:
    assert form(one) != form(two)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("{from: Name}", "Name"),
        ("{value: '1'}", "{value: '1'}"),
        ("{value: 1}", "{value: 1}"),
        ("{value: true}", "{value: true}"),
        ("{value: 'true'}", "{value: 'true'}"),
        ("{value: 'it''s: so'}", "{value: 'it''s: so'}"),
        ("{first_of: [A, b.C]}", "{first_of: [A, b.C]}"),
    ],
)
def test_a_value_is_said_as_one_would_write_it(value: str, said: str) -> None:
    assert words(form(a_field(value))["fields"]["x"]) == said
