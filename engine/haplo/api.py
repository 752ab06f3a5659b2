"""Haplo over HTTP: its APIs of batches (create, upload, schedule) and of user accounts, and logs where there are any.

Success is judged by status and by the form of the body, because Haplo answers some refusals with 200 and a page.
The key travels in a header, over https or loopback, and redirects are not followed. Imports `errors`, `secret`,
`tls` and `refusal`; httpx inside functions. Next: `stages/deliver`.
"""

from __future__ import annotations

import base64
import ipaddress
import json
import logging
import re
from collections.abc import Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, Literal, Self
from urllib.parse import urlsplit

from engine.errors import DeliveryError, StorageError
from engine.haplo.refusal import no_log, refusal, unexpected, unreachable, unread
from engine.secret import Secret
from engine.tls import trusted

if TYPE_CHECKING:
    import httpx

KeyHeader = Literal["basic", "x-oneis-key"]
Mode = Literal["dry-run", "live"]
SyncOutcome = Literal["queued", "switched-off", "first-run", "size-changed", "manual"]
"""What a started user sync came to: it goes on by itself, or an administrator must apply it, for a reason."""

_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_IDENTIFIER: Final = re.compile(r"[A-Za-z0-9_-]{8,128}")
_SCHEDULED: Final = re.compile(r"SCHEDULED")
_OBJECT: Final = re.compile(r"\{.*\}", re.DOTALL)
_QUEUED: Final = "OK. Sync queued."
_STARTED: Final = re.compile(r"OK\. Sync queued\.|(?=.*(?:manual|admin))[^<]*", re.DOTALL | re.IGNORECASE)
_REASONS: Final[Mapping[SyncOutcome, tuple[str, ...]]] = {
    "first-run": ("first",),
    "size-changed": ("%", "size", "larger", "smaller"),
    "switched-off": ("switched off", "disabled", "not enabled", "turned off"),
}
_KEY: Final = re.compile(r"[\x21-\x7e]+")
_LONGEST_ANSWER: Final = 65_536
_LONGEST_LOG: Final = 8_000_000
_FIX_URL: Final = "write the address as https://the-application's-own-host, in deliver: url of the school file"


