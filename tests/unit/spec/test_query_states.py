"""The states of a record and of a value, rules, joins, tables, unions, splits: decisions of the design, by name."""

from __future__ import annotations

from datetime import date

import pytest

from engine.errors import TransformError
from engine.spec.reference import Keys
from tests.unit.spec.trial import MAPPING, Trial

HEAD = "mapping: thing\nsource: acme\n"
THINGS = {
    "Id": "text",
    "name": "text",
    "num": "integer",
    "day": "date",
    "flag": "boolean",
    "tags": "{type: list, split: ';'}",
}


def things(mapping: str, target: str = "", **options: object) -> Trial:
    trial = Trial({"things": THINGS}, target=target, mapping=mapping, **options)  # type: ignore[arg-type]
    assert trial.findings() == []
    return trial


# --- settled: three states of a value ---------------------------------------------------------------------------------


def test_settled_three_states_of_a_value_absent_null_and_present() -> None:
    trial = things("fields: {id: Id, name: name, day: day}\n", "name: {type: text}\nday: {type: date}")
    outcome = trial.run({"things": [{"Id": "1", "name": "Ada"}, {"Id": "2", "name": ""}]}, absent={"things": {"day"}})
    assert outcome.books.absent == ["day"]  # no answer carried it: Haplo keeps what it has
    assert outcome.column("name") == {"1": "Ada", "2": None}  # present sets; blank is no value
    assert outcome.held() == []


def test_settled_three_states_a_blank_is_itself_where_the_source_says_so() -> None:
    trial = things("fields: {id: Id, name: name}\n", "name: {type: text}", formats="{blank: keep}")
    assert trial.run({"things": [{"Id": "1", "name": " "}]}).column("name") == {"1": " "}


@pytest.mark.parametrize(
    ("value", "lost", "absent"),
    [
        ("{first_of: [name, num]}", {"name"}, False),
        ("{first_of: [name, num]}", {"name", "num"}, True),
        ("{sql: \"coalesce(name, 'x')\"}", {"name"}, True),
        ("{from: name, default: x}", {"name"}, True),
        ("{value: x}", {"name"}, False),
        ("{case: name, map: {a: b}}", {"name"}, True),
    ],
)
def test_settled_three_states_what_is_made_of_an_absent_field_is_absent(
    value: str, lost: set[str], absent: bool
) -> None:
    trial = things(f"fields:\n  id: Id\n  out: {value}\n", "out: {type: text}")
    outcome = trial.run({"things": [{"Id": "1"}]}, absent={"things": lost})
    assert outcome.books.absent == (["out"] if absent else [])


def test_settled_three_states_what_is_found_by_an_absent_field_is_absent() -> None:
    sets = {"things": {"Id": "text", "Kind": "text"}, "kinds": {"Id": "text", "Name": "text"}}
    mapping = "join: {sort: {set: kinds, by: {Id: Kind}}}\nfields: {id: Id, out: sort.Name}\n"
    trial = Trial(sets, "out: {type: text}", mapping)
    records = {"things": [{"Id": "1", "Kind": "k"}], "kinds": [{"Id": "k", "Name": "K"}]}
    assert trial.run(records).books.absent == []
    assert trial.run(records, absent={"things": {"Kind"}}).books.absent == ["out"]
    assert trial.run(records, absent={"kinds": {"Id"}}).books.absent == ["out"]


def test_settled_three_states_a_collection_found_by_an_absent_field_is_absent() -> None:
    sets = {"things": {"Id": "text"}, "links": {"Id": "text", "Owner": "text", "Pupil": "text", "Kind": "text"}}
    mapping = "fields: {id: Id, out: {collect: links, by: {Owner: Id}, where: {Kind: x}, item: Pupil}}\n"
    trial = Trial(sets, "out: {type: list, of: {type: text}}", mapping)
    for lost in ("Owner", "Kind", "Pupil"):
        assert trial.run({"things": [{"Id": "1"}]}, absent={"links": {lost}}).books.absent == ["out"]
    assert trial.run({"things": [{"Id": "1"}]}).books.absent == []


# --- settled: bad values ----------------------------------------------------------------------------------------------


