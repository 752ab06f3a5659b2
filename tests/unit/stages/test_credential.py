"""Tokens: asked for once, renewed ahead of their end and when they are refused."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import TypeAdapter

from engine.errors import AnswerUnreadable, DocumentError, SourceRefused
from engine.kinds.auth import Auth
from engine.secret import Secret
from engine.stages.credential import Credential, fill_in, utc_time

START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


class FixedClock:
    def __init__(self):
        self.passed = 0.0

    def now(self):
        return START + timedelta(seconds=self.passed)


def auth(**keys):
    return TypeAdapter(Auth).validate_python(keys)


TOKEN = {
    "kind": "token",
    "request": {"url": "http://x/{{ config.id }}", "json": {"key": "{{ config.secret }}"}},
    "token": "$.token",
    "header": {"name": "Authorization", "value": "Idaas {{ token }}"},
}
CONFIG = {"id": "7", "secret": Secret("hush")}


def credential(clock, answer, **keys):
    asked = []

    def ask(request):
        asked.append(request)
        return {"token": f"t{len(asked)}", **answer}

    return Credential(auth(**{**TOKEN, **keys}), {"config": CONFIG}, clock, ask), asked


def test_no_auth_sends_nothing():
    nobody = Credential(auth(kind="none"), {"config": {}}, FixedClock(), lambda request: {})
    assert nobody.current().headers == {}
    assert not nobody.refused(nobody.current())


def test_a_header_holds_the_secret_and_does_not_print_it():
    word = auth(kind="header", header={"name": "X-Key", "value": "{{ config.secret }}"})
    key = Credential(word, {"config": CONFIG}, FixedClock(), lambda request: {})
    assert key.current().headers == {"X-Key": "hush"}
    assert "hush" not in repr(key.current())
    assert not key.refused(key.current())


def test_a_token_is_asked_for_once_and_shared():
    token, asked = credential(FixedClock(), {})
    assert [token.current().headers for _ in range(3)] == [{"Authorization": "Idaas t1"}] * 3
    assert len(asked) == 1
    assert (asked[0].method, asked[0].url, asked[0].json) == ("POST", "http://x/7", {"key": "hush"})


def test_a_refused_token_is_replaced_once_for_all_who_showed_it():
    token, asked = credential(FixedClock(), {})
    one, two = token.current(), token.current()
    assert token.refused(one)
    assert token.current().headers == {"Authorization": "Idaas t2"}
    assert token.refused(two)
    assert token.current().headers == {"Authorization": "Idaas t2"}
    assert len(asked) == 2


@pytest.mark.parametrize(
    ("answer", "keys", "first", "then"),
    [
        ({"end": "2026-03-02T12:10:00.1234567Z"}, {"expires_at": "$.end"}, 539, 541),
        ({"end": "2026-03-02T12:10:00"}, {"expires_at": "$.end", "renew_before": "5m"}, 299, 301),
        ({"end": "2026-03-02T13:10:00+01:00"}, {"expires_at": "$.end"}, 539, 541),
        ({"end": "2026-03-02T12:00:10Z"}, {"expires_at": "$.end"}, 4, 6),
        ({"life": 600}, {"expires_in": "$.life"}, 539, 541),
        ({"life": "600"}, {"expires_in": "$.life"}, 539, 541),
    ],
)
def test_a_token_is_renewed_ahead_of_its_end(answer, keys, first, then):
    clock = FixedClock()
    token, asked = credential(clock, answer, **keys)
    token.current()
    clock.passed = first
    token.current()
    assert len(asked) == 1
    if "end" in answer:
        answer["end"] = "2026-03-09T12:00:00Z"
    clock.passed = then
    token.current()
    assert len(asked) == 2


@pytest.mark.parametrize("token", [None, "", 7, {"a": 1}])
def test_an_answer_without_a_token_is_a_refusal(token):
    with pytest.raises(SourceRefused, match="holds no token"):
        credential(FixedClock(), {"token": token})[0].current()


def test_a_token_that_has_ended_is_not_used():
    with pytest.raises(SourceRefused, match="already ended"):
        credential(FixedClock(), {"end": "0001-01-01T00:00:00"}, expires_at="$.end")[0].current()


@pytest.mark.parametrize("end", [None, "", "tomorrow", 7, "2026-99-99T00:00:00"])
def test_a_token_whose_end_cannot_be_read_is_told(end):
    with pytest.raises(AnswerUnreadable, match="when the token ends"):
        credential(FixedClock(), {"end": end}, expires_at="$.end")[0].current()


def test_times_have_any_number_of_decimals():
    assert utc_time("2018-06-24T18:55:26.1852229Z") == datetime(2018, 6, 24, 18, 55, 26, 185222, UTC)
    assert utc_time("2018-06-24 18:55") == datetime(2018, 6, 24, 18, 55, tzinfo=UTC)
    assert utc_time("9999-12-31T23:59:59-10:00") is None


def test_a_name_without_a_value_is_a_problem_of_the_documents():
    with pytest.raises(DocumentError) as caught:
        fill_in("{{ config.nothing }}", {"config": CONFIG})
    assert "config.nothing" in caught.value.problems[0].what
