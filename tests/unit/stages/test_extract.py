"""What is asked for, what is asked again, and what is not; the network is a function here."""

import json

import pytest

from engine.clock import Clock
from engine.errors import AnswerUnreadable, Interrupted, SourceError
from engine.journal import Journal
from engine.kinds.pages import OpenPages, PageSize
from engine.secret import Secret
from engine.spec.source import Source
from engine.stages.extract import extract
from engine.stages.transport import Head, Transport
from engine.stages.want import Want, options_asked, request_params

PAGES = {
    "kind": "number",
    "param": "page",
    "size": {"param": "size", "value": 2},
    "last": {"at": "$.pages", "absent": "one"},
    "total": "$.total",
}


def a_source(**api):
    main = {
        "base_url": "{{ config.base_url }}",
        "auth": {"kind": "header", "header": {"name": "X-Key", "value": "{{ config.key }}"}},
        "params": {"v": "2"},
        "headers": {"X-School": "{{ config.estab }}"},
        "options_asked": {"param": "options"},
        "retry": {"attempts": 1},
        **api,
    }
    things = {
        "get": "school/{{ config.estab }}/things",
        "params": {"status": "on roll", "options": "always"},
        "pages": PAGES,
        "sets": {
            "things": {
                "records": "$.things",
                "fields": {"id": {}, "b": {"option": "includeB"}, "a": {"option": "includeA"}},
            },
            "parts": {"records": "$.parts", "counted": False, "option": "includeParts", "fields": {"id": {}}},
        },
    }
    others = {"get": "others", "sets": {"others": {"records": "$.others", "fields": {"id": {}}}}}
    return Source.model_validate(
        {"source": "test", "apis": {"main": main}, "endpoints": {"things": things, "others": others}}
    )


CONFIG = {"base_url": "http://x/", "estab": "a/b ?", "key": Secret("hush")}
THINGS = Want("things", {"things": frozenset({"id"})})


@pytest.fixture
def asked(monkeypatch):
    """The requests that were made; `asked.answers` says what comes back for each page."""

    class Asked(list):
        answers = {
            "1": {"things": [{"id": 1}, {"id": 2}], "pages": 2, "total": 3, "parts": []},
            "2": {"things": [{"id": 3}], "pages": 2, "total": 3, "parts": []},
            None: {"others": [{"id": 1}]},
        }

    requests = Asked()

    def send(transport, request, into):
        requests.append(request)
        answer = requests.answers[request.params.get("page")]
        if isinstance(answer, BaseException):
            raise answer
        into.write(json.dumps(answer).encode())
        return Head(200, {})

    monkeypatch.setattr(Transport, "send", send)
    return requests


def read(tmp_path, source, *wants, config=CONFIG):
    told = []
    with Journal(tmp_path / "journal") as journal:
        answers = extract(source, config, wants or [THINGS], tmp_path, journal, Clock(), told.append)
    return answers, told


def test_options_of_used_fields_and_sets_are_asked_for_once_and_sorted():
    endpoint = a_source().endpoints["things"]
    assert options_asked(endpoint, THINGS) == []
    assert options_asked(endpoint, Want("things", {"things": None})) == ["includeA", "includeB"]
    assert options_asked(endpoint, Want("things", {"things": frozenset({"b"}), "parts": None})) == [
        "includeB",
        "includeParts",
    ]
    params = request_params(a_source(), Want("things", {"things": None}))
    assert params == {"status": "on roll", "options": "always,includeA,includeB"}


def test_a_request_is_what_the_source_says(tmp_path, asked):
    read(tmp_path, a_source())
    assert asked[0].url == "http://x/school/a%2Fb%20%3F/things"
    assert asked[0].params == {"v": "2", "status": "on roll", "options": "always", "page": "1", "size": "2"}
    assert asked[0].headers == {"X-Key": "hush", "X-School": "a/b ?"}
    assert asked[0].name == "endpoint 'things' page 1"


def test_answers_come_by_endpoint_and_page_and_are_told(tmp_path, asked):
    answers, told = read(tmp_path, a_source(), THINGS, Want("others", {"others": None}))
    assert [(answer.endpoint, answer.page, answer.sets[answer.endpoint].records) for answer in answers] == [
        ("things", 1, 2),
        ("things", 2, 1),
        ("others", 1, 1),
    ]
    assert [(event.kind, event.about, event.done, event.total) for event in told] == [
        ("answer", "things", 1, 2),
        ("answer", "things", 2, 2),
        ("answer", "others", 1, 1),
    ]
    assert json.loads(answers[1].file.read_bytes()) == asked.answers["2"]


def test_what_has_landed_is_not_asked_for_again(tmp_path, asked):
    first, _ = read(tmp_path, a_source())
    again, told = read(tmp_path, a_source(), config={**CONFIG, "key": Secret("another")})
    assert len(asked) == 2
    assert again == first
    assert {event.kind for event in told} == {"resumed"}


@pytest.mark.parametrize(
    "change",
    [
        lambda source, config: (source, {**config, "estab": "other"}),
        lambda source, config: (a_source(params={"v": "3"}), config),
        lambda source, config: (a_source(base_url="http://y"), config),
    ],
)
def test_answers_to_another_request_are_not_used(tmp_path, asked, change):
    read(tmp_path, a_source())
    source, config = change(a_source(), CONFIG)
    read(tmp_path, source, config=config)
    assert len(asked) == 4


