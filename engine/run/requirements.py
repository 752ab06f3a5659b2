"""The `requirements.schema` text that a project's bindings need. Next: `haplo/needed`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engine.errors import Problem
from engine.haplo.fit import binding_problems
from engine.haplo.needed import NO_APPLICATION, needed_application
from engine.haplo.requirements_text import requirements_text
from engine.run.application import application_of, requirements_problems
from engine.run.control import chosen
from engine.spec.check import check
from engine.spec.project import Project, open_project


def requirements_of(folder: Path, entities: Sequence[str], application: str | None) -> str:
    """Return the text for some entities, or for all; stop with the problems of the documents.

    Whether the school's application has it all is not asked: it is what one finds out with this text.
    """
    project = open_project(folder)
    project.require_sound(_problems(project))
    known = NO_APPLICATION if application is None else application_of(project, application)
    every = {name: project.binding(name) for name in project.names("binding")}
    bindings = [every[entity] for entity in sorted(chosen(project, None, entities))]
    return requirements_text(needed_application(bindings, project.schemas(), every, known))


def _problems(project: Project) -> list[Problem]:
    found = [*check(project), *requirements_problems(project)]
    if any(problem.level == "error" for problem in found):
        return found
    schemas = project.schemas()
    for name in project.names("binding"):
        found += binding_problems(schemas[name], schemas, project.binding(name), {})
    return found
