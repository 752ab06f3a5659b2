"""What is wrong with the tests of mappings, before any of them is tried. Next: `spec/check_school`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from engine.document import Document
from engine.errors import Place, Problem
from engine.kinds.types import SourceField
from engine.problem_text import did_you_mean
from engine.spec.check_settings import check_values
from engine.spec.expected import UnfitError, value_of
from engine.spec.load import Loaded
from engine.spec.mapping import Mapping as MappingDocument
from engine.spec.place import Path, unknown
from engine.spec.project import Project
from engine.spec.schema import Schema
from engine.spec.source import Source
from engine.spec.tabled import Row, items, rows_at
from engine.spec.tables import CsvProblem
from engine.spec.tests_of import Case, Mark, Rows, Tests


def check_tests(project: Project, loaded: Loaded, content: Tests) -> Iterator[Problem]:
    """Check a document of tests: its mapping, and all that it names of it."""
    mapping = project.get("mapping", content.tests_of)
    if mapping is None:
        if "mapping" not in project.broken:
            what = f"there is no mapping '{content.tests_of}'"
            known = project.names("mapping")
            yield unknown("unknown-mapping", what, loaded.document, ("tests_of",), content.tests_of, known)
        return
    assert isinstance(mapping.content, MappingDocument)
    yield from check_cases(project, loaded, mapping.content, content.tests, content)


def check_cases(
    project: Project, loaded: Loaded, mapping: MappingDocument, cases: list[Case], shared: Tests | None = None
) -> Iterator[Problem]:
    """Check the tests of a mapping, if it has any; those in its own document have nothing `shared`."""
    known = project.get("source", mapping.source), project.get("schema", mapping.mapping)
    if not cases or None in known or {"endpoints_of", "schema", "settings", "source"} & project.broken:
        return
    checker = _Checker(project, loaded, mapping, project.source(mapping.source), project.schema(mapping.mapping))
    if shared is not None:
        yield from checker.given((), shared.given)
        yield from check_values(project, loaded.document, (), shared.settings)
    first: dict[str, int] = {}
    for index, case in enumerate(cases):
        path: Path = ("tests", index)
        if first.setdefault(case.test, index) != index:
            what = f"there is a test '{case.test}' already"
            why = f"it is the one of line {loaded.document.place(('tests', first[case.test])).line}"
            yield Problem("duplicate-test", what, loaded.document.place((*path, "test")), why)
        yield from checker.case(path, case)


@dataclass
class _Checker:
    """What the tests of one mapping may name."""

    project: Project
    loaded: Loaded
    mapping: MappingDocument
    source: Source
    schema: Schema

    @property
    def document(self) -> Document:
        return self.loaded.document

    def case(self, path: Path, case: Case) -> Iterator[Problem]:
        """Check one test."""
        yield from self.given(path, case.given)
        for name, fields in case.absent.items():
            yield from self._set((*path, "absent", name), name)
            known = self._fields(name)
            for index, field in enumerate(fields if known else []):
                if field not in known:
                    yield self._unknown_field((*path, "absent", name, index), field, name, known)
        yield from check_values(self.project, self.document, path, case.settings)
        yield from self._zone((*path, "time_zone"), case.time_zone)
        for entity in case.known:
            if self.project.get("schema", entity) is None:
                what, entities = f"there is no schema '{entity}'", self.project.names("schema")
                place = self.document.key_place((*path, "known", entity))
                yield Problem("unknown-entity", what, place, fix=did_you_mean(entity, entities))
        if case.sent is not None:
            for word in ("current", "gone"):
                yield from self._rows((*path, "sent", word), getattr(case.sent, word))
            for name in case.sent.known_by:
                if name not in self.mapping.known_by:
                    place = self.document.key_place((*path, "sent", "known_by", name))
                    fix = did_you_mean(name, self.mapping.known_by)
                    yield Problem("unknown-field", f"the mapping knows no row by '{name}'", place, fix=fix)
        yield from self._expect((*path, "expect"), case)

    def given(self, path: Path, given: Mapping[str, Rows]) -> Iterator[Problem]:
        """Check records: their sets, their fields, and that each value is one of a source."""
        for name in given:
            at = (*path, "given", name)
            yield from self._set(at, name)
            if known := self._fields(name):
                yield from self._records(at, name, known)

    def _records(self, at: Path, name: str, known: Mapping[str, SourceField]) -> Iterator[Problem]:
        for row in (yield from self._read(at)):
            for field, cell in row.cells.items():
                if field not in known:
                    yield self._unknown_field(self._where(at, row, field), field, name, known, row)
                    continue
                plain = _is_written(cell.value, known[field])
                if not plain:
                    what = f"'{field}' must be text{', or a list of texts' if known[field].type == 'list' else ''}"
                    why = "records are given as the source writes them"
                    yield Problem("wrong-type", what, cell.place, why)

    def _where(self, at: Path, row: Row, field: str) -> Path:
        return at if row.csv else (*at, row.number, field)

    def _unknown_field(
        self, path: Path, field: str, name: str, known: Mapping[str, object], row: Row | None = None
    ) -> Problem:
        place = self.document.key_place(path) if row is None or not row.csv else row.place
        what = f"there is no field '{field}' in {name}"
        return Problem("unknown-field", what, place, fix=did_you_mean(field, known))

    def _set(self, path: Path, name: str) -> Iterator[Problem]:
        known = [each for _, each, _ in self.source.sets()]
        if name not in known:
            what = f"there is no record set '{name}' in '{self.source.source}'"
            yield Problem("unknown-set", what, self.document.key_place(path), fix=did_you_mean(name, known))

    def _fields(self, name: str) -> Mapping[str, SourceField]:
        try:
            return self.source.find(name)[2].fields
        except KeyError:
            return {}

    def _read(self, at: Path) -> Any:
        """Yield what is wrong with how rows are written; return the rows."""
        try:
            return rows_at(self.document, at, self.loaded.home.parent)
        except CsvProblem as problem:
            yield Problem(problem.code, problem.what, self.document.place(at))
            return []

    def _rows(self, at: Path, rows: Rows | None) -> Iterator[Problem]:
        if not rows:
            return
        seen: set[object] = set()
        for row in (yield from self._read(at)):
            key = row.get(self.schema.key)
            if not isinstance(key, str):
                fix = f"add {self.schema.key}:"
                yield Problem("missing-key", f"this row does not say its key, '{self.schema.key}'", row.place, fix=fix)
            elif key in seen:
                yield Problem("duplicate-row", f"there is a row '{key}' already", row.place)
            seen.add(key)
            yield from self._cells(at, row)

    def _cells(self, at: Path, row: Row) -> Iterator[Problem]:
        for field, cell in row.cells.items():
            target = self.schema.fields.get(field)
            if target is None:
                place = row.place if row.csv else self.document.key_place((*at, row.number, field))
                yield self._unknown_target(place, field)
                continue
            try:
                value_of(items(cell.value, row) if target.type == "list" else cell.value, target)
            except UnfitError as unfit:
                yield Problem("wrong-type", f"'{field}' must be {unfit.said}", cell.place)

    def _expect(self, path: Path, case: Case) -> Iterator[Problem]:
        expect = case.expect
        yield from self._rows((*path, "rows"), expect.rows)
        known = rules_of(self.mapping)
        for rule in expect.filtered or {}:
            if rule not in known:
                what, place = f"the mapping has no rule '{rule}'", self.document.key_place((*path, "filtered", rule))
                yield Problem("unknown-rule", what, place, fix=did_you_mean(rule, known))
        for index, name in enumerate(expect.absent or []):
            if name not in self.schema.fields:
                yield self._unknown_target(self.document.place((*path, "absent", index)), name)
        for word in ("quarantined", "withheld", "told"):
            marks: list[Mark] = getattr(expect, word) or []
            for index, mark in enumerate(marks):
                if mark.field is not None and mark.field not in self.schema.fields:
                    place = self.document.place((*path, word, index, "field"))
                    yield self._unknown_target(place, mark.field)

    def _unknown_target(self, place: Place, name: str) -> Problem:
        what = f"there is no field '{name}' in schema '{self.schema.schema_}'"
        return Problem("unknown-target", what, place, fix=did_you_mean(name, self.schema.fields))

    def _zone(self, path: Path, name: str) -> Iterator[Problem]:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            what = f"'{name}' is no time zone"
            yield Problem("unknown-time-zone", what, self.document.place(path), fix="write one such as Europe/London")


def _is_written(value: Any, field: SourceField) -> bool:
    """Say whether a source writes such a value: a text; or a list, whose items are maps only where it writes JSON."""
    if not isinstance(value, list):
        return not isinstance(value, dict)
    items_ = (str,) if field.split is not None else (str, dict)
    return field.type == "list" and all(isinstance(item, items_) for item in value)


def rules_of(mapping: MappingDocument) -> list[str]:
    """Return the rules by which records of a mapping may be left out, its tables' among them."""
    tables = [rule.rule for table in mapping.tables.values() for rule in table.where]
    return list(dict.fromkeys([*tables, *(rule.rule for rule in mapping.where)]))
