"""How a source is told who asks: one class per kind, registered in `Auth` on the last line.

`TokenAuth` describes a token service; the tokens themselves live in the run, never here.
Next: `kinds/pages`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from engine.kinds.select import PathText
from engine.kinds.word import Duration, Name, TemplateText, Word

Given = Annotated[
    Name | None,
    Field(description="asked for only where the school gives this: an item of config, or a secret of the key in use"),
]


class Header(Word):
    """A header sent with every request."""

    name: Annotated[str, Field(description="the name of the header")]
    value: Annotated[TemplateText, Field(description="its value; `{{ token }}` is the token")]


class TokenRequest(Word):
    """The request that gives a token. `json` and `form` are alternatives; their values are templates."""

    method: Annotated[Literal["POST", "GET"], Field(description="how it is asked for")] = "POST"
    url: Annotated[TemplateText, Field(description="where it is asked for")]
    json_: Annotated[dict[str, TemplateText] | None, Field(description="the body, as JSON", alias="json")] = None
    form: Annotated[dict[str, TemplateText] | None, Field(description="the body, as a form")] = None


class NoAuth(Word):
    """The source asks for nothing."""

    kind: Literal["none"]


class HeaderAuth(Word):
    """A fixed header, such as an API key."""

    kind: Literal["header"]
    header: Annotated[Header, Field(description="the header that holds the key")]
    if_given: Given = None


class TokenAuth(Word):
    """A token is asked for first, shared by all requests, renewed ahead of its end and when it is refused."""

    kind: Literal["token"]
    request: Annotated[TokenRequest, Field(description="the request that gives a token")]
    token: Annotated[PathText, Field(description="where the token stands in the answer")]
    expires_at: Annotated[PathText | None, Field(description="where its end stands, an ISO time in UTC")] = None
    expires_in: Annotated[PathText | None, Field(description="where its life stands, in seconds")] = None
    renew_before: Annotated[Duration, Field(description="how long before its end a token is renewed")] = "60s"
    header: Annotated[Header, Field(description="the header that holds the token")]
    if_given: Given = None


Auth = Annotated[NoAuth | HeaderAuth | TokenAuth, Field(discriminator="kind")]
