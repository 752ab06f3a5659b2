"""The way of one value through a mapping, from the landed answer to the last step, as a tree of steps.

Every value comes from `Frames`; here is only said what each is and where the documents say so. Next:
`run/explaining`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any, Final

from engine.kinds.types import quote
from engine.kinds.value import Join, Value
from engine.run.explained import AS_ABOVE, Came
from engine.run.explaining_answers import Stands
from engine.run.explaining_frames import Frame, Frames, Record, names_of, names_of_rule
from engine.run.explaining_places import Places, Route
from engine.spec.mapping import Mapping
from engine.spec.query import TableRelation
from engine.spec.relation import EachRelation, NoRecords, Relation, SetRelation, UnionRelation
from engine.spec.source import Source
from engine.spec.trace import Collected, Step, Tested
from engine.spec.view import View

FOLLOWED: Final = 10
"""Of a long list, so many records are followed."""


class Tree:
    """Follows values of one record; what was followed once is not told again."""

    def __init__(
        self,
        mapping: Mapping,
        source: Source,
        places: Places,
        frames: Frames,
        answer: Callable[[str, int], Stands],
        landed: Callable[[str], frozenset[str] | None],
    ) -> None:
        self._mapping, self._source, self._places, self._frames = mapping, source, places, frames
        self._answer, self._landed = answer, landed
        self._told: set[tuple[Relation, Record, str]] = set()
        self._answered: set[tuple[str, int]] = set()

    def value(self, view: View, record: Record, at: Route) -> tuple[Came, ...]:
        """Return the steps of a value that the mapping has at `at`, the first of them with all that it stands on."""
        frame, steps = self._frames.of(view, record), self._frames.sight(view).values[at]
        origin = steps[0]
        first = self._came(origin, frame, at, self._said(origin.value))
        first = self._with_parts(first, view, record, at, origin.value, frame)
        return (first, *(self._later(step, frame, at, before) for before, step in pairwise(steps)))

    def failing(self, view: View, record: Record) -> Came | None:
        """Return the rule that took a record out, with all that it looks at: the mapping's own, or a table's below."""
        relation: Relation = view.relation
        below, inner = self._below(relation, record)
        if isinstance(below, TableRelation):
            found = self.failing(below.view, inner)
            if found is not None:
                return found
        frame = self._frames.of(view, record)
        broken = (tested for tested in self._frames.sight(view).rules if frame[tested.test] is not True)
        return next((self._rule(tested, view, record) for tested in broken), None)

    def answer(self, record: Record) -> Came:
        """Return where a record of a set landed."""
        stands = self._answer(record.set, record.row)
        endpoint = self._source.endpoints[self._source.find(record.set)[0]]
        said = f"{record.set}: record {stands.number}, page {stands.page} of {endpoint.method} {endpoint.path}"
        note = stands.why or str(stands.file)
        place = self._places.endpoint_place(record.set)
        return Came("answer", said, place=place, note=note, valued=False, stands=stands)

    # Names

    def _name(self, view: View, record: Record, name: str) -> Came:
        """Return what a name in view stands for."""
        first, _, rest = name.partition(".")
        if first in view.joins() and rest:
            return self._joined(view, record, first, rest)
        if rest and first in ("settings", "run"):
            group, _, member = rest.partition(".")
            place = self._places.setting(group, member) if first == "settings" else None
            value = self._frames.of(view, record)[view.resolve(name, ()).sql]
            return Came("setting" if first == "settings" else "run", rest, value, place)
        return self._column(view.relation, record, name)

    def _joined(self, view: View, record: Record, alias: str, name: str) -> Came:
        frame, (join, relation) = self._frames.of(view, record), view.joins()[alias]
        expr = view.resolve(f"{alias}.{name}", ())
        said = f"{alias}.{name}, of {join.set} by {_by(join)}"
        place, personal = (
            self._places.mapped((*self._frames.sight(view).at, "join", alias)),
            self._places.personal(expr.uses),
        )
        came = Came("join", said, frame[expr.sql], place, personal=personal)
        found = frame[view.found(alias)]
        if found["row"] is None:
            keys = tuple(self._name(view, record, ours) for ours in join.by.values())
            note = self._why_none(relation, self._frames.left_out(view, alias, frame), f"no record of {join.set}")
            return replace(came, note=note, parts=keys)
        note = (
            f"{found['of']:,} match{', the ' + join.keep + ' is used' if join.keep else ''}" if found["of"] > 1 else ""
        )
        other = Record(found["set"], int(found["row"]), found["way"])
        return replace(came, note=note, parts=(self._column(relation, other, name),))

    def _column(self, relation: Relation, record: Record, name: str) -> Came:
        """Return where a column of a relation comes from, for one record of it."""
        below, inner = self._below(relation, record)
        if isinstance(relation, EachRelation) and name == relation.item:
            number, _ = record.step()
            whole = self._column(below, inner, relation.each)
            item = whole.value[number - 1] if isinstance(whole.value, list) and number <= len(whole.value) else None
            said = f"{name}: item {number} of {relation.each}"
            return Came("each", said, item, personal=whole.personal, parts=(whole,))
        if isinstance(below, TableRelation) and name in below.own:
            return self._of_table(below, inner, name)
        if isinstance(below, TableRelation):
            return self._column(below.view.relation, inner, name)
        if isinstance(below, SetRelation):
            return self._of_set(below, inner, name)
        if isinstance(below, NoRecords):
            return Came("table", f"{below.name}.{name}", note="the table is switched off by a setting")
        return self._column(below, inner, name)

    def _below(self, relation: Relation, record: Record) -> tuple[Relation, Record]:
        """Return the relation that a record of a union, or of the items of lists, comes from, and the record there."""
        if isinstance(relation, UnionRelation):
            number, inner = record.step()
            return self._below(relation.members[number], inner)
        if isinstance(relation, EachRelation):
            return self._below(relation.base, record.step()[1])
        return relation, record

    def _of_table(self, table: TableRelation, record: Record, name: str) -> Came:
        at: Route = ("tables", table.name, "fields", name)
        last = self._frames.sight(table.view).values[at][-1].expr
        value = self._frames.of(table.view, record)[last.sql]
        came = Came("table", f"{table.name}.{name}", value, self._places.mapped(at))
        came = replace(came, personal=self._places.personal(last.uses))
        if self._again(table, record, name):
            return replace(came, note=AS_ABOVE)
        return replace(came, parts=self.value(table.view, record, at))

    def _of_set(self, relation: SetRelation, record: Record, name: str) -> Came:
        spec, raw = self._places.source_field(record.set, name), self._frames.raw(record).get(name)
        place, personal = self._places.source_place(record.set, name), spec.pii is not None
        stands = self._answer(record.set, record.row)
        came = Came("raw", f"{record.set}.{name}", raw, place, personal=personal, stands=stands)
        value = self._frames.read(relation, record).get(name)
        again = self._again(relation, record, name)
        if again:
            came = replace(came, note=AS_ABOVE)
        else:
            came = replace(came, note=self._note(record, name), parts=self._answer_once(record))
        if value == raw:
            return came
        blank = value is None and not str(raw).strip(" \t\r\n\u00a0")
        note = "blank: no value" if blank else "" if value is not None else f"cannot be read as {spec.type}"
        return Came("read", f"{name} as {spec.type}", value, place, note, personal, parts=(came,))

    def _answer_once(self, record: Record) -> tuple[Came, ...]:
        if (record.set, record.row) in self._answered:
            return ()
        self._answered.add((record.set, record.row))
        return (self.answer(record),)

    def _note(self, record: Record, name: str) -> str:
        """Return what is to be said of a raw value that is not in its answer."""
        endpoint, landed = self._source.find(record.set)[1], self._landed(record.set)
        if endpoint.for_each is not None and name in endpoint.for_each.keep:
            return f"kept of the record of {endpoint.for_each.set} that this was asked for"
        if landed is not None and name not in landed:
            return "no answer of the run carried it"
        return ""

    def _again(self, relation: Relation, record: Record, name: str) -> bool:
        """Say whether a column was told before; from now on it was."""
        key = (relation, record, name)
        known = key in self._told
        self._told.add(key)
        return known

    # Steps

    def _came(self, step: Step, frame: Frame, at: Route, said: str) -> Came:
        personal = self._places.personal(step.expr.uses)
        return Came(step.word, said, frame[step.expr.sql], self._places.mapped(step.at), personal=personal)

    def _said(self, value: Value) -> str:
        if value.sql is not None:
            return " ".join(value.sql.split())
        if value.first_of is not None:
            return ", ".join(value.first_of)
        if value.collect is not None:
            return f"{value.collect} by {', '.join(f'{their} = {our}' for their, our in (value.by or {}).items())}"
        named = value.from_ or value.case or value.setting
        return named if named is not None else "a constant"

    def _with_parts(self, came: Came, view: View, record: Record, at: Route, value: Value, frame: Frame) -> Came:
        """Return the first step of a value with what it stands on, and what it chose."""
        if value.collect is not None:
            return self._gathered(came, view, record, at, value, frame)
        names = names_of(value)
        if value.first_of is not None:
            values = [frame[view.resolve(name, ()).sql] for name in value.first_of]
            chosen = next((index for index, each in enumerate(values) if each is not None), None)
            names = value.first_of if chosen is None else value.first_of[: chosen + 1]
            note = (
                "none of them has a value" if chosen is None else f"{value.first_of[chosen]} is the first with a value"
            )
            place = came.place if chosen is None else self._places.mapped((*at, "first_of", chosen))
            came = replace(came, note=note, place=place)
        if value.case is not None:
            came, names = self._arm(came, view, at, value, frame)
        return replace(came, parts=tuple(self._name(view, record, name) for name in dict.fromkeys(names)))

    def _arm(self, came: Came, view: View, at: Route, value: Value, frame: Frame) -> tuple[Came, list[str]]:
        assert value.case is not None
        assert value.map is not None
        tested = frame[view.resolve(value.case, ()).sql]
        word = str(tested).lower() if isinstance(tested, bool) else str(tested)
        if tested is not None and word in value.map:
            place = self._places.mapped((*at, "map", word))
            return replace(came, place=place, note="by its entry in the map"), [value.case]
        if value.else_ is not None:
            place = self._places.mapped((*at, "else"))
            return replace(came, place=place, note=f"no entry in the map: else {value.else_}"), [
                value.case,
                value.else_,
            ]
        return replace(came, note="" if tested is None else "the map has no entry for it"), [value.case]

    def _later(self, step: Step, frame: Frame, at: Route, before: Step) -> Came:
        value, was = step.value, frame[before.expr.sql]
        if step.word == "lookup":
            return self._looked_up(step, frame, at, was)
        said = {"clean": ", ".join(value.clean), "split": value.split or "", "default": str(value.default)}[step.word]
        came = self._came(step, frame, at, said)
        if step.word == "default":
            return replace(came, note="there is a value" if was is not None else "used: there was no value")
        return came

    def _looked_up(self, step: Step, frame: Frame, at: Route, code: Any) -> Came:
        assert step.value.lookup is not None
        came = self._came(step, frame, at, step.value.lookup)
        if code is None:
            return came
        entry = self._places.entry(step.value.lookup, str(code))
        return replace(came, note="it has no entry for this" if entry is None else f"entry at {entry}")

    # Collections

    def _gathered(self, came: Came, view: View, record: Record, at: Route, value: Value, frame: Frame) -> Came:
        found = self._frames.sight(view).collected[at]
        records = [Record(each["set"], int(each["row"]), each["way"]) for each in frame[quote(found.records)] or []]
        keys = tuple(self._name(view, record, ours) for ours in (value.by or {}).values())
        if not records:
            left = self._frames.not_collected(view, at, frame)
            return replace(came, note=self._why_none(found.relation, left, f"no record of {value.collect}"), parts=keys)
        self._frames.load(found.view, records[:FOLLOWED])
        parts = tuple(self._item(found, each, at, value) for each in records[:FOLLOWED])
        more = f", of which {FOLLOWED} are shown" if len(records) > FOLLOWED else ""
        note = f"{len(records):,} record{'s' if len(records) > 1 else ''}{more}"
        return replace(came, note=note, parts=(*keys, *parts))

    def _item(self, found: Collected, record: Record, at: Route, value: Value) -> Came:
        """Return what one collected record gives."""
        paths = (
            {"item": (*at, "item")}
            if value.item is not None
            else {name: (*at, "fields", name) for name in value.fields or {}}
        )
        parts = []
        for name, path in paths.items():
            steps = self.value(found.view, record, path)
            last = steps[-1]
            parts.append(Came("part", name, last.value, self._places.mapped(path), "", last.personal, parts=steps))
        stands = self._answer(record.set, record.row)
        said = f"{record.set}: record {stands.number}, page {stands.page}"
        return Came("record", said, valued=False, parts=tuple(parts), stands=stands)

    def _why_none(self, relation: Relation, left: dict[str, int], nothing: str) -> str:
        """Return why a join or a collection found nothing: which rules left out what would have matched."""
        said = []
        for rule, count in left.items():
            place = self._rule_place(relation, rule)
            by = f"by rule '{rule}'{f' ({place})' if place else ''}" if rule else "by 'where'"
            said.append(f"{count:,} left out {by}")
        return f"{nothing} matches{': ' + ', '.join(said) if said else ''}"

    def _rule_place(self, relation: Relation, rule: str) -> Any:
        """Return where a rule of a relation stands; that of the records comes before those of steps after them."""
        if isinstance(relation, UnionRelation):
            places = (self._rule_place(member, rule) for member in relation.members)
            return next((place for place in places if place is not None), None)
        if isinstance(relation, EachRelation):
            return self._rule_place(relation.base, rule)
        if not isinstance(relation, TableRelation):
            return None
        below = self._rule_place(relation.view.relation, rule)
        own = [each.rule for each in self._mapping.tables[relation.name].where]
        if below is not None or rule not in own:
            return below
        return self._places.mapped(("tables", relation.name, "where", own.index(rule), "rule"))

    # Rules

    def _rule(self, tested: Tested, view: View, record: Record) -> Came:
        """Return a rule that a record does not pass, with all that it looks at."""
        rule = tested.rule
        place = self._places.mapped((*tested.at, "rule"))
        parts = tuple(self._name(view, record, name) for name in names_of_rule(rule))
        said = f"{rule.rule}: {_tests(rule)}"
        return Came("rule", said, place=place, note="it does not pass", valued=False, parts=parts)


def _by(join: Join) -> str:
    return ", ".join(f"{their} = {our}" for their, our in join.by.items())


def _tests(rule: Any) -> str:
    """Return what a rule asks, as it was written."""
    if rule.sql is not None:
        return " ".join(rule.sql.split())
    given = rule.model_dump(by_alias=True, exclude_unset=True, exclude={"rule", "field", "when"})
    said = [f"{word} {value['setting'] if isinstance(value, dict) else value}" for word, value in given.items()]
    return f"{rule.field} {' '.join(said)}"
