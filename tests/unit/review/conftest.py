"""The small project of `orchard`, with nothing shipped behind it."""

from __future__ import annotations

from pathlib import Path

import orchard
import pytest

from engine.spec import project as project_module


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Its folder, which is where we are."""
    empty = tmp_path / "shipped"
    empty.mkdir()
    monkeypatch.setattr(project_module, "shipped", lambda: empty)
    monkeypatch.chdir(orchard.write(tmp_path / "project"))
    return Path()
