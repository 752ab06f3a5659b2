"""What pydantic finds, in our words: every type of error, one problem for one place, and where it points."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from engine.document import parse
from engine.errors import Problem
from engine.spec.load import KINDS
from engine.spec.messages import MAPPED, keys_at, problems_of

GOOD = {
    "source": """\
source: acme
config: {estab: {type: text, pattern: x}, count: {type: integer, default: 3}}
apis:
  main:
    base_url: https://acme.example
    auth:
      kind: token
      request: {method: POST, url: 'https://x.example/{{ config.estab }}', json: {a: b}}
      token: $.token
      expires_in: $.life
      renew_before: 60s
      header: {name: Authorization, value: 'X {{ token }}'}
    pages: {kind: number, param: page, first: 1, size: {param: size, value: 10}, last: {at: $.last, absent: one}}
    options_asked: {param: options, join: ','}
    errors: [{when: {json: $.error, present: true, status: [200], equals: [a]}, means: fatal, say: no}]
    rates: {connections: 4, retry_at: [{header: Retry-After, as: seconds}]}
    retry: {attempts: 5, wait: 500ms}
    longest_answer: 16MB
formats: {date: '%Y-%m-%d', boolean: {true: [1], false: [0]}, blank: keep, omits_null: true}
endpoints:
  all:
    get: all
    params: {a: b}
    sets: {things: {records: $.things, key: Id, counted: false, fields: {Id: {type: text, at: [a, b], values: [x]}}}}
""",
    "endpoints_of": """\
endpoints_of: acme
endpoints: {all: {get: all, pages: {kind: none}, sets: {things: {records: $.t, fields: {Id: {type: text}}}}}}
""",
    "tests_of": """\
tests_of: acme/thing
given: {things: "Id\\n1"}
settings: {things: {strict: true}}
today: 2026-09-01
tests:
  - test: everything
    given: {things: [{Id: 1}]}
    absent: {things: [Colour]}
    today: 2026-09-02
    time_zone: Europe/London
    known: {other: [1]}
    sent: {current: [{source_id: 1}], gone: things.csv}
    expect:
      rows: [{source_id: 1}]
      whole: true
      filtered: {rule: 1}
      quarantined: [{record: 1, set: things, field: name, rule: type}]
      absent: name
      changes: {new: [1]}
      objects: {1: {title: x}}
      fails: transform
""",
    "mapping": """\
mapping: thing
source: acme
tables: {t: {from: {union: [a, b]}, where: [{rule: r, sql: a}], fields: {x: y}}}
from: {set: things, each: tags, name: tag}
join: {kind: {set: kinds, by: {a: b}, where: {c: 1}, fold_case: true, keep: first, order: [{by: x, as: integer}, y]}}
one_per: {order: [a]}
where: [{rule: r, field: a, in: [x]}, {rule: s, field: b, in: {setting: a.b}}, {rule: q, field: b, at_least: 1}]
fields:
  a: b
  b: {first_of: [a, b], clean: [trim], split: x, lookup: l, default: 1.5}
  c: {case: a, map: {x: true}, else: b}
  d: {collect: links, by: {a: b}, where: {x: null}, fields: {e: f}, order: [x]}
""",
    "schema": """\
schema: thing
key: id
sort: [id]
fields:
  id: {type: text, required: true, max: 10, min: 1, pattern: x, ref: other}
  kind: {type: enum, values: [a]}
  parts: {type: list, of: {type: record, fields: {x: {type: date, after: '2000-01-01'}}}}
""",
    "binding": """\
binding: thing
model: TYPE:x
destination: object
names: {a: b, c: {from: d, qualifier: q, map: {x: y}, clear: true}, e: {person_name: {last: x}}}
""",
    "settings": "settings: shared\ngroups: {a: {b: {type: texts, default: [x], description: what}}}\n",
    "lookup": "lookup: sex\nvalues: {M: male}\nfold_case: true\notherwise: x\n",
    "school": """\
