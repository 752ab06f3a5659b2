"""The source document: the contract of an API, and the files of endpoints that belong to it.

A source may be spread over files: `source.yaml` (first key `source`) and `endpoints/*.yaml` (first key
`endpoints_of`). `Source.endpoints` holds them all once loaded. Next: `spec/mapping`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from engine.kinds.answer import ErrorRule, Rates, Retry
from engine.kinds.auth import Auth
from engine.kinds.pages import Pages
from engine.kinds.select import PathText
from engine.kinds.types import Formats, SourceField
from engine.kinds.word import Duration, Name, Pattern, Size, TemplateText, Texts, Word


class ConfigItem(Word):
    """A value that a school file gives (or may give) for this source."""

    type: Literal["text", "url", "secret", "integer"] = "text"
    default: str | int | None = None
    pattern: Annotated[Pattern | None, Field(description="a regular expression that the whole text must match")] = None
    description: str = ""


class Asked(Word):
    """A parameter that carries a list of names: the options that are asked for."""

    param: str
    join: str = ","


class Api(Word):
    """One base URL with its auth, rates, errors and the words its endpoints share."""

    base_url: TemplateText
    auth: Auth
    headers: dict[str, TemplateText] = {}
    params: dict[str, TemplateText] = {}
    pages: Annotated[Pages | None, Field(description="how endpoints page that do not say so themselves")] = None
    options_asked: Asked | None = None
    errors: list[ErrorRule] = []
    rates: Rates = Rates()
    retry: Retry = Retry()
    longest_answer: Size = "256MB"
    timeout: Duration = "60s"


class RecordSet(Word):
    """Records of one kind within an answer."""

    records: Annotated[PathText, Field(description="the path of the list of records")]
    key: Annotated[Texts | None, Field(description="the field, or fields, that tell records apart")] = None
    counted: Annotated[bool, Field(description="the totals that an answer states are those of this set")] = True
    option: Annotated[str | None, Field(description="the option to ask for to get these records")] = None
    scope: Annotated[object, Field(description="the consent that opens this set")] = None
    fields: dict[str, SourceField]
    known: Annotated[list[str], Field(description="fields that are sent and that we do not read; no drift")] = []
    note: str = ""


class Endpoint(Word):
    """A URL that is read, and the record sets in its answer."""

    api: Name = "main"
    get: TemplateText
    params: dict[str, TemplateText] = {}
    pages: Pages | None = None
    sets: dict[Name, RecordSet]
    note: str = ""
    assumed: str | None = None


class Source(Word):
    """The contract of a source system."""

    source: Name
    title: str = ""
    note: str = ""
    config: dict[Name, ConfigItem] = {}
    apis: dict[Name, Api]
    formats: Formats = Formats()
    endpoints: dict[Name, Endpoint] = {}

    def sets(self) -> Iterator[tuple[str, str, RecordSet]]:
        """Yield every record set with its endpoint's name and its own."""
        for endpoint_name, endpoint in self.endpoints.items():
            for set_name, record_set in endpoint.sets.items():
                yield endpoint_name, set_name, record_set

    def find(self, set_name: str) -> tuple[str, Endpoint, RecordSet]:
        """Return a record set with its endpoint; KeyError when there is none of this name."""
        for endpoint_name, endpoint in self.endpoints.items():
            if set_name in endpoint.sets:
                return endpoint_name, endpoint, endpoint.sets[set_name]
        raise KeyError(set_name)


class Endpoints(Word):
    """A file of endpoints that belongs to a source."""

    endpoints_of: Name
    group: str = ""
    note: str = ""
    endpoints: dict[Name, Endpoint]
