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

    setting: Annotated[str, Field(description="the setting that holds the list: `group.name`")]


class Rule(Word):
    """Records are kept where this is true."""

    rule: Annotated[RuleName, Field(description="its name: reports count what it filters under it")]
    field: Annotated[str | None, Field(description="the field that is looked at")] = None
    in_: Annotated[list[Text] | OfSetting | None, Field(description="the value is one of these", alias="in")] = None
    not_in: Annotated[list[Text] | OfSetting | None, Field(description="the value is none of these")] = None
    equals: Annotated[Text | bool | None, Field(description="the value is this")] = None
    present: Annotated[bool | None, Field(description="there is a value, or there is none")] = None
    at_least: Annotated[int | None, Field(description="a number, or for a list and a text its length")] = None
    at_most: Annotated[int | None, Field(description="a number, or for a list and a text its length")] = None
    matches: Annotated[str | None, Field(description="a regular expression that the whole text must match")] = None
    sql: Annotated[SqlText | None, Field(description="a DuckDB condition over converted source fields")] = None
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
