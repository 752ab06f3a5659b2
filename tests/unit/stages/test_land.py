"""Landing: declared fields as text, in order, the same bytes each time; what is odd is told."""

import json

import duckdb
import pytest

from engine import sql
from engine.errors import AnswerUnreadable, Interrupted, StorageError
from engine.spec.source import Source
from engine.stages import land as module
from engine.stages.answer import Answer
from engine.stages.envelope import Reader
from engine.stages.land import land


def a_source(fields, records="$.Students", **other):
    students = {"records": records, "fields": fields, **{k: v for k, v in other.items() if k in ("key", "known")}}
    return Source.model_validate(
        {
            "source": "test",
            "apis": {"main": {"base_url": "http://x", "auth": {"kind": "none"}}},
            "formats": other.get("formats", {}),
            "endpoints": {"students": {"get": "x", "sets": {"students": students}}},
        }
    )


def landed(tmp_path, source, *answers, fields=None):
    """Spool answers as extraction does, land them, and return rows and facts."""
    folder = tmp_path / "answers"
    folder.mkdir(exist_ok=True)
    reader, found = Reader(source.endpoints["students"].sets), []
    for page, answer in enumerate(answers, 1):
        file = folder / f"{page:06d}.json"
        file.write_bytes(answer if isinstance(answer, bytes) else json.dumps(answer, ensure_ascii=False).encode())
        data = file.read_bytes()
        found.append(Answer("students", page, file, len(data), reader.read(data).sets))
    facts = land(source, "students", fields, found[::-1], tmp_path / "out")
    return duckdb.execute("SELECT * FROM read_parquet(?)", [str(facts.file)]).fetchall(), facts


def students(*records):
    return {"Students": list(records)}


def test_values_come_as_they_were_on_the_wire(tmp_path):
    fields = {"Id": {}, "name": {"at": "Forename"}, "sex": {"at": "gender.name"}, "groups": {"type": "list"}}
    source = a_source(fields, key="Id")
    one = {"Id": "01", "Forename": "Zoë\n🎉'\"", "gender": {"name": "F"}, "groups": ["a", {"b": 1}], "x": 1}
    two = {"Id": 2, "Forename": None, "gender": None, "groups": "a,b", "x": None}
    three = {"Id": 12345678901234567890123, "Forename": "", "gender": {"name": True}, "groups": []}
    rows, facts = landed(tmp_path, source, students(one, two), students(three))
    assert rows == [
        (1, 1, "01", "Zoë\n🎉'\"", "F", '["a",{"b":1}]'),
        (1, 2, "2", None, None, "a,b"),
        (2, 1, "12345678901234567890123", "", "true", "[]"),
    ]
    assert (facts.rows, facts.stated, facts.drift, facts.mixed) == (3, 3, ("x",), ())


def test_only_needed_fields_are_read_in_declared_order(tmp_path):
    source = a_source({"a": {}, "b": {}, "c": {}}, known=["d"])
    rows, facts = landed(tmp_path, source, students({"c": 3, "b": 2, "a": 1, "d": 4}), fields=["c", "a"])
    assert rows == [(1, 1, "1", "3")]
    assert (facts.present, facts.drift) == (("a", "c"), ())


@pytest.mark.parametrize("spelling", ["DateofBirth", "DateOfBirth"])
def test_spellings_that_differ_by_case(tmp_path, spelling):
    source = a_source({"Id": {}, "birth": {"at": ["DateofBirth", "DateOfBirth"]}})
    rows, facts = landed(tmp_path, source, students({"Id": "1", spelling: "2001-02-03"}))
    assert rows == [(1, 1, "1", "2001-02-03")]
    assert facts.present == ("Id", "birth")


def test_both_spellings_in_one_read(tmp_path):
    source = a_source({"birth": {"at": ["DateofBirth", "DateOfBirth"]}})
    rows, _ = landed(tmp_path, source, students({"DateofBirth": "a"}), students({"DateOfBirth": "b"}))
    assert rows == [(1, 1, "a"), (2, 1, "b")]


def test_the_first_spelling_with_a_value_wins(tmp_path):
    source = a_source({"phone": {"at": ["Mobile", "Home"]}})
    rows, _ = landed(tmp_path, source, students({"Mobile": None, "Home": "1"}, {"Mobile": "2", "Home": "3"}))
    assert rows == [(1, 1, "1"), (1, 2, "2")]


