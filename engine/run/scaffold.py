"""A new system begun: drafts written as documents, below a project, and never over what stands there.

Next: `cli/commands/scaffold`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from engine.journal import cannot_write
from engine.run.scaffold_draft import Draft
from engine.run.scaffold_openapi import draft_of_openapi
from engine.run.scaffold_reading import ScaffoldError
from engine.run.scaffold_sample import draft_of_sample
from engine.run.scaffold_text import yaml_text
from engine.spec.project import shipped
from engine.writing import write_whole


@dataclass
class Begun:
    """What was written, what was not taken over and why, and what a person must look at."""

    files: list[Path]
    left_out: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)


def begin_source(
    folder: Path, name: str, openapi: Path | None, sample: Path | None, records: str | None, *, force: bool
) -> Begun:
    """Write `mappings/NAME/source.yaml` and a file of endpoints for each group."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        fix = "use lower case letters, digits and '_', a letter first"
        raise ScaffoldError(f"'{name}' is no name for a source", fix=fix)
    if (openapi is None) == (sample is None):
        raise ScaffoldError("a source is begun from one file", fix="give --openapi FILE, or --sample FILE")
    if records is not None and sample is None:
        raise ScaffoldError(
            "--records is the path of the records in a sample", fix="give --sample FILE, or leave it out"
        )
    home = folder / "mappings" / name
    if (shipped() / "mappings" / name).is_dir() and not home.exists():
        fix = "choose another name; to change what is shipped, copy its folder"
        raise ScaffoldError(f"a source '{name}' comes with haplomap already", fix=fix)
    try:
        draft = draft_of_sample(name, sample, records) if sample else draft_of_openapi(name, openapi or Path())
    except RecursionError:
        raise ScaffoldError(f"{sample or openapi} is nested too deep", code="sample-unreadable") from None
    texts = {home / "source.yaml": yaml_text(draft.document(), schema_line(home, "source"), draft.comments)}
    for group, document in draft.groups().items():
        file = home / "endpoints" / f"{group}.yaml"
        texts[file] = yaml_text(document, schema_line(file.parent, "endpoints"), {})
    return Begun(write_new(texts, force=force), draft.left_out, _told(draft))


def schema_line(home: Path, kind: str) -> str:
    """Return the comment by which editors find the JSON Schema of a document, as near as it is."""
    schema = shipped() / "schemas" / "spec" / f"{kind}.json"
    own = home.resolve()
    near = os.path.relpath(schema, own) if shipped().resolve() in own.parents else str(schema)
    return f"# yaml-language-server: $schema={near}"


def _told(draft: Draft) -> list[str]:
    fields = [each for each_set in draft.sets() for each in each_set.fields]
    bare = sum("pii" not in each.spec for each in fields)
    guessed = sum(len(each.assumed) for each in draft.endpoints) + sum(len(each.assumed) for each in draft.sets())
    guessed += len([each for each in fields if "assumed" in each.spec])
    return [
        f"{len(draft.endpoints)} endpoints, {len(draft.sets())} record sets, {len(fields)} fields",
        f"{guessed} guesses are marked assumed, with the reason",
        f"{len(fields) - bare} fields are marked as personal data (pii) by name or value; look at the other {bare}",
    ]


def write_new(texts: Mapping[Path, str], *, force: bool) -> list[Path]:
    """Write files; where one is there already, none is written, unless `force` says so."""
    there = [str(file) for file in texts if file.exists()]
    if there and not force:
        raise ScaffoldError(f"{_joined(there)} would be overwritten", fix="choose another name, or add --force")
    for file, text in texts.items():
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise cannot_write(file.parent, error) from None
        write_whole(file, text)
    return list(texts)


def _joined(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