def test_settled_bad_values_quarantine_in_a_required_field_and_are_withheld_in_an_optional_one() -> None:
    trial = things(
        "fields: {id: Id, need: day, want: num}\n", "need: {type: date, required: true}\nwant: {type: integer}"
    )
    outcome = trial.run({"things": [{"Id": "1", "day": "soon"}, {"Id": "2", "day": "2024-01-02", "num": "many"}]})
    assert [row["id"] for row in outcome.rows] == ["2"]
    assert outcome.rows[0]["_withheld"] == ["want"]
    assert outcome.rows[0]["want"] is None
    assert outcome.books.quarantined == {"type": 1}
    assert outcome.books.told == {"want: type (value)": 1}
    assert outcome.held() == [("1", "need", "type", "row"), ("2", "want", "type", "value")]


@pytest.mark.parametrize(
    ("target", "source", "good", "bad", "rule"),
    [
        ("{type: text, max: 3}", "name", "áéí", "abcd", "too-long"),
        ("{type: text, min: 2}", "name", "ab", "a", "too-short"),
        ("{type: text, pattern: '[A-Z]+'}", "name", "AB", "AB1", "pattern"),
        ("{type: enum, values: [on roll, left]}", "name", "left", "Left", "values"),
        ("{type: date, after: '2000-01-01'}", "day", "2000-01-01", "1999-12-31", "after"),
        ("{type: date, before: '2000-01-01'}", "day", "2000-01-01", "2000-01-02", "before"),
        ("{type: integer}", "name", "12", "1e2", "type"),
        ("{type: list, of: {type: text}, max: 2}", "tags", "a;b", "a;b;c", "too-long"),
        ("{type: list, of: {type: text}, min: 2}", "tags", "a;b", "a", "too-short"),
        ("{type: text, ref: other}", "name", "k", "other", "unknown-reference"),
    ],
)
@pytest.mark.parametrize("required", [True, False])
def test_a_rule_of_the_schema_holds(target: str, source: str, good: str, bad: str, rule: str, required: bool) -> None:
    said = target[:-1] + ", required: true}" if required else target
    trial = things(f"fields: {{id: Id, out: {source}}}\n", f"out: {said}", keys=lambda entity: Keys("SELECT 'k'"))
    outcome = trial.run({"things": [{"Id": "good", source: good}, {"Id": "bad", source: bad}]})
    assert outcome.books.quarantined == ({rule: 1} if required else {})
    assert outcome.held() == [("bad", "out", rule, "row" if required else "value")]
    assert [row["_withheld"] for row in outcome.rows] == ([[]] if required else [["out"], []])


@pytest.mark.parametrize(
    ("source", "target"),
    [("name", "{type: text, required: true}"), ("tags", "{type: list, of: {type: text}, required: true}")],
)
def test_a_required_field_without_a_value_quarantines(source: str, target: str) -> None:
    outcome = things(f"fields: {{id: Id, out: {source}}}\n", f"out: {target}").run({"things": [{"Id": "1"}]})
    assert outcome.books.quarantined == {"required": 1}


LOST = Keys("SELECT 'k'", {"reference-filtered": "SELECT 'f'", "reference-gone": "SELECT unnest(['f', 'g', 'k'])"})


@pytest.mark.parametrize("required", [True, False])
def test_a_reference_that_is_not_kept_is_told_by_rule(required: bool) -> None:
    target = f"out: {{type: text, ref: other, required: {str(required).lower()}}}"
    trial = things("fields: {id: Id, out: name}\n", target, keys=lambda entity: LOST)
    outcome = trial.run({"things": [{"Id": key, "name": key} for key in ("k", "f", "g", "x")]})
    level = "row" if required else "value"
    assert outcome.held() == [
        ("f", "out", "reference-filtered", level),
        ("g", "out", "reference-gone", level),
        ("x", "out", "unknown-reference", level),
    ]
    assert outcome.column("out")["k"] == "k"
    assert (len(outcome.rows), sum(outcome.books.quarantined.values())) == ((1, 3) if required else (4, 0))