@pytest.mark.parametrize(
    ("records", "answer"),
    [
        ("$.data.items", {"data": {"items": [{"Id": 1}, {"Id": 2}]}}),
        ("$.data[0].items", {"data": [{"items": [{"Id": 1}, {"Id": 2}]}]}),
        ("$.all[*]", {"all": [{"Id": 1}, {"Id": 2}]}),
        ("$", [{"Id": 1}, {"Id": 2}]),
        ("$..x", {"a": {"x": [{"Id": 1}]}, "b": {"x": [{"Id": 2}]}}),
    ],
)
def test_records_stand_where_the_path_says(tmp_path, records, answer):
    rows, _ = landed(tmp_path, a_source({"Id": {}}, records), answer)
    assert rows == [(1, 1, "1"), (1, 2, "2")]


def test_values_at_paths_that_are_more_than_steps(tmp_path):
    fields = {"id": {"at": "Id"}, "mail": {"at": "$.contacts[?(@.type=='mail')].value"}, "n": {"at": "list[1]"}}
    record = {"Id": 1, "contacts": [{"type": "x", "value": "a"}, {"type": "mail", "value": "b"}], "list": [1.50, 7]}
    rows, _ = landed(tmp_path, a_source(fields), students(record))
    assert rows == [(1, 1, "1", "b", "7")]


def test_a_list_takes_every_value_that_its_path_leads_to(tmp_path):
    fields = {"mails": {"at": "$.contacts[*].mail", "type": "list"}, "tags": {"at": "$.more[*].tags", "type": "list"}}
    record = {
        "contacts": [{"mail": "a"}, {"phone": "1"}, {"mail": "b"}],
        "more": [{"tags": ["x"]}, {"tags": ["y", "z"]}],
    }
    rows, facts = landed(tmp_path, a_source(fields), students(record, {"contacts": [], "more": []}))
    assert facts.drift == ()
    assert rows == [(1, 1, '["a","b"]', '["x","y","z"]'), (1, 2, None, None)]


def test_a_value_and_a_value_below_it(tmp_path):
    fields = {"gender": {}, "sex": {"at": "gender.name"}}
    rows, _ = landed(tmp_path, a_source(fields), students({"gender": {"name": "F"}}))
    assert rows == [(1, 1, '{"name":"F"}', "F")]


def test_a_large_answer_is_read_line_by_line_and_gives_the_same_bytes(tmp_path, monkeypatch):
    source = a_source({"Id": {}, "sex": {"at": "gender.name"}}, "$.data.items")
    answer = json.dumps({"data": {"items": [{"Id": n, "gender": {"name": "é"}} for n in range(50)]}}, indent=1)
    _, facts = landed(tmp_path, source, answer.encode())
    before = facts.file.read_bytes()
    monkeypatch.setattr(module, "_LARGE", 10)
    landed(tmp_path, source, answer.encode())
    assert facts.file.read_bytes() == before
    assert [file.name for file in facts.file.parent.iterdir()] == ["students.parquet"]


def test_rows_stand_in_the_order_of_the_answers_however_many_threads_read_them(tmp_path, monkeypatch):
    source, pages = a_source({"Id": {}, "name": {}}), []
    for page in range(30):
        pages.append(students(*({"Id": page * 3000 + n, "name": f"name {n % 7}"} for n in range(3000))))
    first, _ = landed(tmp_path, source, *pages)
    monkeypatch.setattr(module, "connect", lambda *folders: sql.connect(*folders, threads=1))
    rows, _ = landed(tmp_path, source, *pages)
    assert rows == first
    assert [int(row[2]) for row in rows] == list(range(90_000))


def test_a_field_that_vanishes_on_some_pages_is_an_error(tmp_path):
    pages = [students({"Id": n, "a" if n < 3 else "b": 1}) for n in range(4)]
    with pytest.raises(AnswerUnreadable, match="field 'a' is on pages 1-3 and not on page 4") as caught:
        landed(tmp_path, a_source({"Id": {}, "a": {}}), *pages)
    assert caught.value.code == "field-vanished"
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())


def test_a_field_that_some_records_lack_is_an_error(tmp_path):
    with pytest.raises(AnswerUnreadable, match="field 'a' is in some records of page 1 and not in others"):
        landed(tmp_path, a_source({"Id": {}, "a": {}}), students({"Id": 1, "a": 1}, {"Id": 2}))


def test_a_source_may_leave_out_nulls(tmp_path):
    source = a_source({"Id": {}, "a": {}, "b": {}}, formats={"omits_null": True})
    rows, facts = landed(tmp_path, source, students({"Id": 1, "a": 1}, {"Id": 2}), students({"Id": 3}))
    assert rows == [(1, 1, "1", "1", None), (1, 2, "2", None, None), (2, 1, "3", None, None)]
    assert (facts.mixed, facts.absent) == (("a",), ("b",))


