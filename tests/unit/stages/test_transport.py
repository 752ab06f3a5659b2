"""Every way in which httpx can fail is one of our errors, without a word of its own."""

import io
import socket
import ssl

import httpx
import pytest

from engine.errors import EngineError, SourceError, SourceUnavailable
from engine.stages.retry import MayHealError
from engine.stages.transport import Request, Transport, in_our_words, reworded


def below(kind):
    return {kind}.union(*(below(each) for each in kind.__subclasses__()))


def made(kind):
    if kind in (httpx.StreamConsumed, httpx.ResponseNotRead, httpx.RequestNotRead, httpx.StreamClosed):
        return kind()
    if kind is httpx.HTTPStatusError:
        request = httpx.Request("GET", "http://private/")
        return kind("private", request=request, response=httpx.Response(500, request=request))
    return kind("private http://private/?key=private")


EVERY = sorted(
    below(httpx.HTTPError) | below(httpx.InvalidURL) | below(httpx.CookieConflict) | below(httpx.StreamError),
    key=lambda kind: kind.__name__,
)


def test_no_exception_of_httpx_is_forgotten():
    public = {kind for kind in vars(httpx).values() if isinstance(kind, type) and issubclass(kind, Exception)}
    assert public <= set(EVERY)


@pytest.mark.parametrize("kind", EVERY, ids=lambda kind: kind.__name__)
def test_every_exception_of_httpx_is_in_our_words(kind):
    with pytest.raises((EngineError, MayHealError)) as caught, reworded("endpoint 'x' page 7"):
        raise made(kind)
    error = caught.value.error if isinstance(caught.value, MayHealError) else caught.value
    assert isinstance(error, SourceError)
    assert error.what.startswith("endpoint 'x' page 7: ")
    assert "private" not in f"{error.what}{error.why}{error.fix}"
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    "kind", sorted(below(httpx.TimeoutException) | below(httpx.NetworkError), key=lambda kind: kind.__name__)
)
def test_the_network_may_heal(kind):
    error = in_our_words(made(kind), "x")
    assert isinstance(error, MayHealError)
    assert isinstance(error.error, SourceUnavailable)


@pytest.mark.parametrize("kind", [httpx.UnsupportedProtocol, httpx.InvalidURL, httpx.LocalProtocolError])
def test_a_request_that_cannot_be_made_does_not_heal(kind):
    assert isinstance(in_our_words(made(kind), "x"), SourceError)


@pytest.mark.parametrize(
    ("cause", "says"),
    [
        (socket.gaierror(-2, "private"), "name is not known"),
        (ssl.SSLCertVerificationError("private"), "certificate"),
        (ConnectionRefusedError("private"), "cannot be reached"),
    ],
)
def test_a_host_that_cannot_be_reached_is_told_by_its_cause(cause, says):
    error = httpx.ConnectError("private")
    error.__cause__ = cause
    found = in_our_words(error, "x")
    assert isinstance(found, MayHealError)
    assert says in found.error.what


@pytest.mark.parametrize("value", ["sécret", "line\nend"])
def test_a_secret_that_no_header_can_carry_is_told_without_it(value):
    transport = Transport(connections=1, timeout=1, longest=10)
    try:
        with pytest.raises((SourceError, MayHealError)) as caught:
            transport.send(Request("x", "http://127.0.0.1:1/", headers={"Authorization": value}), io.BytesIO())
    finally:
        transport.close()
    assert value not in str(caught.value)


def test_a_request_does_not_print_where_it_goes():
    request = Request("x", "http://private/", params={"a": "private"}, headers={"b": "private"}, json={"c": "private"})
    assert "private" not in repr(request)


def through(answer, **request):
    """Send a request to a function in place of a network; return the head, the body and what was asked."""
    asked = []

    def respond(sent):
        asked.append(sent)
        return answer(sent)

    transport, body = Transport(connections=1, timeout=1, longest=100), io.BytesIO()
    transport.close()
    transport._client = httpx.Client(transport=httpx.MockTransport(respond))
    try:
        head = transport.send(Request("x", "https://host/a", **request), body)
    finally:
        transport.close()
    return head, body.getvalue(), asked


def redirecting(target, status=302):
    def answer(sent):
        if sent.url.path == "/a":
            return httpx.Response(status, headers={"Location": target})
        return httpx.Response(200, content=b"there")

    return answer


@pytest.mark.parametrize("target", ["/b", "b?x=1", "https://host/b", "https://host:443/b"])
def test_a_redirect_on_the_same_origin_is_followed_with_the_key(target):
    head, body, asked = through(redirecting(target), headers={"X-Key": "k"})
    assert (head.status, body) == (200, b"there")
    assert asked[1].headers["X-Key"] == "k"


@pytest.mark.parametrize(
    "target", ["http://host/b", "https://other/b", "https://host:444/b", "//other/b", "https://u@x/"]
)
def test_a_redirect_elsewhere_is_refused(target):
    with pytest.raises(SourceError, match="redirected to another address") as caught:
        through(redirecting(target))
    assert "host" not in caught.value.what + caught.value.fix


def test_a_token_request_is_never_redirected():
    with pytest.raises(SourceError, match="redirected"):
        through(redirecting("/b"), method="POST", json={"secret": "s"})


@pytest.mark.parametrize("target", ["/a", ""])
def test_a_circle_of_redirects_ends(target):
    with pytest.raises(SourceError, match="more than 5 times"):
        through(redirecting(target))


def test_a_body_has_a_bound_compressed_or_not():
    import gzip

    for headers, content in (({}, b"x" * 101), ({"Content-Encoding": "gzip"}, gzip.compress(b"x" * 101))):
        with pytest.raises(SourceError, match="longer than 100 bytes"):
            through(lambda sent, h=headers, c=content: httpx.Response(200, headers=h, content=c))


def test_a_broken_compression_may_heal():
    with pytest.raises(MayHealError, match="compressed"):
        through(lambda sent: httpx.Response(200, headers={"Content-Encoding": "gzip"}, stream=Broken()))


class Broken(httpx.SyncByteStream):
    def __iter__(self):
        yield b"this is not gzip"
