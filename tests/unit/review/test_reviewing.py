"""Reviews of a small project on a small recording: what does not fit is told, and what can be compared is."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import pytest

from engine.review.reviewing import Asked, Review, review
from engine.spec import project as project_module
from tests.unit.run.small_recording import BINDING, MAPPING, SCHEMA, write, write_documents, write_recording


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with nothing shipped behind it."""
    (tmp_path / "shipped").mkdir()
    monkeypatch.setattr(project_module, "shipped", lambda: tmp_path / "shipped")
    monkeypatch.setattr("engine.review.revision.shipped", lambda: tmp_path / "shipped")
    return write_documents(tmp_path / "base")


def compared(base: Path, head: Path, recorded: Path) -> Review:
    return review(Asked(base, str(base), str(head), [recorded]))


def test_a_recorded_school_that_maps_a_field_otherwise_which_is_gone_is_told(base: Path, tmp_path: Path) -> None:
    recorded = write_recording(tmp_path / "recorded", override={"thing": {"fields": {"hair": "name"}}})
    mapping, schema = deepcopy(MAPPING), deepcopy(SCHEMA)
    del mapping["fields"]["hair"], mapping["join"], schema["fields"]["hair"]
    head = write_documents(tmp_path / "head", mapping=mapping)
    names = {"a:attribute:b": "name"}
    write(head, {"schemas/thing.yaml": schema, "schemas/haplo/thing.yaml": {**BINDING, "names": names}})
    found = compared(base, head, recorded)
    assert (found.wrong, found.found.data) == ([], {})
    (note,) = found.found.notes
    assert note.startswith(f"the recording {recorded}: its school does not fit a version: ")
    assert "hair" in note