def test_an_empty_page_says_nothing_of_fields(tmp_path):
    rows, facts = landed(tmp_path, a_source({"Id": {}}), students({"Id": 1}), students())
    assert (rows, facts.mixed, facts.absent) == ([(1, 1, "1")], (), ())


def test_no_records_make_a_file_with_its_columns(tmp_path):
    for answers in ([], [students()]):
        rows, facts = landed(tmp_path, a_source({"Id": {}, "a": {}}, key="Id"), *answers)
        assert (rows, facts.rows, facts.absent, facts.repeated) == ([], 0, (), 0)
        names = duckdb.execute("DESCRIBE SELECT * FROM read_parquet(?)", [str(facts.file)]).fetchall()
        assert [name[:2] for name in names] == [
            ("_page", "INTEGER"),
            ("_row", "BIGINT"),
            ("Id", "VARCHAR"),
            ("a", "VARCHAR"),
        ]


def test_no_needed_field_still_counts_rows(tmp_path):
    rows, facts = landed(tmp_path, a_source({"Id": {}}), students({"Id": 1}, {"Id": 2}), fields=[])
    assert (rows, facts.rows) == ([(1, 1), (1, 2)], 2)


def test_repeated_keys_are_counted(tmp_path):
    source = a_source({"Id": {}, "Type": {}}, key=["Id", "Type"])
    page = [{"Id": n, "Type": t} for n, t in ((1, "a"), (1, "b"), (2, "a"), (2, "a"), (None, "a"), (None, "a"))]
    _, facts = landed(tmp_path, source, students(*page), students({"Id": 1, "Type": "b"}, {"Id": 3, "Type": "a"}))
    assert (facts.repeated, facts.repeated_across) == (2, 1)
    _, facts = landed(tmp_path, source, students(*page), fields=["Type"])
    assert (facts.repeated, facts.repeated_across) == (None, None)


@pytest.mark.parametrize(
    "body",
    [b'{"Students": [{"Id": "private", "Id": "private"}]}', b'{"Students": [{"Id": 1}], "Students": [{"Id": 2}]}'],
)
def test_a_key_that_stands_twice_is_an_error_without_data(tmp_path, body):
    with pytest.raises(AnswerUnreadable, match="set 'students'") as caught:
        landed(tmp_path, a_source({"Id": {}}), body)
    assert "private" not in f"{caught.value.what}{caught.value.why}{caught.value!r}"
    assert caught.value.__cause__ is None


def test_hostile_names_are_only_names(tmp_path):
    hostile = "a'b\"c); DROP"
    source = a_source({"Id": {}, hostile: {"at": f"['{hostile.replace(chr(39), '')}']"}}, "$['it\"s']")
    rows, _ = landed(tmp_path, source, {'it"s': [{"Id": 1, 'ab"c); DROP': "x"}]})
    assert rows == [(1, 1, "1", "x")]


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "out").write_text("")
    with pytest.raises(StorageError, match="out"):
        landed(tmp_path, a_source({"Id": {}}), students({"Id": 1}))


def test_every_error_of_duckdb_is_one_of_ours():
    kinds = [kind for kind in vars(duckdb).values() if isinstance(kind, type) and issubclass(kind, duckdb.Error)]
    assert len(kinds) > 20
    for kind in kinds:
        with (
            pytest.raises((AnswerUnreadable, StorageError, Interrupted)) as caught,
            sql.reworded("reading", AnswerUnreadable),
        ):
            raise kind("private")
        assert "private" not in f"{caught.value.what}{caught.value.why}{caught.value.fix}"


def test_ctrl_c_within_duckdb_is_an_interruption():
    with pytest.raises(Interrupted), sql.reworded("reading", AnswerUnreadable):
        raise RuntimeError("Query interrupted")
    with pytest.raises(RuntimeError, match="a bug"), sql.reworded("reading", AnswerUnreadable):
        raise RuntimeError("a bug")


def test_a_connection_sees_its_folders_only(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "out.json").write_text("{}")
    with sql.connect(tmp_path / "in") as connection:
        for statement in (
            f"SELECT * FROM read_text('{tmp_path}/out.json')",
            f"SELECT * FROM read_text('{tmp_path}/in/../out.json')",
            f"COPY (SELECT 1) TO '{tmp_path}/x.csv'",
            "SET enable_external_access = true",
            "INSTALL httpfs",
        ):
            with pytest.raises(StorageError if "SET" not in statement else AnswerUnreadable):  # noqa: SIM117
                with sql.reworded("trying", AnswerUnreadable):
                    connection.execute(statement)
