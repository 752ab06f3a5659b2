"""How a recording writes down what was asked: without secrets, and without what differs from school to school.

Next: `run/recorder`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

from engine.errors import EngineError
from engine.kinds.auth import TokenAuth
from engine.kinds.pages import NOTHING_CAME, Came
from engine.kinds.select import path
from engine.run.recording import ANY, Recorded
from engine.secret import Config, Key, Secret
from engine.spec.source import Source
from engine.stages.credential import fill_in
from engine.stages.question import Question
from engine.stages.transport import Request
from engine.stages.want import Want, request_params

TOKEN = "recorded"  # noqa: S105 (worth nothing)
NEVER = "2999-01-01T00:00:00Z"


def blank_config(source: Source, config: Config) -> Config:
    """Return a config in whose place any other fits: addresses empty, texts and secrets `*`, numbers as they are."""
    found: dict[str, str | Secret | Mapping[str, Key]] = {}
    for name, item in source.config.items():
        value = config.get(name)
        if item.type == "url":
            found[name] = ""
        elif item.type == "secret":
            found[name] = Secret(ANY)
        elif item.type == "integer" and isinstance(value, str):
            found[name] = value
        elif item.type == "text":
            found[name] = ANY
    return found


def request_of(
    source: Source, want: Want, config: Config, page: int, each: Mapping[str, str], came: Came = NOTHING_CAME
) -> Recorded:
    """Return what is written down of one page of a request, after those that came.

    `each` is what stands for what was kept of its record.
    """
    endpoint, names = source.endpoints[want.endpoint], dict(want.names)
    params = request_params(source, want)
    if each:
        names["each"] = dict(each)
    key = None if want.key is None else Key(Secret(ANY), {name: Secret(ANY) for name in want.key.secrets})
    pages = source.pages_of(endpoint)
    asked = {**params, **pages.params(page, came)}
    question = Question(
        "", endpoint.path, endpoint.method, asked, dict(want.given), endpoint.body, names, key, endpoint.headers
    )
    sent = _filled(source, question, endpoint.api, config)
    by = [name for name, text in params.items() if "each." in text]
    by += pages.tells_pages()
    by += [endpoint.windows.from_] if endpoint.windows is not None else []
    return Recorded(
        endpoint=want.endpoint,
        method=sent.method,
        path=_path(sent.url),
        file="",
        sets=list(want.sets),
        params=dict(sent.params),
        by=by,
        page=page,
        asks={
            each["method"]: {one["name"]: one["value"] for one in each["filters"]} for each in names.get("asked", ())
        },
        each=dict(each),
        days=want.part.split("..") if endpoint.windows is not None else [],
    )


def _filled(source: Source, question: Question, api: str, config: Config) -> Request:
    """Return a request with a config of which nothing is told; where a template reckons with a text, with that text."""
    blank, asked = blank_config(source, config), source.apis[api]
    texts = {
        name: value
        for name, value in config.items()
        if isinstance(value, str) and source.config[name].type not in ("url", "secret")
    }
    for told in ({}, *({name: value} for name, value in texts.items())):
        try:
            return question.request(asked, {**blank, **told})
        except EngineError:
            continue
    return question.request(asked, {**blank, **texts})


def beside(
    source: Source, config: Config, granted: Mapping[str, Sequence[str]], apis: set[str]
) -> list[dict[str, Any]]:
    """Return what else is asked of some apis, each with what answers it: what is granted, and tokens."""
    blank = blank_config(source, config)
    found = []
    for name in sorted(apis):
        consent = source.apis[name].consent
        if consent is not None and name in granted:
            sent = Question("", consent.get, "GET", consent.params).request(source.apis[name], blank)
            answer: dict[str, Any] = {}
            _put(answer, consent.scopes, consent.split.join(granted[name]))
            found.append({"method": "GET", "path": _path(sent.url), "answer": answer})
    for name in sorted(apis):
        auth = source.apis[name].auth
        if isinstance(auth, TokenAuth):
            found.append(_token(source, auth, blank))
    return [each for at, each in enumerate(found) if each not in found[:at]]


def _token(source: Source, auth: TokenAuth, blank: Config) -> dict[str, Any]:
    answer: dict[str, Any] = {}
    _put(answer, auth.token, TOKEN)
    if auth.expires_at is not None:
        _put(answer, auth.expires_at, NEVER)
    if auth.expires_in is not None:
        _put(answer, auth.expires_in, 86_400)
    secrets = {each: Secret(ANY) for item in source.config.values() for each in item.secrets}
    names = {"config": blank, "key": Secret(ANY), "secrets": secrets}
    return {"method": auth.request.method, "path": _path(fill_in(auth.request.url, names)), "answer": answer}


def _path(url: str) -> str:
    return unquote(urlsplit(url).path).strip("/")


def _put(answer: dict[str, Any], where: str, value: Any) -> None:
    steps = [str(step) for step in path(where).steps or ()]
    for step in steps[:-1]:
        answer = answer.setdefault(step, {})
    if steps:
        answer[steps[-1]] = value