def test_a_reference_to_a_row_of_its_own_entity_is_free_while_that_is_made() -> None:
    trial = things("fields: {id: Id, out: name}\n", "out: {type: text, ref: thing}", keys=lambda entity: LOST)
    assert trial.run({"things": [{"Id": "1", "name": "2"}]}).column("out") == {"1": "2"}


def test_a_reference_is_free_where_its_keys_are_not_known() -> None:
    trial = things("fields: {id: Id, out: name}\n", "out: {type: text, ref: other}")
    assert trial.run({"things": [{"Id": "1", "name": "anything"}]}).column("out") == {"1": "anything"}


def test_a_repeated_key_is_a_problem_of_each_of_its_records() -> None:
    outcome = things("fields: {id: Id}\n").run(
        {"things": [{"Id": "1"}, {"Id": "2"}, {"Id": "1"}, {"Id": None}, {"Id": None}]}
    )
    assert [row["id"] for row in outcome.rows] == ["2"]
    assert outcome.books.quarantined == {"duplicate-key": 2, "required": 2}


def test_a_filtered_record_does_not_make_a_key_repeat() -> None:
    trial = things("where: [{rule: named, field: name, present: true}]\nfields: {id: Id}\n")
    outcome = trial.run({"things": [{"Id": "1", "name": "a"}, {"Id": "1"}]})
    assert (outcome.books.emitted, outcome.books.filtered) == (1, {"named": 1})


# --- settled: the books -----------------------------------------------------------------------------------------------


def test_settled_the_books_one_per_merges_all_but_the_first_in_the_order() -> None:
    mapping = "one_per: {order: [{by: day, descending: true}, num]}\nfields: {id: Id, out: name}\n"
    records = [
        {"Id": "1", "name": "old", "day": "2020-01-01"},
        {"Id": "1", "name": "new", "day": "2024-01-01"},
        {"Id": "1", "name": "none"},
        {"Id": "2", "name": "ten", "num": "10"},
        {"Id": "2", "name": "nine", "num": "9"},
    ]
    outcome = things(mapping, "out: {type: text}").run({"things": records})
    assert outcome.column("out") == {"1": "new", "2": "nine"}
    assert (outcome.books.read, outcome.books.emitted, outcome.books.merged) == (5, 2, 3)


def test_settled_the_books_records_without_a_key_are_never_merged() -> None:
    outcome = things("one_per: {order: [num]}\nfields: {id: Id}\n").run(
        {"things": [{"Id": None}, {"Id": None}, {"Id": "1"}]}
    )
    assert (outcome.books.emitted, outcome.books.merged, outcome.books.quarantined) == (1, 0, {"required": 2})


def test_settled_the_books_each_splits_and_a_record_with_no_item_stays() -> None:
    mapping = "from: {set: things, each: tags, name: tag}\n"
    mapping += "fields: {id: {sql: \"Id || '/' || coalesce(tag, '-')\"}, out: tag}\n"
    outcome = things(HEAD + mapping, "out: {type: text}").run({"things": [{"Id": "1", "tags": "a;b;c"}, {"Id": "2"}]})
    assert outcome.column("out") == {"1/a": "a", "1/b": "b", "1/c": "c", "2/-": None}
    assert (outcome.books.read, outcome.books.split, outcome.books.emitted) == (2, 2, 4)


def test_settled_the_books_a_union_of_two_tables_of_one_set_splits_its_records() -> None:
    mapping = HEAD + (
        "tables:\n"
        "  firsts: {from: things, fields: {key: {sql: \"Id || '/1'\"}}}\n"
        "  seconds:\n    from: things\n    where: [{rule: named, field: name, present: true}]\n"
        "    fields: {key: {sql: \"Id || '/2'\"}}\n"
        "from: {union: [firsts, seconds]}\n"
        "fields: {id: key}\n"
    )
    outcome = things(mapping).run({"things": [{"Id": "a", "name": "x"}, {"Id": "b"}]})
    assert [row["id"] for row in outcome.rows] == ["a/1", "a/2", "b/1"]
    assert (outcome.books.read, outcome.books.split, outcome.books.filtered) == (2, 2, {"named": 1})


