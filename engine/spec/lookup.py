"""Tables of codes: written in YAML, or beside it in CSV; shared ones stand above the systems. Next: `spec/mapping`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from engine.kinds.word import Name, Text, Word, problem


class Csv(Word):
    """A CSV file beside the document: which column is looked up and which one is given."""

    file: str
    from_: Annotated[str, Field(alias="from")]
    to: str


class Lookup(Word):
    """What each code means. A code that is not here is a miss, and is reported."""

    lookup: Name
    description: str = ""
    values: dict[str, Text] | None = None
    csv: Csv | None = None
    fold_case: Annotated[bool, Field(description="codes match in any case, and without blanks around them")] = False
    otherwise: Annotated[Text | None, Field(description="what a code gives that is not here (still reported)")] = None

    @model_validator(mode="after")
    def _one_table(self) -> Lookup:
        if (self.values is None) == (self.csv is None):
            raise problem("missing-key", "a lookup has either values or csv")
        return self
