"""HTTP as it goes over the wire: one request, its answer into a stream. The home of httpx.

What httpx raises becomes an error of ours (`reworded`); its own messages, and its log of URLs, are kept quiet,
because a URL can hold a key. Redirects stay on the same origin. Imports `errors`, `tls` and `retry`; httpx
inside functions. Next: `stages/credential`.
"""

from __future__ import annotations

import logging
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO

from engine.errors import AnswerUnreadable, EngineError, SourceError, SourceUnavailable
from engine.stages.retry import MayHealError
from engine.tls import trusted

if TYPE_CHECKING:
    import httpx

REDIRECTS = {301, 302, 303, 307, 308}
_MOST_REDIRECTS = 5
_FIX_URL = "check the addresses in the school's config"


@dataclass(frozen=True)
class Request:
    """What is asked. `name` is what people are told (`endpoint 'x' page 7`); the rest is never shown."""

    name: str
    url: str = field(repr=False)
    method: str = "GET"
    params: Mapping[str, str] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    json: Mapping[str, str] | None = field(default=None, repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)
    content: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Head:
    """The status of an answer, and its headers in any case."""

    status: int
    headers: Mapping[str, str]


class Transport:
    """Connections to one API, shared by threads."""

    def __init__(self, *, connections: int, timeout: float, longest: int) -> None:
        import httpx

        for name in ("httpx", "httpcore"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        self._longest = longest
        self._client = httpx.Client(
            verify=trusted(),
            timeout=timeout,
            limits=httpx.Limits(max_connections=connections + 1, max_keepalive_connections=connections + 1),
            headers={"Accept": "application/json", "User-Agent": "haplomap"},
        )

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    def send(self, asked: Request, into: BinaryIO) -> Head:
        """Send a request and write the body of its answer as it arrives."""
        with reworded(asked.name):
            request = self._client.build_request(
                asked.method,
                asked.url,
                params=dict(asked.params) or None,
                headers=dict(asked.headers),
                json=asked.json,
                data=asked.form,
                content=asked.content,
            )
            for _ in range(_MOST_REDIRECTS + 1):
                response = self._client.send(request, stream=True)
                try:
                    if response.status_code in REDIRECTS:
                        request = self._redirected(asked, request, response)
                        continue
                    self._receive(asked.name, response, into)
                    return Head(response.status_code, response.headers)
                finally:
                    response.close()
        raise SourceError(f"{asked.name}: redirected more than {_MOST_REDIRECTS} times", fix=_FIX_URL)

    def _receive(self, name: str, response: httpx.Response, into: BinaryIO) -> None:
        size = 0
        for chunk in response.iter_bytes():
            size += len(chunk)
            if size > self._longest:
                raise AnswerUnreadable(
                    f"{name}: the answer is longer than {self._longest:,} bytes",
                    why="longest_answer of the API",
                    fix="ask for smaller pages, or raise longest_answer",
                )
            into.write(chunk)

    def _redirected(self, asked: Request, request: httpx.Request, response: httpx.Response) -> httpx.Request:
        target = request.url.join(response.headers.get("Location", ""))
        if asked.method != "GET" or _origin(target) != _origin(request.url):
            raise SourceError(
                f"{asked.name}: redirected to another address ({response.status_code})",
                why="keys are sent to the address in the school's config only",
                fix=_FIX_URL,
            )
        return self._client.build_request("GET", target, headers=dict(asked.headers))


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port or {"http": 80, "https": 443}.get(url.scheme)


@contextmanager
def reworded(name: str) -> Iterator[None]:
    """Raise what httpx raises as errors of ours, or as `MayHealError` where asking again may help."""
    import httpx

    try:
        yield
    except (httpx.HTTPError, httpx.InvalidURL, httpx.CookieConflict, httpx.StreamError) as error:
        raise in_our_words(error, name) from None
    except UnicodeError:
        raise SourceError(
            f"{name}: a header or an address has a letter that it cannot carry",
            fix="check the secrets and addresses of the school: plain ASCII, no line ends",
        ) from None


def in_our_words(error: Exception, name: str) -> EngineError | MayHealError:
    """Return our error for one of httpx's; nothing of its message is kept."""
    import httpx

    if isinstance(error, httpx.DecodingError):
        return MayHealError(AnswerUnreadable(f"{name}: the answer is compressed in a way that is broken"))
    if isinstance(error, httpx.UnsupportedProtocol | httpx.InvalidURL):
        return SourceError(f"{name}: the address is not a URL of http or https", fix=_FIX_URL)
    if isinstance(error, httpx.LocalProtocolError):
        return SourceError(
            f"{name}: the request cannot be written as HTTP",
            fix="check the secrets of the school: no line ends, no control characters",
        )
    if isinstance(error, httpx.TransportError):
        what, fix = _unreachable(error)
        return MayHealError(SourceUnavailable(f"{name}: {what}", fix=fix))
    return SourceError(f"{name}: the exchange failed ({type(error).__name__})")


def _unreachable(error: httpx.TransportError) -> tuple[str, str]:
    import httpx

    causes = list(_causes(error))
    if isinstance(error, httpx.ConnectTimeout | httpx.PoolTimeout):
        return "the source does not answer (no connection in time)", ""
    if isinstance(error, httpx.TimeoutException):
        return "the source does not answer in time", ""
    if isinstance(error, httpx.ProxyError):
        return "the proxy refuses the connection", "check HTTPS_PROXY and NO_PROXY"
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return "the host's name is not known", _FIX_URL
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return "the host's certificate is not accepted", _FIX_URL
    if isinstance(error, httpx.ConnectError):
        return "the source cannot be reached", _FIX_URL
    return "the connection broke off before the answer was whole", ""


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__
