"""Control files, compiled from bindings: how each record becomes an object, found again by its code.

The instructions go with the records of `record`: a missing key leaves Haplo's value alone; `null` takes it away
where the binding says `clear`; anything else sets it. A user account is not looked for and not made: it is ready from
the start, and every data file of it is named. Where the binding says what is `removed`, a record with the key
`_removed` has a branch of its own, and everything else stands in the other. Stands on `errors`, `kinds`, `spec` and
its siblings. Next: `interpret`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from engine.errors import DocumentError
from engine.haplo.application import BEHAVIOUR, TITLE, TYPE
from engine.haplo.fit import binding_problems
from engine.haplo.flat import BLANK, column_of
from engine.haplo.outcome import Path
from engine.haplo.record import CODE, PARTIAL, REMOVED, source_of, structure_parts, value_field
from engine.haplo.removed import unknown_object, wire_value
from engine.kinds.types import TargetField
from engine.kinds.value import Constant
from engine.spec.binding import OBJECTS, Binding
from engine.spec.schema import Schema

Instruction = dict[str, Any]
Origin = tuple[str, ...]
Piece = tuple[Origin, Instruction]
"""An instruction, and the place in the binding's document that asks for it."""

DATE_FORMATS: Final = {"date": "yyyy-MM-dd", "datetime": "yyyy-MM-dd'T'HH:mm:ss"}
READERS: Final = {"json": "json", "tsv": "tsv-with-name-row", "xml": "xml-attributes"}
_BRANCHES: Final = ("then", "else", "instructions")
_LOAD: Final = "load:by-ref"
_LOWER: Final = "haplo:to-lower-case"
_USERNAME: Final = {"destination": "user", "name": "username"}
_GROUPS: Final = {"destination": "user", "name": "groups"}
_TO_REF: Final = "haplo:code-to-ref"
_UNKNOWN: Final[Mapping[str, str]] = MappingProxyType({})


def compile_control(
    schema: Schema, schemas: Mapping[str, Schema], binding: Binding, data_types: Mapping[str, str] = _UNKNOWN
) -> dict[str, Any]:
    """Return an entity's control file. `data_types`: attribute to its type in the application, or empty."""
    problems = binding_problems(schema, schemas, binding, data_types)
    if problems:
        raise DocumentError(problems)
    mapping: dict[str, Any] = {
        name: {"using": "behaviour", "values": bound.list_}
        for name, bound in binding.names.items()
        if bound.list_ is not None
    }
    return {
        "dataImportControlFileVersion": 0,
        "model": binding.model,
        "files": _files(binding, [f"{binding.binding}-001"]),
        **({"mapping": mapping} if mapping else {}),
        "instructions": _instructions(schema, binding, data_types),
    }


def origin_of(schema: Schema, binding: Binding, path: Path | None, data_types: Mapping[str, str] = _UNKNOWN) -> Origin:
    """Return where in the binding's document the instruction at `path` of its control file comes from.

    `()` stands for what no single line says; a name gives `("names", name)`, one that is set or cleared for rows that
    are gone `("removed", "set", name)` or `("removed", "clear")`.
    """
    pieces, at = [*_upsert(binding), *_filled(schema, binding, data_types)], path or ()
    if binding.removed is not None and at and at[0] != 0:
        if at[0] != 1 or len(at) < 3:
            return ("removed",) if at[0] == 1 else ()
        pieces, at = pieces[1:] if at[1] == "else" else list(_gone(schema, binding, data_types)), at[2:]
    number = at[0] if at else None
    return pieces[number][0] if isinstance(number, int) and number < len(pieces) else ()


def instructions_of_names(
    control: Mapping[str, Any], schema: Schema, binding: Binding, data_types: Mapping[str, str] = _UNKNOWN
) -> dict[str, list[Path]]:
    """Return where in an entity's control file the instructions of each name stand; not those inside of others."""
    found: dict[str, list[Path]] = {}

    def look(instructions: Sequence[Any], path: Path) -> None:
        for number, each in enumerate(instructions):
            here = (*path, number)
            origin = origin_of(schema, binding, here, data_types)
            if origin[:1] == ("names",):
                found.setdefault(origin[1], []).append(here)
                continue
            for branch in _BRANCHES:
                if isinstance(each, dict) and isinstance(each.get(branch), list):
                    look(each[branch], (*here, branch))

    look(control.get("instructions", []), ())
    return found


