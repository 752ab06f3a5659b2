"""A strict reader of `multipart/form-data`: what is not exactly as it should be is refused. Next: `haplo`."""

from __future__ import annotations

import re
from dataclasses import dataclass

_BOUNDARY = re.compile(r'boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))', re.IGNORECASE)
_PARAMETER = re.compile(r';\s*([a-z*]+)="((?:[^"\\]|\\.)*)"', re.IGNORECASE)


class MultipartError(ValueError):
    """The body is not what its content type says."""


@dataclass(frozen=True)
class Field:
    """One part. It is a file when it has a filename that is not empty."""

    name: str
    content: bytes
    filename: str = ""


def read_multipart(content_type: str, body: bytes) -> list[Field]:
    """The parts of a body, in their order."""
    found = _BOUNDARY.search(content_type)
    if not found:
        raise MultipartError("the content type has no boundary")
    mark = b"--" + (found[1] or found[2]).encode("latin-1")
    if not body.startswith(mark + b"\r\n"):
        raise MultipartError("the body does not begin with its boundary")
    pieces = (b"\r\n" + body).split(b"\r\n" + mark)
    if pieces[-1] not in (b"--", b"--\r\n"):
        raise MultipartError("the body does not end with its boundary")
    return [_read_part(piece) for piece in pieces[1:-1]]


def _read_part(piece: bytes) -> Field:
    if not piece.startswith(b"\r\n"):
        raise MultipartError("a boundary is not followed by a line end")
    head, separator, content = piece[2:].partition(b"\r\n\r\n")
    if not separator:
        raise MultipartError("a part has no empty line after its headers")
    headers = dict(_read_header(line) for line in head.decode("utf-8").split("\r\n"))
    kind, _, rest = headers.get("content-disposition", "").partition(";")
    if kind.strip().lower() != "form-data":
        raise MultipartError("a part has no Content-Disposition: form-data")
    parameters = {key.lower(): _unescape(value) for key, value in _PARAMETER.findall(";" + rest)}
    if not parameters.get("name"):
        raise MultipartError("a part has no name")
    return Field(parameters["name"], content, parameters.get("filename", ""))


def _read_header(line: str) -> tuple[str, str]:
    name, separator, value = line.partition(":")
    if not separator:
        raise MultipartError("a header line of a part has no colon")
    return name.strip().lower(), value.strip()


def _unescape(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text).replace("%22", '"')
