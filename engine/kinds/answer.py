"""What an answer means, and how much may be asked: failure told in a body, rates and retries of an API.

`ErrorRule` recognises a failure whatever the status code; its `say` is our text, never the source's.
Next: `kinds/value`.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from engine.kinds.element import ElementText
from engine.kinds.select import MISSING, PathText, path
from engine.kinds.word import Duration, Pattern, Refill, TemplateText, Texts, Word, problem

Means = Literal["paused", "pending", "revoked", "not_ready", "refused", "expired", "restart", "retry", "fatal"]


class When(Word):
    """A condition on an answer: a value in its JSON or XML, or its status code."""

    json_: Annotated[PathText | None, Field(description="where in the answer a value is looked at", alias="json")] = (
        None
    )
    xml: Annotated[
        ElementText | None, Field(description="the same in XML; only answers of up to 1 MB are looked into")
    ] = None
    status: Annotated[
        list[int] | None, Field(description="status codes for which the rule counts; any if left out")
    ] = None
    present: Annotated[bool | None, Field(description="there is a value, and it is not null or blank")] = None
    matches: Annotated[Pattern | None, Field(description="a regular expression found in the text, in any case")] = None
    equals: Annotated[Texts | None, Field(description="texts of which the value must be one")] = None

    @model_validator(mode="after")
    def _one_test(self) -> When:
        if self.json_ is None and self.xml is None and self.status is None:
            raise problem("missing-key", "a condition needs json, xml or status")
        if self.json_ is not None and self.xml is not None:
            raise problem("one-test", "an answer is JSON or XML, not both")
        return self

    def holds(self, status: int, envelope: Any) -> bool:
        """Say whether an answer meets the condition."""
        if self.status is not None and status not in self.status:
            return False
        if self.json_ is None and self.xml is None:
            return True
        value = self._value(envelope)
        there = value is not MISSING and value is not None and value != ""
        if self.present is not None and there != self.present:
            return False
        if self.matches is not None and not (there and re.search(self.matches, str(value), re.IGNORECASE)):
            return False
        return self.equals is None or (there and str(value) in self.equals)

    def _value(self, envelope: Any) -> Any:
        if self.xml is not None:
            return envelope.get(self.xml, MISSING) if isinstance(envelope, dict) else MISSING
        return path(self.json_ or "").first(envelope)


class ErrorRule(Word):
    """An answer that means failure.

    paused: the school has stopped the feed for now; pending: it has not agreed yet; revoked: it has taken its consent
    back; not_ready: the data are being prepared, and are waited for as the api says; refused: never tried again;
    expired: a new token, then the same request again; restart: the change token is not taken, everything is read;
    retry: may heal; fatal: ends the run.
    """

    when: Annotated[When, Field(description="what an answer must be like")]
    means: Annotated[Means, Field(description="what is done about it")]
    say: Annotated[str, Field(description="what a person is told; our own words")]
    fix: Annotated[str, Field(description="what the person should do")] = ""
    assumed: Annotated[str | None, Field(description="why this is not known for certain")] = None


class RetryAt(Word):
    """A header that says when to ask again."""

    header: Annotated[str, Field(description="the name of the header")]
    as_: Annotated[
        Literal["seconds", "unix", "http"],
        Field(description="what it holds: seconds to wait, a Unix time, or an HTTP date", alias="as"),
    ]


class Limit(Word):
    """So many requests at once, and from then on one whenever time has made room for it."""

    per: Annotated[
        Literal["client", "address"],
        Field(description="whom the source counts: the client that `by` names, or all that comes from this machine"),
    ]
    by: Annotated[
        TemplateText | None, Field(description="what tells clients apart, such as `{{ config.client_id }}`")
    ] = None
    burst: Annotated[int, Field(gt=0, le=1_000_000, description="requests that may be sent at once")] = 1
    refill: Annotated[Refill, Field(description="how fast room is made for more: `1 per 5s`, `600 per 1m`")]
    left: Annotated[str | None, Field(description="the header that says how many requests are left")] = None

    @model_validator(mode="after")
    def _names_its_client(self) -> Limit:
        if (self.per == "client") != (self.by is not None):
            raise problem(
                "limit-client",
                "a limit per client says by what clients are told apart, one per address does not",
                "add `by: '{{ config.client_id }}'`, or say `per: address` without `by`",
            )
        return self


class Rates(Word):
    """How much a source can be asked."""

    connections: Annotated[int, Field(gt=0, le=64, description="requests under way at one time")] = 1
    limits: Annotated[
        list[Limit],
        Field(description="limits of the source: a request is sent when all have room, a token request too"),
    ] = []
    retry_at: Annotated[
        list[RetryAt], Field(description="headers that say when to ask again; the first that can be read counts")
    ] = [
        RetryAt(header="Retry-After", as_="seconds"),
        RetryAt(header="Retry-After", as_="http"),
        RetryAt(header="X-RateLimit-Reset", as_="unix"),
        RetryAt(header="RateLimit-Reset", as_="seconds"),
    ]


class Retry(Word):
    """How a failure that may heal is tried again: after `wait`, doubled each time, never more than `longest`."""

    attempts: Annotated[int, Field(description="how often a request is made in all", gt=0, le=20)] = 5
    wait: Annotated[Duration, Field(description="the wait before the second attempt; it doubles with each more")] = (
        "500ms"
    )
    longest: Annotated[Duration, Field(description="no wait is longer than this")] = "5m"
