"""A project: all documents in view, those of the project's own folder before those that are shipped.

A document of the project's own replaces the shipped one of the same kind and name. Lookups under
`mappings/<source>/` belong to that source; those under `schemas/` are shared. Next: `spec/check`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from engine.errors import DocumentError, EngineError, Problem
from engine.problem_text import did_you_mean
from engine.spec.binding import Application, Binding
from engine.spec.load import Loaded, load_file
from engine.spec.lookup import Lookup
from engine.spec.mapping import Mapping
from engine.spec.schema import Schema
from engine.spec.school import School
from engine.spec.settings import SETTING_TYPES, Setting, Settings, SettingValue, SettingValues
from engine.spec.source import Endpoints, Source
from engine.spec.tables import CsvProblem, read_csv
from engine.spec.tests_of import FOLDER as TESTS
from engine.spec.tests_of import Tests

Read = Callable[[Path, Path], tuple[Loaded | None, list[Problem]]]
FOLDERS = ("schools", "mappings", "schemas", "applications")


class NotFoundError(EngineError):
    """Something named on the command line, or in a document, is not there."""

    exit_code = 2
    code = "not-found"


def shipped() -> Path:
    """Return the folder with the mappings, schemas and examples that come with haplomap."""
    here = Path(__file__).resolve().parent.parent
    packed = here / "_shipped"
    return packed if packed.is_dir() else here.parent


@dataclass
class Project:
    """Every document in view. `problems` holds what is wrong with their form; `spec/check` finds the rest."""

    root: Path
    documents: dict[tuple[str, str], Loaded] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)
    """First keys of files that could not be read, so that nobody complains that they are not there."""
    _csv: dict[str, dict[str, str]] = field(default_factory=dict)

    def of(self, kind: str) -> Iterator[Loaded]:
        """Yield the documents of a kind."""
        return (loaded for (its_kind, _), loaded in self.documents.items() if its_kind == kind)

    def get(self, kind: str, name: str) -> Loaded | None:
        """Return a document by kind and name."""
        return self.documents.get((kind, name))

    def source(self, name: str) -> Source:
        """Return a source with all its endpoints."""
        content = self._content("source", name)
        assert isinstance(content, Source)
        endpoints = dict(content.endpoints)
        for loaded in self.of("endpoints_of"):
            if isinstance(loaded.content, Endpoints) and loaded.content.endpoints_of == name:
                endpoints.update(loaded.content.endpoints)
        return content.model_copy(update={"endpoints": endpoints})

    def schema(self, name: str) -> Schema:
        content = self._content("schema", name)
        assert isinstance(content, Schema)
        return content

    def schemas(self) -> dict[str, Schema]:
        """Return all target schemas by entity."""
        return {loaded.name: self.schema(loaded.name) for loaded in self.of("schema")}

    def school(self, name: str) -> School:
        content = self._content("school", name)
        assert isinstance(content, School)
        return content

    def binding(self, entity: str) -> Binding:
        content = self._content("binding", entity)
        assert isinstance(content, Binding)
        return content

    def application(self, name: str) -> Application:
        content = self._content("application", name)
        assert isinstance(content, Application)
        return content

    def mapping(self, source: str, entity: str, school: School | None = None) -> Mapping:
        """Return a mapping, with a school's overrides applied."""
        content = self._content("mapping", f"{source}/{entity}")
        assert isinstance(content, Mapping)
        override = school.override.get(entity) if school else None
        if override is None:
            return content
        fields = {**content.fields, **override.fields}
        kept = {name: value for name, value in fields.items() if name not in override.remove}
        return content.model_copy(update={"fields": kept})

    def lookups(self, source: str) -> dict[str, Lookup]:
        """Return the lookups that mappings of a source can name; its own hide shared ones."""
        found: dict[str, Lookup] = {}
        for loaded in sorted(self.of("lookup"), key=lambda item: "/" in item.name):
            owner, _, name = loaded.name.rpartition("/")
            if owner in ("", source) and isinstance(loaded.content, Lookup):
                found[name] = self._filled(loaded, loaded.content)
        return found

    def _filled(self, loaded: Loaded, lookup: Lookup) -> Lookup:
        """Return a lookup with the rows of its CSV file; none, where `check` has something against that."""
        if lookup.csv is None:
            return lookup
        if loaded.name not in self._csv:
            try:
                self._csv[loaded.name] = read_csv(lookup.csv, loaded.home.parent)
            except CsvProblem:
                self._csv[loaded.name] = {}
        return lookup.model_copy(update={"values": self._csv[loaded.name]})

    def settings(self) -> dict[str, dict[str, Setting]]:
        """Return every setting that is declared, by group and name."""
        groups: dict[str, dict[str, Setting]] = {}
        for loaded in self.of("settings"):
            if isinstance(loaded.content, Settings):
                for group, members in loaded.content.groups.items():
                    groups.setdefault(group, {}).update(members)
        return groups

    def values(self, school: School) -> dict[str, dict[str, SettingValue]]:
        """Return the value of every setting: the school's, or the default."""
        return self.settled(school.settings)

    def settled(self, given: SettingValues) -> dict[str, dict[str, SettingValue]]:
        """Return the value of every setting: the one that is given, or the default."""
        return {
            group: {name: given.get(group, {}).get(name, setting.default) for name, setting in members.items()}
            for group, members in self.settings().items()
        }

    def setting_types(self) -> dict[str, dict[str, str]]:
        """Return the DuckDB types of all settings."""
        return {
            group: {name: SETTING_TYPES[setting.type] for name, setting in members.items()}
            for group, members in self.settings().items()
        }

    def names(self, kind: str) -> list[str]:
        """Return the names of all documents of a kind."""
        return [loaded.name for loaded in self.of(kind)]

    def _content(self, kind: str, name: str) -> object:
        loaded = self.get(kind, name)
        if loaded is None:
            known = self.names(kind)
            elsewhere = "is the project in another folder? say so with --project" if kind == "school" else ""
            fix = did_you_mean(name, known) or (f"known: {', '.join(known[:10])}" if known else elsewhere)
            raise NotFoundError(f"there is no {kind} '{name}' in {self.root}", fix=fix)
        return loaded.content

    def require_sound(self, problems: list[Problem]) -> None:
        """Stop when documents have problems of level 'error'."""
        errors = [problem for problem in problems if problem.level == "error"]
        if errors:
            raise DocumentError(errors)


