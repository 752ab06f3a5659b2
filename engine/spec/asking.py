"""What an endpoint is asked for: how many requests it takes, the fields that they name, the sets it needs first.

Next: `spec/check_requests`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from engine.kinds.request import Method
from engine.kinds.select import path
from engine.kinds.types import SourceField
from engine.spec.days import day_link
from engine.spec.school import KeyGiven, School
from engine.spec.source import Endpoint, RecordSet, Source


@dataclass(frozen=True)
class Share:
    """The record sets that one request brings, and the name of the key that it is made with; '' where there is none."""

    key: str
    sets: tuple[str, ...]
    number: int = 1

    @property
    def name(self) -> str:
        """What tells it from the other requests of its endpoint; '' for one without a key that is the only one."""
        return f"{self.key or 'request'}-{self.number}" if self.number > 1 else self.key


def keys_of(school: School, item: str | None) -> dict[str, KeyGiven]:
    """Return the keys that a school gives under an item of config."""
    value = school.config.get(item or "")
    return dict(value) if isinstance(value, dict) else {}


def plain_config(source: Source, school: School) -> dict[str, str | int]:
    """Return what a school's config says without secrets, defaults and all."""
    given = {name: school.config.get(name, item.default) for name, item in source.config.items()}
    return {name: value for name, value in given.items() if isinstance(value, str | int)}


def carriers(keys: Mapping[str, KeyGiven], method: str | None, methods: Mapping[str, Method]) -> list[str]:
    """Return the keys that open a method, those that name it first; all of them where a set asks for none.

    One that stands on a key of its own is opened by keys that name it only.
    """
    if method is None:
        return list(keys)
    naming = [name for name, key in keys.items() if key.methods is not None and method in key.methods]
    alone = method in methods and methods[method].own_key
    return naming if alone else naming + [name for name, key in keys.items() if key.methods is None]


def shares(
    endpoint: Endpoint,
    sets: Iterable[str],
    keys: Mapping[str, KeyGiven],
    methods: Mapping[str, Method],
    same: Callable[[str, str], bool] | None = None,
) -> list[Share]:
    """Return the requests that bring these sets, in the order of the keys; a set that no key opens is left out.

    `same` says of two names whether they are one key; if not given, they are where they are read from one place.
    """
    if endpoint.per is None:
        return _apart(endpoint, "", sets)
    one_place = same or (lambda one, two: (keys[one].key, keys[one].secrets) == (keys[two].key, keys[two].secrets))
    first = {name: next(other for other in keys if one_place(other, name)) for name in keys}
    by_key: dict[str, list[str]] = {name: [] for name in keys}
    for each in sets:
        ask = endpoint.sets[each].ask
        found = carriers(keys, None if ask is None else ask.method, methods)
        for name in dict.fromkeys(first[other] for other in (found if ask is None else found[:1])):
            by_key[name].append(each)
    return [share for name, own in by_key.items() if own for share in _apart(endpoint, name, own)]


def _apart(endpoint: Endpoint, key: str, sets: Iterable[str]) -> list[Share]:
    groups: list[list[str]] = []
    for name in sets:
        fitting = (group for group in groups if not any(_clash(endpoint.sets, name, other) for other in group))
        group = next(fitting, None)
        if group is None:
            groups.append([name])
        else:
            group.append(name)
    return [Share(key, tuple(group), number) for number, group in enumerate(groups, 1)]


def _clash(sets: Mapping[str, RecordSet], one: str, other: str) -> bool:
    """Say whether one request can't bring two sets: they stand at one path, or filter one method otherwise."""
    if other in sets[one].apart_from or one in sets[other].apart_from:
        return True
    first, second = sets[one].ask, sets[other].ask
    return first is not None and second is not None and first.method == second.method and first != second


def wire_name(path_text: str) -> str | None:
    """Return the name under which the value at a path is asked for: the first step of it; None where it has none."""
    steps = path(path_text).steps
    return steps[0] if steps and isinstance(steps[0], str) else None


def wire_names(spec: SourceField, name: str) -> list[str]:
    """Return the names by which a field is asked for; spellings that differ in case alone are one, the first."""
    found: dict[str, str] = {}
    for text in spec.paths(name):
        if (wire := wire_name(text)) is not None:
            found.setdefault(wire.lower(), wire)
    return list(found.values())


def fields_asked(
    source: Source,
    endpoint: Endpoint,
    sets: Mapping[str, Iterable[str] | None],
    withheld: Mapping[str, Collection[str]],
) -> dict[str, list[str]] | None:
    """Return by set the names that fields are asked for by; None where the source can't be asked so, or all are wanted.

    What is kept of the record that an endpoint is asked for stands in no answer, and neither does what is withheld.
    """
    if source.apis[endpoint.api].fields_asked is None or any(fields is None for fields in sets.values()):
        return None
    kept = () if endpoint.for_each is None else endpoint.for_each.keep
    found: dict[str, list[str]] = {}
    for set_name, fields in sets.items():
        left = {*withheld.get(set_name, ()), *kept}
        used = {name for name in fields or () if name not in left}
        declared = endpoint.sets[set_name].fields.items()
        names = [wire for name, spec in declared if name in used for wire in wire_names(spec, name)]
        found[set_name] = list(dict.fromkeys(names))
    return found


def with_parents(source: Source, used: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    """Return the sets and fields in use, with those whose records endpoints are asked for, or belong to days by."""
    found = {name: list(fields) for name, fields in used.items()}
    homes = {name: source.endpoints[endpoint] for endpoint, name, _ in source.sets()}
    waiting = list(found)
    while waiting:
        name = waiting.pop(0)
        home = homes.get(name)
        link = None if home is None else day_link(home, name)
        if home is not None and home.windows is not None and link is not None:
            found[name].append(link.own)
            found.setdefault(link.set, []).extend((link.key, home.windows.field))
        word = None if home is None else home.for_each
        if word is None:
            continue
        if word.set not in found:
            waiting.append(word.set)
        own = found.setdefault(word.set, [])
        looked_at = home.refresh.looked_at if home is not None and home.refresh is not None else []
        own += [name for name in (*word.where, *word.keep.values(), *looked_at) if name not in own]
    return {name: list(dict.fromkeys(fields)) for name, fields in found.items()}


def is_momentary(source: Source, endpoint: Endpoint) -> bool:
    """Say whether an endpoint, or one that must be read before it, gives what is so at this moment only."""
    return endpoint.momentary or any(source.find(name)[1].momentary for name in ancestors(source, endpoint))


def is_partial(source: Source, endpoint: Endpoint) -> bool:
    """Say whether what an endpoint gives is never all there is: what is so at this moment, or on some days."""
    before = (source.find(name)[1] for name in ancestors(source, endpoint))
    return any(each.momentary or each.partial or each.windows is not None for each in (endpoint, *before))


def ancestors(source: Source, endpoint: Endpoint) -> Iterator[str]:
    """Yield the sets that must be read before an endpoint, the nearest first; it ends where they go in a circle."""
    seen: set[str] = set()
    while endpoint.for_each is not None and endpoint.for_each.set not in seen:
        seen.add(endpoint.for_each.set)
        yield endpoint.for_each.set
        try:
            endpoint = source.find(endpoint.for_each.set)[1]
        except KeyError:
            return
