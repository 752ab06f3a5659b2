"""What an endpoint is asked in one run: in windows, with each key, for each record of another set, or all at once.

Next: `run/reading`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from engine.errors import DocumentError, Problem
from engine.kinds.request import Ask
from engine.run.windowing import windows_of
from engine.secret import Config, Key
from engine.spec.asking import ancestors, carriers, keys_of, shares
from engine.spec.school import KeyGiven, School
from engine.spec.settings import SettingValue
from engine.spec.source import RecordSet, Source
from engine.stages.answer import Answer
from engine.stages.kept import kept_values, put_beside
from engine.stages.land import SetFacts, land_set
from engine.stages.walk import Round
from engine.stages.want import Want
from engine.template import Template, TemplateProblem


@dataclass(frozen=True)
class Parting:
    """Cuts what is wanted of endpoints into requests. `sets` is the folder of the sets that are read already."""

    source: Source
    school: School
    config: Config
    settings: Mapping[str, Mapping[str, SettingValue]]
    day: date
    sets: Path
    rounds: dict[str, Round] = field(default_factory=dict)
    """The records that are asked for of endpoints that are not asked for all of them."""
    blank: dict[str, int] = field(default_factory=dict)
    """How many records lacked a value, by endpoint."""

    def parts(self, want: Want, windows: Sequence[Sequence[str]] | None) -> list[Want]:
        """Return the parts of an endpoint; a set that others are asked for must be there."""
        endpoint = self.source.endpoints[want.endpoint]
        asked = replace(want, names={"today": self.day})
        if endpoint.windows is not None:
            return windows_of(self.source, asked, windows)
        if endpoint.for_each is not None:
            each = endpoint.for_each
            file = self.sets / f"{each.set}.parquet"
            chosen = self.rounds.get(want.endpoint)
            if chosen is not None:
                records, self.blank[want.endpoint] = chosen.asked, chosen.blank
            else:
                values, self.blank[want.endpoint] = kept_values(file, each)
                records = [(number, record, "") for number, record in enumerate(values, 1)]
            return [
                replace(asked, names={**asked.names, "each": record}, part=f"record-{number}", mark=mark)
                for number, record, mark in records
            ]
        keys = keys_of(self.school, endpoint.per)
        opened = self._opened(endpoint.per)
        self._require_opened(want, keys)
        found = []
        methods = self.source.apis[endpoint.api].methods
        for share in shares(endpoint, want.sets, keys, methods, lambda one, other: opened[one] == opened[other]):
            names = {**asked.names, **self._asked([endpoint.sets[name] for name in share.sets])}
            own = {name: want.sets[name] for name in share.sets}
            found.append(replace(asked, sets=own, names=names, key=opened.get(share.key), part=share.name))
        return found

    def _require_opened(self, want: Want, keys: Mapping[str, KeyGiven]) -> None:
        """Stop where no key opens a set: without a request it would seem to be empty."""
        endpoint = self.source.endpoints[want.endpoint]
        for name in want.sets if endpoint.per is not None else ():
            ask = endpoint.sets[name].ask
            if not carriers(keys, None if ask is None else ask.method, self.source.apis[endpoint.api].methods):
                what = f"no key of '{self.school.school}' opens what brings '{name}'"
                fix = f"see to config: {endpoint.per}: in the school file"
                raise DocumentError([Problem("unopened-method", what, fix=fix)])

    def _opened(self, item: str | None) -> Mapping[str, Key]:
        value = self.config.get(item or "")
        return value if isinstance(value, Mapping) else {}

    def _asked(self, sets: Sequence[RecordSet]) -> dict[str, Any]:
        """Return the names `asked` and `filtered`: methods with their filters, and those by where the filters stand."""
        asked: dict[str, dict[str, Any]] = {}
        for record_set in sets:
            if record_set.ask is not None:
                asked[record_set.ask.method] = self._method(record_set.ask)
        filtered: dict[str, list[dict[str, Any]]] = {}
        for each in asked.values():
            if each["filters"]:
                filtered.setdefault(each["parent"], []).append(each)
        parents = [{"name": name, "elements": elements} for name, elements in filtered.items()]
        return {"asked": list(asked.values()), "filtered": parents} if asked else {}

    def _method(self, ask: Ask) -> dict[str, Any]:
        api = next(api for api in self.source.apis.values() if ask.method in api.methods)
        method = api.methods[ask.method]
        context = {"config": self._plain(), "settings": self.settings, "today": self.day}
        try:
            filled = {name: Template.parse(text).render(context).strip() for name, text in ask.filters.items()}
        except TemplateProblem as problem:
            what = f"a filter of '{ask.method}' cannot be filled in: {problem.message}"
            raise DocumentError([Problem("bad-template", what, fix=_FIX)]) from None
        filters = [{"name": name, "value": value} for name, value in filled.items() if value]
        if method.needs_filter and not filters:
            what = f"'{ask.method}' needs a filter, and all of its filters are empty"
            raise DocumentError([Problem("filter-missing", what, fix=_FIX)])
        parent, _, element = (method.element or "").partition("/")
        return {"method": ask.method, "parent": parent, "name": element, "filters": filters}

    def _plain(self) -> dict[str, str]:
        return {name: value for name, value in self.config.items() if isinstance(value, str)}


_FIX = "see to the settings, or to the config, in the school file"


def levels(source: Source, wants: Sequence[Want]) -> list[list[Want]]:
    """Return what can be read one after the other: first what is asked for no record of another set."""
    depth = {want.endpoint: len(list(ancestors(source, source.endpoints[want.endpoint]))) for want in wants}
    return [[want for want in wants if depth[want.endpoint] == each] for each in sorted(set(depth.values()))]


def land_kept(
    source: Source, want: Want, name: str, answers: Sequence[Answer], parts: Sequence[Want], out: Path
) -> SetFacts:
    """Land a set that came record by record, with what was kept of each record among its fields."""
    endpoint = source.endpoints[want.endpoint]
    record_set, wanted = endpoint.sets[name], want.sets[name]
    assert endpoint.for_each is not None
    needed = [each for each in record_set.fields if wanted is None or each in wanted]
    own = [each for each in endpoint.for_each.keep if each in needed]
    sent = record_set.model_copy(
        update={"fields": {each: spec for each, spec in record_set.fields.items() if each not in own}}
    )
    facts = land_set(name, sent, set(needed) - set(own), answers, out, omits_null=source.formats.omits_null)
    if not own:
        return facts
    values = {part.part: part.names["each"] for part in parts}
    pages = {answer.page: {each: values[answer.part][each] for each in own} for answer in answers}
    repeated, across = put_beside(facts.file, needed, pages or {0: dict.fromkeys(own, "")}, record_set.key or [])
    return replace(
        facts,
        present=tuple(each for each in needed if each in facts.present or each in own),
        repeated=repeated,
        repeated_across=across,
    )
