"""The server that all simulators share: routes, faults, a log of requests, control over loopback.

A simulator lists its routes; everything else is here. Control, never logged and never struck by faults:
GET /__control__/requests, GET and PUT /__control__/faults, POST /__control__/quit, and the clock:
GET and PUT /__control__/today, with a day (2026-03-05) or a number of days to go on (+1).
Imports `message` and `fault` only. Next: `xporter`.
"""

from __future__ import annotations

import argparse
import json
import re
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import asdict
from datetime import date, timedelta
from email.utils import formatdate
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, unquote, urlsplit

from engine.simulators.fault import Fault, FaultError, FaultList, canned_answer, reshape
from engine.simulators.message import Answer, Delivery, Exchange, Request, html_answer, json_answer, text_answer

DEFAULT_TODAY = date(2026, 3, 2)
CONTROL = "/__control__/"
_SECRET = re.compile(r"secret|password|token|^_ak$|api_?key", re.IGNORECASE)

Route = tuple[str, str, Callable[..., Answer]]


class Simulator:
    """The common part of every simulator; use it as a context manager, or start() and stop()."""

    NAME = ""
    ABOUT = ""

    def __init__(
        self,
        *,
        port: int = 0,
        seed: int = 1,
        today: date = DEFAULT_TODAY,
        faults: Iterable[Any] = (),
        log: Path | None = None,
        delay_ms: float = 0,
    ) -> None:
        self.port, self.seed, self.today = port, seed, today
        self.faults = FaultList.parse(faults)
        self.requests: list[Exchange] = []
        self.quit_asked: SimpleQueue[None] = SimpleQueue()  # unlike an event, safe in a signal handler
        self._delay = delay_ms / 1000
        self._log_file = log.open("a", encoding="utf-8") if log else None
        self._log_lock = threading.Lock()
        self._stopping = threading.Event()
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        routes = [*_control_routes(self), *self.control_routes(), *self.routes()]
        self._routes = [(method, re.compile(pattern + r"\Z", re.IGNORECASE), do) for method, pattern, do in routes]

    # What a simulator adds

    @classmethod
    def add_arguments(cls, parser: argparse.ArgumentParser) -> None:
        """Add the options of this simulator to those of all."""

    @classmethod
    def from_arguments(cls, args: argparse.Namespace, common: dict[str, Any]) -> Self:
        """Build the simulator from the command line; `common` are the arguments that all take."""
        return cls(**common)

    @property
    def config(self) -> dict[str, Any]:
        """What a school file needs to know in order to use this simulator."""
        return {"base_url": self.url}

    def routes(self) -> list[Route]:
        """Method, pattern of the path (any case), and the function that gets the request and the groups."""
        return []

    def control_routes(self) -> list[Route]:
        """Further routes below /__control__/."""
        return []

    def prepare(self) -> None:
        """Make beforehand what would else be made at the first request; the command does so."""

    def move_to(self, day: date) -> None:
        """Make it another day; what is asked for from now on is of that day."""
        self.today = day

    def not_found(self, request: Request) -> Answer:
        """The answer when no route fits."""
        return html_answer("Not found", 404)

    def error_answer(self, text: str) -> Answer:
        """How this system says no; the fault `error_body` uses it."""
        return json_answer({"error": text}, 500)

    # Life

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> Self:
        """Open the port and serve in the background."""
        self._server = _Server(self)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        """End all connections and close the port."""
        self._stopping.set()
        if self._server and self._thread:
            self._server.shutdown()
            self._thread.join()
            self._server.end_connections()
            self._server.server_close()
            self._server = None
        if self._log_file:
            self._log_file.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    # One request

    def respond(self, request: Request) -> Delivery:
        """Find the answer to a request, with the fault that strikes it, if any."""
        if request.path.startswith(CONTROL):
            return Delivery(self._act(request))
        fault = self.faults.strike(request)
        if fault is None:
            self._stopping.wait(self._delay)
            return Delivery(self._act(request))
        self._stopping.wait(self._delay + fault.do.get("delay", 0))
        return self._respond_with(fault, request)

    def _respond_with(self, fault: Fault, request: Request) -> Delivery:
        do = fault.do
        if do.get("drop") == "before":
            return Delivery(None, fault=True)
        answer = self.error_answer(do["error_body"]) if "error_body" in do else canned_answer(do)
        if "repeat_page" in do:
            request = request.with_parameter("page", str(do["repeat_page"]))
        if answer is None or do.get("after"):
            own = self._act(request)
            answer = answer or own
        if do.get("drop") == "after":
            return Delivery(None, fault=True)
        try:
            answer = reshape(do, answer)
        except (FaultError, json.JSONDecodeError) as error:
            answer = text_answer(f"simulator: {error}", 500)
        return Delivery(answer, do.get("truncate"), fault=True)

    def _act(self, request: Request) -> Answer:
        try:
            for method, pattern, do in self._routes:
                found = pattern.match(request.path)
                if found and method == request.method:
                    return do(request, *found.groups())
            return self.not_found(request)
        except Exception as error:  # a bug in a simulator must be seen by the test that meets it
            traceback.print_exc(file=sys.stderr)
            return text_answer(f"simulator: {type(error).__name__}: {error}", 500)

    def record(self, exchange: Exchange) -> None:
        """Add a line to the log. This comes before the answer goes out, so that a client finds it there."""
        with self._log_lock:
            self.requests.append(exchange)
            if self._log_file and not self._log_file.closed:
                self._log_file.write(json.dumps(asdict(exchange)) + "\n")
                self._log_file.flush()


