"""Each form of a value, carried out on a handful of records. Expected rows are worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import TransformError
from engine.spec.reference import Keys
from tests.unit.spec.trial import Outcome, Trial

FIELDS = {"Id": "text", "a": "text", "b": "text", "num": "integer", "day": "date", "flag": "boolean"}


def one(value: str, target: str, records: list[dict[str, str | None]], **options: Any) -> Outcome:
    """Map field `out` of type `target` by one value, over one set."""
    trial = Trial(
        {"things": {**FIELDS, **options.pop("fields", {})}},
        target=f"out: {target}",
        mapping=f"fields:\n  id: Id\n  out: {value}\n",
        formats=options.pop("formats", ""),
        lookups=options.pop("lookups", ()),
        settings=options.pop("settings", {}),
    )
    assert trial.findings() == []
    return trial.run({"things": [{"Id": str(i), **record} for i, record in enumerate(records)]}, **options)


def outs(outcome: Outcome) -> list[Any]:
    """Return the values that came out, in the order of the records."""
    return [row["out"] for row in sorted(outcome.rows, key=lambda row: int(row["id"]))]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a", [" x ", None, None]),
        ("{from: a}", [" x ", None, None]),
        ("{from: a, clean: trim}", ["x", None, None]),
        ("{first_of: [a, b]}", [" x ", "y", None]),
        ("{first_of: [b, a]}", ["z", "y", None]),
        ("{from: a, default: none}", [" x ", "none", "none"]),
        ("{value: fixed}", ["fixed", "fixed", "fixed"]),
        ("{value: null}", [None, None, None]),
        ("{value: true}", ["true", "true", "true"]),
        ("{sql: \"coalesce(a, '?') || coalesce(b, '!')\"}", [" x z", "?y", "?!"]),
    ],
)
def test_a_text_comes_from_its_origin(value: str, expected: list[str | None]) -> None:
    records = [{"a": " x ", "b": "z"}, {"a": None, "b": "y"}, {"a": "", "b": "  "}]
    assert outs(one(value, "{type: text}", records)) == expected


@pytest.mark.parametrize(
    ("words", "wire", "expected"),
    [
        ("trim", "\u00a0 a  b \t", "a  b"),
        ("squeeze", " a \t\n b\u00a0\u00a0c ", "a b c"),
        ("upper", "Zoë é", "ZOË É"),
        ("lower", "ÀB", "àb"),
        ("nfc", "e\u0301", "\u00e9"),
        ("digits", "+44 (0)20 7946-0018", "4402079460018"),
        ("one_line", "1 High St \r\n  Town\rX\nY", "1 High St, Town, X, Y"),
        ("line_feeds", "a\r\nb\rc\nd", "a\nb\nc\nd"),
        ("[trim, upper]", " ab ", "AB"),
        ("digits", "none here", None),
    ],
)
def test_clean_words_do_what_they_say(words: str, wire: str, expected: str | None) -> None:
    found = outs(one(f"{{from: a, clean: {words}}}", "{type: text}", [{"a": wire}]))[0]
    assert found == expected


def test_clean_works_on_each_item_of_a_list() -> None:
    fields = {"tags": "{type: list, split: ';'}"}
    outcome = one("{from: tags, clean: upper}", "{type: list, of: {type: text}}", [{"tags": "a; b;;"}], fields=fields)
    assert outs(outcome) == [["A", "B"]]


def test_split_parts_a_text_and_leaves_out_blanks() -> None:
    records = [{"a": "x@y; z@y  w@y;"}, {"a": None}]
    assert outs(one(r"{from: a, split: '[;\s]+'}", "{type: list, of: {type: text}}", records)) == [
        ["x@y", "z@y", "w@y"],
        None,
    ]


SEX = "lookup: sex\nvalues: {M: male, F: female}\n"


def test_a_lookup_gives_what_a_code_means_and_reports_a_miss() -> None:
    outcome = one("{from: a, lookup: sex}", "{type: text}", [{"a": "M"}, {"a": "m"}, {"a": None}], lookups=[SEX])
    assert outs(outcome) == ["male", None, None]
    assert outcome.books.told == {"out: code (value)": 1}
    assert [row["_withheld"] for row in outcome.rows] == [[], ["out"], []]


def test_fields_called_key_and_value_stand_beside_a_lookup() -> None:
    sets = {"things": {"Id": "text", "key": "text", "value": "text"}}
    fields = "fields:\n  id: Id\n  name: {from: key, lookup: c}\n  other: {sql: 'key || value'}\n"
    lookups = ["lookup: c\nvalues: {a: Alpha}\n"]
    trial = Trial(sets, "name: {type: text}\nother: {type: text}", fields, lookups=lookups)
    (row,) = trial.run({"things": [{"Id": "1", "key": "a", "value": "v"}]}).rows
    assert (row["name"], row["other"]) == ("Alpha", "av")


def test_a_lookup_that_folds_case_takes_a_code_in_any_case() -> None:
    outcome = one(
        "{from: a, lookup: sex}", "{type: text}", [{"a": " m "}, {"a": "f"}], lookups=[SEX + "fold_case: true\n"]
    )
    assert outs(outcome) == ["male", "female"]
    assert outcome.books.told == {}


def test_otherwise_stands_in_for_a_code_that_is_not_there_and_the_miss_is_still_told() -> None:
    lookup = SEX + "otherwise: other\n"
    outcome = one("{from: a, lookup: sex}", "{type: text}", [{"a": "M"}, {"a": "X"}, {"a": None}], lookups=[lookup])
    assert outs(outcome) == ["male", "other", None]
    assert outcome.books.told == {"out: code (told)": 1}


def test_a_default_stands_in_after_a_lookup_and_the_miss_is_still_told() -> None:
    value = "{from: a, lookup: sex, default: unknown}"
    outcome = one(value, "{type: text}", [{"a": "X"}, {"a": None}], lookups=[SEX])
    assert outs(outcome) == ["unknown", "unknown"]
    assert outcome.books.told == {"out: code (told)": 1}


def test_case_maps_values_and_a_value_outside_the_map_is_a_bad_one() -> None:
    outcome = one("{case: a, map: {'Yes': true, 'No': false, Unknown: null}}", "{type: boolean}",
                  [{"a": "Yes"}, {"a": "No"}, {"a": "Unknown"}, {"a": "Perhaps"}, {"a": None}])  # fmt: skip
    assert outs(outcome) == [True, False, None, None, None]
    assert outcome.held() == [("3", "out", "code", "value")]


def test_else_gives_another_field_in_the_type_of_the_target() -> None:
    formats = "{boolean: {true: ['Y'], false: ['N']}}"
    value = "{case: a, map: {'Yes': true}, else: b}"
    records = [{"a": "Yes", "b": "N"}, {"a": "?", "b": "N"}, {"a": None, "b": "Y"}, {"a": "?", "b": "what"}]
    outcome = one(value, "{type: boolean}", records, formats=formats)
    assert outs(outcome) == [True, False, True, None]
    assert outcome.held() == [("3", "out", "type", "value")]


def test_an_else_that_is_not_reached_makes_no_bad_value() -> None:
    value = "{case: a, map: {'Yes': true}, else: flag}"
    outcome = one(value, "{type: boolean}", [{"a": "Yes", "flag": "garbage"}])
    assert outs(outcome) == [True]
    assert outcome.held() == []


def test_a_setting_is_a_value() -> None:
    settings = {"addresses": {"country": "VARCHAR"}}
    outcome = one("{setting: addresses.country}", "{type: text}", [{}], settings=settings,
                  values={"addresses": {"country": "G'B"}})  # fmt: skip
    assert outs(outcome) == ["G'B"]


def test_sql_sees_converted_fields_settings_and_the_run() -> None:
    settings = {"s": {"years": "BIGINT"}}
    sql = "{sql: \"run.school || ' ' || run.time_zone || ' ' || (num + settings.s.years)\"}"
    outcome = one(sql, "{type: text}", [{"num": "5"}], settings=settings, values={"s": {"years": 2}})
    assert outs(outcome) == ["waters-edge Europe/London 7"]


@pytest.mark.parametrize(
    ("default", "target", "expected"),
    [
        ("7", "integer", [5, 7]),
        ("'2024-09-01'", "date", ["2023-01-31", "2024-09-01"]),
        ("false", "boolean", [True, False]),
    ],
)
def test_constants_are_written_in_our_forms_whatever_the_source_writes(
    default: str, target: str, expected: list[Any]
) -> None:
    formats = "{date: '%d/%m/%Y', boolean: {true: [J], false: ['NEIN']}}"
    name, wire = {"integer": ("num", "5"), "date": ("day", "31/01/2023"), "boolean": ("flag", "J")}[target]
    for origin in (name, "b"):  # a field that is converted, and a text that is converted by the target
        outcome = one(
            f"{{from: {origin}, default: {default}}}", f"{{type: {target}}}", [{origin: wire}, {}], formats=formats
        )
        assert [str(each) if target == "date" else each for each in outs(outcome)] == expected
        assert outcome.held() == []


def test_fields_of_different_types_become_the_target_type() -> None:
    formats = "{date: '%d/%m/%Y'}"
    records = [{"day": "31/01/2023", "a": "01/01/2000"}, {"a": "01/02/2000"}, {}]
    outcome = one("{first_of: [day, a]}", "{type: date}", records, formats=formats)
    assert [str(each) for each in outs(outcome)] == ["2023-01-31", "2000-02-01", "None"]


def test_a_bad_value_that_is_not_reached_is_not_held_against_the_record() -> None:
    outcome = one("{first_of: [day, num]}", "{type: text}", [{"day": "2024-01-02", "num": "x"}])
    assert outs(outcome) == ["2024-01-02"]
    assert outcome.held() == []


def test_a_bad_value_on_the_way_is_told_although_another_field_has_one() -> None:
    outcome = one("{first_of: [day, a]}", "{type: date}", [{"day": "soon", "a": "2024-01-02"}])
    assert outs(outcome) == [None]
    assert outcome.held() == [("0", "out", "type", "value")]


def test_text_is_never_read_as_another_type() -> None:
    wire = ["7E1", "0123", "NO", "12:30", "1_000", "2024-09-01", "null", "NaN"]
    assert outs(one("a", "{type: text}", [{"a": each} for each in wire])) == wire


@pytest.mark.parametrize(
    ("kind", "wire", "expected"),
    [
        (
            "integer",
            ["12", " +3 ", "-0", "1.5", "7E1", "99999999999999999999", "٣"],
            [12, 3, 0, None, None, None, None],
        ),
        ("number", ["1.50", "-2e3", "1e400", "NaN", "inf", ".5"], [1.5, -2000.0, None, None, None, None]),
        ("boolean", ["true", "1", "0", "TRUE", "2"], [True, True, False, None, None]),
        ("date", ["2024-02-29", "2023-02-29", "29/02/2024", "2024-02-29T00:00:00"], ["2024-02-29", None, None, None]),
        ("time", ["08:30", "8:30:15", "25:00"], ["08:30:00", "08:30:15", None]),
        ("datetime", ["2024-02-29T12:30:00", "2024-02-29"], ["2024-02-29 12:30:00", None]),
    ],
)
def test_what_cannot_be_read_is_told_and_never_null_in_silence(kind: str, wire: list[str], expected: list[Any]) -> None:
    outcome = one("a", f"{{type: {kind}}}", [{"a": each} for each in wire])
    shown = [str(each) if isinstance(want, str) else each for each, want in zip(outs(outcome), expected, strict=True)]
    assert shown == expected
    bad = [(str(i), "out", "type", "value") for i, want in enumerate(expected) if want is None]
    assert outcome.held() == bad


def test_an_expression_that_fails_names_its_field_and_holds_no_value() -> None:
    trial = Trial({"things": FIELDS}, target="out: {type: integer}\nfine: {type: text}",
                  mapping="fields:\n  id: Id\n  fine: {sql: upper(a)}\n  out: {sql: cast(a AS INTEGER)}\n")  # fmt: skip
    with pytest.raises(TransformError, match="the SQL of 'out' fails on a record") as caught:
        trial.run({"things": [{"Id": "1", "a": "Ada Lovelace"}]})
    assert "Ada" not in f"{caught.value.what} {caught.value.why} {caught.value.fix}"


# --- collect ---------------------------------------------------------------------------------------------------------

PEOPLE = {
    "things": {"Id": "text"},
    "links": {"Id": "text", "Owner": "text", "Pupil": "text", "Rank": "text", "Kind": "text"},
}
LINKS = [
    {"Id": "1", "Owner": "A", "Pupil": "p2", "Rank": "10", "Kind": "x"},
    {"Id": "2", "Owner": "A", "Pupil": "p1", "Rank": "9", "Kind": "x"},
    {"Id": "3", "Owner": "B", "Pupil": "p3", "Rank": None, "Kind": "y"},
    {"Id": "4", "Owner": "A", "Pupil": "p1", "Rank": "11", "Kind": "y"},
]


def collected(value: str, target: str, links: list[dict[str, str | None]] | None = None, **options: Any) -> Outcome:
    trial = Trial(PEOPLE, target=f"out: {target}", mapping=f"fields:\n  id: Id\n  out: {value}\n", **options)
    assert trial.findings() == []
    return trial.run({"things": [{"Id": "A"}, {"Id": "B"}, {"Id": "C"}], "links": LINKS if links is None else links})


def test_collect_gives_a_plain_list_each_item_once_in_its_order() -> None:
    value = "{collect: links, by: {Owner: Id}, item: Pupil, order: [{by: Rank, as: integer}]}"
    outcome = collected(value, "{type: list, of: {type: text}}")
    assert outcome.column("out") == {"A": ["p1", "p2"], "B": ["p3"], "C": []}


def test_collect_takes_only_records_with_the_wanted_values() -> None:
    value = "{collect: links, by: {Owner: Id}, where: {Kind: x}, item: Pupil}"
    outcome = collected(value, "{type: list, of: {type: text}}")
    assert outcome.column("out") == {"A": ["p2", "p1"], "B": [], "C": []}


def test_collect_gives_records_in_the_types_of_their_parts() -> None:
    value = "{collect: links, by: {Owner: Id}, fields: {who: Pupil, rank: Rank}, order: [{by: Rank, as: integer}]}"
    target = "{type: list, of: {type: record, fields: {who: {type: text, required: true}, rank: {type: integer}}}}"
    outcome = collected(value, target)
    assert outcome.column("out") == {
        "A": [{"who": "p1", "rank": 9}, {"who": "p2", "rank": 10}, {"who": "p1", "rank": 11}],
        "B": [{"who": "p3", "rank": None}],
        "C": [],
    }


def test_an_item_without_a_required_part_is_left_out_and_told() -> None:
    value = "{collect: links, by: {Owner: Id}, fields: {who: Pupil}}"
    target = "{type: list, of: {type: record, fields: {who: {type: text, required: true}}}}"
    links = [{"Id": "1", "Owner": "A", "Pupil": None}, {"Id": "2", "Owner": "A", "Pupil": "p1"}]
    outcome = collected(value, target, links)
    assert outcome.column("out") == {"A": [{"who": "p1"}], "B": [], "C": []}
    assert outcome.held() == [("A", "out", "item", "item")]


def test_a_part_that_breaks_its_rule_or_has_an_unknown_code_is_told() -> None:
    value = "{collect: links, by: {Owner: Id}, fields: {who: Pupil, rank: {from: Rank, lookup: ranks}}}"
    target = "{type: list, of: {type: record, fields: {who: {type: text, max: 2, required: true}, rank: {type: text}}}}"
    links = [
        {"Id": "1", "Owner": "A", "Pupil": "long", "Rank": "1"},
        {"Id": "2", "Owner": "B", "Pupil": "ok", "Rank": "9"},
    ]
    outcome = collected(value, target, links, lookups=["lookup: ranks\nvalues: {'1': first}\n"])
    assert outcome.column("out") == {"A": [], "B": [{"who": "ok", "rank": None}], "C": []}
    assert outcome.held() == [("A", "out", "item", "item"), ("B", "out", "item", "item")]


def test_a_collected_reference_is_kept_only_to_a_key_that_is_sent() -> None:
    value = "{collect: links, by: {Owner: Id}, item: Pupil}"
    outcome = collected(value, "{type: list, of: {type: text, ref: pupil}}", keys=lambda entity: Keys("SELECT 'p1'"))
    assert outcome.column("out") == {"A": ["p1"], "B": [], "C": []}
    assert outcome.held() == [("A", "out", "unknown-reference", "item"), ("B", "out", "unknown-reference", "item")]


LOST = Keys(
    "SELECT unnest(['a', 'b', 'c'])",
    {"reference-filtered": "SELECT unnest(['f', 'f2'])", "reference-gone": "SELECT unnest(['f', 'g', 'a'])"},
)
LINKED = [
    {"Id": str(number), "Owner": owner, "Pupil": pupil}
    for number, (owner, pupil) in enumerate([*(("A", key) for key in ("f2", "a", "g", "f", "b")), ("B", "x")])
]


@pytest.mark.parametrize("item", ["Pupil", "{from: Pupil, clean: trim}"])
def test_items_of_a_collected_list_are_told_by_the_rule_of_their_reference(item: str) -> None:
    value = f"{{collect: links, by: {{Owner: Id}}, item: {item}}}"
    outcome = collected(value, "{type: list, of: {type: text, ref: pupil}}", LINKED, keys=lambda entity: LOST)
    assert outcome.column("out") == {"A": ["a", "b"], "B": [], "C": []}
    assert outcome.held() == [
        ("A", "out", "reference-filtered", "item"),
        ("A", "out", "reference-gone", "item"),
        ("B", "out", "unknown-reference", "item"),
    ]
    assert outcome.books.told["out: reference-filtered (item)"] == 1


@pytest.mark.parametrize("required", [True, False])
def test_records_of_a_list_are_told_by_the_rule_of_their_reference(required: bool) -> None:
    value = "{collect: links, by: {Owner: Id}, fields: {who: Pupil, how: Kind}}"
    parts = f"{{who: {{type: text, ref: pupil, required: {str(required).lower()}}}, how: {{type: text}}}}"
    target = f"{{type: list, of: {{type: record, fields: {parts}}}}}"
    lacking = {"Id": "9", "Owner": "C", "Pupil": None}
    outcome = collected(value, target, [*LINKED, lacking], keys=lambda entity: LOST)
    whos = {key: [each["who"] for each in items] for key, items in outcome.column("out").items()}
    kept: list[Any] = ["a", "b"] if required else [None, "a", None, None, "b"]
    assert whos == {"A": kept, "B": [] if required else [None], "C": [] if required else [None]}
    assert outcome.held() == [
        ("A", "out", "reference-filtered", "item"),
        ("A", "out", "reference-gone", "item"),
        ("B", "out", "unknown-reference", "item"),
        *([("C", "out", "item", "item")] if required else []),
    ]


def test_a_list_cleaned_as_a_whole_is_looked_at_when_it_is_clean() -> None:
    value = "{collect: links, by: {Owner: Id}, item: Pupil, clean: trim}"
    links = [{"Id": "1", "Owner": "A", "Pupil": " a "}, {"Id": "2", "Owner": "A", "Pupil": " g"}]
    outcome = collected(value, "{type: list, of: {type: text, ref: pupil}}", links, keys=lambda entity: LOST)
    assert outcome.column("out") == {"A": ["a"], "B": [], "C": []}
    assert outcome.held() == [("A", "out", "reference-gone", "item")]


def test_items_that_do_not_fit_are_left_out_and_told() -> None:
    fields = {"tags": "{type: list, split: ';'}"}
    target = "{type: list, of: {type: text, max: 3}}"
    outcome = one("tags", target, [{"tags": "ab;long;c"}, {"tags": "ok"}], fields=fields)
    assert outs(outcome) == [["ab", "c"], ["ok"]]
    assert outcome.held() == [("0", "out", "item", "item")]


def test_a_list_of_numbers_tells_of_items_that_are_none() -> None:
    fields = {"tags": "{type: list}"}
    outcome = one(
        "tags", "{type: list, of: {type: integer}}", [{"tags": '[1, "2", "x"]'}, {"tags": "no list"}], fields=fields
    )
    assert outs(outcome) == [[1, 2], None]
    assert outcome.held() == [("0", "out", "item", "item"), ("1", "out", "item", "item")]


def test_a_lookup_in_a_table_is_reported_like_any_other() -> None:
    trial = Trial(
        {"things": FIELDS},
        target="out: {type: text}",
        mapping="tables:\n  t: {from: things, fields: {sex: {from: a, lookup: sex}}}\n"
        "from: t\nfields: {id: Id, out: sex}\n",
        lookups=[SEX],
    )
    trial.mapping = "mapping: thing\nsource: acme\n" + trial.mapping
    assert trial.findings() == []
    outcome = trial.run({"things": [{"Id": "1", "a": "M"}, {"Id": "2", "a": "?"}]})
    assert outcome.column("out") == {"1": "male", "2": None}
    assert outcome.held() == [("2", "out", "code", "value")]


def test_a_list_of_references_keeps_only_keys_that_are_sent_in_its_order() -> None:
    trial = Trial(
        {"things": {"Id": "text", "tags": "{type: list, split: ';'}"}},
        target="out: {type: list, of: {type: text, ref: other}}",
        mapping="fields: {id: Id, out: tags}\n",
        keys=lambda entity: Keys("SELECT unnest(['a', 'b', 'c'])"),
    )
    records = [{"Id": "1", "tags": "c;x;a"}, {"Id": "2", "tags": "x"}, {"Id": "3"}, {"Id": "4", "tags": "b"}]
    outcome = trial.run({"things": records})
    assert outcome.column("out") == {"1": ["c", "a"], "2": [], "3": None, "4": ["b"]}
    assert outcome.held() == [("1", "out", "unknown-reference", "item"), ("2", "out", "unknown-reference", "item")]


def test_a_list_of_references_is_told_by_rule_apart_from_items_that_do_not_fit() -> None:
    trial = Trial(
        {"things": {"Id": "text", "tags": "{type: list, split: ';'}"}},
        target="out: {type: list, of: {type: text, ref: other, max: 2}}",
        mapping="fields: {id: Id, out: tags}\n",
        keys=lambda entity: LOST,
    )
    outcome = trial.run({"things": [{"Id": "1", "tags": "c;f2;long"}, {"Id": "2", "tags": "g;f;b;f2"}, {"Id": "3"}]})
    assert outcome.column("out") == {"1": ["c"], "2": ["b"], "3": None}
    assert outcome.held() == [
        ("1", "out", "item", "item"),
        ("1", "out", "reference-filtered", "item"),
        ("2", "out", "reference-filtered", "item"),
        ("2", "out", "reference-gone", "item"),
    ]


def test_a_rule_that_fails_is_named_and_not_an_innocent_field() -> None:
    mapping = "where: [{rule: old, sql: cast(a AS INTEGER) > 1}]\nfields: {id: Id, out: {sql: upper(b)}}\n"
    trial = Trial({"things": FIELDS}, target="out: {type: text}", mapping=mapping)
    with pytest.raises(TransformError, match="the SQL of 'old' fails on a record"):
        trial.run({"things": [{"Id": "1", "a": "q"}]})
