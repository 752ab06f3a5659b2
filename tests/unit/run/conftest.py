"""A project with a small mapping, for tests of what `haplomap test` does."""

from __future__ import annotations

from pathlib import Path

import pytest
from tried import GOLDEN, MAPPING

from engine.spec import project as project_module


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with this mapping."""
    monkeypatch.setattr(project_module, "shipped", lambda: GOLDEN)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mappings" / "acme" / "tests").mkdir(parents=True)
    (tmp_path / "mappings" / "acme" / "thing.yaml").write_text(MAPPING)
    return tmp_path
