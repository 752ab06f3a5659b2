"""Every field that a school's runs ask for and what it is for: the annex to an agreement on data sharing.

The list is made of what extraction is asked for, keys and all, so that it is the same. A second one is of what comes
along: a name that is asked for counts for every record set of an answer, and some sources send whole records.
Next: `run/outlook`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Final

from engine.kinds.scope import said
from engine.kinds.types import SourceField
from engine.run.choosing import with_keys
from engine.run.plan import Plan
from engine.spec.asking import wire_names
from engine.spec.source import Endpoint, Source
from engine.stages.want import Want, names_asked, record_params

HEAD: Final = ("endpoint", "record set", "field", "asked for as", "pii", "scope", "option", "for")
ALONG: Final = "(comes along, is not read)"
ALONG_SAID: Final = (
    "Comes along, is not read: it stands in the answers of a run's folder until it expires, and nowhere else"
)
_REST: Final = ("(any)", "(whatever else its records hold)", "", "not said", "", "")
_KNOWN: Final = SourceField(pii="not said")
"""What is known of a field that a record set names as sent, and says no more of."""
_ANY: Final = "(any name that is asked for)"
"""The fields of a record set of which none is declared."""


@dataclass(frozen=True)
class Shared:
    """One field of a record set that leaves the school. `asked_as` is its name on the wire, or several spellings.

    `pii` is the kind of personal data that it is tagged as; where it has no tag, what it becomes.
    """

    endpoint: str
    set: str
    field: str
    asked_as: str
    type: str
    pii: str
    scope: str
    option: str
    purposes: tuple[str, ...]

    def cells(self) -> tuple[str, ...]:
        """Return it as a line of a table."""
        where = (self.endpoint, self.set, self.field, self.asked_as)
        return (*where, self.pii, self.scope, self.option, ", ".join(self.purposes))


def shared_fields(plan: Plan) -> list[Shared]:
    """Return every field that is asked for, in the order of the source document."""
    return list(_shared(plan))


def along_fields(plan: Plan) -> list[Shared]:
    """Return every other declared field that the answers may hold: it is sent along and not read."""
    return list(_along(plan))


def whole_records(plan: Plan) -> list[str]:
    """Return the endpoints that can't be asked for fields: they send whole records, of which these fields are kept."""
    return [want.endpoint for want in _wants(plan) if not names_asked(plan.source, want)]


def _wants(plan: Plan) -> list[Want]:
    return [with_keys(plan.source, want) for want in plan.wants()]


def _shared(plan: Plan) -> Iterator[Shared]:
    source = plan.source
    for want in _wants(plan):
        endpoint = source.endpoints[want.endpoint]
        kept = () if endpoint.for_each is None else endpoint.for_each.keep
        for set_name, fields in want.sets.items():
            withheld = want.withheld.get(set_name, frozenset())
            for name, spec in endpoint.sets[set_name].fields.items():
                if name not in (fields or ()) or name in withheld or name in kept:
                    continue
                why = tuple(plan.purposes(set_name, name)) or _needed(source, endpoint, set_name, name)
                line = _line(source, want.endpoint, set_name, name, spec, why)
                yield line if line.pii else replace(line, pii=", ".join(plan.becomes(set_name, name)))


def _along(plan: Plan) -> Iterator[Shared]:
    source, present = plan.source, plan.granted.present
    for want in _wants(plan):
        names = {name.lower() for name in names_asked(source, want) or ()}
        named = {*names, _ANY.lower()}
        for set_name, name, spec in _sent(source, want):
            granted = present is None or spec is _KNOWN or name in present[set_name]
            comes = any(wire.lower() in named for wire in wire_names(spec, name)) if names else name != _ANY
            if granted and comes and name not in (want.sets.get(set_name) or ()):
                yield _line(source, want.endpoint, set_name, name, spec, (ALONG,))


def _sent(source: Source, want: Want) -> Iterator[tuple[str, str, SourceField]]:
    """Yield set, name and field of all that is declared of an answer, but for what other requests would bring."""
    endpoint = source.endpoints[want.endpoint]
    asked = source.apis[endpoint.api].options_asked
    options = () if asked is None else record_params(source, want).get(asked.param, "").split(asked.join)
    methods = [None if each is None else each.method for each in (endpoint.sets[name].ask for name in want.sets)]
    kept = () if endpoint.for_each is None else endpoint.for_each.keep
    for set_name, record_set in endpoint.sets.items():
        method = None if record_set.ask is None else record_set.ask.method
        if record_set.option not in (None, *options) or method not in (None, *methods):
            continue
        known = dict.fromkeys(record_set.known if record_set.fields else [*record_set.known, _ANY], _KNOWN)
        for name, spec in {**known, **record_set.fields}.items():
            if spec.option in (None, *options) and name not in kept:
                yield set_name, name, spec


def _line(source: Source, at: str, set_name: str, name: str, spec: SourceField, why: tuple[str, ...]) -> Shared:
    """Return the facts of a field of an endpoint, with what it is for."""
    endpoint = source.endpoints[at]
    asked = ", ".join(wire_names(spec, name)) if source.apis[endpoint.api].answers == "json" else name
    scope = " and ".join(text for text in (said(endpoint.sets[set_name].scope), said(spec.scope)) if text)
    return Shared(at, set_name, name, asked, spec.type, spec.pii or "", scope, spec.option or "", why)


def _needed(source: Source, endpoint: Endpoint, set_name: str, name: str) -> tuple[str, ...]:
    """Return what a field is for that no value is made of."""
    if name in (endpoint.sets[set_name].key or ()):
        return ("(tells records apart)",)
    if endpoint.windows is not None and endpoint.windows.field == name:
        return ("(says to which day a record belongs)",)
    for other in source.endpoints.values():
        word = other.for_each
        if word is not None and word.set == set_name and name in (*word.where, *word.keep.values()):
            return ("(other records are asked for by it)",)
    return ("(joins and rules)",)


def facts_of(plan: Plan) -> dict[str, object]:
    """Return the lists as JSON has them."""
    return {
        "school": plan.school.school,
        "fields": [{**asdict(each), "purposes": list(each.purposes)} for each in shared_fields(plan)],
        "comes_along": [{**asdict(each), "purposes": []} for each in along_fields(plan)],
        "whole_records": whole_records(plan),
    }


def _along_cells(plan: Plan) -> list[tuple[str, ...]]:
    """Return the lines of what comes along, with one for all that nobody declared of each that sends whole records."""
    rest = [(endpoint, *_REST, ALONG) for endpoint in whole_records(plan)]
    return [each.cells() for each in along_fields(plan)] + rest


def as_csv(plan: Plan) -> str:
    """Return the lists as one table of CSV."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEAD)
    writer.writerows([each.cells() for each in shared_fields(plan)] + _along_cells(plan))
    return out.getvalue()


def as_markdown(plan: Plan) -> str:
    """Return the lists as tables of Markdown, that of what comes along with a sentence before it."""
    asked, along = _markdown([each.cells() for each in shared_fields(plan)]), _along_cells(plan)
    return f"{asked}\n{ALONG_SAID}.\n\n{_markdown(along)}" if along else asked


def _markdown(rows: list[tuple[str, ...]]) -> str:
    lines = [HEAD, ("---",) * len(HEAD), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines) + "\n"
