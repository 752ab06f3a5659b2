"""Secrets: held so that they are not printed, read from where the school file says, taken out of texts.

Stands on the standard library and `errors`. Next: `template`.
"""

from __future__ import annotations

import base64
import hmac
import json
import logging
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from engine.errors import SecretMissing

MASK = "***"
_MOST_BYTES = 65_536


class Secret:
    """A text that is never printed; `reveal` is the only way to it."""

    __slots__ = ("_value",)
    _value: str

    def __init__(self, value: str) -> None:
        object.__setattr__(self, "_value", value)

    def reveal(self) -> str:
        """Return the secret itself."""
        return self._value

    def __repr__(self) -> str:
        return MASK

    def __format__(self, spec: str) -> str:
        return MASK

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(_bytes(self._value), _bytes(other._value))

    __hash__ = None  # type: ignore[assignment]  # a hash would tell two secrets apart

    def __bool__(self) -> bool:
        return bool(self._value)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("a secret cannot be changed")

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: object) -> Secret:
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a secret cannot be written to a file")


@dataclass(frozen=True)
class Key:
    """One of several keys of a source, with the further secrets that go with it; one that is not given is empty."""

    key: Secret
    secrets: Mapping[str, Secret] = field(default_factory=dict)


Config = Mapping[str, str | Secret | Mapping[str, Key]]
"""What a school gives to a source, by the names of its items."""


class Redactor(logging.Filter):
    """Takes secrets out of texts, in every form they travel in; also a filter for log handlers."""

    def __init__(self) -> None:
        super().__init__()
        self._forms: dict[str, int] = {}  # pattern to length: the longest goes first
        self._pattern: re.Pattern[str] | None = None
        self._lock = threading.Lock()

    def add(self, secret: Secret, *, user: str | None = None) -> None:
        """Redact this secret from now on; `user` is who it belongs to in an HTTP Basic header."""
        value = secret.reveal()
        if not value:
            return
        with self._lock:
            self._forms |= _forms(value)
            if user is not None:
                basic = base64.b64encode(_bytes(f"{user}:{value}")).decode()
                self._forms[re.escape(basic)] = len(basic)
            longest_first = sorted(self._forms, key=lambda form: (-self._forms[form], form))
            self._pattern = re.compile("|".join(longest_first))

    def redact(self, text: str) -> str:
        """Return the text with every secret replaced."""
        return self._pattern.sub(MASK, text) if self._pattern else text

    def filter(self, record: logging.LogRecord) -> bool:
        """Redact a log record: its message, its arguments and its traceback."""
        record.msg, record.args = self.redact(record.getMessage()), ()
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        record.exc_info = None
        if record.exc_text:
            record.exc_text = self.redact(record.exc_text)
        if record.stack_info:
            record.stack_info = self.redact(record.stack_info)
        return True


def read_secret(spec: Mapping[str, str], environ: Mapping[str, str]) -> Secret:
    """Read a secret from `{env: NAME}` or `{file: PATH}`; a file's last line end is not part of it."""
    if set(spec) == {"env"}:
        name = spec["env"]
        value = environ.get(name, "")
        if not value:
            state = "is empty" if name in environ else "is not set"
            raise SecretMissing(
                f"the environment variable {name} {state}",
                why="a secret is read from it",
                fix=f"export {name}=...",
            )
        return Secret(value)
    if set(spec) == {"file"}:
        return _read_file(Path(spec["file"]))
    raise SecretMissing("a secret is neither in the environment nor in a file", fix="write {env: NAME} or {file: PATH}")


def _read_file(file: Path) -> Secret:
    fix = f"write the secret into {file}, and nothing else"
    try:
        with file.expanduser().open("rb") as stream:
            raw = stream.read(_MOST_BYTES + 1)
        value = raw.decode("utf-8-sig").removesuffix("\n").removesuffix("\r")
    except FileNotFoundError:
        raise SecretMissing(f"the secret file {file} is not there", fix=fix) from None
    except OSError as error:
        raise SecretMissing(
            f"the secret file {file} cannot be read", why=error.strerror or "", fix=f"chmod u+r {file}"
        ) from None
    except UnicodeDecodeError:
        raise SecretMissing(f"the secret file {file} is not UTF-8 text", fix=fix) from None
    if not value or len(raw) > _MOST_BYTES:
        raise SecretMissing(f"the secret file {file} is {'too large' if value else 'empty'}", fix=fix)
    return Secret(value)


def _forms(value: str) -> dict[str, int]:
    """Return patterns, and their lengths, for a secret raw, in a URL, in JSON, in a repr and in base64."""
    forms = {repr(value)[1:-1]}
    for ascii_only in (True, False):
        written = json.dumps(value, ensure_ascii=ascii_only)[1:-1]
        forms |= {written, written.replace("/", "\\/")}
    raw = _bytes(value)
    for before in range(3):  # inside `user:secret` it begins at any of three offsets; its edges mix with others
        core = base64.b64encode(b"\0" * before + raw).decode()
        core = core[(0, 2, 3)[before] : (before + len(raw)) * 8 // 6]
        if len(core) >= 4:
            forms |= {core, core.replace("+", "-").replace("/", "_")}
    forms |= {base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode()}
    return {re.escape(form): len(form) for form in forms} | {_in_url(value): len(value)}


def _in_url(value: str) -> str:
    """Return a pattern for the secret with any of its characters percent-encoded."""
    parts = []
    for character in value:
        encoded = "".join(f"%{byte:02X}" for byte in _bytes(character))
        blank = r"|\+" if character == " " else ""
        parts.append(f"(?:{re.escape(character)}|(?i:{encoded}){blank})")
    return "".join(parts)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
