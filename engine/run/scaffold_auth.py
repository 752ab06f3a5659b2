"""How a source is likely to be told who asks, by the security schemes of its description.

Next: `run/scaffold_openapi`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.run.scaffold_guess import snake


@dataclass
class AuthGuess:
    """The word `auth` of an api, what the school file must give for it, and why it is thought so."""

    auth: dict[str, Any]
    why: str
    config: dict[str, dict[str, Any]] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)


def guess_auth(name: str, scheme: Mapping[str, Any]) -> AuthGuess | None:
    """Return what a scheme comes to; None where the language has no word for it."""
    kind, way = scheme.get("type"), str(scheme.get("scheme", "")).lower()
    if kind == "apiKey" and scheme.get("in") in ("header", "query"):
        return _key(name, scheme)
    if kind == "http" and way in ("bearer", "basic"):
        item = "token" if way == "bearer" else "credentials"
        told = "the token that the source gives out" if way == "bearer" else "USER:PASSWORD, in Base64"
        return _header(name, "Authorization", f"{way.capitalize()} {{{{ config.{item} }}}}", item, told)
    flows = scheme.get("flows")
    flow = flows.get("clientCredentials") if kind == "oauth2" and isinstance(flows, dict) else None
    return _token(name, flow) if isinstance(flow, dict) and flow.get("tokenUrl") else None


def _key(name: str, scheme: Mapping[str, Any]) -> AuthGuess:
    param = str(scheme.get("name", "X-Api-Key"))
    item = snake(param).removeprefix("x_") if "key" in snake(param) else "api_key"
    if scheme["in"] == "header":
        return _header(name, param, f"{{{{ config.{item} }}}}", item, f"the key that goes into the header {param}")
    why = f"from the security scheme {name}: a key among the parameters"
    config = {item: {"type": "secret", "description": f"the key that goes into the parameter {param}"}}
    return AuthGuess({"kind": "none"}, why, config, {param: f"{{{{ config.{item} }}}}"})


def _header(name: str, header: str, value: str, item: str, told: str) -> AuthGuess:
    auth = {"kind": "header", "header": {"name": header, "value": value}}
    return AuthGuess(auth, f"from the security scheme {name}", {item: {"type": "secret", "description": told}})


def _token(name: str, flow: Mapping[str, Any]) -> AuthGuess:
    url = str(flow["tokenUrl"])
    form = {
        "grant_type": "client_credentials",
        "client_id": "{{ config.client_id }}",
        "client_secret": "{{ config.client_secret }}",
    }
    if isinstance(flow.get("scopes"), dict) and flow["scopes"]:
        form["scope"] = " ".join(map(str, flow["scopes"]))
    auth = {
        "kind": "token",
        "request": {"url": url if "://" in url else f"{{{{ config.base_url }}}}/{url.lstrip('/')}", "form": form},
        "token": "$.access_token",
        "expires_in": "$.expires_in",
        "header": {"name": "Authorization", "value": "Bearer {{ token }}"},
    }
    config = {
        "client_id": {"description": "the id of the client, which the source gives out"},
        "client_secret": {"type": "secret", "description": "the secret of the client"},
    }
    why = f"from the security scheme {name}; the names in the request and in the answer are those of OAuth 2"
    return AuthGuess(auth, why, config)
