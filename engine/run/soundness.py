"""Everything that can be said against a project before anybody is asked: its documents, and its bindings in Haplo.

`spec/check` knows the documents; what Haplo's attributes can hold is known by `haplo/fit`. Next: `run/plan`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from engine.errors import Place, Problem
from engine.haplo.application_fit import application_problems
from engine.haplo.fit import binding_problems
from engine.haplo.target import data_types
from engine.run.application import application_of, requirements_problems
from engine.spec.binding import Application, Binding
from engine.spec.check import check
from engine.spec.load import Loaded
from engine.spec.memory import Memory
from engine.spec.project import Project, open_project
from engine.spec.school import School


def all_problems(project: Project, memory: Memory | None = None) -> list[Problem]:
    """Return every problem of a project, sorted by place; a memory looks only at what has changed."""
    found = sorted([*check(project, memory), *requirements_problems(project)], key=Problem.sort_key)
    if not any(problem.level == "error" for problem in found):
        found = sorted(dict.fromkeys([*found, *_of_bindings(project)]), key=Problem.sort_key)
    return found


def sound_project(folder: Path, *, tests: bool = False) -> Project:
    """Open a project whose documents have no problems, those in use; stop with all of them otherwise.

    `tests`: those of mappings too, and then all that is shipped.
    """
    project = open_project(folder, in_use=not tests, tests=tests)
    project.require_sound(all_problems(project))
    return project


def _of_bindings(project: Project) -> Iterator[Problem]:
    """Check each school's bindings against its application, and every binding against its schema."""
    for loaded in project.of("binding"):
        yield from _of_binding(project, loaded, None)
    for school in project.of("school"):
        if not isinstance(school.content, School) or school.content.application is None:
            continue
        application = application_of(project, school.content.application)
        for entity in school.content.entities:
            binding = project.get("binding", entity)
            if binding is not None:
                yield from _of_binding(project, binding, application)


def _of_binding(project: Project, loaded: Loaded, application: Application | None) -> Iterator[Problem]:
    binding, document = loaded.content, loaded.document
    assert isinstance(binding, Binding)
    types = data_types(application, binding.model) if application else {}
    schema, schemas = project.schema(binding.binding), project.schemas()

    def at(*path: str | int) -> Place:
        return document.place(path)

    def at_key(*path: str | int) -> Place:
        return document.key_place(path)

    yield from binding_problems(schema, schemas, binding, types, at, at_key)
    if application is not None:
        yield from application_problems(binding, schema, application, at, at_key)
