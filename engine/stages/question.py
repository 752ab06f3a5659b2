"""What one request asks: templates, the names that they see, and the key that it is made with; filled in here only.

Secrets are in `names` and in what is filled in, never in what is shown of either. Imports `kinds`, `secret`,
`template` and the shared pieces `credential`, `transport`. Next: `stages/client`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from engine.kinds.request import Body
from engine.secret import Config, Key, Secret
from engine.spec.source import Api
from engine.stages.credential import fill_in
from engine.stages.transport import Request
from engine.template import Template


@dataclass(frozen=True)
class Question:
    """One request of an API. `path`, `params`, `headers` and `body` are templates; its own go before those of the API.

    `given` are parameters that are sent as they are: they hold what a source said. `names` are what templates see
    beside `config`; a key brings `key` and `secrets`.
    """

    name: str
    path: str
    method: str = "GET"
    params: Mapping[str, str] = field(default_factory=dict)
    given: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: Body | None = None
    names: Mapping[str, Any] = field(default_factory=dict, repr=False)
    key: Key | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)

    def request(self, api: Api, config: Config) -> Request:
        """Return the request as it is sent; values in its path are percent-encoded."""
        context = {"config": plain(config), **self.names, **names_of(self.key)}
        encoded = {**context, "config": _encoded(context["config"]), "each": _encoded(context.get("each", {}))}
        base = fill_in(api.base_url, context).rstrip("/")
        shared = {key: fill_in(text, context) for key, text in api.params.items()}
        own = {key: fill_in(text, context) for key, text in self.params.items()}
        headers = {name: fill_in(text, context) for name, text in {**api.headers, **self.headers}.items()}
        filled = self._body(context)
        return Request(
            self.name,
            f"{base}/{fill_in(self.path, encoded).lstrip('/')}",
            self.method,
            {**shared, **own, **self.given},
            {**headers, **filled.pop("headers", {})},
            **filled,
        )

    def _body(self, context: Mapping[str, Any]) -> dict[str, Any]:
        body = self.body
        if body is None:
            return {}
        if body.text is not None:
            text = fill_in(body.text, context, escape=body.is_xml)
            return {"content": text.encode(), "headers": {"Content-Type": body.type}}
        if body.json_ is not None:
            return {"json": {key: fill_in(text, context) for key, text in body.json_.items()}}
        return {"form": {key: fill_in(text, context) for key, text in (body.form or {}).items()}}

    def signed(self) -> str:
        """Return what tells what is asked from other questions, secrets left out; '' for a plain GET."""
        texts = [self.path, *self.params.values(), *self.headers.values()]
        if self.body is not None:
            texts += [self.body.text or "", *(self.body.json_ or {}).values(), *(self.body.form or {}).values()]
        used = {name.partition(".")[0] for text in texts for name in Template.parse(text).names}
        names = {name: value for name, value in self.names.items() if name in used}
        if self.method == "GET" and not names:
            return ""
        body = None if self.body is None else self.body.model_dump(mode="json")
        return json.dumps([self.method, body, names], sort_keys=True, default=str)


def plain(config: Config) -> dict[str, str | Secret]:
    """Return what templates see of a config: all but its keys, of which a request has one at a time."""
    return {name: value for name, value in config.items() if isinstance(value, str | Secret)}


def names_of(key: Key | None) -> dict[str, Any]:
    """Return the names that a key brings."""
    return {} if key is None else {"key": key.key, "secrets": dict(key.secrets)}


def _encoded(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: quote(value, safe="") if isinstance(value, str) else value for name, value in values.items()}
