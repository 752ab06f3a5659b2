"""What source documents take for true without knowing it: all that is marked `assumed`, with the reason.

Next: `run/unfound`, which tells where that finds nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from engine.errors import Problem
from engine.spec.place import Path
from engine.spec.project import Project
from engine.spec.school import School
from engine.spec.source import Api, Endpoint, Endpoints, Source


def assumptions(project: Project) -> list[Problem]:
    """Return a note for each assumption about the sources that schools here use.

    Where there are no schools yet, about those that stand in the project itself; of all where none does.
    """
    schools, root = [loaded.content for loaded in project.of("school")], project.root.resolve()
    own = {loaded.name for loaded in project.of("source") if root in loaded.home.resolve().parents}
    used = {each.source for each in schools if isinstance(each, School)} or own or set(project.names("source"))
    found = []
    for loaded in [*project.of("source"), *project.of("endpoints_of")]:
        content = loaded.content
        if not isinstance(content, Source | Endpoints):
            continue
        owner = content.source if isinstance(content, Source) else content.endpoints_of
        apis = content.apis if isinstance(content, Source) else {}
        for path, what, why in _marks(apis, content.endpoints) if owner in used else ():
            place = loaded.document.key_place((*path, "assumed"))
            found.append(Problem("assumed", f"{what} is assumed: {why}", place, level="note"))
    return sorted(found, key=Problem.sort_key)


def assumed_in(source: Source, used: Mapping[str, Iterable[str]]) -> list[str]:
    """Return what is assumed of the sets and fields in use, and of what brings them."""
    wanted = {name: set(fields) for name, fields in used.items()}
    asked = {spec.ask.method for _, name, spec in source.sets() if name in wanted and spec.ask is not None}
    homes = {endpoint for endpoint, name, _ in source.sets() if name in wanted}

    def in_use(path: Path) -> bool:
        match path:
            case ("apis", _, "methods", method):
                return method in asked
            case ("endpoints", _, "sets", name):
                return name in wanted
            case ("endpoints", _, "sets", name, "fields", field):
                return field in wanted.get(str(name), ())
            case (_, endpoint):
                return endpoint in homes
        return False

    marks = _marks(source.apis, source.endpoints)
    return [f"{what} is assumed: {why}" for path, what, why in marks if in_use(path)]


def _marks(apis: Mapping[str, Api], endpoints: Mapping[str, Endpoint]) -> Iterator[tuple[Path, str, str]]:
    """Yield where each mark stands, what bears it, and its reason."""
    for api_name, api in apis.items():
        for name, method in api.methods.items():
            if method.assumed:
                yield ("apis", api_name, "methods", name), f"method '{name}'", method.assumed
        for index, rule in enumerate(api.errors):
            if rule.assumed:
                yield ("apis", api_name, "errors", index), f"an answer that means {rule.means}", rule.assumed
        for name, status in api.status.items():
            if status.assumed:
                yield ("apis", api_name, "status", name), f"what '{name}' tells", status.assumed
    for endpoint_name, endpoint in endpoints.items():
        at: Path = ("endpoints", endpoint_name)
        if endpoint.assumed:
            yield at, f"endpoint '{endpoint_name}'", endpoint.assumed
        for set_name, record_set in endpoint.sets.items():
            if record_set.assumed:
                yield (*at, "sets", set_name), f"set '{set_name}'", record_set.assumed
            for name, field in record_set.fields.items():
                if field.assumed:
                    yield (*at, "sets", set_name, "fields", name), f"'{set_name}.{name}'", field.assumed
