"""Named conditions on records: `where` of a mapping. A record that fails one is filtered, counted under its name.

A condition that is neither true nor false (no value) is not met. Next: `spec/source`.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from engine.kinds.word import SqlText, Text, Word, problem

RuleName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$")]
TESTS = ("in_", "not_in", "equals", "present", "at_least", "at_most", "matches", "sql")


class OfSetting(Word):
    """A list that a school sets. null switches the rule off."""

    setting: str


class Rule(Word):
    """Records are kept where this is true."""

    rule: RuleName
    field: str | None = None
    in_: Annotated[list[Text] | OfSetting | None, Field(alias="in")] = None
    not_in: list[Text] | OfSetting | None = None
    equals: Text | bool | None = None
    present: bool | None = None
    at_least: Annotated[int | None, Field(description="a number, or for a list and a text its length")] = None
    at_most: int | None = None
    matches: Annotated[str | None, Field(description="a regular expression that the whole text must match")] = None
    sql: SqlText | None = None
    when: Annotated[str | None, Field(description="a true/false setting; where it is false the rule is off")] = None

    @model_validator(mode="after")
    def _one_test(self) -> Rule:
        given = [name for name in TESTS if name in self.model_fields_set]
        if len(given) != 1:
            raise problem(
                "one-test",
                f"rule '{self.rule}' needs exactly one test: {', '.join(t.rstrip('_') for t in TESTS)}",
            )
        if (self.sql is None) == (self.field is None):
            raise problem("one-test", f"rule '{self.rule}' names a field, unless it is written in sql")
        return self
