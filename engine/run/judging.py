"""What came of a test beside what is expected: every difference, cell by cell, at the line that expects it.

Tests hold what their author made up, so values are shown here as they are. Next: `run/reaching`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from engine.errors import Place, Problem
from engine.problem_text import did_you_mean
from engine.run.trying import Route, Trial, Tried
from engine.spec.expected import spelled
from engine.spec.tabled import Row
from engine.spec.tests_of import Mark
from engine.stages.transform import ExpressionFailedError

_LEVELS: Final = {"quarantined": ("row",), "withheld": ("value",), "told": ("item", "told")}
_SAID: Final = {"quarantined": "is quarantined", "withheld": "has a value that is withheld", "told": "is told of"}


def judge(trial: Trial, tried: Tried) -> list[Problem]:
    """Return every difference between what a test expects and what came of it."""
    judging = _Judging(trial, tried)
    if tried.failed is not None or trial.case.expect.fails is not None:
        return list(judging.failure())
    return list(judging.differences())


class _Judging:
    def __init__(self, trial: Trial, tried: Tried) -> None:
        self._trial, self._tried, self._expect = trial, tried, trial.case.expect
        self._document = trial.loaded.document

    def failure(self) -> Iterator[Problem]:
        """Compare how the run ended."""
        error, expected = self._tried.failed, self._expect.fails
        place = self._place("expect", "fails") if expected is not None else self._place("test")
        if error is None:
            what = "the run goes through, and this test expects it to fail"
            yield self._problem("test-not-failed", what, place)
        elif error.code != expected:
            what = f"the run fails: {error.what} [{error.code}]"
            fix = error.fix if expected is None else f"expect fails: {error.code}, if that is right"
            made = self._made_by(error.field) if isinstance(error, ExpressionFailedError) else ""
            yield self._problem("test-failed", what, place, "; ".join(filter(None, (error.why, made))), fix)

    def differences(self) -> Iterator[Problem]:
        """Compare everything that the test names."""
        expect = self._expect
        if not expect.model_fields_set - {"whole"}:
            what, fix = "nothing is expected", "add expect:, or let `haplomap test --update` write what comes"
            yield self._problem("nothing-expected", what, self._place("test"), fix=fix)
            return
        if expect.rows is not None:
            yield from self._rows()
        for word in _LEVELS:
            marks: list[Mark] | None = getattr(expect, word)
            if marks is not None or (word != "told" and expect.rows is not None):
                yield from self._marks(word, marks or [])
        if expect.absent is not None:
            yield from self._absent(expect.absent)
        if expect.filtered is not None:
            yield from self._filtered(expect.filtered)
        if expect.merged is not None:
            merged = [key for _, key, state, _ in self._tried.states if state == "merged"]
            yield from self._keys("merged", "is merged into another one", merged, expect.merged, "record")
        if expect.changes is not None:
            yield from self._changes(expect.changes)
        if expect.objects is not None:
            yield from self._objects(expect.objects)

    def _rows(self) -> Iterator[Problem]:
        rows = self._trial.rows("expect", "rows")
        key = self._trial.bench.world.schema.key
        wanted: set[str] = set()
        for row, values in zip(rows, self._trial.values(rows), strict=True):
            name = values[key]
            wanted.add(name)
            made = self._tried.rows.get(name)
            if made is None:
                yield self._problem("row-missing", f"the row '{name}' does not come", row.place, self._why_not(name))
                continue
            yield from self._cells(row, name, values, made)
        for name in self._tried.rows:
            if name not in wanted:
                what, near = f"a row '{name}' comes that is not expected", wanted - set(self._tried.rows)
                yield self._problem("row-unexpected", what, self._place("expect", "rows"), fix=did_you_mean(name, near))

    def _why_not(self, name: str) -> str:
        if self._tried.off:
            return f"the mapping is switched off: {self._tried.off} is false"
        came = Counter(f"{state} ({rule})" if rule else state for _, _, state, rule in self._tried.states)
        said = ", ".join(f"{count} {state}" for state, count in came.items())
        return f"of the records: {said}" if said else "there are no records of which rows are made"

    def _cells(self, row: Row, name: str, values: Mapping[str, Any], made: Mapping[str, Any]) -> Iterator[Problem]:
        fields = made if self._expect.whole else values
        for field in fields:
            if field == "_withheld":
                continue
            expected, got = _blank(values.get(field)), _blank(made[field])
            held = "withheld" if field in made["_withheld"] else "absent" if field in self._absent_fields() else ""
            if expected == got and not (held and field in values):
                continue
            place = row.cells[field].place if field in row.cells else row.place
            said = f"{held}: Haplo keeps what it has" if held else _shown(got)
            what = f"{field} of '{name}' is {said}, and {_shown(expected)} is expected"
            yield self._problem("cell-differs", what, place, self._made_by(field))

    def _absent_fields(self) -> list[str]:
        return self._tried.books.absent if self._tried.books is not None else []

    def _absent(self, expected: list[str]) -> Iterator[Problem]:
        came = self._absent_fields()
        for name in expected:
            if name not in came:
                yield self._problem("cell-differs", f"{name} is not absent", self._place("expect", "absent"))
        for name in came:
            if name not in expected:
                what = f"{name} is absent, and that is not expected"
                yield self._problem("cell-differs", what, self._place("expect", "absent"), self._made_by(name))

    def _made_by(self, field: str) -> str:
        """Return the line of the mapping that makes a field."""
        document = self._trial.bench.loaded.document
        if not document.has(("fields", field)):
            return f"{document.file} does not map '{field}'"
        place = document.key_place(("fields", field))
        return f"{place} makes it: {document.source_line(place.line).strip()}"

    def _marks(self, word: str, marks: list[Mark]) -> Iterator[Problem]:
        """Compare what is held back, mark by mark: each that is expected takes one of those that came."""
        left = [mark for mark in self._tried.marks if mark[4] in _LEVELS[word]]
        for index, mark in enumerate(marks):
            fits = [came for came in left if _fits(mark, came)]
            if fits:
                left.remove(fits[0])
                continue
            near = [came for came in left if came[1] == mark.record]
            what = f"record '{mark.record}' is not {word} so"
            why = f"it is for {_said_mark(near[0])}" if near else ""
            yield self._problem("record-differs", what, self._place("expect", word, index), why)
        for came in left:
            what = f"record '{came[1]}' of {came[0]} {_SAID[word]}, and that is not expected: {_said_mark(came)}"
            place = self._place("expect", word) if self._has("expect", word) else self._place("expect")
            yield self._problem("record-differs", what, place, self._made_by(came[2]) if came[2] else "")

    def _filtered(self, expected: Mapping[str, list[str]]) -> Iterator[Problem]:
        came: dict[str, list[str]] = {}
        for _, key, state, rule in self._tried.states:
            if state == "filtered":
                came.setdefault(rule or "", []).append(key)
        for rule in dict.fromkeys([*expected, *came]):
            keys, said = expected.get(rule, []), f"is filtered by '{rule}'"
            yield from self._keys(("filtered", rule), said, came.get(rule, []), keys, "record")

    def _changes(self, expected: Mapping[Any, list[str]]) -> Iterator[Problem]:
        for change in dict.fromkeys([*expected, *self._tried.changes]):
            came = self._tried.changes.get(change, [])
            yield from self._keys(("changes", change), f"is {change}", came, expected.get(change, []), "row")

    def _keys(
        self, at: str | Route, said: str, came: Iterable[str], expected: Iterable[str], thing: str
    ) -> Iterator[Problem]:
        path: Route = ("expect", at) if isinstance(at, str) else ("expect", *at)
        code = "record-differs" if thing == "record" else "change-differs"
        for key in (Counter(expected) - Counter(came)).elements():
            why = self._became(key, thing)
            yield self._problem(code, f"{thing} '{key}' {said.replace('is', 'is not', 1)}", self._place(*path), why)
        for key in (Counter(came) - Counter(expected)).elements():
            yield self._problem(code, f"{thing} '{key}' {said}, and that is not expected", self._place(*path))

    def _became(self, key: str, thing: str) -> str:
        """Return what became of a record or a row, in words."""
        found = [state for _, own, state, _ in self._tried.states if own == key] if thing == "record" else []
        found += [word for word, keys in self._tried.changes.items() if key in keys] if thing == "row" else []
        if not found:
            return f"there is no such {thing}"
        fields = f", in {', '.join(self._tried.changed[key])}" if found == ["changed"] else ""
        return f"it is {' and '.join(dict.fromkeys(found))}{fields}"

    def _objects(self, expected: Mapping[str, Mapping[str, Any]]) -> Iterator[Problem]:
        for key, attributes in expected.items():
            made = self._tried.objects.get(key)
            if made is None:
                what = f"Haplo saves no object of '{key}'"
                yield self._problem("object-differs", what, self._place("expect", "objects", key), self._why_none(key))
                continue
            for name, value in attributes.items():
                got = made.get(name, [])
                wanted = [] if value is None else value if isinstance(value, list) else [value]
                if len(got) != len(wanted) or not all(map(_same, wanted, got)):
                    said = _listed([_plain(each) for each in got])
                    what = f"{name} of '{key}' is {said} in Haplo, and {_listed(wanted)} is expected"
                    yield self._problem("object-differs", what, self._place("expect", "objects", key, name))
        for key in self._tried.objects:
            if key not in expected:
                what = f"Haplo saves an object of '{key}' too, and that is not expected"
                yield self._problem("object-differs", what, self._place("expect", "objects"), self._said())

    def _why_none(self, key: str) -> str:
        """Return why Haplo saves nothing of a row."""
        change = next((word for word, keys in self._tried.changes.items() if key in keys), None)
        if change is None:
            return "no such row was sent before, and none comes"
        return self._said() or f"the row is {change}, and nothing of its object is another than before"

    def _said(self) -> str:
        return "Haplo says: " + "; ".join(self._tried.messages) if self._tried.messages else ""

    def _has(self, *path: str | int) -> bool:
        return self._document.has((*self._trial.path, *path))

    def _place(self, *path: str | int) -> Place:
        return self._document.place((*self._trial.path, *path))

    def _problem(self, code: str, what: str, place: Place, why: str = "", fix: str = "") -> Problem:
        return Problem(code, f"test '{self._trial.case.test}': {what}", place, why, fix)


def _blank(value: Any) -> Any:
    """Return a value; an empty list is none, as Haplo has it."""
    return None if value == [] else value


def _fits(mark: Mark, came: tuple[str, str, str | None, str, str]) -> bool:
    wanted = (mark.set, mark.record, mark.field, mark.rule)
    return all(own is None or own == got for own, got in zip(wanted, came[:4], strict=True))


def _said_mark(came: tuple[str, str, str | None, str, str]) -> str:
    return f"{came[3]} ({came[2]})" if came[2] else came[3]


def _shown(value: Any) -> str:
    """Return a value as a message shows it, near to how a test writes it."""
    return spelled(value, "'{}'".format, "nothing")


def _listed(values: list[Any]) -> str:
    return _shown(values[0]) if len(values) == 1 else _shown(values) if values else "nothing"


def _plain(value: Any) -> Any:
    """Return a value of Haplo's without what says its type; a text alone where it is no more than that."""
    if not isinstance(value, dict):
        return value
    left = {name: each for name, each in value.items() if name != "type"}
    return next(iter(left.values())) if len(left) == 1 else left


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _same(wanted: Any, got: Any) -> bool:
    """Say whether a value is as expected; of a structure the parts that are written are looked at."""
    if isinstance(wanted, dict):
        return isinstance(got, dict) and all(_same(each, got.get(name)) for name, each in wanted.items())
    return _text(wanted) == _text(_plain(got))