class _Api:
    """What all APIs share. `close` it, or use it in a `with`."""

    path: str

    def __init__(self, url: str, key: Secret, header: KeyHeader = "basic", *, timeout: float = 60.0) -> None:
        import httpx

        for name in ("httpx", "httpcore"):
            logging.getLogger(name).setLevel(logging.WARNING)  # they log whole URLs
        self._base = _checked_url(url) + self.path
        self._client = httpx.Client(
            verify=trusted(),
            headers={**_key_headers(key, header), "User-Agent": "haplomap"},
            follow_redirects=False,
            timeout=httpx.Timeout(timeout, connect=min(timeout, 10.0)),
            trust_env=not _is_loopback(urlsplit(url).hostname or ""),
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _post_file(
        self, endpoint: str, doing: str, form: Mapping[str, str], path: Path, success: re.Pattern[str] = _DIGEST
    ) -> str:
        try:
            with path.open("rb") as stream:
                return self._post(endpoint, doing, success, form, (path.name, stream))
        except OSError as error:
            raise StorageError(f"{path}: cannot be read", why=error.strerror or type(error).__name__) from None

    def _post(
        self,
        endpoint: str,
        doing: str,
        form_of_success: re.Pattern[str],
        form: Mapping[str, str],
        file: tuple[str, IO[bytes]] | None = None,
    ) -> str:
        import httpx

        files = None if file is None else {"file": (file[0], file[1], _media_type(file[0]))}
        try:
            with self._client.stream("POST", self._base + endpoint, data=dict(form), files=files) as answer:
                status, body = answer.status_code, _read(answer)
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            raise unreachable(error, doing) from None
        if status != 200:
            raise refusal(status, body, doing)
        text = body.strip()
        if not form_of_success.fullmatch(text):
            raise unexpected(body, doing)
        return text


class _BatchOf(_Api):
    """What the two APIs of batches share."""

    made_from: str

    def create(self, origin: str, comment: str) -> str:
        """Make a batch and return its identifier; `origin` is a kind, or the digest of a control file."""
        return self._post("batch", "making a batch", _IDENTIFIER, {self.made_from: origin, "comment": comment})

    def upload(self, batch: str, name: str, path: Path) -> str:
        """Send a data file and return the digest that Haplo gives of it."""
        return self._post_file("file", f"sending {name}", {"batch": batch, "name": name}, path)

    def schedule(self, batch: str, mode: Mode) -> None:
        """Have the batch carried out; `dry-run` saves nothing in Haplo."""
        form = {"batch": batch} | ({"mode": "dry-run"} if mode == "dry-run" else {})
        self._post("schedule", "scheduling the batch", _SCHEDULED, form)


class StandardApi(_BatchOf):
    """The standard batch API: the control file is kept in the application, under a kind."""

    path = "/api/haplo-data-import-standard-api/"
    made_from = "kind"


class BatchApi(_BatchOf):
    """The batch API: the control file is sent first."""

    path = "/api/haplo-data-import-batch/"
    made_from = "control"

    def control(self, path: Path, comment: str) -> str:
        """Send a control file and return its digest; the same one again changes nothing."""
        return self._post_file("control", "sending the control file", {"comment": comment}, path)


class UserSyncApi(_Api):
    """The user sync API: every file by its name, the control file as `_control`, then a start."""

    path = "/api/haplo-user-sync/"

    def upload(self, name: str, path: Path) -> tuple[str, int]:
        """Send a file; return the digest and the size that Haplo gives of it."""
        body = self._post_file("upload-file", f"sending {name}", {"name": name}, path, _OBJECT)
        try:
            told = json.loads(body)
            return str(told["digest"]), int(told["fileSize"])
        except (ValueError, KeyError, TypeError):
            raise unexpected(body, f"sending {name}") from None

    def start(self) -> SyncOutcome:
        """Have the accounts carried over, and say what came of it."""
        answer = self._post("start-sync", "starting the user sync", _STARTED, {})
        if answer == _QUEUED:
            return "queued"
        reasons = ((outcome, mark) for outcome, marks in _REASONS.items() for mark in marks)
        return next((outcome for outcome, mark in reasons if mark in answer.lower()), "manual")


class LogApi(_Api):
    """The logs of batches. Haplo's own APIs have none; an application may offer them at an address of its own."""

    path = ""

    def read(self, path: str, batch: str) -> str:
        """Return the log of a batch, from a path at the application's own host."""
        import httpx

        doing = f"reading the log of batch {batch}"
        at = urlsplit(self._base)
        if not path.startswith("/"):
            raise no_log(doing, "deliver: log of the school file gives no path", "write one that begins with /")
        try:
            asked = self._client.stream("GET", f"{at.scheme}://{at.netloc}{path}", headers={"Accept": "text/plain"})
            with asked as answer:
                status, media = answer.status_code, answer.headers.get("content-type", "text/plain")
                body = _bytes(answer, _LONGEST_LOG if status == 200 else _LONGEST_ANSWER)
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            raise unread(unreachable(error, doing)) from None
        return _log_of(status, media.partition(";")[0].strip().lower(), body, doing)


def _log_of(status: int, media: str, body: bytes, doing: str) -> str:
    text = body[:_LONGEST_ANSWER].decode("utf-8", "replace")
    if status == 404:
        raise no_log(doing, "it has no such address, or no such batch (404)", "check deliver: log of the school file")
    if status != 200:
        raise unread(refusal(status, text, doing))
    if media == "text/html" or "<html" in text[:2000].lower():
        raise unexpected(text, doing)
    if len(body) > _LONGEST_LOG:
        raise no_log(doing, f"it has more than {_LONGEST_LOG:,} bytes")
    try:
        log = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        log = "\0"
    if media != "text/plain" or "\0" in log:
        raise no_log(doing, "what it gave is not plain text", "check deliver: log of the school file")
    return log


def _media_type(file: str) -> str:
    return {".tsv": "text/tab-separated-values", ".xml": "application/xml"}.get(Path(file).suffix, "application/json")


def _read(answer: httpx.Response) -> str:
    """The answer's text, as far as we need it."""
    return _bytes(answer, _LONGEST_ANSWER)[:_LONGEST_ANSWER].decode("utf-8", "replace")


def _bytes(answer: httpx.Response, most: int) -> bytes:
    """The answer's bytes; of a longer one than `most` the beginning, which is longer than that too."""
    body = bytearray()
    for chunk in answer.iter_bytes(65_536):
        body += chunk
        if len(body) > most:
            break
    return bytes(body)


def _checked_url(url: str) -> str:
    """The address of the application; one that would show the key to others is refused."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        raise DeliveryError("Haplo's address is not a URL", fix=_FIX_URL) from None
    if parts.scheme not in ("http", "https") or not host or parts.query or parts.fragment or parts.username is not None:
        raise DeliveryError(
            "Haplo's address is not that of an application", why="it is https:// and a host", fix=_FIX_URL
        )
    if parts.scheme == "http" and not _is_loopback(host):
        raise DeliveryError("Haplo's address is not https", why="the key would be readable on its way", fix=_FIX_URL)
    return url.rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _key_headers(key: Secret, header: KeyHeader) -> dict[str, str]:
    value = key.reveal()
    if not _KEY.fullmatch(value):
        raise DeliveryError(
            "Haplo's API key is not one line of plain characters",
            why="a key has 44 letters, digits, - and _",
            fix="copy the key anew, without spaces and line ends",
            code="delivery-key",
        )
    if header == "basic":
        return {"Authorization": "Basic " + base64.b64encode(f"haplo:{value}".encode()).decode()}
    return {"X-ONEIS-Key": value}
