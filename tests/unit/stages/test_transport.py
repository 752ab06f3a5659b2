"""Every way in which httpx can fail is one of our errors, without a word of its own."""

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
    import io

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