def _control_routes(simulator: Simulator) -> list[Route]:
    def faults(request: Request) -> Answer:
        return json_answer([fault.describe() for fault in simulator.faults.faults])

    def replace_faults(request: Request) -> Answer:
        try:
            simulator.faults.replace(json.loads(request.body))
        except ValueError as error:
            return text_answer(f"faults: {error}", 400)
        return faults(request)

    def today(request: Request) -> Answer:
        return text_answer(simulator.today.isoformat())

    def move(request: Request) -> Answer:
        wanted = request.body.decode().strip()
        try:
            forward = wanted.startswith("+")
            day = simulator.today + timedelta(days=int(wanted)) if forward else date.fromisoformat(wanted)
            simulator.move_to(day)
        except (ValueError, OverflowError) as error:
            return text_answer(f"today: {error}", 400)
        return today(request)

    def log(request: Request) -> Answer:
        return json_answer([asdict(exchange) for exchange in list(simulator.requests)])

    def quit_(request: Request) -> Answer:
        simulator.quit_asked.put(None)
        return text_answer("bye")

    return [
        ("GET", CONTROL + "requests", log),
        ("GET", CONTROL + "faults", faults),
        ("PUT", CONTROL + "faults", replace_faults),
        ("GET", CONTROL + "today", today),
        ("PUT", CONTROL + "today", move),
        ("POST", CONTROL + "quit", quit_),
    ]


class _Server(ThreadingHTTPServer):
    """Threads end with the server: no socket is left open behind a test."""

    daemon_threads = False
    request_queue_size = 128

    def __init__(self, simulator: Simulator) -> None:
        super().__init__(("127.0.0.1", simulator.port), _Connection)
        self.simulator = simulator
        self.connections = 0
        self._open: set[socket.socket] = set()
        self._ending = False
        self._lock = threading.Lock()

    def opened(self, connection: socket.socket) -> int:
        """Count a connection and give its number."""
        with self._lock:
            self._open.add(connection)
            self.connections += 1
            if self._ending:
                _shut(connection, socket.SHUT_RD)
            return self.connections

    def closed(self, connection: socket.socket) -> None:
        """Forget a connection."""
        with self._lock:
            self._open.discard(connection)

    def end_connections(self) -> None:
        """Read no more; what is being answered may be finished, for a second at most."""
        with self._lock:
            self._ending = True
            for connection in self._open:
                _shut(connection, socket.SHUT_RD)
        until = time.monotonic() + 1
        while self._open and time.monotonic() < until:
            time.sleep(0.001)
        with self._lock:
            for connection in self._open:
                _shut(connection, socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients may go away at any time; anything else is shown."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


def _shut(connection: socket.socket, how: int) -> None:
    with suppress(OSError):  # the other side was faster
        connection.shutdown(how)


class _Connection(BaseHTTPRequestHandler):
    """One connection: reads requests, writes answers, keeps alive."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.number = self.server.opened(self.connection)

    def finish(self) -> None:
        self.server.closed(self.connection)
        super().finish()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the name is the base class's)
        """Say nothing: the log of exchanges says it all."""

    def exchange(self) -> None:
        """Read one request to its end, answer it, and note both."""
        begun = time.perf_counter()
        request = self._read_request()
        delivery = self.server.simulator.respond(request)
        answer = delivery.answer
        if not request.path.startswith(CONTROL):
            query = {key: "***" if _SECRET.search(key) else value for key, value in request.query}
            exchange = Exchange(
                time=time.time(),
                method=request.method,
                path=request.path,
                query=query,
                status=answer.status if answer else None,
                milliseconds=round((time.perf_counter() - begun) * 1000, 3),
                size=answer.length if answer else 0,
                connection=self.number,
                connections=self.server.connections,
                fault=delivery.fault,
            )
            self.server.simulator.record(exchange)
        if answer is None:
            self.close_connection = True
        else:
            self._write(answer, delivery.truncate)

    def __getattr__(self, name: str) -> Any:
        """All methods are read alike: the base class looks for `do_GET` and so on."""
        if name.startswith("do_"):
            return self.exchange
        raise AttributeError(name)

    def _read_request(self) -> Request:
        url = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        if headers.get("transfer-encoding", "").lower() == "chunked":
            body = self._read_chunks()
        else:
            body = self.rfile.read(int(headers.get("content-length") or 0))
        query = tuple(parse_qsl(url.query, keep_blank_values=True))
        return Request(self.command, unquote(url.path), query, headers, body, self.client_address[0])

    def _read_chunks(self) -> bytes:
        chunks = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return b"".join(chunks)

    def _write(self, answer: Answer, truncate: int | None) -> None:
        left = answer.length if truncate is None else max(0, min(truncate, answer.length - 1))
        self.close_connection = self.close_connection or truncate is not None
        head = self._head(answer)
        if self.command == "HEAD" or left <= 65536:
            body = b"" if self.command == "HEAD" else answer.body[:left]
            self.connection.sendall(head + body)
            return
        self.connection.sendall(head)
        for part in answer.parts:
            self.connection.sendall(part[:left])
            left -= min(left, len(part))

    def _head(self, answer: Answer) -> bytes:
        try:
            reason = HTTPStatus(answer.status).phrase
        except ValueError:
            reason = "Unknown"
        lines = [
            f"HTTP/1.1 {answer.status} {reason}",
            f"Date: {formatdate(usegmt=True)}",
            f"Content-Type: {answer.content_type}",
            f"Content-Length: {answer.length}",
            *(f"{name}: {value}" for name, value in answer.headers.items()),
            *(["Connection: close"] if self.close_connection else []),
        ]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
