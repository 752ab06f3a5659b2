"""Answers a read that is made from the table: which rows, which columns, which page, what changed.

Inferred, as nothing says so: a filter that a read wants and does not get is an error that names it; a set that does
not hang on the rows of the first comes with the first page; `select` counts for every set. Next: `xporter`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Any

from engine.simulators.asked import Page, Refusal
from engine.simulators.changeset import ChangeSets, Snapshot, changed_ids, deleted_rows, make_token
from engine.simulators.column import allows, parse_select
from engine.simulators.message import Part, Request, encode
from engine.simulators.xod.fact import ReadFact, SetFact
from engine.simulators.xod.row import Rows, Values
from engine.simulators.xod.seed import Span, draw, on_roll

_FIRST = ("datefrom", "startdate", "fromdate", "from", "date", "lessoninstancesdatefrom")
_LAST = ("dateto", "enddate", "todate", "to", "date", "lessoninstancesdateto")
_COLUMNS = {
    "students": "StudentId",
    "studentids": "StudentId",
    "staffids": "StaffId",
    "aspects": "AspectId",
    "resultsets": "ResultSetId",
    "seasons": "ExamSeasonId",
    "qans": "QanId",
    "syllabuscodes": "SyllabusCodeId",
    "optioncodes": "OptionCodeId",
    "attendancetype": "Type",
    "sessiontype": "Session",
    "incidentdate": "Date",
    "conducttype": "Type",
}
"""The column that a filter looks at, where it has another name."""
_OF_ID = ("Id", "StudentId", "StudentMis_Id", "Student_MisId", "PersonId", "StaffId", "GroupMis_Id")
_DATES = frozenset((*_FIRST, *_LAST))

Sets = list[tuple[str, Part]]


@dataclass(frozen=True)
class Told:
    """An answer before it is put into its envelope; `changed` are the token that was asked with and the next state."""

    sets: Sets
    page: Page
    changed: tuple[str, Snapshot] | None = None


class Serving:
    """Answers reads from the rows of a day. Safe to ask from several threads, as nothing is kept but change sets."""

    def __init__(self, change_sets: ChangeSets) -> None:
        self._change_sets = change_sets

    def tell(self, request: Request, read: ReadFact, wanted_id: str, scopes: frozenset[str], rows: Rows) -> Told:
        """The sets of a page of a read."""
        asked = _Asked(request, read, wanted_id, scopes, rows)
        changed = request.parameter("changedRows")
        if changed is None:
            page = Page(request, len(asked.main))
            return Told(list(asked.page(page.first, page.last, page.number)), page)
        now = asked.snapshot()
        then = None if changed == "*" else self._change_sets.find(changed, now)
        if then is not None:
            asked.keep_changed(then, now)
        page = Page(request, len(asked.main))
        sets = list(asked.page(page.first, page.last, page.number))
        gone = then if then is not None and page.number == 1 else None
        for name in read.sets:
            rows_gone = deleted_rows(gone.sets.get(name, {}), now.sets[name]) if gone else []
            sets.append((f"{name}_deleted", encode(rows_gone)[1:-1]))
        return Told(sets, page, (changed, now))

    def beside(
        self, request: Request, read: ReadFact, known: Collection[str], number: int, scopes: frozenset[str], rows: Rows
    ) -> Sets:
        """Further sets of a read made by hand, where their options are asked for; all of them on the first page."""
        options = _options(request)
        names = [name for name, each in read.sets.items() if name not in known and each.option in options]
        if not names or number > 1:
            return []
        asked = _Asked(
            request, replace(read, sets={name: read.sets[name] for name in names}, filters={}), "", scopes, rows
        )
        return list(asked.page(0, len(asked.main), 1))


class _Asked:
    """What one request asks for: the rows of all sets that pass it."""

    def __init__(self, request: Request, read: ReadFact, wanted_id: str, scopes: frozenset[str], rows: Rows) -> None:
        self._request, self._read, self._scopes, self._rows = request, read, scopes, rows
        self._given = {name.lower(): value for name, value in request.query if value}
        if wanted_id:
            self._given["id"] = wanted_id
        self._options = _options(request)
        self._require()
        span = rows.span(read, self._day(_FIRST), self._day(_LAST))
        self._span = Span(span.first, max(span.first, span.last))
        names = list(read.sets)
        self.sets = {name: self._rows_of(read.sets[name], names[0]) for name in names}
        self._main = names[0] if names else ""

    @property
    def main(self) -> list[Values]:
        return self.sets.get(self._main, [])

    def _require(self) -> None:
        given = self._given
        for name in self._read.required:
            if name.lower() not in given and not (name.lower() == "documenttypename" and "documenttypeid" in given):
                raise Refusal(f"The filter {name} must be given")
        if self._read.one_of and not {name.lower() for name in self._read.one_of} & set(given):
            raise Refusal(f"At least one filter must be given: {', '.join(self._read.one_of)}")
        if self._read.name.startswith("TimetableFor") and "id" not in given:
            raise Refusal("The filter id must be given")

    def _day(self, names: tuple[str, ...]) -> date | None:
        text = next((self._given[name] for name in names if name in self._given), None)
        try:
            return None if text is None else date.fromisoformat(text)
        except ValueError:
            raise Refusal("A date is written yyyy-MM-dd") from None

    def _rows_of(self, about: SetFact, main: str) -> list[Values]:
        if about.option and about.option not in self._options:
            return []
        if not allows(about.scope, self._scopes):
            return []
        found = self._rows.of(self._read, about.name, self._span)
        tests = list(self._tests(about)) if about.name == main or about.name in ("Lessons", "Timetable") else []
        return [row for row in found if all(test(row) for test in tests)]

    def _tests(self, about: SetFact) -> Iterator[Callable[[Values], bool]]:
        for name, value in self._given.items():
            if name == "updatedsince":
                yield partial(_is_younger, value)
            elif name == "id":
                yield self._of_somebody(about, value)
            elif name in self._read.filters and name not in _DATES:
                yield from self._of_column(about, name, value)

    def _of_somebody(self, about: SetFact, value: str) -> Callable[[Values], bool]:
        """A filter by an id: of a row, or of whom the row is about; of a timetable, by the groups that one is in."""
        if not self._read.name.startswith("TimetableFor"):
            return lambda row: value in [row.get(column) for column in _OF_ID]
        groups: set[str] = set()
        for group in self._rows.school.groups if self._rows.school else []:
            members = {"TimetableForStudent": group.pupils, "TimetableForStaff": group.staff}
            if value in map(str, members.get(self._read.name, [group.id])):
                groups.add(str(group.id))
        return lambda row: row.get("ClassId", row.get("Id")) in groups or "ClassId" not in row

    def _of_column(self, about: SetFact, name: str, value: str) -> Iterator[Callable[[Values], bool]]:
        wanted = frozenset(part.partition("|")[0] for part in value.split(","))
        if name == "groups" and "StudentId" in about.columns:
            school = self._rows.school
            within = {
                str(pupil)
                for group in (school.groups if school else [])
                if str(group.id) in wanted
                for pupil in group.pupils
            }
            yield lambda row: row["StudentId"] in within
        elif name in ("marksheets", "templates", "columns") and "AspectId" in about.columns:
            number = sum(map(ord, value)) % 2
            yield lambda row: int(row["AspectId"]) % 2 == number
        else:
            own = _COLUMNS.get(name) or next((each for each in about.columns if each.lower() == name), None)
            if own is not None and own in about.columns:
                yield lambda row: str(row[own]) in wanted

    # What is told of it

    def keep_changed(self, then: Snapshot, now: Snapshot) -> None:
        """Leave only rows that are new, or not what they were."""
        for name, rows in self.sets.items():
            wanted = set(changed_ids(then.sets.get(name, {}), now.sets[name]))
            self.sets[name] = [row for row in rows if _key(row) in wanted]

    def page(self, first: int, last: int, number: int) -> Iterator[tuple[str, Part]]:
        """The rows of a page, as they are written."""
        main = self.main[first:last]
        for name, rows in self.sets.items():
            shown = main if name == self._main else self._beside(self._read.sets[name], rows, main, number)
            columns = self._columns(self._read.sets[name])
            written = [{to: row[column] for column, to in columns} for row in shown]
            yield name, encode(written)[1:-1]

    def _beside(self, about: SetFact, rows: list[Values], main: list[Values], number: int) -> list[Values]:
        for column, (read, name, to) in about.links.items():
            if read == self._read.name.lower() and name == self._main:
                there = {row[to] for row in main}
                return [row for row in rows if row[column] in there]
        return rows if number == 1 else []

    def _columns(self, about: SetFact) -> list[tuple[str, str]]:
        opened = [
            column
            for column in about.columns
            if allows(about.scopes.get(column, ""), self._scopes)
            and about.options.get(column, "") in ("", *self._options)
        ]
        return parse_select(self._request.parameter("select") or "*", opened)

    def snapshot(self) -> Snapshot:
        """What the request gives in all its pages, as change sets remember it."""
        asked = {name: value for name, value in self._given.items() if name not in ("page", "pagesize", "changedrows")}
        signature = (self._read.name, tuple(sorted(asked.items())), tuple(sorted(self._scopes)))
        sets = {}
        for name, rows in self.sets.items():
            columns = self._columns(self._read.sets[name])
            sets[name] = {_key(row): draw(repr([(to, row[column]) for column, to in columns])) for row in rows}
        return Snapshot(make_token(signature, [repr(sets).encode()]), self._read.name, signature, sets)


def _is_younger(since: str, row: Values) -> bool:
    return str(row.get("LastUpdated", since)) > since


def _key(row: Values) -> str:
    found = row.get("Id")
    return str(found) if found is not None else repr(sorted(row.items()))


def _options(request: Request) -> frozenset[str]:
    """Options in either form: `options=a,b`, or each as a parameter that is true; in lower case."""
    listed = [name.strip().lower() for name in (request.parameter("options") or "").split(",")]
    single = [key.lower() for key, value in request.query if value.lower() in ("true", "1")]
    return frozenset(name for name in (*listed, *single) if name)


def gdpr_ids(rows: Rows) -> list[dict[str, Any]]:
    """The people whom the school's choice is about: all who are there, as nobody is left out."""
    return [{"IdaasId": f"PL-{pupil.id}"} for pupil in on_roll(rows.school)] if rows.school else []