def test_nothing_secret_is_journalled(tmp_path, asked):
    read(tmp_path, a_source())
    assert "hush" not in (tmp_path / "journal").read_text()


def test_books_that_do_not_add_up_are_read_anew(tmp_path, asked):
    pages = {**PAGES, "size": None}
    source = a_source()
    things = source.endpoints["things"].model_dump(by_alias=True) | {"pages": pages}
    source = Source.model_validate(source.model_dump(by_alias=True) | {"endpoints": {"things": things}})
    asked.answers = {**asked.answers, "2": {"things": [{"id": 3}], "pages": 2, "total": 4}}
    asked.answers["1"]["total"] = 4
    for count in (2, 4):
        with pytest.raises(AnswerUnreadable, match="3 records of 'things' were read"):
            read(tmp_path, source)
        assert len(asked) == count


def test_a_full_page_that_says_nothing_of_others_is_refused(tmp_path, asked):
    asked.answers = {"1": {"things": [{"id": 1}, {"id": 2}]}}
    with pytest.raises(AnswerUnreadable, match="a full page that does not say how many pages there are"):
        read(tmp_path, a_source())
    asked.answers = {"1": {"things": [{"id": 1}]}}
    answers, _ = read(tmp_path, a_source())
    assert len(answers) == 1


def test_a_wanted_set_must_come_and_others_need_not(tmp_path, asked):
    del asked.answers["1"]["parts"]
    assert len(read(tmp_path, a_source())[0]) == 2
    with pytest.raises(AnswerUnreadable, match=r"without its list of records of 'parts'") as caught:
        read(tmp_path, a_source(), Want("things", {"things": frozenset(), "parts": None}))
    assert "$.parts" in caught.value.why


@pytest.mark.parametrize("connections", [1, 4])
@pytest.mark.parametrize("stop", [SourceError("no"), KeyboardInterrupt(), Interrupted("no")])
def test_a_stop_keeps_what_has_landed_and_nothing_half(tmp_path, asked, connections, stop):
    source = a_source(rates={"connections": connections})
    whole = dict(asked.answers)
    asked.answers = {**whole, "2": stop}
    with pytest.raises(type(stop)):
        read(tmp_path, source)
    assert [file.name for file in (tmp_path / "answers/things").iterdir()] == ["000001.json"]
    asked.answers = whole
    del asked[:]
    assert len(read(tmp_path, source)[0]) == 2
    assert [request.params["page"] for request in asked] == ["2"]


def test_an_endpoint_that_is_read_in_parts_has_pages_and_books_for_each(tmp_path, asked):
    def part(name, status):
        return Want("things", {"things": frozenset({"id"})}, {"status": status}, part=name)

    answers, _ = read(tmp_path, a_source(), part("one", "1"), part("two", "2"))
    assert [(answer.part, answer.page) for answer in answers] == [("one", 1), ("one", 2), ("two", 3), ("two", 4)]
    assert [answer.file.relative_to(tmp_path / "answers").as_posix() for answer in answers] == [
        f"things/{name}/00000{page}.json" for name in ("one", "two") for page in (1, 2)
    ]
    assert [(each.params["status"], each.params["page"]) for each in asked] == [
        ("1", "1"), ("1", "2"), ("2", "1"), ("2", "2"),
    ]  # fmt: skip
    assert asked[3].name == "endpoint 'things' two page 2"
    again, _ = read(tmp_path, a_source(), part("one", "1"), part("two", "3"))
    assert len(asked) == 6, "the part that is asked for as before is not asked for again"
    assert [answer.page for answer in again] == [1, 2, 3, 4]


def test_pages_without_a_stated_end_are_asked_for_until_one_is_shorter_and_each_once(tmp_path, asked):
    things = (
        a_source()
        .endpoints["things"]
        .model_copy(update={"pages": OpenPages(kind="open", param="page", size=PageSize(param="size", value=2))})
    )
    source = a_source().model_copy(update={"endpoints": {"things": things}})
    asked.answers = {
        "1": {"things": [{"id": 1}, {"id": 2}]},
        "2": {"things": [{"id": 3}, {"id": 4}]},
        "3": {"things": [{"id": 5}]},
    }
    answers, _ = read(tmp_path, source)
    again, told = read(tmp_path, source)
    assert [request.params["page"] for request in asked] == ["1", "2", "3"]
    assert again == answers
    assert {event.kind for event in told} == {"resumed"}


def test_headers_of_an_endpoint_go_before_those_of_its_api_and_make_another_request(tmp_path, asked):
    source = a_source()
    others = source.endpoints["others"].model_copy(
        update={"headers": {"X-School": "b", "X-Year": "{{ config.estab }}"}}
    )
    changed = source.model_copy(update={"endpoints": {"others": others}})
    want = Want("others", {"others": None})
    read(tmp_path, source, want)
    read(tmp_path, changed, want)
    assert asked[0].headers == {"X-Key": "hush", "X-School": "a/b ?"}
    assert asked[1].headers == {"X-Key": "hush", "X-School": "b", "X-Year": "a/b ?"}
