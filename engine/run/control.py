"""The control file of an entity, as a run of a school makes it: for whoever installs it. Next: `run/installed`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from engine.haplo.compile import compile_control, render_control
from engine.haplo.target import data_types
from engine.journal import cannot_write
from engine.problem_text import did_you_mean
from engine.run.application import school_application
from engine.run.installed import digest
from engine.spec.project import NotFoundError, Project
from engine.spec.school import School


def control_file(project: Project, school: School | None, entity: str) -> bytes:
    """Return the bytes of an entity's control file; without a school nothing is known of the application."""
    binding, schemas = project.binding(entity), project.schemas()
    application = school_application(project, school) if school is not None else None
    types = data_types(application, binding.model) if application is not None else {}
    return render_control(compile_control(schemas[entity], schemas, binding, types))


def write_controls(out: Path, controls: Mapping[str, bytes]) -> Iterator[tuple[Path, str]]:
    """Write control files into a folder; yield each with its digest."""
    for entity, control in controls.items():
        file = out / f"{entity}.control.json"
        try:
            out.mkdir(parents=True, exist_ok=True)
            file.write_bytes(control)
        except OSError as error:
            raise cannot_write(file, error) from None
        yield file, digest(control)


def chosen(project: Project, school: School | None, entities: Sequence[str]) -> list[str]:
    """Return the entities meant: those given, else all of the school, else all that have a binding."""
    bound = sorted(project.names("binding"))
    known = school.entities if school is not None else bound
    for entity in entities:
        if entity not in known:
            where = f"'{school.school}' has" if school is not None else "there is"
            fix = did_you_mean(entity, known) or f"known: {', '.join(known)}"
            raise NotFoundError(f"{where} no entity '{entity}'", fix=fix)
    return list(dict.fromkeys(entities)) or [entity for entity in known if entity in bound]


def only_school(project: Project, name: str | None) -> School | None:
    """Return the school of that name; without a name the only one that there is, if it is the only one."""
    if name is not None:
        return project.school(name)
    names = project.names("school")
    return project.school(names[0]) if len(names) == 1 else None
