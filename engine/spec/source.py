"""The source document: the contract of an API, and the files of endpoints that belong to it.

A source may be spread over files: `source.yaml` (first key `source`) and `endpoints/*.yaml` (first key
`endpoints_of`). `Source.endpoints` holds them all once loaded. Next: `spec/mapping`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field, model_validator

from engine.kinds.answer import ErrorRule, Rates, Retry
from engine.kinds.auth import Auth
from engine.kinds.changes import Changes, DataTime, DeletedSets
from engine.kinds.element import PlaceText
from engine.kinds.pages import OnePage, Pages
from engine.kinds.refresh import Refresh
from engine.kinds.request import Ask, Body, Cached, Deprecated, Filter, ForEach, Method, Option
from engine.kinds.scope import Consent, Scope
from engine.kinds.select import PathText
from engine.kinds.standing import Standing, Status, Wait
from engine.kinds.types import Formats, SourceField
from engine.kinds.windows import Windows
from engine.kinds.word import Duration, Name, Pattern, Size, TemplateText, Texts, Word, problem


class ConfigItem(Word):
    """A value that a school file gives (or may give) for this source."""

    type: Annotated[
        Literal["text", "url", "secret", "integer", "keys"],
        Field(description="what may be given; `keys` are several secrets, each with a name, and with what it opens"),
    ] = "text"
    secrets: Annotated[
        list[Name], Field(description="keys: further secrets that a key may have; `{{ secrets.NAME }}`, or nothing")
    ] = []
    default: Annotated[
        str | int | None,
        Field(description="used where the school file gives nothing; without one the school must give a value"),
    ] = None
    pattern: Annotated[Pattern | None, Field(description="a regular expression that the whole text must match")] = None
    description: Annotated[str, Field(description="what a person who fills in the school file needs to know")] = ""


class Asked(Word):
    """A parameter that carries a list of names: the options, or the fields, that are asked for."""

    param: Annotated[str, Field(description="the name of the parameter")]
    join: Annotated[str, Field(description="what stands between the names")] = ","


class Api(Word):
    """One base URL with its auth, rates, errors and the words its endpoints share."""

    base_url: Annotated[TemplateText, Field(description="what the paths of endpoints are added to")]
    auth: Annotated[Auth, Field(description="how the source is told who asks")]
    headers: Annotated[dict[str, TemplateText], Field(description="headers of every request")] = {}
    params: Annotated[dict[str, TemplateText], Field(description="parameters of every request")] = {}
    pages: Annotated[Pages | None, Field(description="how endpoints page that do not say so themselves")] = None
    changes: Annotated[
        Changes | None,
        Field(description="how endpoints are asked for what changed only, unless they say so themselves"),
    ] = None
    deleted: Annotated[
        DeletedSets | None, Field(description="where records that are gone are listed, unless a set says so itself")
    ] = None
    data_time: Annotated[DataTime | None, Field(description="where an answer says of when its data are")] = None
    system: Annotated[PathText | None, Field(description="where an answer names the system that its data are from")] = (
        None
    )
    options_asked: Annotated[
        Asked | None, Field(description="how the options that fields and sets name are asked for")
    ] = None
    fields_asked: Annotated[
        Asked | None,
        Field(description="how fields are asked for by name; then only those in use are, and no others are sent"),
    ] = None
    consent: Annotated[Consent | None, Field(description="where it tells which scopes were granted")] = None
    standing: Annotated[Standing | None, Field(description="where it tells how a school stands")] = None
    status: Annotated[dict[Name, Status], Field(description="where it says how its data are, by a name of ours")] = {}
    wait: Annotated[Wait, Field(description="how long data are waited for that are being prepared")] = Wait()
    answers: Annotated[
        Literal["json", "xml"], Field(description="what answers are written in; it says what paths are")
    ] = "json"
    root: Annotated[
        str | None, Field(description="XML: the name of the root element of an answer that is no failure")
    ] = None
    methods: Annotated[
        dict[str, Method], Field(description="what a request may ask for by name; sets say which one brings them")
    ] = {}
    cached: Annotated[
        Cached | None, Field(description="its answers may be old; it is told where that could hide changes")
    ] = None
    errors: Annotated[
        list[ErrorRule], Field(description="answers that mean failure; the first rule that fits counts")
    ] = []
    rates: Annotated[Rates, Field(description="how much may be asked at one time")] = Rates()
    retry: Annotated[
        Retry, Field(description="how often, and after what time, a failure that may heal is tried again")
    ] = Retry()
    longest_answer: Annotated[Size, Field(description="a larger answer is refused")] = "256MB"
    timeout: Annotated[Duration, Field(description="how long an answer may take to begin, or to go on")] = "60s"

    @model_validator(mode="after")
    def _names_its_root(self) -> Api:
        if self.answers == "xml" and self.root is None:
            raise problem("missing-key", "answers in XML need 'root', which tells them from documents of errors")
        return self


class RecordSet(Word):
    """Records of one kind within an answer."""

    records: Annotated[
        PlaceText, Field(description="the path of the list of records; in XML that of each record, below the root")
    ]
    optional: Annotated[
        bool, Field(description="where there are no records the list may be missing or null in an answer")
    ] = False
    one: Annotated[bool, Field(description="JSON: at the path stands one record, not a list of them")] = False
    apart_from: Annotated[
        list[Name], Field(description="sets that stand at the same path, so that one request can't ask for both")
    ] = []
    ask: Annotated[Ask | None, Field(description="the method that brings these records")] = None
    key: Annotated[Texts | None, Field(description="the field, or fields, that tell records apart")] = None
    deleted: Annotated[PathText | None, Field(description="the path of the list of records that are gone")] = None
    deleted_key: Annotated[
        list[PathText] | PathText | None,
        Field(description="what tells there which record is gone, if not what tells records apart"),
    ] = None
    counted: Annotated[bool, Field(description="the totals that an answer states are those of this set")] = True
    option: Annotated[str | None, Field(description="the option to ask for to get these records")] = None
    scope: Annotated[Scope | None, Field(description="the consent that opens this set")] = None
    fields: Annotated[
        dict[str, SourceField], Field(description="the fields of a record, by the name that mappings use")
    ]
    known: Annotated[list[str], Field(description="fields that are sent and that we do not read; no drift")] = []
    note: Annotated[str, Field(description="for the reader")] = ""
    assumed: Annotated[str | None, Field(description="why where it stands is not known for certain")] = None


class Endpoint(Word):
    """A URL that is read, and the record sets in its answer."""

    api: Annotated[Name, Field(description="which of the source's apis it belongs to")] = "main"
    get: Annotated[TemplateText | None, Field(description="the path, below the base URL")] = None
    post: Annotated[TemplateText | None, Field(description="the path of a POST, in place of `get`")] = None
    body: Annotated[
        Body | None,
        Field(
            description="what a POST sends; it sees `config` and `today`, with `per` `key` and `secrets`, "
            "with `for_each` `each`, and of the methods that are asked for `asked` and `filtered`"
        ),
    ] = None
    per: Annotated[
        Name | None,
        Field(description="the item of config whose keys it is asked with: once with each; `{{ key }}` is the key"),
    ] = None
    for_each: Annotated[ForEach | None, Field(description="it is asked once for each record of another set")] = None
    refresh: Annotated[
        Refresh | None,
        Field(description="with `for_each`: for which records it is asked in a run; without, for all of them"),
    ] = None
    fresh_for: Annotated[
        Duration | None,
        Field(
            description="how long an answer may be used by other runs of the school that would ask the same, where the "
            "run that it came in did not end"
        ),
    ] = None
    params: Annotated[dict[str, TemplateText], Field(description="parameters of its requests")] = {}
    headers: Annotated[
        dict[str, TemplateText], Field(description="headers of its requests, beside those of the api")
    ] = {}
    filters: Annotated[
        dict[str, Filter], Field(description="what else the source takes as parameters; `params` gives them values")
    ] = {}
    needs_filter: Annotated[
        list[str], Field(description="the source refuses a request that gives none of these filters")
    ] = []
    options: Annotated[
        dict[str, Option], Field(description="options that change which records come, asked for or not")
    ] = {}
    pages: Annotated[Pages | None, Field(description="how its answers are paged, if not as the api says")] = None
    changes: Annotated[
        Changes | None, Field(description="how it is asked for what changed only, if not as the api says")
    ] = None
    windows: Annotated[
        Windows | None, Field(description="how it is asked for the records of some days; then not for changes")
    ] = None
    momentary: Annotated[
        bool,
        Field(
            description="it gives what is so at this moment, such as today's: what is not in it any more is not gone, "
            "and what was read is not used again; so too where it is asked for each record of such a set"
        ),
    ] = False
    partial: Annotated[
        bool,
        Field(
            description="it never gives all that there is, such as the last months only: what is not in it is not gone"
        ),
    ] = False
    sets: Annotated[
        dict[Name, RecordSet], Field(description="the record sets in its answers; names are unique in the source")
    ]
    deprecated: Annotated[
        Deprecated | None,
        Field(description="the source is to take it away; `haplomap check` says so where a mapping uses it"),
    ] = None
    note: Annotated[str, Field(description="for the reader")] = ""
    assumed: Annotated[str | None, Field(description="why this is not known for certain")] = None

    @model_validator(mode="after")
    def _one_request(self) -> Endpoint:
        if (self.get is None) == (self.post is None):
            what = "an endpoint needs its path" if self.get is None else "an endpoint is asked by get or by post"
            raise problem("one-request", what, "add get:" if self.get is None else "take one of them out")
        if self.body is not None and self.post is None:
            raise problem("one-request", "only a POST has a body", "write post: in place of get:")
        return self

    def lacking(self) -> str:
        """Return the filters that the source wants and that its requests do not give; '' where it lacks none."""
        given = set(self.params) | ({self.windows.from_, self.windows.to} if self.windows else set())
        found = [name for name, each in self.filters.items() if each.required and name not in given]
        if self.needs_filter and not given & set(self.needs_filter):
            found.append(" or ".join(self.needs_filter))
        return " and ".join(found)

    @property
    def path(self) -> str:
        """Its path below the base URL, a template."""
        return self.get or self.post or ""

    @property
    def method(self) -> str:
        """The HTTP method of its requests."""
        return "POST" if self.post is not None else "GET"


class Source(Word):
    """The contract of a source system."""

    source: Annotated[Name, Field(description="the name by which mappings and schools name it")]
    title: Annotated[str, Field(description="its name for people")] = ""
    note: Annotated[str, Field(description="for the reader")] = ""
    config: Annotated[dict[Name, ConfigItem], Field(description="what a school file gives, or may give")] = {}
    apis: Annotated[dict[Name, Api], Field(description="the addresses that are asked; most sources have one, `main`")]
    formats: Annotated[Formats, Field(description="how values are written on the wire")] = Formats()
    endpoints: Annotated[
        dict[Name, Endpoint], Field(description="endpoints, if they do not stand in files of their own")
    ] = {}

    def sets(self) -> Iterator[tuple[str, str, RecordSet]]:
        """Yield every record set with its endpoint's name and its own."""
        for endpoint_name, endpoint in self.endpoints.items():
            for set_name, record_set in endpoint.sets.items():
                yield endpoint_name, set_name, record_set

    def pages_of(self, endpoint: Endpoint) -> Pages:
        """Return how the answers of an endpoint are paged: as it says itself, or its api."""
        return endpoint.pages or self.apis[endpoint.api].pages or OnePage(kind="none")

    def find(self, set_name: str) -> tuple[str, Endpoint, RecordSet]:
        """Return a record set with its endpoint; KeyError when there is none of this name."""
        for endpoint_name, endpoint in self.endpoints.items():
            if set_name in endpoint.sets:
                return endpoint_name, endpoint, endpoint.sets[set_name]
        raise KeyError(set_name)


class Endpoints(Word):
    """A file of endpoints that belongs to a source."""

    endpoints_of: Annotated[Name, Field(description="the source that they belong to")]
    group: Annotated[str, Field(description="a name for this file's endpoints")] = ""
    note: Annotated[str, Field(description="for the reader")] = ""
    endpoints: Annotated[
        dict[Name, Endpoint], Field(description="the endpoints by name; names are unique in the source")
    ]
