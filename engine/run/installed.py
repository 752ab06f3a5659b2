"""Which control files are in a school's application: with the standard batch API Haplo keeps them, not we.

`<project>/.haplomap/<school>/installed.json` holds the digest of each entity's control file, and when it was
recorded. Data made for another one would be read by the wrong instructions, so it is not sent. Next: `run/runner`.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from engine.errors import DeliveryError, StorageError
from engine.haplo.part import Emitted
from engine.journal import cannot_write
from engine.run.folder import locked, school_folder

FILE = "installed.json"


@dataclass(frozen=True)
class Installed:
    """A control file that is in the application: its SHA-256, and when that was recorded (UTC)."""

    sha256: str
    recorded: str


def record_installed(root: Path, school: str, controls: Mapping[str, bytes], now: datetime) -> dict[str, Installed]:
    """Put down that these control files are in the application now; return them by entity."""
    home = school_folder(root, school)
    when = now.replace(microsecond=0).isoformat()
    new = {entity: Installed(digest(control), when) for entity, control in controls.items()}
    with locked(home):
        entries = {entity: asdict(one) for entity, one in sorted({**read_installed(home), **new}.items())}
        file = home / FILE
        draft = file.with_name(f".{FILE}.part")
        try:
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as stream:
                stream.write(json.dumps(entries, indent=2) + "\n")
                stream.flush()
                os.fsync(stream.fileno())
            draft.replace(file)
        except OSError as error:
            raise cannot_write(file, error) from None
    return new


def read_installed(home: Path) -> dict[str, Installed]:
    """Return what was recorded for a school, by entity."""
    file = home / FILE
    try:
        entries = json.loads(file.read_bytes())
        return {entity: Installed(one["sha256"], one["recorded"]) for entity, one in entries.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise StorageError(
            f"{file}: cannot be read",
            why="it is damaged, or may not be read",
            fix="take it away, then record each control file anew with 'haplomap haplo installed'",
        ) from None


def require_installed(home: Path, school: str, emitted: Mapping[str, Emitted]) -> None:
    """Refuse files whose control file is not the one that was recorded, all of them at once."""
    there = read_installed(home)
    made = {entity: digest(_bytes(files.control)) for entity, files in emitted.items() if files.parts}
    never = [entity for entity in made if entity not in there]
    other = [entity for entity in made if entity in there and there[entity].sha256 != made[entity]]
    if not never and not other:
        return
    reasons = []
    if never:
        reasons.append(f"it was never recorded which control file the application has for {', '.join(never)}")
    if other:
        reasons.append(f"the data is made for another control file than the application has for {', '.join(other)}")
    names = " ".join([*never, *other])
    raise DeliveryError(
        "nothing was sent: the application has not the control files that this data is made for",
        why="; ".join(reasons),
        fix=f"haplomap haplo control {names} --school {school} --out DIR   (an administrator installs what is in DIR)\n"
        f"haplomap haplo installed {names} --school {school}   (once they are in the application)",
        code="control-not-installed",
    )


def digest(control: bytes) -> str:
    """Return the digest by which Haplo, and we, know a control file."""
    return hashlib.sha256(control).hexdigest()


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise StorageError(f"{file}: cannot be read", why=error.strerror or type(error).__name__) from None