def test_a_union_reads_one_set_after_the_other() -> None:
    trial = Trial({"years": {"Id": "text", "Name": "text"}, "forms": {"Name": "text", "Id": "text", "Code": "text"}},
                  "out: {type: text}",
                  HEAD + "from: {union: [years, forms]}\nfields: {id: Id, out: Name}\n")  # fmt: skip
    assert trial.findings() == []
    outcome = trial.run({"years": [{"Id": "y7", "Name": "Year 7"}], "forms": [{"Id": "7a", "Name": "7A", "Code": "c"}]})
    assert outcome.column("out") == {"7a": "7A", "y7": "Year 7"}
    assert outcome.books.read == 2


def test_null_has_the_type_of_what_stands_beside_it_in_a_union() -> None:
    mapping = HEAD + (
        "tables:\n  dated: {from: things, fields: {since: {value: null}}}\n"
        "  other: {from: more, fields: {since: When}}\n"
        "from: {union: [dated, other]}\nfields: {id: Id, out: since}\n"
    )
    trial = Trial({"things": THINGS, "more": {"Id": "text", "When": "date"}}, "out: {type: date}", mapping)
    assert trial.findings() == []
    outcome = trial.run(
        {"things": [{"Id": "1"}], "more": [{"Id": "2", "When": "2024-01-02"}, {"Id": "3", "When": "?"}]}
    )
    assert outcome.column("out") == {"1": None, "2": date(2024, 1, 2), "3": None}
    assert outcome.held() == [("3", "out", "type", "value")]


# --- settled: today ---------------------------------------------------------------------------------------------------


def test_settled_today_is_the_circumstance_s_in_values_and_in_rules() -> None:
    mapping = "where: [{rule: started, sql: day <= run.today}]\nfields: {id: Id, out: {sql: run.today}}\n"
    records = {"things": [{"Id": "1", "day": "2024-09-01"}, {"Id": "2", "day": "2024-09-02"}]}
    trial = things(mapping, "out: {type: date}")
    outcome = trial.run(records, today=date(2024, 9, 1))
    assert outcome.column("out") == {"1": date(2024, 9, 1)}
    assert outcome.books.filtered == {"started": 1}
    assert trial.run(records, today=date(2024, 9, 2)).books.emitted == 2


@pytest.mark.parametrize("sql", ["current_date", "now()", "today()", "age(day)", "day < current_timestamp"])
def test_settled_today_the_machine_s_clock_cannot_be_asked(sql: str) -> None:
    trial = Trial({"things": THINGS}, "out: {type: text}", f"fields:\n  id: Id\n  out: {{sql: '{sql}'}}\n")
    (finding,) = trial.findings()
    assert "use run.today" in finding.what


# --- rules ------------------------------------------------------------------------------------------------------------

SAMPLE = [
    {"Id": "a", "name": "Ada", "num": "5", "flag": "true", "tags": "x;y", "day": "2024-01-01"},
    {"Id": "b", "name": "Bo", "num": "-1", "flag": "false", "tags": "x", "day": "2023-01-01"},
    {"Id": "c"},
]


@pytest.mark.parametrize(
    ("test", "kept"),
    [
        ("field: name, in: [Ada, Zoe]", "a"),
        ("field: num, in: [5]", "a"),
        ("field: name, not_in: [Ada]", "bc"),
        ("field: name, equals: Bo", "b"),
        ("field: num, equals: 5", "a"),
        ("field: flag, equals: true", "a"),
        ("field: flag, equals: false", "b"),
        ("field: day, equals: '2024-01-01'", "a"),
        ("field: name, present: true", "ab"),
        ("field: name, present: false", "c"),
        ("field: tags, present: true", "ab"),
        ("field: num, at_least: 5", "a"),
        ("field: num, at_most: 4", "b"),
        ("field: tags, at_least: 2", "a"),
        ("field: tags, at_most: 1", "b"),
        ("field: name, at_least: 3", "a"),
        ("field: name, matches: '[AB].'", "b"),
        ("sql: num > 0 AND flag", "a"),
        ("sql: 'NULL::BOOLEAN'", ""),
    ],
)
def test_each_test_of_a_rule_keeps_what_meets_it(test: str, kept: str) -> None:
    outcome = things(f"where: [{{rule: tested, {test}}}]\nfields: {{id: Id}}\n").run({"things": SAMPLE})
    assert "".join(row["id"] for row in outcome.rows) == kept
    assert outcome.books.filtered == ({"tested": 3 - len(kept)} if len(kept) < 3 else {})


