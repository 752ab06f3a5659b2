"""Every field that a school's runs ask for and what it is for: the annex to an agreement on data sharing.

The list is made of what extraction is asked for, keys and all, so that it is the same. Next: `run/outlook`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Final

from engine.kinds.scope import said
from engine.run.choosing import with_keys
from engine.run.plan import Plan
from engine.spec.asking import wire_names
from engine.spec.source import Endpoint, Source
from engine.stages.want import names_asked

HEAD: Final = ("endpoint", "record set", "field", "asked for as", "pii", "scope", "option", "for")


@dataclass(frozen=True)
class Shared:
    """One field of a record set that leaves the school. `asked_as` is its name on the wire, or several spellings."""

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


def whole_records(plan: Plan) -> list[str]:
    """Return the endpoints that can't be asked for fields: they send whole records, of which these fields are kept."""
    wants = [with_keys(plan.source, want) for want in plan.wants()]
    return [want.endpoint for want in wants if names_asked(plan.source, want) is None]


def _shared(plan: Plan) -> Iterator[Shared]:
    source = plan.source
    for want in (with_keys(source, each) for each in plan.wants()):
        endpoint = source.endpoints[want.endpoint]
        kept = () if endpoint.for_each is None else endpoint.for_each.keep
        for set_name, fields in want.sets.items():
            record_set, withheld = endpoint.sets[set_name], want.withheld.get(set_name, frozenset())
            for name, spec in record_set.fields.items():
                if name not in (fields or ()) or name in withheld or name in kept:
                    continue
                asked = ", ".join(wire_names(spec, name)) if source.apis[endpoint.api].answers == "json" else name
                scope = " and ".join(text for text in (said(record_set.scope), said(spec.scope)) if text)
                why = tuple(plan.purposes(set_name, name)) or _needed(source, endpoint, set_name, name)
                facts = (asked, spec.type, spec.pii or "", scope, spec.option or "", why)
                yield Shared(want.endpoint, set_name, name, *facts)


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


def facts_of(fields: list[Shared]) -> list[dict[str, object]]:
    """Return the list as JSON has it."""
    return [{**asdict(each), "purposes": list(each.purposes)} for each in fields]


def as_csv(fields: list[Shared]) -> str:
    """Return the list as CSV."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEAD)
    writer.writerows(each.cells() for each in fields)
    return out.getvalue()


def as_markdown(fields: list[Shared]) -> str:
    """Return the list as a table of Markdown."""
    lines = [HEAD, ("---",) * len(HEAD), *(each.cells() for each in fields)]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines) + "\n"
