"""What is wanted of an endpoint, and the parameters by which it is asked for: options, and names of fields.

Shared by stages. Imports `secret` and `spec`. Next: `stages/extract`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.secret import Key
from engine.spec.asking import fields_asked
from engine.spec.source import Endpoint, Source


@dataclass(frozen=True)
class Want:
    """What is wanted of an endpoint: record sets, each with the fields in use; None is all that are declared.

    `given` are parameters that are sent as they are, in place of others of their names; with `changes` the answers hold
    what changed only, and what is gone. An endpoint that is read in parts, such as windows of dates, is wanted once for
    each `part`; each has its own pages and books. `names` are what the templates of its requests see beside `config`;
    with `each` among them it is a part that may not be there, and parts are read side by side. `withheld` are fields,
    by set, that are in use and not asked for, because the source would not give them to us. `mark` tells a record
    that it is asked for from what the record was before: with another mark, the same question is another one.
    """

    endpoint: str
    sets: Mapping[str, frozenset[str] | None]
    given: Mapping[str, str] = field(default_factory=dict)
    changes: bool = False
    part: str = ""
    names: Mapping[str, Any] = field(default_factory=dict, repr=False)
    key: Key | None = field(default=None, repr=False)
    withheld: Mapping[str, frozenset[str]] = field(default_factory=dict)
    mark: str = ""


def options_asked(endpoint: Endpoint, want: Want) -> list[str]:
    """Return the options to ask for so that the wanted sets and fields are sent: each once, sorted."""
    options = {name for name, each in endpoint.options.items() if each.asked}
    for name, fields in want.sets.items():
        record_set = endpoint.sets[name]
        used = set(record_set.fields if fields is None else fields) - want.withheld.get(name, frozenset())
        found = [record_set.option, *(record_set.fields[field].option for field in used)]
        options |= {option for option in found if option}
    return sorted(options)


def names_asked(source: Source, want: Want) -> list[str] | None:
    """Return the names of the fields to ask for, each once, as the sets declare them; None where all are sent."""
    by_set = fields_asked(source, source.endpoints[want.endpoint], want.sets, want.withheld)
    return None if by_set is None else list(dict.fromkeys(name for names in by_set.values() for name in names))


def record_params(source: Source, want: Want) -> dict[str, str]:
    """Return the parameters (templates) that decide which records an endpoint gives, options and all."""
    endpoint = source.endpoints[want.endpoint]
    params, asked = dict(endpoint.params), source.apis[endpoint.api].options_asked
    options = options_asked(endpoint, want)
    if asked is not None and options:
        own = [params[asked.param]] if asked.param in params else []
        params[asked.param] = asked.join.join([*own, *options])
    return params


def request_params(source: Source, want: Want) -> dict[str, str]:
    """Return the parameters (templates) that every page of an endpoint is asked for with, names of fields and all."""
    params, endpoint = record_params(source, want), source.endpoints[want.endpoint]
    naming, names = source.apis[endpoint.api].fields_asked, names_asked(source, want)
    if naming is not None and names:
        params[naming.param] = naming.join.join(names)
    return params


def side_by_side(wants: Sequence[Want]) -> Iterator[list[Want]]:
    """Yield what is read side by side: parts of one endpoint that are for records; all else by itself."""
    group: list[Want] = []
    for want in wants:
        if group and not ("each" in want.names and want.endpoint == group[0].endpoint):
            yield group
            group = []
        group.append(want)
        if "each" not in want.names:
            yield group
            group = []
    if group:
        yield group