def instructions_of_code(control: Mapping[str, Any]) -> list[Path]:
    """Return where in a control file the instructions stand that take a record's code."""
    found: list[Path] = []

    def look(instructions: Sequence[Any], path: Path) -> None:
        for number, each in enumerate(instructions):
            if each.get("source") == CODE:
                found.append((*path, number))
            for branch in (*_BRANCHES, "otherwise"):
                look(each.get(branch, ()), (*path, number, branch))

    look(control["instructions"], ())
    return found


def instruction_at(control: Mapping[str, Any], path: Path) -> Instruction:
    """Return the instruction that stands at a path of a control file."""
    at: Any = control["instructions"]
    for step in path:
        at = at[step]
    return dict(at)


def _instructions(schema: Schema, binding: Binding, data_types: Mapping[str, str]) -> list[Instruction]:
    """Every instruction: in two branches after the first, where rows that are gone have one of their own."""
    first, *others = [each for _, each in [*_upsert(binding), *_filled(schema, binding, data_types)]]
    if binding.removed is None:
        return [first, *others]
    gone = [each for _, each in _gone(schema, binding, data_types)]
    return [first, {"action": "if-exists", "source": REMOVED, "then": gone, "else": others}]


def _filled(schema: Schema, binding: Binding, data_types: Mapping[str, str]) -> Iterator[Piece]:
    """Yield what fills the object of an ordinary row."""
    for name in binding.names:
        for instruction in _Name(name, binding, schema, data_types).instructions():
            yield ("names", name), instruction
    titles = [name for name in binding.names if binding.attribute_of(name) == TITLE]
    if titles and not binding.of_accounts:
        yield ("names", titles[0]), _refuse_without_title(binding.destination)


def _gone(schema: Schema, binding: Binding, data_types: Mapping[str, str]) -> Iterator[Piece]:
    """Yield what becomes of the object of a row that is gone."""
    removed = binding.removed
    assert removed is not None
    yield ("removed",), _load_or(binding.destination, unknown_object(binding.destination))
    for name, value in removed.set_.items():
        yield ("removed", "set", name), _Name(name, binding, schema, data_types).set_to(value)
    for name in removed.clear:
        yield ("removed", "clear"), _Name(name, binding, schema, data_types).remove()


def name_files(control: dict[str, Any], binding: Binding, names: Sequence[str]) -> None:
    """Put the names of the data files into a control file, where its model asks for them."""
    control["files"] = _files(binding, names)


def _files(binding: Binding, names: Sequence[str]) -> dict[str, Any]:
    """The entries of the data files: accounts want each by its name, with nothing left out and nothing else."""
    read = {"read": READERS[binding.format]}
    return dict.fromkeys(names, read) if binding.of_accounts else {"DEFAULT": read}


def render_control(control: Mapping[str, Any]) -> bytes:
    """Return a control file as it is written: the same bytes for the same instructions."""
    return (json.dumps(control, ensure_ascii=False, indent=2) + "\n").encode()


def _upsert(binding: Binding) -> Iterator[Piece]:
    """Find the object by its code, or make one that will be found by it; then give it its type."""
    if binding.of_accounts:
        return
    destination = binding.destination
    yield (), {"source": CODE, "destination": _LOAD, "name": "ref", "filters": [_TO_REF]}
    make = [
        {"action": "new", "destination": destination},
        {"source": CODE, "destination": destination, "name": BEHAVIOUR},
    ]
    yield (), _load_or(destination, make)
    if binding.type is not None:
        kind = {"action": "set-value", "destination": destination, "name": TYPE, "value": binding.type}
        yield ("type",), kind


def _load_or(destination: str, otherwise: list[Instruction]) -> Instruction:
    return {"action": "load", "destination": destination, "using": _LOAD, "otherwise": otherwise}


def _refuse_without_title(destination: str) -> Instruction:
    """Newer releases of Haplo save objects that have no title; nobody could find them."""
    refuse = {"action": "abort-record", "message": "no title"}
    return {"action": "if-has-value", "destination": destination, "name": TITLE, "else": [refuse]}


