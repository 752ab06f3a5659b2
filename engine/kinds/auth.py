"""How a source is told who asks: one class per kind, registered in `Auth` on the last line.

`TokenAuth` describes a token service; the tokens themselves live in the run, never here.
Next: `kinds/pages`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from engine.kinds.select import PathText
from engine.kinds.word import Duration, TemplateText, Word


class Header(Word):
    """A header sent with every request."""

    name: str
    value: TemplateText


class TokenRequest(Word):
    """The request that gives a token. `json` and `form` are alternatives; their values are templates."""

    method: Literal["POST", "GET"] = "POST"
    url: TemplateText
    json_: Annotated[dict[str, TemplateText] | None, Field(alias="json")] = None
    form: dict[str, TemplateText] | None = None


class NoAuth(Word):
    """The source asks for nothing."""

    kind: Literal["none"]


class HeaderAuth(Word):
    """A fixed header, such as an API key."""

    kind: Literal["header"]
    header: Header


class TokenAuth(Word):
    """A token is asked for first, shared by all requests, renewed ahead of its end and when it is refused."""

    kind: Literal["token"]
    request: TokenRequest
    token: Annotated[PathText, Field(description="where the token stands in the answer")]
    expires_at: Annotated[PathText | None, Field(description="where its end stands, an ISO time in UTC")] = None
    expires_in: Annotated[PathText | None, Field(description="where its life stands, in seconds")] = None
    renew_before: Duration = "60s"
    header: Header


Auth = Annotated[NoAuth | HeaderAuth | TokenAuth, Field(discriminator="kind")]
