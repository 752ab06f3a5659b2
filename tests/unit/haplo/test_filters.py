"""Filters, one by one."""

from __future__ import annotations

from typing import Any

import pytest

from engine.haplo.filters import Directory, Ref, find_filter
from engine.haplo.outcome import StopError

DIRECTORY = Directory({"x:code": "8001"}.get, {"ann": "8002", "bob": None}, {"ann@example.org": "8002"})


@pytest.mark.parametrize(
    ("name", "value", "result"),
    [
        ("string-to-ref", "80zy", Ref("80zy")),
        ("string-to-ref", "0080", Ref("80")),
        ("string-to-ref", "80a", None),
        ("string-to-ref", "8001\n", None),
        ("string-to-ref", "9" * 20, None),
        ("string-to-ref", 8001, None),
        ("code-to-ref", "x:code", Ref("8001")),
        ("code-to-ref", "x:other", None),
        ("code-to-ref", 5, None),
        ("username-to-ref", "ANN", Ref("8002")),
        ("username-to-ref", "bob", None),
        ("email-to-ref", "Ann@Example.org", Ref("8002")),
        ("email-to-ref", None, None),
        ("to-lower-case", "ÀB", "àb"),
        ("to-upper-case", 5, 5),
        ("to-upper-case", None, None),
        ("to-string", {"a": 1}, "[object Object]"),
    ],
)
def test_filters(name: str, value: Any, result: Any) -> None:
    assert find_filter(f"haplo:{name}", DIRECTORY)(value) == result


@pytest.mark.parametrize("name", ["username-to-ref", "to-string"])
def test_filters_that_stop_the_job_when_given_nothing(name: str) -> None:
    with pytest.raises(StopError):
        find_filter(f"haplo:{name}", DIRECTORY)(None)


@pytest.mark.parametrize("name", ["haplo:trim", None, 5])
def test_unknown_filters_stop_the_job(name: Any) -> None:
    with pytest.raises(StopError, match="no filter defined for name: "):
        find_filter(name, DIRECTORY)
