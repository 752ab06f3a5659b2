"""The application that a school's data goes to: its document, with the `requirements.schema` texts that it names.

Next: `run/soundness`.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.errors import DocumentError, Problem
from engine.haplo.declared import declared_application, filled, read_requirements
from engine.haplo.requirements import Requirements
from engine.spec.binding import Application
from engine.spec.load import Loaded
from engine.spec.project import Project
from engine.spec.school import School


def application_of(project: Project, name: str) -> Application:
    """Return an application with all that it has; stop with every problem of the texts that it names."""
    application = project.application(name)
    loaded = project.get("application", name)
    assert loaded is not None
    return with_requirements(loaded, application)


def with_requirements(loaded: Loaded, application: Application) -> Application:
    """Return a document's application, filled from its texts."""
    if not application.requirements:
        return application
    requirements, problems = _read(loaded, application)
    if problems:
        raise DocumentError(problems)
    return filled(application, declared_application(requirements))


def school_application(project: Project, school: School) -> Application | None:
    """Return the application that a school names, if it names one."""
    return None if school.application is None else application_of(project, school.application)


def requirements_problems(project: Project) -> Iterator[Problem]:
    """Yield what is wrong with the texts that application documents name."""
    for loaded in project.of("application"):
        if isinstance(loaded.content, Application) and loaded.content.requirements:
            yield from _read(loaded, loaded.content)[1]


def _read(loaded: Loaded, application: Application) -> tuple[Requirements, list[Problem]]:
    """Read a document's texts; one that is not there is a problem of the document."""
    found, missing = [], []
    for index, name in enumerate(application.requirements):
        file = loaded.home.parent / name
        if file.is_file():
            found.append((file, loaded.document.file.parent / name))
        else:
            what = f"there is no file {name} beside this document"
            missing.append(Problem("file-missing", what, loaded.document.place(("requirements", index))))
    requirements, problems = read_requirements(found)
    return requirements, [*missing, *problems]
