"""What is wrong with a mapping before any data is seen: each finding with its place, and no knock-on ones."""

from __future__ import annotations

import pytest

from tests.unit.spec.trial import Trial

SETS = {
    "things": {
        "Id": "text",
        "name": "text",
        "num": "integer",
        "day": "date",
        "flag": "boolean",
        "tags": "{type: list}",
    },
    "links": {"Id": "text", "Owner": "text", "When": "date"},
}
TARGET = """\
out: {type: text}
born: {type: date}
count: {type: integer}
sure: {type: boolean}
kind: {type: enum, values: [a, b]}
many: {type: list, of: {type: text}}
parts: {type: list, of: {type: record, fields: {who: {type: text}}}}
"""
SETTINGS = {"s": {"names": "VARCHAR[]", "strict": "BOOLEAN", "country": "VARCHAR"}}


def found(mapping: str) -> list[tuple[str, str, str]]:
    """Return code, path and text of every finding."""
    trial = Trial(SETS, TARGET, mapping, settings=SETTINGS, lookups=["lookup: sex\nvalues: {M: male}\n"])
    return [(each.code, " ".join(map(str, each.at)), each.what) for each in trial.findings()]


@pytest.mark.parametrize(
    ("field", "code", "at", "what"),
    [
        ("out: nmae", "unknown-field", "out from", "no field 'nmae' in things"),
        ("out: {first_of: [name, nmae]}", "unknown-field", "out first_of 1", "no field 'nmae'"),
        ("out: {case: nmae, map: {a: b}}", "unknown-field", "out case", "no field 'nmae'"),
        ("out: {setting: s.coutry}", "unknown-setting", "out setting", "no setting 's.coutry'"),
        ("out: {from: name, lookup: sx}", "unknown-lookup", "out lookup", "no lookup 'sx'"),
        ("out: tags", "type-mismatch", "out", "a list cannot become the text 'out'"),
        ("many: name", "type-mismatch", "many", "text cannot become the list 'many'"),
        ("born: flag", "type-mismatch", "born", "true or false cannot become the date 'born'"),
        ("out: {from: tags, split: x}", "type-mismatch", "out split", "works on text"),
        ("many: {from: name, split: '['}", "bad-regex", "many split", "regular expression"),
        ("born: {value: '2024-13-01'}", "bad-constant", "born value", "type date"),
        ("count: {from: num, default: few}", "bad-constant", "count default", "type integer"),
        ("sure: {case: name, map: {a: 'perhaps'}}", "bad-constant", "sure map a", "type boolean"),
        ("kind: {value: c}", "bad-constant", "kind value", "enum of a, b"),
        ("out: {collect: linsk, by: {Owner: Id}, item: Id}", "unknown-set", "out collect", "'linsk'"),
        ("many: {collect: links, by: {Onwer: Id}, item: Id}", "unknown-field", "many by Onwer", "in links"),
        ("many: {collect: links, by: {Owner: Idd}, item: Id}", "unknown-field", "many by Owner", "in things"),
        ("many: {collect: links, by: {Owner: Id}, where: {When: x}, item: Id}", "type-mismatch", "many where When",
         "'When' is a date, and never has this value"),
        ("parts: {collect: links, by: {Owner: Id}, fields: {hwo: Id}}", "unknown-target", "parts fields hwo",
         "not a part of"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_value_is_one_finding_at_its_place(field: str, code: str, at: str, what: str) -> None:
    ((its_code, its_at, its_what),) = found(f"fields:\n  id: Id\n  {field}\n")
    assert (its_code, its_at) == (code, f"fields {at}")
    assert what in its_what


@pytest.mark.parametrize(
    ("rule", "code", "at"),
    [
        ("field: nmae, present: true", "unknown-field", "field"),
        ("field: name, in: {setting: s.name}", "unknown-setting", "in setting"),
        ("field: name, in: {setting: s.strict}", "type-mismatch", "in setting"),
        ("field: name, present: true, when: s.names", "type-mismatch", "when"),
        ("field: tags, in: [a]", "type-mismatch", "in"),
        ("field: tags, matches: a", "type-mismatch", "matches"),
        ("field: name, matches: '('", "bad-regex", "matches"),
        ("field: day, at_least: 3", "type-mismatch", "at_least"),
        ("field: day, equals: soon", "type-mismatch", "equals"),
        ("field: flag, equals: perhaps", "type-mismatch", "equals"),
        ("field: num, equals: few", "type-mismatch", "equals"),
        ("sql: name || 'x'", "type-mismatch", "sql"),
        ("sql: nmae = 'x'", "unknown-field", "sql"),
    ],
)
def test_a_mistake_in_a_rule_is_one_finding_at_its_place(rule: str, code: str, at: str) -> None:
    ((its_code, its_at, _),) = found(f"where:\n  - {{rule: r, {rule}}}\nfields: {{id: Id}}\n")
    assert (its_code, its_at) == (code, f"where 0 {at}")


@pytest.mark.parametrize(
    ("join", "code", "at"),
    [
        ("link: {set: linsk, by: {Owner: Id}}", "unknown-set", "link set"),
        ("link: {set: links, by: {Onwer: Id}}", "unknown-field", "link by Onwer"),
        ("link: {set: links, by: {Owner: Idd}}", "unknown-field", "link by Owner"),
        (
            "link: {set: links, by: {Owner: later.Id}}, later: {set: links, by: {Owner: Id}}",
            "unknown-field",
            "link by Owner",
        ),
        ("link: {set: links, by: {Owner: Id}, where: {Whn: x}}", "unknown-field", "link where Whn"),
        ("link: {set: links, by: {Owner: Id}, order: [Whn]}", "unknown-field", "link order 0"),
        ("name: {set: links, by: {Owner: Id}}", "name-taken", "name"),
        ("settings: {set: links, by: {Owner: Id}}", "name-taken", "settings"),
    ],
)
def test_a_mistake_in_a_join_is_one_finding_at_its_place(join: str, code: str, at: str) -> None:
    ((its_code, its_at, _),) = found(f"join: {{{join}}}\nfields: {{id: Id}}\n")
    assert (its_code, its_at) == (code, f"join {at}")


@pytest.mark.parametrize(
    ("known", "code", "at"),
    [
        ("{name: nmae}", "unknown-field", "name from"),
        ("{tags: tags}", "type-mismatch", "tags"),
        ("{id: name}", "name-taken", "id"),
        ("{name: {from: name, lookup: lokup}}", "unknown-lookup", "name lookup"),
    ],
)
def test_a_mistake_in_a_natural_key_is_one_finding_at_its_place(known: str, code: str, at: str) -> None:
    ((its_code, its_at, _),) = found(f"known_by: {known}\nfields: {{id: Id}}\n")
    assert (its_code, its_at) == (code, f"known_by {at}")


@pytest.mark.parametrize(
    ("head", "code", "at"),
    [
        ("from: thigns", "unknown-set", "from set"),
        ("from: {union: [things, thigns]}", "unknown-set", "from union 1"),
        ("from: {union: [things, things]}", "duplicate-set", "from union 1"),
        ("from: {set: things, each: tgas}", "unknown-field", "from each"),
        ("from: {set: things, each: name}", "type-mismatch", "from each"),
        ("from: {set: things, each: tags, name: num}", "name-taken", "from name"),
        ("tables: {a: {from: b}, b: {from: a}}\nfrom: a", "table-loop", "tables b from set"),
        (
            "tables: {unused: {from: things, fields: {x: nmae}}}\nfrom: things",
            "unknown-field",
            "tables unused fields x from",
        ),
    ],
)
def test_a_mistake_in_an_origin_is_one_finding_at_its_place(head: str, code: str, at: str) -> None:
    its = found(f"mapping: thing\nsource: acme\n{head}\nfields: {{id: Id}}\n")
    assert [(code, at)] == [(its_code, its_at) for its_code, its_at, what in its if "'Id'" not in what]


def test_the_members_of_a_union_agree_on_types() -> None:
    mapping = (
        "mapping: thing\nsource: acme\n"
        "tables:\n  one: {from: things, fields: {since: day}}\n  two: {from: links, fields: {since: Owner}}\n"
        "from: {union: [one, two]}\nfields: {id: Id, born: since}\n"
    )
    assert found(mapping) == [("type-mismatch", "from union", "'since' is a date here and text there")]


def test_every_required_field_and_the_key_must_be_mapped() -> None:
    assert [(code, what) for code, _, what in found("fields: {out: name}\n")] == [
        ("missing-field", "the required field 'id' is not mapped")
    ]


def test_one_mistake_does_not_hide_another_nor_make_one_up() -> None:
    mapping = (
        'fields:\n  id: Id\n  out: nmae\n  born: {sql: "nofunction(name)"}\n'
        "  many: {first_of: [tgas, tags]}\n  parts: {collect: linsk, by: {Owner: Id}, fields: {who: Id}}\n"
    )
    assert [(code, at) for code, at, _ in found(mapping)] == [
        ("unknown-field", "fields out from"),
        ("sql", "fields born sql"),
        ("unknown-field", "fields many first_of 0"),
        ("unknown-set", "fields parts collect"),
    ]


@pytest.mark.parametrize(
    "sql",
    ["*", "COLUMNS(*)", "$1", "?", "name AS x", "name x", "1; 2", "1;", "name, num", "max(num)", "count(*)",
     "row_number() OVER ()", "unnest([1, 2])", "(SELECT 1)", "num IN (SELECT 1)", "random()", "uuid()",
     "name) || (name", "name FROM t", "1 WHERE true", "1 ORDER BY 1"],
)  # fmt: skip
def test_sql_is_one_expression_over_one_record(sql: str) -> None:
    ((code, at, _),) = found(f'fields:\n  id: Id\n  out: {{sql: "{sql}"}}\n')
    assert code in ("sql", "sql-syntax")
    assert at == "fields out sql"


@pytest.mark.parametrize(
    ("sql", "line", "column"),
    [
        ("'é' || 'ü' || nmae", 0, 14),
        ("'日本語' || upper(nmae)", 0, 15),
        ("name\n  || '😀' || nmae", 1, 12),
        ("'é' || nofunction(name)", 0, 7),
    ],
)
def test_a_place_in_sql_counts_characters_not_bytes(sql: str, line: int, column: int) -> None:
    text = "".join(f"      {each}\n" for each in sql.split("\n"))
    trial = Trial(SETS, TARGET, f"fields:\n  id: Id\n  out:\n    sql: |\n{text}")
    (finding,) = trial.findings()
    assert finding.offset is not None
    before = sql[: finding.offset]
    assert (before.count("\n"), finding.offset - (before.rfind("\n") + 1)) == (line, column)
