"""Error rules: which answers they are about."""

import pytest
from pydantic import ValidationError

from engine.kinds.answer import ErrorRule, Rates, Retry, When


def when(**keys):
    return When.model_validate(keys)


@pytest.mark.parametrize(
    ("condition", "status", "envelope", "holds"),
    [
        ({"status": [401, 403]}, 403, {}, True),
        ({"status": [401]}, 200, {}, False),
        ({"json": "$.error", "present": True}, 200, {"error": "x"}, True),
        ({"json": "$.error", "present": True}, 200, {"error": None}, False),
        ({"json": "$.error", "present": True}, 200, {"error": ""}, False),
        ({"json": "$.error", "present": True}, 200, {}, False),
        ({"json": "$.data", "present": False}, 200, {}, True),
        ({"json": "$.error", "matches": "paused"}, 200, {"error": "It is PAUSED now"}, True),
        ({"json": "$.error", "matches": "paused"}, 200, {"error": "no"}, False),
        ({"json": "$.error", "matches": "None"}, 200, {"error": None}, False),
        ({"json": "$.code", "equals": ["7", "8"]}, 200, {"code": 7}, True),
        ({"json": "$.code", "equals": "7"}, 200, {"code": "70"}, False),
        ({"json": "$.code", "equals": "None"}, 200, {}, False),
        ({"json": "$.code", "status": [400], "equals": "7"}, 200, {"code": 7}, False),
        ({"json": "$.error", "present": True}, 200, [], False),
    ],
)
def test_a_condition_holds_on_status_and_envelope(condition, status, envelope, holds):
    assert when(**condition).holds(status, envelope) is holds


def test_a_condition_without_a_test_is_refused():
    with pytest.raises(ValidationError, match="a condition needs json, xml or status"):
        when(present=True)


def test_a_rule_says_what_it_means_in_our_words():
    rule = ErrorRule.model_validate({"when": {"status": [409]}, "means": "retry", "say": "busy"})
    assert (rule.means, rule.say, rule.fix) == ("retry", "busy", "")
    with pytest.raises(ValidationError):
        ErrorRule.model_validate({"when": {"status": [409]}, "means": "perhaps", "say": "busy"})


def test_rates_and_retries_are_bounded():
    assert Rates().connections == 1
    assert Retry().attempts == 5
    for word, keys in ((Rates, {"connections": 0}), (Rates, {"connections": 65}), (Retry, {"attempts": 0})):
        with pytest.raises(ValidationError):
            word.model_validate(keys)


@pytest.mark.parametrize(
    ("condition", "facts", "holds"),
    [
        ({"xml": "MessageId", "equals": ["InvalidApiKey"]}, {"MessageId": "InvalidApiKey"}, True),
        ({"xml": "MessageId", "equals": ["InvalidApiKey"]}, {"MessageId": "Other"}, False),
        (
            {"xml": "Description", "matches": "Rerun the transaction"},
            {"Description": "... Rerun the transaction."},
            True,
        ),
        ({"xml": "Description", "present": True}, {}, False),
        ({"xml": "Description", "present": True}, {"Description": ""}, False),
    ],
)
def test_a_condition_looks_into_a_document_of_xml(condition, facts, holds):
    assert when(**condition).holds(500, facts) is holds


def test_an_answer_is_json_or_xml():
    with pytest.raises(ValidationError, match="an answer is JSON or XML, not both"):
        when(xml="MessageId", json="$.id", present=True)
