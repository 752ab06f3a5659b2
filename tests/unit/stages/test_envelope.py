"""The envelope of an answer: records counted, fields seen in a sample, what it says of the whole."""

import json

import pytest

from engine.kinds.select import path
from engine.spec.source import RecordSet
from engine.stages.envelope import Reader, UnreadableError, is_there


def a_set(records="$.Students", **fields):
    return RecordSet.model_validate({"records": records, "fields": fields or {"Id": {}}})


def read(answer, paths=(), **sets):
    data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    return Reader(sets or {"students": a_set()}, paths).read(data)


def test_records_are_counted_and_facts_kept():
    answer = {"Students": [{"Id": "1"}, {"Id": "2"}], "page": [{"Count": 3}], "other": {"large": [1, 2]}}
    envelope = read(answer, ["$.page[0].Count", "$.Error"])
    assert envelope.sets["students"].records == 2
    assert envelope.facts["page"] == [{"Count": 3}]
    assert "other" not in envelope.facts


@pytest.mark.parametrize("answer", [{}, {"Students": None}, {"Students": {}}, {"Students": "x"}, [], 7, None])
def test_a_set_without_its_list_is_none(answer):
    assert read(answer).sets == {"students": None}


def test_an_empty_list_is_a_list():
    assert read({"Students": []}).sets["students"].records == 0


@pytest.mark.parametrize(
    ("records", "answer", "count"),
    [
        ("$.Students[*]", {"Students": []}, 0),
        ("$.data.items", {"data": {"items": [{"Id": 1}]}}, 1),
        ("$.data[0].items", {"data": [{"items": [{"Id": 1}, {"Id": 2}]}]}, 2),
        ("$", [{"Id": 1}], 1),
        ("$..Students", {"a": {"Students": [{"Id": 1}]}, "b": {"Students": [{"Id": 2}]}}, 2),
        ("$.Groups[?(@.Type=='Y')]", {"Groups": [{"Id": 1, "Type": "Y"}, {"Id": 2, "Type": "Z"}]}, 1),
        ("$.Groups[?(@.Type=='Y')]", {"Groups": []}, 0),
    ],
)
def test_other_paths_are_followed(records, answer, count):
    assert read(answer, students=a_set(records)).sets["students"].records == count


@pytest.mark.parametrize("records", ["$.data.items", "$..Students", "$.Groups[?(@.Type=='Y')]"])
def test_other_paths_to_nowhere_are_none(records):
    assert read({"x": 1}, students=a_set(records)).sets["students"] is None


def test_fields_are_seen_by_any_spelling_and_mixed_ones_told():
    fields = {
        "Id": {},
        "birth": {"at": ["DateofBirth", "DateOfBirth"]},
        "gender": {"at": "gender.name"},
        "phone": {},
        "gone": {},
    }
    records = [
        {"Id": 1, "DateofBirth": None, "gender": None, "phone": "1", "extra": 1},
        {"Id": 2, "DateOfBirth": "x", "gender": {"name": "F"}},
    ]
    seen = read({"Students": records}, students=a_set(**fields)).sets["students"]
    assert seen.present == ("Id", "birth", "gender", "phone")
    assert seen.mixed == ("phone",)
    assert seen.keys == ("DateOfBirth", "DateofBirth", "Id", "extra", "gender", "phone")


def test_the_sample_holds_the_first_and_the_last_record():
    records = [{"Id": n} for n in range(1000)]
    records[0]["first"] = records[999]["last"] = 1
    seen = read({"Students": records}, students=a_set(Id={}, first={}, last={})).sets["students"]
    assert seen.present == ("Id", "first", "last")
    assert seen.mixed == ("first", "last")


def test_two_sets_and_a_fact_may_share_a_key():
    answer = {"Students": [{"Id": 1}]}
    envelope = read(answer, ["$.Students[0].Id"], a=a_set(), b=a_set())
    assert envelope.sets["a"] == envelope.sets["b"]
    assert envelope.facts == {"Students": [{"Id": 1}]}


def test_other_records_have_another_digest():
    one, two, again = (read({"Students": [{"Id": n}], "x": i}).sets["students"] for i, n in enumerate((1, 2, 1)))
    assert one.digest != two.digest
    assert one.digest == again.digest


@pytest.mark.parametrize(
    ("data", "says", "heals"),
    [
        (b"", "is empty", True),
        (b" \n", "is empty", True),
        (b"<!DOCTYPE html><p>private</p>", "HTML", True),
        (b'{"Students": [', "cut short", True),
        (b'{"Students": [{"Id": "private"', "cut short", True),
        ('{"Students": [{"Id": "é'.encode()[:-1], "cut short", True),
        (b'{"Students": [private]}', "is not JSON (byte 14 of 23)", True),
        (b'{"Students": []} private', "is not JSON", True),
        (b'{"Students": [], "x": NaN}', "is not JSON", True),
        (b"\xef\xbb\xbf{}", "byte order mark", False),
        ('{"Students": []}'.encode("utf-16"), "UTF-16", False),
        ('{"Students": [{"Id": "é"}]}'.encode("latin-1"), "is not in UTF-8", False),
        (b'{"Students": [7]}', "not an object", False),
        (b"[" * 200_000, "is not JSON", True),
    ],
)
def test_what_is_no_answer_is_told_without_its_content(data, says, heals):
    with pytest.raises(UnreadableError) as caught:
        read(data)
    assert says in caught.value.what
    assert caught.value.heals is heals
    assert "private" not in caught.value.what


def test_a_value_is_there_when_it_is_null_on_the_way():
    assert is_there([path("a.b")], {"a": None})
    assert is_there([path("a.b")], {"a": {"b": None}})
    assert not is_there([path("a.b")], {"a": {}})
    assert is_there([path("$..b")], {"a": [{"b": 1}]})
    assert is_there([path("$.a[*].b")], {"a": []})
    assert not is_there([path("$.a[*].b")], {"a": [{}]})


@pytest.mark.parametrize(
    ("where", "answer", "records"),
    [
        ("$", b'{"Id": 1, "Name": null}', 1),
        ("$.school", b'{"school": {"Id": 1}}', 1),
        ("$.school", b'{"school": [{"Id": 1}]}', None),
        ("$.school", b'{"school": null}', None),
        ("$", b"[]", None),
    ],
)
def test_one_record_stands_where_others_have_a_list(where: str, answer: bytes, records: int | None) -> None:
    record_set = RecordSet.model_validate({"records": where, "one": True, "fields": {"Id": {}}})
    seen = Reader({"school": record_set}).read(answer).sets["school"]
    assert (seen.records if seen else None) == records
