"""The kinds of findings: which names `--fail-on` takes, and how a review ends by them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.review.finding import Example, Finding, Found
from engine.review.kind import KINDS, WEIGHTS, UnknownKindError, failing
from engine.review.reviewing import Review

ENGINE = Path(__file__).parents[3] / "engine" / "review"


def a_review(*kinds: str) -> Review:
    findings = [Finding(kind, "x") for kind in kinds]
    return Review("a", "b", Found(findings[:1], {"data": findings[1:]}))


def test_a_weight_stands_for_all_its_kinds() -> None:
    assert failing(["harmless"]) == {name for name, kind in KINDS.items() if kind.weight == "harmless"}
    assert failing(WEIGHTS) == set(KINDS)
    assert failing(["pii-added", "rows-lost"]) == {"pii-added", "rows-lost"}


@pytest.mark.parametrize(("name", "meant"), [("pii-aded", "pii-added"), ("risk", "risky"), ("row-lost", "rows-lost")])
def test_a_name_that_is_none_gets_a_question(name: str, meant: str) -> None:
    with pytest.raises(UnknownKindError) as told:
        failing([name])
    assert meant in told.value.fix


def test_a_review_ends_by_what_was_found_in_meaning_and_on_data() -> None:
    assert not a_review().failed(None)
    assert a_review("asked-removed").failed(None)
    assert not a_review("asked-removed", "rows-gained").failed(failing(["risky"]))
    assert a_review("asked-removed", "rows-lost").failed(failing(["risky"]))
    assert a_review("field-added").failed(failing(["field-added"]))


def test_nothing_is_hidden_in_what_is_shown() -> None:
    """What a terminal obeys could hide a change from a reviewer, and so could letters that turn the reading round."""
    hidden = "a\x1b[2Kb\u202ec"
    finding = Finding("field-changed", hidden, hidden, None, note=hidden, examples=(Example(hidden, hidden, ""),))
    shown = "a\\u001b[2Kb\\u202ec"
    assert (finding.subject, finding.before, finding.after, finding.note) == (shown, shown, None, shown)
    assert (finding.examples[0].key, finding.examples[0].before) == (shown, shown)


def test_every_kind_that_is_given_is_known() -> None:
    """A kind that nobody gives would be a promise, one that is not in the table a bug."""
    texts = "\n".join(file.read_text(encoding="utf-8") for file in ENGINE.glob("*.py") if file.name != "kind.py")
    given = set(re.findall(r"\"([a-z]+(?:-[a-z]+)+)\"", texts))
    whole = {f"{name}-{end}" for name in re.findall(r"_each\(\"([a-z-]+)\"\)", texts) for end in ENDS}
    ended = {f"{name}-{end}" for name in ("requests", "asked", "scopes", "quarantine", "filtered") for end in ENDS[:2]}
    ended |= {f"{name}-{end}" for name in ("rows", "objects") for end in ("lost", "gained")}
    assert set(KINDS) <= given | whole | ended


ENDS = ("added", "removed", "changed")
