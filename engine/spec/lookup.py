"""Tables of codes: written in YAML, or beside it in CSV; shared ones stand above the systems. Next: `spec/mapping`."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field, model_validator

from engine.kinds.word import Name, Text, Word, problem

LOOKUP_CODE: Final = '"lookup:code"'
LOOKUP_VALUE: Final = '"lookup:value"'
"""The columns of a lookup's table, as SQL: none that a mapping's own SQL could mean by a name without quotes."""


class Csv(Word):
    """A CSV file beside the document: which column is looked up and which one is given."""

    file: Annotated[str, Field(description="the file, beside this document")]
    from_: Annotated[str, Field(description="the column of the codes", alias="from")]
    to: Annotated[str, Field(description="the column of what they mean")]


class Lookup(Word):
    """What each code means. A code that is not here is a miss, and is reported."""

    lookup: Annotated[Name, Field(description="its name")]
    description: Annotated[str, Field(description="what it is for")] = ""
    values: Annotated[dict[str, Text] | None, Field(description="what each code means")] = None
    csv: Annotated[Csv | None, Field(description="a CSV file that holds the table")] = None
    fold_case: Annotated[bool, Field(description="codes match in any case, and without blanks around them")] = False
    otherwise: Annotated[Text | None, Field(description="what a code gives that is not here (still reported)")] = None

    @model_validator(mode="after")
    def _one_table(self) -> Lookup:
        if (self.values is None) == (self.csv is None):
            raise problem("missing-key", "a lookup has either values or csv")
        return self

    def folded(self, code: str) -> str:
        """Return a code in the form in which codes are compared."""
        return code.strip().lower() if self.fold_case else code
