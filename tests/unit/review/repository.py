"""A git repository of a test's own, without what the machine's user has set."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Repository:
    """A repository in a folder."""

    folder: Path

    def git(self, *words: str) -> str:
        """Carry out git; return what it prints."""
        nobody = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        for role in ("AUTHOR", "COMMITTER"):
            nobody |= {f"GIT_{role}_NAME": "Nobody", f"GIT_{role}_EMAIL": "nobody@example.org"}
        command = ["git", "-C", str(self.folder), *words]
        environ = {"PATH": os.environ["PATH"], **nobody}
        return subprocess.run(command, env=environ, capture_output=True, text=True, check=True).stdout

    def write(self, files: dict[str, str]) -> None:
        """Write files."""
        for name, text in files.items():
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_text(text, encoding="utf-8")

    def commit(self, files: dict[str, str], tag: str) -> str:
        """Write files and commit all that there is, under a tag; return the commit."""
        self.write(files)
        self.git("add", "-A")
        self.git("commit", "-q", "-m", tag)
        self.git("tag", tag)
        return self.git("rev-parse", "HEAD").strip()


def repository(folder: Path) -> Repository:
    """Make an empty repository."""
    folder.mkdir(parents=True, exist_ok=True)
    made = Repository(folder)
    made.git("init", "-q", "-b", "main")
    return made
