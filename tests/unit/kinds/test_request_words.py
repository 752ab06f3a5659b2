"""What requests say: one path, one body, methods with their filters; and what is said of a word that does not fit."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from engine.kinds.request import Body, Cached, ForEach, Method
from engine.kinds.word import Word
from engine.secret import Secret
from engine.spec.source import Endpoint
from engine.template import Template

SETS = {"things": {"records": "$.things", "fields": {"Id": {}}}}


def read(word: type[Word], value: Any) -> Any:
    return TypeAdapter(word).validate_python(value, strict=True)


@pytest.mark.parametrize(
    ("word", "value", "expected"),
    [
        (Endpoint, {"sets": SETS}, "an endpoint needs its path"),
        (Endpoint, {"get": "a", "post": "a", "sets": SETS}, "an endpoint is asked by get or by post"),
        (Endpoint, {"get": "a", "body": {"json": {"a": "b"}}, "sets": SETS}, "only a POST has a body"),
        (Body, {}, "a body is one of text, json and form"),
        (Body, {"json": {"a": "b"}, "form": {"a": "b"}}, "a body is one of text, json and form"),
        (Body, {"text": "a"}, "a text needs its type"),
        (Body, {"json": {"a": "b"}, "type": "application/json"}, "a type goes with a text only"),
        (Method, {"filters": {"StartDate": {}}}, "filters stand in an element"),
        (Method, {"element": "Registration"}, "'Registration' is not of the form PARENT/ELEMENT"),
        (Method, {"element": "Registration/"}, "'Registration/' is not of the form PARENT/ELEMENT"),
        (Cached, {"up_to": "24"}, "'24' is not a duration such as 500ms, 30s, 5m, 2h or 7d"),
        (ForEach, {"set": "things", "keep": {}}, "Dictionary should have at least 1 item after validation, not 0"),
    ],
)
def test_a_word_that_does_not_fit_says_why(word: type[Word], value: Any, expected: str) -> None:
    with pytest.raises(ValidationError) as caught:
        read(word, value)
    assert [error["msg"] for error in caught.value.errors()] == [expected]


def test_an_endpoint_knows_its_path_and_how_it_is_asked() -> None:
    got, posted = read(Endpoint, {"get": "a/b", "sets": SETS}), read(Endpoint, {"post": "c", "sets": SETS})
    assert [(each.method, each.path) for each in (got, posted)] == [("GET", "a/b"), ("POST", "c")]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("application/xml", True), ("text/xml; charset=utf-8", True), ("application/soap+xml", True), ("text/csv", False)],
)
def test_only_xml_is_escaped_as_xml(kind: str, expected: bool) -> None:
    assert read(Body, {"type": kind, "text": "x"}).is_xml is expected


def test_what_is_filled_into_xml_cannot_become_markup() -> None:
    template = Template.parse('<A b="{{ config.x }}">{% for each in asked %}{{ each }}{% endfor %}</A>', escape=True)
    filled = template.render({"config": {"x": Secret('"<&')}, "asked": ["<M/>"]}, reveal=True)
    assert filled == '<A b="&#34;&lt;&amp;">&lt;M/&gt;</A>'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{ today }}", "2026-03-01"),
        ("{{ today | days(-1) }}", "2026-02-28"),
        ("{{ today | days(config.ahead) }}", "2026-03-08"),
        ("{{ today | days(1) | date('%d/%m/%Y') }}", "02/03/2026"),
    ],
)
def test_days_are_counted_from_today(text: str, expected: str) -> None:
    assert Template.parse(text).render({"today": date(2026, 3, 1), "config": {"ahead": "7"}}) == expected
