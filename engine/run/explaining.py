"""Where one row, or one value of it, came from; and where there is no row, what took it out.

All of it comes from the folder of a run: the answers, what landed of them, the rows, what became of each record. The
values between are worked out by the run's own SQL, as the documents are now. Next: `run/explaining_tree`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from engine.errors import Place
from engine.kinds.types import TargetField
from engine.problem_text import did_you_mean
from engine.run.explained import Came, Explained, FieldCame
from engine.run.explaining_fate import Fate, Files, OfRecord, Told
from engine.run.explaining_haplo import OneRow
from engine.run.explaining_run import PastRun, chosen_run
from engine.run.explaining_tree import Tree
from engine.run.plan import require_entity
from engine.spec.project import NotFoundError, Project
from engine.stages.again import DUPLICATE

_CHANGES: Final = {
    "new": "it was not sent before",
    "changed": "it was sent before, and has changed since",
    "returned": "it was gone, and is there again",
    "unchanged": "it is as it was last sent",
    "held": "it was sent before: Haplo keeps what it has, and the row is not taken for gone",
    "gone": "it was sent before, and is gone at the source: no record that came has its key",
    "rescoped": "it was sent before, and is lost because a mapping, a setting or what is asked for has changed",
    "merged": "it was sent before, and is known to be another row by now",
    "kept": "it was sent before, and did not come; not everything was read, so that it stays in Haplo as it is",
    "past": "it was sent before, and was gone already",
}
_KEYS_OF_RULES: Final = {
    "too-long": "max",
    "too-short": "min",
    "values": "values",
    "pattern": "pattern",
    "after": "after",
    "before": "before",
    "required": "required",
}
_RULES: Final = {
    "type": "it cannot be read as {type}",
    "code": "a code has no entry in the lookup",
    "required": "it is required, and there is no value",
    "values": "it is none of the values that the schema has",
    "too-long": "it is longer than {max}",
    "too-short": "it is shorter than {min}",
    "pattern": "it does not match the pattern",
    "after": "it is before {after}",
    "before": "it is after {before}",
    "unknown-reference": "no {ref} has this key",
    "reference-filtered": "a rule leaves out the {ref} that it points to",
    "reference-quarantined": "the {ref} that it points to is held back, and was never sent",
    "reference-gone": "the {ref} that it points to is gone",
    "item": "items that were no good are left out",
    DUPLICATE: "several records have this key, and no one_per says which of them counts",
}


def explain(
    project: Project,
    school_name: str,
    entity: str,
    key: str,
    field: str | None,
    run: str | None,
    now: datetime,
    *,
    personal: bool = False,
) -> Explained:
    """Return where a row came from, or one field of it. With `personal`, errors may name keys that are like it."""
    school = project.school(school_name)
    require_entity(school, entity)
    schema = project.schema(entity)
    if field is not None and field not in schema.fields:
        fix = did_you_mean(field, schema.fields) or f"it has {', '.join(schema.fields)}"
        raise NotFoundError(f"'{entity}' has no field '{field}'", fix=fix)
    folder, said = chosen_run(project, school, entity, run, now)
    fate = Files(folder, schema).fate(key, personal=personal)
    past = PastRun(project, school, entity, folder)
    with past.opened():
        found = _Explaining(past, fate).explained(key, field)
    found.notes = [*([said] if said else []), *found.notes]
    return found


class _Explaining:
    """One key of one run."""

    def __init__(self, past: PastRun, fate: Fate) -> None:
        self._past, self._fate = past, fate
        self._schema, self._places = past.schema, past.places

    def explained(self, asked: str, field: str | None) -> Explained:
        past, fate = self._past, self._fate
        found = Explained(past.school.school, past.entity, asked, past.folder.name)
        found.known_as = fate.key if fate.key != asked and (fate.row or fate.change) else ""
        found.change, found.merged_into = fate.change, fate.merged_into
        found.keys_personal = self._schema.fields[self._schema.key].personal()
        found.notes += self._of_the_run()
        self._say(found)
        for record in fate.records:
            self._enter(found, record, field)
        if fate.row and field is not None and not found.fields:
            found.fields.append(self._unmapped(field))
        if fate.row:
            self._interpret(found)
        return found

    def _say(self, found: Explained) -> None:
        fate = self._fate
        states = [each.state for each in fate.records]
        found.state = "emitted" if fate.row else next(iter(states), "")
        said = {"emitted": "a row", "filtered": "no row: a rule leaves it out", "merged": "no row of its own"}
        said["quarantined"] = "no row: it is held back"
        words = [said.get(found.state, "no row"), *([_CHANGES[fate.change]] if fate.change else [])]
        if fate.changed:
            words.append(f"what has changed: {', '.join(fate.changed)}")
        found.said = "; ".join(words)

    def _enter(self, found: Explained, record: OfRecord, field: str | None) -> None:
        """Put a record into the explanation: what it gives, or why it gives nothing."""
        past, fate = self._past, self._fate
        made = past.made_of(record, fate.key)
        if not made:
            found.notes.append(
                f"the record of {record.set} is not found again: the documents have changed since the run"
            )
            return
        tree, at = past.tree(), past.record(made)
        landed = tree.answer(at)
        found.records.append(replace(landed, note=f"{record.state}; {landed.note}"))
        if record.state == "emitted":
            names = [field] if field is not None else list(past.mapping.fields)
            found.fields += [self._field(name, record, made) for name in names if name in past.mapping.fields]
        else:
            found.reasons += self._reasons(record, made)
            if field is not None and field in past.mapping.fields and not fate.row:
                found.fields.append(self._field(field, record, made))

    # One field

    def _field(self, name: str, record: OfRecord, made: dict[str, Any]) -> FieldCame:
        past, spec = self._past, self._schema.fields[name]
        steps = past.tree().value(past.view, past.record(made), ("fields", name))
        there = self._fate.row if record.state == "emitted" and self._fate.row else made
        faults = [told for told in record.told if told.field == name]
        return FieldCame(
            name,
            there[name],
            spec.personal(),
            self._places.mapped(("fields", name)),
            (*steps, self._judged(name, spec, made[name], faults)),
            note=self._withheld(name, made, there),
        )

    def _judged(self, name: str, spec: TargetField, value: Any, faults: list[Told]) -> Came:
        """Return what the schema says of a value."""
        rule = faults[0].rule if faults else ""
        word = _KEYS_OF_RULES.get(rule)
        note = "; ".join(self._fault(spec, told.rule) for told in faults) if faults else "it fits"
        place = self._places.schema(name, *([word] if word else []))
        return Came("schema", _said_rules(spec), value, place, note, spec.personal())

    def _fault(self, spec: TargetField, rule: str) -> str:
        facts = {each: getattr(spec, each) for each in ("type", "max", "min", "after", "before")}
        facts["ref"] = spec.ref or next(iter(spec.refs()), "row")
        return f"{_RULES[rule].format(**facts)} [{rule}]" if rule in _RULES else f"[{rule}]"

    def _withheld(self, name: str, made: dict[str, Any], there: dict[str, Any]) -> str:
        if name in (there.get("_withheld") or ()):
            return "the row goes out without it: Haplo keeps what it has"
        plain = name != self._schema.key and not self._schema.fields[name].refs()
        if plain and there[name] != made[name]:
            return "the run made another value of it: the documents have changed since"
        return ""

    def _unmapped(self, name: str) -> FieldCame:
        spec = self._schema.fields[name]
        note = "no mapping gives it: Haplo keeps what it has"
        return FieldCame(name, None, spec.personal(), self._places.schema(name), note=note)

    # Why there is no row

    def _reasons(self, record: OfRecord, made: dict[str, Any]) -> Iterator[Came]:
        past, tree = self._past, self._past.tree()
        if record.state == "filtered":
            failing = tree.failing(past.view, past.record(made))
            yield failing or Came(
                "rule", str(record.rule), note="it passes now: the documents have changed since the run"
            )
        elif record.state == "merged":
            yield self._merged(record)
        for told in record.told:
            if told.level == "row" and record.state == "quarantined":
                yield self._held(tree, told, record, made)

    def _merged(self, record: OfRecord) -> Came:
        """Return why another record of the same key became the row."""
        place = self._places.mapped(("one_per", "order"))
        order = self._past.mapping.one_per.order if self._past.mapping.one_per is not None else []
        said = ", ".join(f"{item.by}{' descending' if item.descending else ''}" for item in order)
        note = "another record of its key comes first in this order, and became the row"
        return Came("one_per", said, place=place, note=note, valued=False)

    def _held(self, tree: Tree, told: Told, record: OfRecord, made: dict[str, Any]) -> Came:
        """Return why a record is held back."""
        if told.field is None and told.rule.startswith("ambiguous-"):
            alias = told.rule.removeprefix("ambiguous-")
            note = "several records match, and no keep says which of them is used"
            return Came("join", alias, place=self._places.mapped(("join", alias)), note=note, valued=False)
        if told.field is None or told.field not in self._past.mapping.fields:
            said = f"{told.field.replace('+', ', ')}: unique" if told.field is not None else told.rule
            note = f"another row has the same [{told.rule}]" if told.field is not None else ""
            return Came("quarantine", said, place=self._places.unique(), note=note, valued=False)
        spec = self._schema.fields[told.field]
        steps = tree.value(self._past.view, self._past.record(made), ("fields", told.field))
        word = _KEYS_OF_RULES.get(told.rule)
        place: Place | None = self._places.schema(told.field, *([word] if word else []))
        if told.rule == DUPLICATE:
            place = self._places.mapped(("fields", told.field))
        note = self._fault(spec, told.rule)
        said = f"{told.field}: {_said_rules(spec)}"
        value = steps[-1].value
        return Came("quarantine", said, value, place, note, spec.personal() or steps[-1].personal, parts=steps)

    # The run, and Haplo

    def _of_the_run(self) -> list[str]:
        """Return what is to be said of the run as a whole: whether anything of it was sent, and what stopped it."""
        report = self._past.report
        outcome = report.get("outcome", "")
        if outcome == "complete":
            return []
        if not report:
            return ["the run left no report: it was only looked at, or has died"]
        guards = [f"guard: {trip}" for trip in report.get("guards", ()) if not trip.endswith("(accepted)")]
        loaded = self._past.project.get("school", self._past.school.school)
        has = guards and loaded is not None and loaded.document.has(("guards",))
        place = f" (guards: {loaded.document.key_place(('guards',))})" if has and loaded is not None else ""
        return [f"the run ended as {outcome}: nothing of it was sent{place}", *guards]

    def _interpret(self, found: Explained) -> None:
        """Put into an explanation what Haplo makes of the row."""
        past = self._past
        rows = past.folder / "rows" / f"{past.entity}.parquet"
        around = (past.project, past.school, past.entity, past.folder.parent, rows, past.left_out(), past.today)
        row = OneRow(*around)
        row.interpret(self._fate.key, self._fate.row, past.entities)
        found.fields = [replace(each, haplo=tuple(row.names(each.name))) for each in found.fields]
        found.refused = row.messages()


def _said_rules(spec: TargetField) -> str:
    """Return what a schema asks of a field, in words."""
    words = [f"list of {spec.of.ref or spec.of.type}" if spec.of is not None else spec.type]
    words += [f"key of a {spec.ref}"] if spec.ref else []
    words += ["required"] if spec.required else []
    words += [f"one of {', '.join(spec.values)}"] if spec.values else []
    for name, said in (("min", "at least"), ("max", "at most"), ("after", "from"), ("before", "until")):
        words += [f"{said} {getattr(spec, name)}"] if getattr(spec, name) is not None else []
    words += [f"like {spec.pattern}"] if spec.pattern else []
    return ", ".join(words)
