"""Files of a project that are written as a whole: in one step, so that a kill leaves the old one or the new.

Stands on the standard library and `journal`. Next: `document`.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from engine.journal import cannot_write


def write_whole(file: Path, text: str) -> None:
    """Put a text into a file's place, line ends as they are; the file keeps its rights."""
    try:
        handle, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
        draft = Path(name)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
                stream.write(text)
            if file.exists():
                shutil.copymode(file, draft)
            else:
                draft.chmod(0o644)
            draft.replace(file)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise cannot_write(file, error) from None
