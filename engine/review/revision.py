"""A version of a project: a folder, or what a git revision holds, opened with all that is wrong with it.

Of a revision the documents are written to a temporary folder, by an index of its own: neither the user's files nor
their index are touched, and no hook is run. Behind a project stand the shipped documents, those of the revision itself
where it is of the repository that ships them. Next: `review/unit`.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from engine.errors import EngineError, Problem
from engine.problem_text import did_you_mean
from engine.run.soundness import all_problems
from engine.spec.binding import Application
from engine.spec.load import Loaded, load_file
from engine.spec.lookup import Lookup
from engine.spec.memory import Memory
from engine.spec.project import FOLDERS, Project, open_project, shipped

Read = tuple[Loaded | None, list[Problem]]
_MARK: Final = Path("schemas") / "spec" / "mapping.json"
"""Stands in the repository that ships documents, and in no project of a user."""

_OF_A_HOOK: Final = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_OBJECT_DIRECTORY")
"""By these git tells a hook of its repository: ours is that of the project."""


class RevisionError(EngineError):
    """There is no such folder and no such revision, or git cannot give it."""

    exit_code = 2
    code = "no-such-version"


@dataclass(frozen=True)
class Kept:
    """What was made of documents, and is not made again of another version where nothing that it hangs on differs."""

    problems: Memory = field(default_factory=Memory)
    units: Memory = field(default_factory=Memory)
    graphs: Memory = field(default_factory=lambda: Memory("binding", "schema", "settings"))


@dataclass
class Version:
    """One version: how it is called, its project, and what is wrong with it.

    `files` are its documents as messages name them, by where they are.
    """

    label: str
    project: Project
    kept: Kept = field(default_factory=Kept)
    problems: list[Problem] = field(default_factory=list)
    files: Mapping[Path, Path] = field(default_factory=dict)

    @property
    def errors(self) -> list[Problem]:
        """What keeps it from being compared."""
        return [problem for problem in self.problems if problem.level == "error"]

    def line(self, file: Path, number: int) -> str | None:
        """Return a line of one of its documents."""
        try:
            lines = self.files.get(file, file).read_text(encoding="utf-8-sig", errors="replace").splitlines()
        except OSError:
            return None
        return lines[number - 1] if 0 < number <= len(lines) else None


class Versions:
    """Opens versions, which share what they have in common: a document that is the same in two is read once."""

    def __init__(self, project: Path, scratch: Path) -> None:
        self._project, self._scratch = project, scratch
        self._kept = Kept()
        self._texts: dict[tuple[Path, bytes], Read] = {}
        self._read: dict[tuple[Path, bytes, bytes], Read] = {}
        """What was read, by name, text, and the texts of files beside it."""

    def both(self, base: str, head: str | None) -> tuple[Version, Version]:
        """Open two versions; of what is shipped behind them, the sources that are in use, if these are the same."""
        before, after = self.open(base, in_use=True), self.open(head, in_use=True)
        same = set(before.project.names("source")) == set(after.project.names("source"))
        if same or before.errors or after.errors:
            return before, after
        return self.open(base), self.open(head)

    def open(self, name: str | None, *, in_use: bool = False) -> Version:
        """Open a folder, or a revision of the repository that holds the project; without a name what is there now."""
        if name is None:
            return self._opened("the working tree", self._project, self._own_layer(), in_use=in_use)
        if Path(name).is_dir():
            return self._opened(name, Path(name), Path(name) if _ships(Path(name)) else None, in_use=in_use)
        return self._opened(name, *self._checked_out(name), in_use=in_use)

    def _own_layer(self) -> Path | None:
        """Return the folder whose documents stand behind those of the working tree, if not what is shipped with us."""
        top = self._top()
        return top if top is not None and _ships(top) else None

    def _top(self) -> Path | None:
        try:
            return Path(_git(self._project, "rev-parse", "--show-toplevel").strip())
        except RevisionError:
            return None

    def _checked_out(self, name: str) -> tuple[Path, Path | None]:
        """Write the documents of a revision; return the folder of the project in it, and what stands behind."""
        top, prefix = self._top(), ""
        if top is None:
            fix = "name a folder, or say with --project where the repository is"
            raise RevisionError(f"there is no folder '{name}', and {self._project} is in no git repository", fix=fix)
        prefix = _git(self._project, "rev-parse", "--show-prefix").strip()
        try:
            commit = _git(top, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}").strip()
        except RevisionError:
            known = _git(top, "for-each-ref", "--format=%(refname:short)").split()
            fix = did_you_mean(name, known) or "in CI, fetch it first: a shallow clone has only the latest commit"
            raise RevisionError(f"there is no folder and no git revision '{name}'", fix=fix) from None
        home = self._scratch / commit
        if not home.is_dir():
            _write_documents(top, commit, prefix, home)
        (home / prefix).mkdir(parents=True, exist_ok=True)
        return home / prefix, home if _ships(home) else None

    def _opened(self, label: str, root: Path, behind: Path | None, *, in_use: bool) -> Version:
        files: dict[Path, Path] = {}
        layers = [root, behind or shipped()]

        def read(file: Path, shown: Path) -> tuple[Loaded | None, list[Problem]]:
            layer = next(each for each in layers if file.is_relative_to(each))
            shown = file.relative_to(layer)
            files.setdefault(shown, file)
            return self._document(file, shown)

        project = open_project(root, in_use=in_use, read=read, behind=behind)
        version = Version(label, project, self._kept, files=files)
        version.problems = all_problems(project, self._kept.problems)
        return version

    def _document(self, file: Path, shown: Path) -> tuple[Loaded | None, list[Problem]]:
        """Read a document, unless one of this name and text was read; files beside it that it names count too."""
        try:
            text = file.read_bytes()
        except OSError:
            return load_file(file, shown)
        found = self._texts.get((shown, text)) or load_file(file, shown)
        self._texts[shown, text] = found
        key = (shown, text, _beside(file, found[0]))
        if key not in self._read:
            known = any(each[:2] == key[:2] for each in self._read)
            self._read[key] = load_file(file, shown) if known else found
        loaded, problems = self._read[key]
        return (None if loaded is None else replace(loaded, home=file)), list(problems)


def _beside(file: Path, loaded: Loaded | None) -> bytes:
    """Return the texts of the files beside a document that it names; nothing where there are none."""
    content = None if loaded is None else loaded.content
    names: list[str] = []
    if isinstance(content, Lookup) and content.csv is not None:
        names = [content.csv.file]
    elif isinstance(content, Application):
        names = content.requirements
    found = (file.parent / name for name in names)
    return b"\0".join(each.read_bytes() for each in found if each.is_file())


def _ships(folder: Path) -> bool:
    return (folder / _MARK).is_file() and (folder / "mappings").is_dir()


def _write_documents(top: Path, commit: str, prefix: str, home: Path) -> None:
    """Write what a project reads of a commit: the folders of the project, and those of documents that it ships."""
    home.mkdir(mode=0o700, parents=True)
    index = {"GIT_INDEX_FILE": str(home.parent / f"{commit}.index")}
    _git(top, "read-tree", commit, environ=index)
    names = _git(top, "ls-files", "-z", environ=index).split("\0")
    folders = {f"{each}{name}/" for each in ("", prefix) for name in FOLDERS}
    wanted = [name for name in names if name.startswith(tuple(folders))]
    config = ("-c", "core.symlinks=false", "-c", "core.hooksPath=/dev/null")
    out = ("checkout-index", "--quiet", f"--prefix={home}/", "-z", "--stdin")
    _git(top, *config, *out, environ=index, given="\0".join(wanted))


def _git(folder: Path, *words: str, environ: Mapping[str, str] | None = None, given: str = "") -> str:
    """Carry out git in a folder; return what it prints."""
    command = ["git", "-C", str(folder), *words]
    own = {name: value for name, value in os.environ.items() if name not in _OF_A_HOOK}
    around = {**own, "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", **(environ or {})}
    try:
        done = subprocess.run(  # noqa: S603  # its words are ours; a revision follows --end-of-options
            command,
            env=around,
            input=given,
            capture_output=True,
            text=True,
            check=False,
            encoding="utf-8",
            errors="surrogateescape",
        )
    except FileNotFoundError:
        raise RevisionError("git is not installed here", fix="install it, or compare two folders") from None
    if done.returncode != 0:
        said = (done.stderr.strip().splitlines() or ["it gave no reason"])[0]
        raise RevisionError(f"git cannot do '{words[0]}' here", why=said)
    return done.stdout