class _Name:
    """One name of the destination, and how it is filled."""

    def __init__(self, name: str, binding: Binding, schema: Schema, data_types: Mapping[str, str]) -> None:
        self.name, self.bound, self.format = name, binding.names[name], binding.format
        destination, self.inner = binding.place_of(name)
        self.target = {"destination": destination, "name": self.inner}
        self.kind = data_types.get(binding.attribute_of(name), None if destination in OBJECTS else "text")
        origin = schema.fields.get(self.bound.from_ or "")
        self.origin = origin.of if origin is not None and self.bound.first else origin
        self.value = value_field(self.bound, schema)

    def instructions(self) -> list[Instruction]:
        """Return the instructions that fill the name, or clear it."""
        bound = self.bound
        if bound.person_name is not None or bound.postal_address is not None:
            return self._structure()
        if bound.from_ is None:
            return self._constant()
        assert self.origin is not None
        source = source_of(bound)
        if self.origin.type == "list":
            return self._list(source, self.origin)
        if self.origin.type == "record":
            assert bound.part is not None
            inside = [*self._clear(bound.part), self._field(bound.part)]
            return [*self._clear(source), {"action": "within", "source": source, "instructions": inside}]
        return [*self._clear(source), self._field(source)]

    def _field(self, source: str, **more: Any) -> Instruction:
        return {"source": source, **self.target, **more, **self._properties()}

    def remove(self) -> Instruction:
        """Return the instruction that takes all values of the name away."""
        return {"action": "remove-values", **self.target}

    def set_to(self, value: Constant) -> Instruction:
        """Return the instruction that gives the name a constant, which is as its field would have it."""
        return {"action": "set-value", **self.target, "value": wire_value(value), **self._properties()}

    def _clear(self, source: str) -> list[Instruction]:
        """Take the values away where the record says `null`; a missing key is not `null`."""
        if not self.bound.clear:
            return []
        return [
            {"action": "if-value-one-of", "source": source, "values": [BLANK[self.format]], "then": [self.remove()]}
        ]

    def _list(self, source: str, origin: TargetField) -> list[Instruction]:
        """Replace all values by those of the list; they are added one by one after one removal."""
        assert origin.of is not None
        of_records = origin.of.type == "record"
        item = self.bound.part if of_records and self.bound.part else "value"
        each: Instruction = {"action": "for-each", "source": source}
        if not of_records:
            each["wrapValues"] = True
        each["instructions"] = [self._field(item, multivalue=True)]
        when = {"action": "if-exists", "source": source, "then": [self.remove(), each]}
        return [*self._clear(source), when]

    def _structure(self) -> list[Instruction]:
        """Parts and structure stand under one condition: a part that is not taken up would stop the job."""
        found = [*self._clear(self._mark(self.name)), self._whole(self.name)]
        if self.inner == TITLE:
            left = self._whole(f"{self.name}:{PARTIAL}")
            found.append({"action": "if-has-value", **self.target, "else": [left]})
        return found

    def _mark(self, key: str) -> str:
        """The key whose value says whether a structure is there: its own, or that of the part that is needed."""
        needed = "last" if self.bound.person_name else "country"
        return key if self.format == "json" else column_of(key, needed)

    def _whole(self, key: str) -> Instruction:
        structure = self.bound.person_name or self.bound.postal_address
        assert structure is not None
        pseudo = "value:person-name" if self.bound.person_name else "value:postal-address"
        flat = self.format != "json"
        parts: list[Instruction] = [
            {"source": column_of(key, part) if flat else part, "destination": pseudo, "name": part}
            for part in structure_parts(structure)
        ]
        taken = {"action": "field-structured", "structured": pseudo, **self.target, **self._qualifier()}
        if flat:
            return {"action": "if-exists", "source": self._mark(key), "then": [*parts, taken]}
        return {"action": "within", "source": key, "instructions": [*parts, taken]}

    def _constant(self) -> list[Instruction]:
        value = self.bound.value
        if value is None:
            return [self.remove()] if self.bound.clear else []
        return [self.set_to(value)]

    def _qualifier(self) -> Instruction:
        return {"qualifier": self.bound.qualifier} if self.bound.qualifier else {}

    def _properties(self) -> Instruction:
        bound, found = self.bound, self._qualifier()
        if self._points():
            found["filters"] = [_TO_REF]
        if self.target == _GROUPS:
            found["multivalue"] = True
        if self.target == _USERNAME:
            found["filters"] = [_LOWER]  # Haplo takes Ann and ann for one account, and for two records
        if bound.map is not None:
            found["mapInputValue"] = bound.map
        if bound.list_ is not None:
            found["refMapping"] = self.name
        if self.kind in (None, "datetime"):
            wire = self.value.type if self.value is not None else "date" if self.kind else ""
            if wire in DATE_FORMATS:
                found["dateFormat"] = DATE_FORMATS[wire]
        return found

    def _points(self) -> bool:
        """Whether the value is the code of an object."""
        if self.bound.list_ is not None:
            return False
        return self.kind == "ref" or (self.value is not None and self.value.ref is not None)
