"""Writes the documentation into its folder, as a whole: what was there before stays until all of it is made.

Two renames put the new folder in the old one's place. Next: `cli/commands/docs`.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine.errors import EngineError
from engine.journal import cannot_write
from engine.review.atlas import Atlas
from engine.review.site import Site
from engine.run.soundness import sound_project

MARK: Final = "haplomap-docs.json"
"""The file by which a folder is known as one that may be replaced; it lists the others."""


class DocsRefused(EngineError):
    """A folder is there already, and holds something else than generated documentation."""

    exit_code = 2
    code = "docs-refused"


@dataclass(frozen=True)
class Written:
    """What was written: how many files, how many of them pages; whether anything has changed."""

    files: int
    pages: int
    changed: bool


def document(folder: Path, out: Path, title: str) -> Written:
    """Write the documentation of a project; stop with the problems of its documents, if it has any."""
    before, whole = _there(out), out.resolve()
    files = Site(Atlas(sound_project(folder)), title).files()
    files[MARK] = json.dumps({"made by": "haplomap docs", "files": sorted(files)}, indent=1) + "\n"
    pages = sum(name.endswith(".html") for name in files)
    if before == files:
        return Written(len(files), pages, changed=False)
    try:
        _replace(whole, files)
    except OSError as error:
        raise cannot_write(out, error) from None
    return Written(len(files), pages, changed=True)


def _there(out: Path) -> dict[str, str]:
    """Return the files that are there, each of which we wrote; stop where one is somebody else's."""
    if not out.exists():
        return {}
    found = (
        sorted(path.relative_to(out).as_posix() for path in out.rglob("*") if not path.is_dir())
        if out.is_dir()
        else ["."]
    )
    known = _listed(out)
    strange = [name for name in found if name not in known]
    if strange:
        held = f"'{strange[0]}'" + (f" and {len(strange) - 1:,} more" if len(strange) > 1 else "")
        what = f"{out} holds what haplomap docs did not write: {held}" if strange != ["."] else f"{out} is a file"
        raise DocsRefused(what, fix="name a folder that is not there yet, such as one inside of it")
    if Path.cwd().is_relative_to(out.resolve()):
        raise DocsRefused(f"{out} is to be replaced, and it is where we are", fix="give the command from outside of it")
    return {name: (out / name).read_bytes().decode("utf-8", errors="replace") for name in found}


def _listed(out: Path) -> set[str]:
    try:
        return {MARK, *json.loads((out / MARK).read_text(encoding="utf-8"))["files"]}
    except (OSError, ValueError, KeyError, TypeError):
        return set()


def _replace(out: Path, files: Mapping[str, str]) -> None:
    """Write all files beside the folder, then put them into its place."""
    out.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    old = draft / "old"
    new = draft / "new"
    try:
        for name, text in files.items():
            file = new / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text.encode("utf-8"))
        if out.exists():
            out.rename(old)
        try:
            new.rename(out)
        except OSError:
            if old.exists():
                old.rename(out)
            raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)
