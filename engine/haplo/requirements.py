"""`requirements.schema` texts, as Haplo's plugins write them: declarations of types, attributes, list entries.

`Requirements` takes text after text; they add up, and what is wrong is told with its line. Values are sorted out
when all texts are there: templates applied, removed values gone. Stands on the standard library and `errors`.
Next: `declared`, which makes an application of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from engine.errors import Place, Problem

TEMPLATE: Final = "schema-template"
APPLY: Final = "apply-schema-template"
DEFAULT_SORT: Final = 10_000

_PASSED_OVER: Final = re.compile(r"\s*(#.*)?")
_OPENING: Final = re.compile(
    r"(?P<optional>OPTIONAL\s+)?(?P<kind>[a-z][a-z-]*)\s+(?P<code>\S+)(\s+as\s+(?P<name>\S+))?\s*"
)
_CODE: Final = re.compile(r"[A-Za-z0-9_:-]+")
_VALUE: Final = re.compile(
    r"\s+(?P<remove>(FORCE-)?REMOVE\s+)?(?P<key>[a-z][a-z-]*)(:\s*|\s+)(?P<value>\S.*?)(\s+\[sort=(?P<sort>\d+)\])?\s*"
)
_SORT_ONLY: Final = re.compile(r"\[sort=\d+\]")


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a declaration, where it was written."""

    text: str
    sort: int
    place: Place


Values = list[Value]


@dataclass(slots=True)
class Declaration:
    """All that the texts say of one thing. `optional`: none of them insists on it."""

    kind: str
    code: str
    place: Place
    optional: bool = True
    values: dict[str, Values] = field(default_factory=dict)
    removed: dict[str, set[str]] = field(default_factory=dict)

    def one(self, key: str) -> str | None:
        """Return the single value of a key: the one with the highest sort; of equal ones the last."""
        listed = self.all(key)
        return listed[-1] if listed else None

    def all(self, key: str) -> list[str]:
        """Return the values of a key in sort order, without those that are removed."""
        return [value.text for value in sorted(self.kept().get(key, ()), key=lambda value: value.sort)]

    def kept(self) -> dict[str, Values]:
        """Return the values of every key without those that are removed."""
        gone = self.removed
        return {key: [one for one in many if one.text not in gone.get(key, ())] for key, many in self.values.items()}


class Requirements:
    """The declarations of several texts, and what is wrong with them."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self._found: dict[tuple[str, str], Declaration] = {}

    def add(self, text: str, file: Path) -> None:
        """Read one text; `file` is its name in messages."""
        current: Declaration | None = None
        opened = False
        for number, line in enumerate(re.split(r"\r\n|\r|\n", text.removeprefix("\ufeff")), 1):
            if _PASSED_OVER.fullmatch(line):
                continue
            if not line[0].isspace():
                opened, current = True, self._open(line, file, number)
            elif opened:
                self._value(current, line, file, number)
            else:
                fix = "begin with a declaration in the first column, such as 'type school:type:visitor'"
                self._wrong(line, file, number, "a value stands before any declaration", fix)

    def read(self, file: Path, shown: Path | None = None) -> None:
        """Read a file; one that cannot be read is a problem."""
        name = shown or file
        try:
            raw = file.read_bytes()
        except OSError as error:
            reason = "it is not there" if isinstance(error, FileNotFoundError) else (error.strerror or "no access")
            self.problems.append(
                Problem("file-unreadable", "the file cannot be read", Place(name), f"reason: {reason}")
            )
            return
        try:
            self.add(raw.decode("utf-8"), name)
        except UnicodeDecodeError as error:
            line = raw.count(b"\n", 0, error.start) + 1
            column = error.start - raw.rfind(b"\n", 0, error.start)
            what = f"byte 0x{raw[error.start]:02x} is not UTF-8"
            self.problems.append(Problem("not-utf8", what, Place(name, line, column), fix="save the file as UTF-8"))

    def of(self, kind: str) -> Iterator[Declaration]:
        """Yield the declarations of a kind, in the order of their first lines, with the values of their templates."""
        return (self._whole(one) for one in self._found.values() if one.kind == kind)

    def all_problems(self) -> list[Problem]:
        """Return what is wrong with the lines, and the templates that are applied and not there."""
        missing = [
            Problem(
                "unknown-template",
                f"there is no schema-template '{value.text}'",
                value.place,
                fix="give the text that declares it too",
            )
            for one in self._found.values()
            for value in one.values.get(APPLY, ())
            if (TEMPLATE, value.text) not in self._found
        ]
        return sorted(dict.fromkeys([*self.problems, *missing]), key=Problem.sort_key)

    def _open(self, line: str, file: Path, number: int) -> Declaration | None:
        """Return the declaration that a line opens, anew or again; None for a line that is none."""
        found = _OPENING.fullmatch(line)
        if found is None:
            fix = "write 'KIND CODE', optionally with 'as NAME', or indent the line if it is a value"
            self._wrong(line, file, number, "this line opens no declaration", fix)
            return None
        code, column = found["code"], found.start("code") + 1
        if not _CODE.fullmatch(code):
            why = "a code has letters, digits, '_', ':' and '-'"
            place = Place(file, number, column, len(code))
            self.problems.append(Problem("requirements-line", f"'{code}' is no code", place, why))
            return None
        new = Declaration(found["kind"], code, Place(file, number, column, len(code)))
        declaration = self._found.setdefault((new.kind, code), new)
        declaration.optional = declaration.optional and found["optional"] is not None
        return declaration

    def _value(self, declaration: Declaration | None, line: str, file: Path, number: int) -> None:
        found = _VALUE.fullmatch(line)
        if found is None or _SORT_ONLY.fullmatch(found["value"]):
            self._wrong(line, file, number, "this line is no value", "write 'KEY VALUE', optionally with '[sort=N]'")
        elif declaration is not None and found["remove"]:
            declaration.removed.setdefault(found["key"], set()).add(found["value"])
        elif declaration is not None:
            sort = DEFAULT_SORT if found["sort"] is None else int(found["sort"])
            place = Place(file, number, found.start("value") + 1, len(found["value"]))
            declaration.values.setdefault(found["key"], []).append(Value(found["value"], sort, place))

    def _wrong(self, line: str, file: Path, number: int, what: str, fix: str) -> None:
        column = len(line) - len(line.lstrip()) + 1
        place = Place(file, number, column, len(line.strip()))
        why = "a declaration begins in the first column, its values are indented"
        self.problems.append(Problem("requirements-line", what, place, why, fix))

    def _whole(self, one: Declaration, seen: frozenset[str] = frozenset()) -> Declaration:
        """Return a declaration with what its templates, and theirs, say."""
        whole = Declaration(one.kind, one.code, one.place, one.optional, removed=one.removed)
        whole.values = {key: list(values) for key, values in one.values.items()}
        for code in one.all(APPLY):
            template = self._found.get((TEMPLATE, code))
            if template is not None and code not in seen:
                for key, values in self._whole(template, seen | {code}).kept().items():
                    whole.values.setdefault(key, []).extend(values)
        return whole