def layers_of(root: Path, behind: Path | None = None) -> list[Path]:
    """Return the folders whose documents a project sees: its own, then what is shipped, or what is put in its place."""
    base = behind or shipped()
    return [root] if root.resolve() == base.resolve() else [root, base]


def open_project(
    root: Path, *, in_use: bool = False, tests: bool = False, read: Read = load_file, behind: Path | None = None
) -> Project:
    """Read all documents of a project folder and the shipped ones behind them; `read` reads one.

    `in_use`: of those that are shipped, only the mappings of sources that the project names, where all of these are
    known. `tests`: those of mappings too, which stand in the project itself; those that are shipped are tried where we
    work.
    """
    project = Project(root)
    _read_layer(project, root, FOLDERS, read, tests=tests)
    for base in layers_of(root, behind)[1:]:
        named = _sources_named(project) if in_use and not project.broken else set()
        known = all((base / "mappings" / name).is_dir() or project.get("source", name) for name in named)
        mappings = [f"mappings/{name}" for name in sorted(named)] if named and known else ["mappings"]
        _read_layer(project, base, [*(name for name in FOLDERS if name != "mappings"), *mappings], read)
    return project


def _read_layer(project: Project, layer: Path, folders: Sequence[str], read: Read, *, tests: bool = False) -> None:
    """Add the documents below some folders, where none of the same name is there yet."""
    seen: dict[tuple[str, str], Loaded] = {}
    for folder in folders:
        for file in sorted((layer / folder).rglob("*.yaml")):
            if tests or not _is_test(file.relative_to(layer)):
                _add(project, seen, layer, file, read)
    for key, loaded in seen.items():
        project.documents.setdefault(key, loaded)


def _is_test(place: Path) -> bool:
    return place.parts[0] == "mappings" and TESTS in place.parts[1:-1]


def _sources_named(project: Project) -> set[str]:
    """Return the sources that documents are about."""
    named = set()
    for loaded in project.documents.values():
        match loaded.content:
            case Source(source=name) | Endpoints(endpoints_of=name) | Mapping(source=name) | School(source=name):
                named.add(name)
            case Lookup() if "/" in loaded.name:
                named.add(loaded.name.partition("/")[0])
    return named


def _add(project: Project, seen: dict[tuple[str, str], Loaded], layer: Path, file: Path, read: Read) -> None:
    loaded, problems = read(file, shown_as(file))
    project.problems += problems
    if loaded is None:
        project.broken.add(_first_word(file))
        return
    loaded = replace(loaded, name=_identity(loaded, file.relative_to(layer)))
    first = seen.setdefault((loaded.kind, loaded.name), loaded)
    if first is not loaded:
        what = f"{loaded.kind} '{loaded.name}' is there twice"
        why = f"the other one is {first.document.file}"
        project.problems.append(Problem("duplicate-document", what, loaded.document.place((loaded.kind,)), why))


def _first_word(file: Path) -> str:
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    keys = [line.split(":")[0] for line in lines if line and not line.startswith(("#", " ", "-"))]
    return keys[0] if keys else ""


def shown_as(file: Path) -> Path:
    """Return a file's path as messages name it: relative where it lies below the current folder."""
    try:
        return file.resolve().relative_to(Path.cwd())
    except ValueError:
        return file


def _identity(loaded: Loaded, place: Path) -> str:
    """Return what tells documents of one kind apart."""
    if isinstance(loaded.content, Mapping):
        return f"{loaded.content.source}/{loaded.content.mapping}"
    if isinstance(loaded.content, Endpoints):
        return f"{loaded.content.endpoints_of}/{loaded.content.group or place.stem}"
    if isinstance(loaded.content, Tests):
        return place.with_suffix("").as_posix()
    if isinstance(loaded.content, Lookup) and place.parts[0] == "mappings" and len(place.parts) > 2:
        return f"{place.parts[1]}/{loaded.name}"
    return loaded.name
