"""A project folder of one's own: what `haplomap init` writes. Next: `cli/commands/init`."""

from __future__ import annotations

import re
from pathlib import Path

from engine.errors import EngineError
from engine.journal import cannot_write
from engine.problem_text import did_you_mean
from engine.spec.placeholder import URL, placeholder_of
from engine.spec.project import NotFoundError, open_project, shipped
from engine.spec.source import ConfigItem, Source

README = """# {school}

A haplomap project.

- `schools/{school}.yaml` says where the data comes from, what is made of it, and where it goes.
- `applications/school.yaml` says which types and attributes the receiving Haplo application has.
- Mappings, schemas, bindings and lookups are looked up here first (`mappings/`, `schemas/`), then among those
  that come with haplomap. A document here replaces the shipped one of the same kind and name: copy it from
  `{shipped}` to the same place below this folder, and edit the copy. To change
  single fields for one school, use `override:` in its school file.

What a run leaves is in `.haplomap/`: private, and not for version control.

    haplomap schema --lines --project {folder}    (names and their meanings, in your editor)
    haplomap check --project {folder}
    haplomap plan {school} --project {folder}
    haplomap run {school} --project {folder} --no-deliver
"""


def make_project(folder: Path, school: str, source_name: str | None) -> list[Path]:
    """Write a new project; return its files, the school file first. A folder that has schools is refused.

    A source may stand in the folder already; what else is there stays as it is.
    """
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", school):
        raise _refused(f"'{school}' is no name for a school", "use lower case letters, digits and dashes")
    if (folder / "schools").exists():
        raise _refused(f"there is a project in {folder} already", "choose another folder")
    project = open_project(folder if folder.is_dir() else shipped())
    known = project.names("source")
    if source_name is not None and source_name not in known:
        fix = did_you_mean(source_name, known) or f"known: {', '.join(known)}"
        raise NotFoundError(f"there is no source '{source_name}'", fix=fix)
    if source_name is None and len(known) > 1:
        raise _refused("which source system is it?", f"add --source, one of {', '.join(known)}")
    source = project.source(source_name or known[0])
    entities = [name.partition("/")[2] for name in project.names("mapping") if name.startswith(source.source + "/")]
    try:
        return _write(folder, school, source, entities)
    except OSError as error:
        raise cannot_write(folder, error) from None


def _refused(what: str, fix: str) -> EngineError:
    error = NotFoundError(what, fix=fix)
    error.code = "init-refused"
    return error


def _write(folder: Path, school: str, source: Source, entities: list[str]) -> list[Path]:
    school_file = folder / "schools" / f"{school}.yaml"
    application = folder / "applications" / "school.yaml"
    example = shipped() / "examples" / "demo" / "applications" / "school.yaml"
    _, _, body = example.read_text(encoding="utf-8").partition("\n")
    readme = README.format(school=school, folder=folder, shipped=shipped())
    texts = {
        school_file: _editor_line("school") + school_text(school, source, entities),
        application: _editor_line("application") + body,
        folder / "README.md": readme,
        folder / ".gitignore": ".haplomap/\n",
    }
    texts |= {folder / name / ".gitkeep": "" for name in ("mappings", "schemas") if not (folder / name).exists()}
    made = [file for file in texts if not file.exists()]
    for file in made:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(texts[file], encoding="utf-8")
    return [file for file in made if not file.name.startswith(".")]


def _editor_line(kind: str) -> str:
    """Return the comment by which editors find the JSON Schema of a document."""
    return f"# yaml-language-server: $schema={shipped() / 'schemas' / 'spec' / kind}.json\n"


def school_text(school: str, source: Source, entities: list[str]) -> str:
    """Return a school file to be filled in: every value that the source asks for, with what it is."""
    env = school.upper().replace("-", "_")
    lines = [
        f"school: {school}",
        f"source: {source.source}",
        "time_zone: Europe/London",
        "application: school",
        "config:",
    ]
    lines += [_config_line(name, item, env) for name, item in source.config.items()]
    lines += [
        "# all that have a mapping; take out what the school has no use for, so that it is not asked for",
        f"entities: [{', '.join(entities)}]",
        "# settings: what mappings may be told; schemas/settings.yaml lists them",
        "# override: fields that this school maps otherwise",
        "deliver:",
        "  kind: standard",
        f"  url: {URL}",
        f"  api_key: {{env: {env}_HAPLO}}",
        "  mode: dry-run",
    ]
    return "\n".join(lines) + "\n"


def _config_line(name: str, item: ConfigItem, env: str) -> str:
    note = f"  # {item.description}" if item.description else ""
    variable = f"{env}_{name.upper()}"
    if item.type == "keys":
        return f"  {name}: {{all: {{key: {{env: {variable}}}}}}}{note}"
    if item.type == "secret":
        return f"  {'# ' if item.default is not None else ''}{name}: {{env: {variable}}}{note}"
    if item.default is not None:
        return f"  # {name}: {item.default}{note}"
    return f"  {name}: '{placeholder_of(item)}'{note or '  # to be filled in'}"
