"""Secrets that a run needs and that are not there."""

from __future__ import annotations

import pytest

from engine.errors import SecretMissing
from engine.run.secrets import Secrets
from engine.spec.school import School
from engine.spec.source import Source


def test_all_secrets_that_are_missing_are_told_at_once() -> None:
    api = {"base_url": "https://acme.example", "auth": {"kind": "none"}}
    items = {name: {"type": "secret"} for name in ("one", "two", "three")}
    source = Source.model_validate({"source": "acme", "config": items, "apis": {"main": api}})
    given = {name: {"env": f"BROOK_{name.upper()}"} for name in items}
    school = School.model_validate({"school": "brook", "source": "acme", "config": given, "entities": ["cat"]})
    with pytest.raises(SecretMissing) as missing:
        Secrets({"BROOK_TWO": "s3cret"}).config(source, school)
    assert missing.value.what == (
        "the environment variable BROOK_ONE is not set; the environment variable BROOK_THREE is not set"
    )
    assert missing.value.fix == "export BROOK_ONE=...; export BROOK_THREE=..."
