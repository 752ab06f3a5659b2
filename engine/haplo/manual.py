"""Files for somebody to upload by hand: a folder that is there as a whole or not at all, with a README of what to do.

Stands on `part` and `errors`. Next: `stages/deliver`.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine.errors import DeliveryError, StorageError
from engine.haplo.part import Emitted
from engine.haplo.steps import digest_of
from engine.journal import cannot_write
from engine.spec.binding import USER_SYNC

README: Final = "README.md"
_BATCH: Final = """\
In Haplo: Data import, Batch import. Upload the control file, make a batch from it, add the data files in this order
under these names, and have it run: as a dry run first, then for good. Wait for its log before the next part.
"""
_ACCOUNTS: Final = """\
In Haplo: User sync. Upload exactly these files under exactly these names, and no other file. **Accounts that are not in
these files are blocked.**
"""


@dataclass(frozen=True)
class Upload:
    """One entity's files, for a model of Haplo's."""

    entity: str
    model: str
    emitted: Emitted


def leave_files(folder: Path, title: str, uploads: Sequence[Upload]) -> None:
    """Write the folder; one that is there already and says the same is left as it is."""
    readme = _readme(title, uploads)
    if folder.exists():
        _same(folder, readme)
        return
    draft = folder.with_name(f".{folder.name}.part")
    try:
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700, parents=True)
        for place, source, sha256 in _files(uploads):
            _copy(source, draft / place, sha256)
        _write(draft / README, readme.encode())
        draft.rename(folder)
    except OSError as error:
        raise cannot_write(folder, error) from None


def _same(folder: Path, readme: str) -> None:
    """The README holds every digest: the same README is the same files."""
    file = folder / README
    try:
        same = file.read_text(encoding="utf-8") == readme
    except (OSError, UnicodeDecodeError):
        same = False
    if not same:
        raise DeliveryError(
            f"{folder}: something else is there already", fix="move it away, then give the same command again"
        )


def _copy(source: Path, target: Path, sha256: str) -> None:
    target.parent.mkdir(mode=0o700, exist_ok=True)
    if digest_of(source) != sha256:
        raise StorageError(f"{source}: is not the file that was written", fix="begin a new run")
    _write(target, source.read_bytes())


def _write(path: Path, data: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


def _files(uploads: Sequence[Upload]) -> list[tuple[str, Path, str]]:
    """Every file: its place in the folder, where it is now, and its digest."""
    found = []
    for number, upload in enumerate(_sent(uploads), 1):
        home, emitted = f"{number:02}-{upload.entity}", upload.emitted
        found.append((f"{home}/{emitted.control.name}", emitted.control, digest_of(emitted.control)))
        found += [(f"{home}/{part.path.name}", part.path, part.sha256) for part in emitted.parts]
    return found


def _sent(uploads: Sequence[Upload]) -> list[Upload]:
    return [upload for upload in uploads if upload.emitted.parts]


def _readme(title: str, uploads: Sequence[Upload]) -> str:
    lines = [
        f"# {title}",
        "",
        "Files for Haplo, to be uploaded by hand. They hold personal data: delete them when they are in.",
        "Upload part after part, in this order: later parts refer to earlier ones.",
        "",
    ]
    for number, upload in enumerate(_sent(uploads), 1):
        lines += [f"## {number}. {upload.entity}", "", f"{upload.emitted.rows:,} rows for the model `{upload.model}`."]
        lines += _ACCOUNTS.splitlines() if upload.model == USER_SYNC else _BATCH.splitlines()
        lines += ["", *_table(number, upload), ""]
    empty = [upload.entity for upload in uploads if not upload.emitted.parts]
    if empty:
        lines += [f"No rows, nothing to upload: {', '.join(empty)}.", ""]
    return "\n".join(lines)


def _table(number: int, upload: Upload) -> list[str]:
    emitted, home = upload.emitted, f"{number:02}-{upload.entity}"
    control = "_control" if upload.model == USER_SYNC else "(control file)"
    lines = ["| file | name in Haplo | rows | bytes | SHA-256 |", "| --- | --- | --: | --: | --- |"]
    size = emitted.control.stat().st_size
    lines.append(_line(f"{home}/{emitted.control.name}", control, "", size, digest_of(emitted.control)))
    for part in emitted.parts:
        lines.append(_line(f"{home}/{part.path.name}", part.name, part.rows, part.bytes, part.sha256))
    return lines


def _line(*cells: object) -> str:
    return f"| {' | '.join(str(cell) for cell in cells)} |"
