"""From the number of a record in an entity's data files to its key at the source, out of the files themselves.

In every form of files a row has a line of its own, and holds its code; so a few records are found without reading
the others. Imports `haplo` and `errors`. Next: `stages/told`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType
from typing import Final

from engine.errors import StorageError
from engine.haplo.identity import key_of
from engine.haplo.part import Emitted, Part
from engine.haplo.record import CODE

_XML_CODE: Final = re.compile(rf'<row {CODE}="([^"]*)"')
Line = Callable[[str, str], str | None]
"""The code in a line, given the first line of its file."""


def keys_of(emitted: Emitted, numbers: Collection[int]) -> dict[int, str]:
    """Return the keys of records by their numbers, from 0 on through all parts; a record without a code has none."""
    found: dict[int, str] = {}
    first = 0
    for part in emitted.parts if numbers else ():
        wanted = [number - first for number in numbers if first <= number < first + part.rows]
        keys = _keys(part, wanted) if wanted else {}
        found |= {first + index: key for index, key in keys.items()}
        first += part.rows
    return found


def _keys(part: Part, wanted: Collection[int]) -> dict[int, str]:
    form = part.path.suffix.removeprefix(".")
    if form not in _FORMS:
        return {}
    try:
        lines = part.path.read_bytes().split(b"\n")
    except OSError as error:
        raise StorageError(f"{part.path}: cannot be read", why=error.strerror or type(error).__name__) from None
    above, read = _FORMS[form]
    head = lines[0].decode("utf-8", "replace")
    found = {}
    for index in wanted:
        at = index + above
        code = read(lines[at].decode("utf-8", "replace"), head) if at < len(lines) else None
        key = None if code is None else key_of(code)
        if key is not None:
            found[index] = key
    return found


def _of_json(line: str, _: str) -> str | None:
    try:
        record = json.loads(line.removesuffix(","))
    except ValueError:
        return None
    code = record.get(CODE) if isinstance(record, dict) else None
    return code if isinstance(code, str) else None


def _of_tsv(line: str, head: str) -> str | None:
    return dict(zip(head.split("\t"), line.split("\t"), strict=False)).get(CODE)


def _of_xml(line: str, _: str) -> str | None:
    found = _XML_CODE.match(line)
    return found.group(1) if found else None


_FORMS: Final[Mapping[str, tuple[int, Line]]] = MappingProxyType(
    {"json": (1, _of_json), "tsv": (1, _of_tsv), "xml": (2, _of_xml)}
)
"""How many lines stand above the rows of a form, and how the code in a row's line is read."""
