"""The files that `haplomap scaffold` is given, read: JSON, YAML and XML (by lxml), from hands that nobody trusts.

What is wrong with one is told by line and column; the line itself is not shown, since it may hold somebody's data.
Next: `run/scaffold_openapi`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.document import load
from engine.errors import DocumentError, EngineError

if TYPE_CHECKING:
    from lxml.etree import _Element

MOST_BYTES = 50_000_000


class ScaffoldError(EngineError):
    """What was given is not what a document can be begun from."""

    exit_code = 2
    code = "scaffold-refused"


def read_bytes(file: Path) -> bytes:
    """Return what is in a file, of a bounded size."""
    try:
        with file.open("rb") as stream:
            raw = stream.read(MOST_BYTES + 1)
    except OSError as error:
        raise ScaffoldError(f"{file}: cannot be read", why=error.strerror or "", code="sample-unreadable") from None
    if len(raw) > MOST_BYTES:
        fix = "a sample of some dozens of records is enough"
        raise ScaffoldError(f"{file} is larger than {MOST_BYTES // 1_000_000} MB", fix=fix, code="sample-unreadable")
    if not raw.strip():
        raise ScaffoldError(f"{file} is empty", code="sample-unreadable")
    return raw


def begin_of(raw: bytes) -> bytes:
    """Return the first byte of a text that says something, which tells JSON, XML and YAML apart."""
    return raw.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]


def read_json(file: Path, raw: bytes) -> Any:
    """Return what JSON says; raises at the line and column where it is none."""
    try:
        text = raw.decode("utf-8-sig")
        return json.loads(text, parse_constant=_no_number)
    except UnicodeDecodeError:
        fix = "save it as UTF-8"
        raise ScaffoldError(f"{file} is not UTF-8", fix=fix, code="sample-unreadable") from None
    except json.JSONDecodeError as error:
        what = f"{file} is no JSON from line {error.lineno}, column {error.colno} on: {_lower(error.msg)}"
        raise ScaffoldError(what, code="sample-unreadable") from None
    except RecursionError:
        raise ScaffoldError(f"{file} is nested too deep", code="sample-unreadable") from None
    except ValueError as error:
        raise ScaffoldError(f"{file} is no JSON: {error}", code="sample-unreadable") from None


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is no number in JSON")


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def read_description(file: Path) -> dict[str, Any]:
    """Return a document in JSON or in YAML, which must be a map of keys.

    What our own documents may not have (duplicate keys, tags) is passed over where its meaning is plain.
    """
    raw = read_bytes(file)
    if begin_of(raw) in (b"{", b"["):
        data = read_json(file, raw)
        if not isinstance(data, dict):
            raise ScaffoldError(f"{file} is a list, not an OpenAPI document", code="not-openapi")
        return data
    document, problems = load(file)
    if document is None:
        raise DocumentError(problems)
    return document.data


def read_xml(file: Path, raw: bytes) -> _Element:
    """Return the root element; no entity is expanded, nothing is fetched."""
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True)
    try:
        root = etree.fromstring(raw, parser)
    except etree.XMLSyntaxError as error:
        line, column = error.position
        what = f"{file} is no XML from line {line}, column {column} on, or it is cut"
        raise ScaffoldError(what, code="sample-unreadable") from None
    docinfo: Any = root.getroottree().docinfo
    if docinfo.doctype:
        raise ScaffoldError(f"{file} has a DOCTYPE", fix="take it out", code="sample-unreadable")
    return root