@pytest.mark.parametrize("word", ["in", "not_in"])
def test_a_rule_of_a_setting_is_off_where_the_setting_is_null(word: str) -> None:
    mapping = f"where: [{{rule: listed, field: name, {word}: {{setting: s.names}}}}]\nfields: {{id: Id}}\n"
    trial = things(mapping, settings={"s": {"names": "VARCHAR[]"}})
    assert trial.run({"things": SAMPLE}, values={"s": {"names": None}}).books.emitted == 3
    on = trial.run({"things": SAMPLE}, values={"s": {"names": ["Ada"]}})
    assert "".join(row["id"] for row in on.rows) == ("a" if word == "in" else "bc")


def test_a_rule_is_off_while_its_switch_is_false_or_null() -> None:
    mapping = "where: [{rule: five, field: num, equals: 5, when: s.strict}]\nfields: {id: Id}\n"
    trial = things(mapping, settings={"s": {"strict": "BOOLEAN"}})
    kept = {
        value: trial.run({"things": SAMPLE}, values={"s": {"strict": value}}).books.emitted
        for value in (True, False, None)
    }
    assert kept == {True: 1, False: 3, None: 3}


def test_the_first_rule_that_fails_is_the_one_that_counts() -> None:
    mapping = (
        "where: [{rule: first, field: num, at_least: 0}, {rule: second, field: name, equals: Ada}]\nfields: {id: Id}\n"
    )
    assert things(mapping).run({"things": SAMPLE}).books.filtered == {"first": 2}


@pytest.mark.parametrize(
    ("rule", "values", "stops"),
    [
        ("field: name, present: true", {}, True),
        ("sql: \"name <> 'x'\"", {}, True),
        ("field: name, in: {setting: s.names}", {"names": ["Ada"]}, True),
        ("field: name, in: {setting: s.names}", {"names": None}, False),
        ("field: name, present: true, when: s.strict", {"strict": True}, True),
        ("field: name, present: true, when: s.strict", {"strict": False}, False),
    ],
)
def test_a_rule_that_is_on_and_looks_at_an_absent_field_stops_the_run(
    rule: str, values: dict[str, object], stops: bool
) -> None:
    settings = {"s": {"names": "VARCHAR[]", "strict": "BOOLEAN"}}
    trial = things(f"where: [{{rule: named, {rule}}}]\nfields: {{id: Id}}\n", settings=settings)
    if not stops:
        assert trial.run({"things": SAMPLE}, absent={"things": {"name"}}, values={"s": values}).books.emitted == 3
        return
    with pytest.raises(TransformError, match="rule 'named' cannot be decided") as caught:
        trial.run({"things": SAMPLE}, absent={"things": {"name"}}, values={"s": values})
    assert caught.value.code == "field-not-sent"


# --- joins ------------------------------------------------------------------------------------------------------------

JOINED = {
    "things": {"Id": "text", "Kind": "text"},
    "kinds": {"Code": "text", "Name": "text", "Rank": "text", "Live": "boolean"},
}
KINDS = [
    {"Code": "k", "Name": "ten", "Rank": "10", "Live": "true"},
    {"Code": "k", "Name": "nine", "Rank": "9", "Live": "false"},
    {"Code": "k", "Name": "none", "Live": "true"},
    {"Code": "K", "Name": "big", "Rank": "1", "Live": "true"},
    {"Code": "l", "Name": "alone", "Rank": "1", "Live": "true"},
]


def joined(join: str) -> Trial:
    mapping = f"{MAPPING}join: {{sort: {{set: kinds, by: {{Code: Kind}}{join}}}}}\nfields: {{id: Id, out: sort.Name}}\n"
    trial = Trial(JOINED, "out: {type: text}", mapping)
    assert trial.findings() == []
    return trial


