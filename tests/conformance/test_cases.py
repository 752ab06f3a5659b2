"""Haplo's own results for 223 control files, and ours for the same. README.md of the cases says what is compared.

`cases/` are the published conformance cases, unchanged. `own/` are further ones in the same form, worked out by
hand from the reference where no published case shows what it states.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from engine.haplo.application import Application
from engine.haplo.interpret import interpret

HERE = Path(__file__).parent
PUBLISHED = sorted((HERE / "cases").glob("*.json"))
OWN = sorted((HERE / "own").glob("*.json"))


def data_of(given: Any) -> bytes:
    """The bytes of a data file of a case."""
    if isinstance(given, str):
        return given.encode()
    if "base64" in given:
        return base64.b64decode(given["base64"])
    return "".join(text * times for text, times in given["repeat"]).encode()


@pytest.mark.parametrize("path", [*PUBLISHED, *OWN], ids=lambda path: path.stem)
def test_case_comes_to_the_same_result(path: Path) -> None:
    case = json.loads(path.read_text(encoding="utf-8"))
    files = {name: data_of(given) for name, given in case["files"].items()}
    application = Application.from_case(case["schema"])

    outcome = interpret(
        case["control"], files, application, save=not case.get("options", {}).get("dryRun", False)
    ).to_case()

    expected = case["expected"]
    assert outcome.keys() == expected.keys()
    for key in ("controlErrors", "errors", "errorCount", "records", "complete", "committed"):
        assert outcome[key] == expected[key], key
    compare_exceptions(outcome["exception"], expected["exception"])


def compare_exceptions(found: dict[str, Any] | None, expected: dict[str, Any] | None) -> None:
    """The record always counts; the message only where the wording is Haplo's own."""
    if expected is None or found is None:
        assert found == expected
        return
    assert found["record"] == expected["record"]
    if expected["message"] is not None:
        assert found["message"] == expected["message"]


def test_no_published_case_is_missing() -> None:
    assert len(PUBLISHED) >= 223


def test_own_cases_say_that_they_are() -> None:
    assert all(json.loads(path.read_text(encoding="utf-8"))["origin"] == "own, from the reference" for path in OWN)