school: waters-edge
source: acme
config: {estab: '1', key: {env: KEY}}
entities: [thing]
settings: {a: {b: [x]}}
override: {thing: {fields: {a: b}, remove: [c]}}
connections: 2
drift: {missing_field: fail}
deliver: {kind: batch, url: https://haplo.example, api_key: {env: KEY}, kinds: {thing: x}}
""",
    "application": """\
application: demo
attributes: {a: {type: text, links_to: [x]}}
types: {x: {title: X, attributes: [a]}}
qualifiers: [q]
objects: {o: {type: x}}
""",
}
STRANGE: tuple[Any, ...] = (None, True, 7, -7, 1.5, "Not A Name!", [], [7], [[]], {}, {"zzz": 1}, {"kind": "zzz"})
PYDANTIC_WORDS = (
    "Input should",
    "valid string",
    "dictionary",
    "pydantic",
    "Field required",
    "Extra inputs",
    "type=",
    "_type",
)


def problems(text: str) -> list[Problem]:
    """Return what is wrong with the form of a document."""
    document, found = parse(text, Path("x.yaml"))
    assert document is not None, found
    model = KINDS[next(iter(document.data))]
    try:
        model.model_validate(document.data)
    except ValidationError as error:
        return [*found, *problems_of(document, model, error.errors(include_url=False))]
    return found


def nodes(data: Any, at: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the path of every value of a document, the document itself left out."""
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in items:
        yield (*at, key)
        yield from nodes(value, (*at, key))


def spoilt(data: dict[str, Any]) -> Iterator[tuple[tuple[str | int, ...], dict[str, Any]]]:
    """Yield the document with one value made strange, for every value; and with an unknown key in every map."""
    for path in nodes(data):
        for strange in STRANGE:
            changed = copy.deepcopy(data)
            at: Any = changed
            for part in path[:-1]:
                at = at[part]
            at[path[-1]] = strange
            yield path, changed


@pytest.mark.parametrize("kind", KINDS)
def test_the_good_documents_of_this_test_are_good(kind: str) -> None:
    assert problems(GOOD[kind]) == []


@pytest.mark.parametrize("kind", KINDS)
def test_every_type_of_error_of_strange_documents_has_words_of_ours(kind: str) -> None:
    document, _ = parse(GOOD[kind], Path("x.yaml"))
    assert document is not None
    model = KINDS[kind]
    wrong = 0
    for path, data in spoilt(document.data):
        try:
            model.model_validate(data)
        except ValidationError as error:
            wrong += 1
            errors = error.errors(include_url=False)
            assert {each["type"] for each in errors} <= MAPPED, path
            shown = problems_of(_Spoilt(data), model, errors)  # type: ignore[arg-type]  # places are all it is asked for
            assert shown, path
            said = " ".join(f"{each.what} {each.why} {each.fix}" for each in shown)
            assert not [word for word in PYDANTIC_WORDS if word in said], said
            codes = {each.code for each in shown}  # a strange map lacks what is needed, and has what is not
            assert len(shown) == 1 or codes in ({"missing-key", "unknown-key"}, {"missing-key", "bad-value"}), (
                path,
                [each.what for each in shown],
            )
    assert wrong > 20


class _Spoilt:
    """A document whose places don't matter."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.data = data

    def place(self, path: Any) -> None:
        return None

    key_place = place


ERRORS = {
    "any": (),
    "bool": ("bool_type",),
    "default": (),
    "definition-ref": (),
    "definitions": (),
    "dict": ("dict_type",),
    "float": ("float_type",),
    "function-after": ("haplomap",),
    "function-before": (),
    "int": ("int_type", "int_from_float"),
    "list": ("list_type",),
    "literal": ("literal_error",),
    "model": ("model_type", "model_attributes_type"),
    "model-field": (),
    "model-fields": ("extra_forbidden", "missing"),
    "no-info": (),
    "nullable": (),
    "str": ("string_type",),
    "tagged-union": ("union_tag_invalid", "union_tag_not_found"),
    "union": (),
}
"""What each kind of a core schema can find in strict mode, without constraints."""
CONSTRAINTS = {
    "pattern": ("string_pattern_mismatch",),
    "ge": ("greater_than_equal",),
    "gt": ("greater_than",),
    "le": ("less_than_equal",),
    "min_length": ("too_short",),
}
PLAIN = {
    *("cls", "config", "custom_init", "root_model", "schema", "computed_fields", "fields", "model_name", "default"),
    *("schema_ref", "definitions", "keys_schema", "values_schema", "items_schema", "function", "expected", "choices"),
    *("json_schema_input_schema", "serialization_alias", "validation_alias", "discriminator", "from_attributes"),
    *("strict", "type", "metadata", "serialization", "ref"),
}


@pytest.mark.parametrize("model", KINDS.values(), ids=KINDS)
def test_every_error_that_the_models_can_give_is_mapped(model: type[BaseModel]) -> None:
    for kind, words in _schemas(model.__pydantic_core_schema__):
        assert kind in ERRORS, f"what can a '{kind}' find? say so in engine/spec/messages.py and here"
        assert set(words) - PLAIN <= set(CONSTRAINTS), (kind, words)
        can_give = {*ERRORS[kind], *(error for word in words for error in CONSTRAINTS.get(word, ()))}
        assert can_give <= MAPPED


def _schemas(node: Any) -> Iterator[tuple[str, list[str]]]:
    if isinstance(node, dict):
        if isinstance(node.get("type"), str):
            yield node["type"], [key for key in node if isinstance(key, str)]
        for value in node.values():
            yield from _schemas(value)
    elif isinstance(node, list | tuple):
        for value in node:
            yield from _schemas(value)


@pytest.mark.parametrize(
    ("kind", "old", "new", "expected"),
    [
        ("school", "entities: [thing]", "entities: thing", "4:11 wrong-type 'entities' must be a list, and is text"),
        ("school", "entities: [thing]", "entities: []", "4:11 out-of-range 'entities' must be at least 1 of them"),
        ("school", "connections: 2", "connections: 0", "7:14 out-of-range 'connections' must be more than 0"),
        ("school", "connections: 2", "connectons: 2", "7:1 unknown-key unknown key 'connectons'"),
        ("school", "missing_field: fail", "missing_field: fial",
         "8:24 bad-value 'missing_field' is none of tell, fail"),
        ("school", "source: acme\n", "", "1:1 missing-key missing key 'source'"),
        ("school", "kind: batch", "kind: bacth", "9:17 unknown-kind 'deliver' has no kind 'bacth'"),
        ("source", "kind: token", "kind: tokens", "7:13 unknown-kind 'auth' has no kind 'tokens'"),
        ("source", "      kind: token\n", "", "6:5 missing-key 'auth' does not say its kind"),
        ("source", "last: {at: $.last, absent: one}", "totl: 1",
         "13:82 unknown-key unknown key 'totl' in apis > main > pages"),
        ("source", "renew_before: 60s", "renew_before: soon",
         "11:21 bad-unit 'soon' is not a duration such as 500ms, 30s, 5m, 2h or 7d"),
        ("mapping", "mapping: thing", "mapping: Thing",
         "1:10 bad-name 'mapping' must be small letters, digits and '_', and begin with a letter"),
        ("mapping", "  a: b\n", "  a: {from: b, looku: x}\n", "9:16 unknown-key unknown key 'looku' in fields > a"),
        ("mapping", "  a: b\n", "  a: {from: b, value: c}\n",
         "9:6 one-origin a value has exactly one of from, first_of, case, value, setting, sql, collect; "
         "here: from and value"),
        ("mapping", "keep: first", "keep: frist", "5:77 bad-value 'keep' is none of first, last"),
        ("lookup", "values: {M: male}", "values: {M: [male]}", "2:13 wrong-type 'M' must be text, and is a list"),
        ("settings", "type: texts", "type: tekst",
         "2:24 bad-value 'type' is none of text, texts, map, boolean, integer"),
    ],
)  # fmt: skip
def test_one_mistake_is_one_problem_at_its_place(kind: str, old: str, new: str, expected: str) -> None:
    assert old in GOOD[kind]
    found = problems(GOOD[kind].replace(old, new, 1))
    shown = [f"{each.place.line}:{each.place.column} {each.code} {each.what}" for each in found if each.place]
    if "totl" in new:  # a key was put in the place of one that is needed
        assert shown.pop().endswith("missing key 'last' in apis > main > pages")
    assert shown == [expected]


@pytest.mark.parametrize(
    ("kind", "path", "some", "none"),
    [
        ("mapping", ("fields", "c"), {"from", "case", "else"}, {"from_", "else_", "set"}),
        ("mapping", ("fields", "d", "fields", "e"), {"from", "lookup"}, {"set"}),
        ("mapping", ("join", "kind"), {"set", "by", "keep"}, {"from"}),
        ("mapping", ("where", 0), {"rule", "in", "matches"}, {"in_"}),
        ("source", ("apis", "main", "auth"), {"request", "token", "header"}, set()),
        ("source", ("apis", "main", "pages"), {"param", "last"}, set()),
        ("endpoints_of", ("endpoints", "all", "pages"), {"kind"}, {"param"}),
        ("school", ("deliver",), {"kind", "url"}, {"school"}),
        ("binding", ("names", "c"), {"from", "list"}, {"list_"}),
    ],
)
def test_the_keys_that_may_stand_somewhere_are_yaml_s(
    kind: str, path: tuple[str | int, ...], some: set[str], none: set[str]
) -> None:
    document, _ = parse(GOOD[kind], Path("x.yaml"))
    assert document is not None
    known = set(keys_at(KINDS[kind], path, document.data))
    assert some <= known
    assert not none & known


def test_a_misspelt_key_gets_a_suggestion_and_the_keys_that_are_known() -> None:
    (found,) = problems(GOOD["school"].replace("connections:", "conections:"))
    assert found.fix == "did you mean 'connections'?"
    assert "drift" in found.why


def test_a_misspelt_key_is_not_also_told_as_missing() -> None:
    (found,) = problems(GOOD["school"].replace("source: acme", "sorce: acme"))
    assert (found.code, found.fix) == ("unknown-key", "did you mean 'source'?")


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ("{key: []}", "'key' must be text, a whole number, {env: …}, {file: …} or {NAME: {key: …}}, and is a list"),
        ("{key: {}}", "'key' must be text, a whole number, {env: …}, {file: …} or {NAME: {key: …}}, and is a map"),
        (
            "{key: {enf: KEY}}",
            "'key' must be text, a whole number, {env: …}, {file: …} or {NAME: {key: …}}, and is a map",
        ),
        ("{key: {env: 1}}", "'env' must be text, and is a number"),
    ],
)
def test_a_union_gives_one_problem_that_names_all_its_forms(config: str, expected: str) -> None:
    (found,) = problems(f"school: a\nsource: b\nentities: [x]\nconfig: {config}\n")
    assert found.what == expected


def test_a_key_is_not_taken_for_the_kind_of_its_union() -> None:
    text = GOOD["source"].replace(
        "      request: {method: POST, url: 'https://x.example/{{ config.estab }}', json: {a: b}}\n", ""
    )
    (found,) = problems(text)  # the kind 'token' has a key 'token'
    assert found.what == "missing key 'request' in apis > main > auth"
