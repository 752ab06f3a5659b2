"""The three forms of data files: what stands around and between the rows, and what a form refuses to carry.

JSON carries any text. Tab-separated files have no quoting, so a tab or a line end in a value would cut it. XML takes
line ends and tabs as character references, and has no way at all to write control characters.
Stands on `kinds`, `spec` and its siblings. Next: `stages/emit`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

from engine.haplo.flat import cells
from engine.haplo.record import CODE, REMOVED, gone_sql, line_sql
from engine.kinds.types import literal
from engine.spec.binding import Binding
from engine.spec.schema import Schema

_NOT_IN: Final = {
    "tsv": r"[\t\r\n]",
    "xml": r"[\x00-\x08\x0b\x0c\x0e-\x1f\x{fffe}\x{ffff}]",
}
WHY: Final = {
    "tsv": "there is no quoting in such a file: a tab or a line end would cut the value in two",
    "xml": "there is no way to write a control character in XML",
}
_XML_REFERENCES: Final = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "\t": "&#9;",
    "\n": "&#10;",
    "\r": "&#13;",
}


@dataclass(frozen=True)
class Layout:
    """A form of data files. `line` is the SQL expression of a row, `gone` that of one which is gone at the source.

    `refused`: conditions by what they are about.
    """

    form: str
    line: str
    gone: str
    head: str
    tail: str
    between: str = "\n"
    refused: Mapping[str, str] = field(default_factory=dict)

    @property
    def around(self) -> int:
        """The bytes of a file beside its rows."""
        return len((self.head + self.tail).encode())


def layout_of(
    schema: Schema, binding: Binding, prefix: str, absent: Collection[str], withheld: Collection[str]
) -> Layout:
    """Return how an entity's rows are written, in the form that its binding asks for.

    `absent` fields are left out of all rows, `withheld` ones of some.
    """
    form = binding.format
    if form == "json":
        line, gone = line_sql(schema, binding, prefix, absent, withheld), gone_sql(schema, prefix)
        return Layout(form, line, gone, "[\n", "\n]\n", ",\n")
    found = cells(schema, binding, prefix, absent)
    refused = {name: f"regexp_matches({cell}, {literal(_NOT_IN[form])})" for name, cell in found.items()}
    if form == "tsv":
        line = "concat_ws(chr(9), " + ", ".join(f"coalesce({cell}, '')" for cell in found.values()) + ")"
        gone = f"{found[CODE]} || chr(9) || 'true'"  # cells at the end of a row may be missing
        return Layout(form, line, gone, "\t".join(found) + "\n", "", refused=refused)
    line = "'<row' || concat(" + ",\n  ".join(_attribute(name, cell) for name, cell in found.items()) + ") || '/>'"
    marked = {CODE: found[CODE], REMOVED: "'true'"}
    gone = "'<row' || " + " || ".join(_attribute(name, cell) for name, cell in marked.items()) + " || '/>'"
    return Layout(form, line, gone, '<?xml version="1.0" encoding="UTF-8"?>\n<rows>\n', "\n</rows>\n", refused=refused)


def _attribute(name: str, cell: str) -> str:
    escaped = cell
    for character, reference in _XML_REFERENCES.items():
        escaped = f"replace({escaped}, {_character(character)}, '{reference}')"
    begun, ended = literal(f' {name}="'), literal('"')
    return f"{begun} || {escaped} || {ended}"


def _character(character: str) -> str:
    return f"chr({ord(character)})" if character < " " else literal(character)