@pytest.mark.parametrize(
    ("join", "expected"),
    [
        (", keep: first", "ten"),
        (", keep: last", "none"),
        (", keep: first, order: [{by: Rank, as: integer}]", "nine"),
        (", keep: first, order: [Rank]", "ten"),
        (", keep: last, order: [{by: Rank, as: integer}]", "ten"),
        (", keep: first, order: [{by: Rank, as: integer, descending: true}]", "ten"),
        (", keep: first, where: {Live: false}", "nine"),
        (", where: {Name: nine}", "nine"),
        (", where: {Rank: 9}", "nine"),
        (", where: {Rank: null}", "none"),
        (", keep: first, fold_case: true, order: [{by: Rank, as: integer}]", "big"),
    ],
)
def test_a_join_keeps_the_match_that_it_says(join: str, expected: str) -> None:
    outcome = joined(join).run(
        {"things": [{"Id": "1", "Kind": "k"}, {"Id": "2", "Kind": "zz"}, {"Id": "3"}], "kinds": KINDS}
    )
    assert outcome.column("out") == {"1": expected, "2": None, "3": None}


def test_a_second_match_is_a_problem_of_the_record_where_none_is_kept() -> None:
    outcome = joined("").run({"things": [{"Id": "1", "Kind": "k"}, {"Id": "2", "Kind": "l"}], "kinds": KINDS})
    assert outcome.column("out") == {"2": "alone"}
    assert outcome.books.quarantined == {"ambiguous-sort": 1}
    assert outcome.held() == [("1", None, "ambiguous-sort", "row")]


def test_the_quarantine_names_an_ambiguous_join_beside_other_faults() -> None:
    mapping = MAPPING + "join: {sort: {set: kinds, by: {Code: Kind}}}\nfields: {id: Id, out: sort.Rank, bad: Kind}\n"
    trial = Trial(JOINED, "out: {type: integer}\nbad: {type: integer}", mapping)
    outcome = trial.run({"things": [{"Id": "1", "Kind": "k"}], "kinds": KINDS})
    assert sorted(outcome.held(), key=str) == [
        ("1", "bad", "type", "value"),
        ("1", None, "ambiguous-sort", "row"),
    ]


def test_a_join_may_be_found_by_what_an_earlier_one_gives() -> None:
    sets = {**JOINED, "colours": {"Id": "text", "Name": "text"}}
    mapping = (
        f"{MAPPING}join:\n  sort: {{set: kinds, by: {{Code: Kind}}}}\n"
        f"  colour: {{set: colours, by: {{Id: sort.Name}}}}\n"
        "fields: {id: Id, out: colour.Name}\n"
    )
    trial = Trial(sets, "out: {type: text}", mapping)
    assert trial.findings() == []
    outcome = trial.run(
        {"things": [{"Id": "1", "Kind": "l"}], "kinds": KINDS, "colours": [{"Id": "alone", "Name": "blue"}]}
    )
    assert outcome.column("out") == {"1": "blue"}


def test_a_joined_value_that_cannot_be_read_is_told() -> None:
    mapping = MAPPING + "join: {sort: {set: kinds, by: {Code: Kind}}}\nfields: {id: Id, out: sort.Live}\n"
    trial = Trial(JOINED, "out: {type: boolean}", mapping)
    outcome = trial.run({"things": [{"Id": "1", "Kind": "q"}], "kinds": [{"Code": "q", "Live": "perhaps"}]})
    assert outcome.held() == [("1", "out", "type", "value")]


def test_a_table_filters_what_is_joined_and_collected() -> None:
    mapping = HEAD + (
        "tables:\n  live: {from: kinds, where: [{rule: live, field: Live, equals: true}], "
        "fields: {label: {from: Name, clean: upper}}}\n"
        "from: things\njoin: {sort: {set: live, by: {Code: Kind}, keep: first}}\n"
        "fields: {id: Id, out: sort.label, all: {collect: live, by: {Code: Kind}, item: label}}\n"
    )
    trial = Trial(JOINED, "out: {type: text}\nall: {type: list, of: {type: text}}", mapping)
    assert trial.findings() == []
    outcome = trial.run({"things": [{"Id": "1", "Kind": "k"}], "kinds": KINDS})
    assert outcome.rows[0]["out"] == "TEN"
    assert outcome.rows[0]["all"] == ["TEN", "NONE"]
