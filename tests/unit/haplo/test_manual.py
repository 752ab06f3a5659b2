"""Files for manual upload: what the folder says, and that it is there as a whole or not at all."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from engine.errors import DeliveryError, StorageError
from engine.haplo.manual import Upload, leave_files
from engine.haplo.part import Emitted, Part


@pytest.fixture
def uploads(tmp_path: Path) -> list[Upload]:
    home = tmp_path / "files"
    home.mkdir()
    found = []
    for entity, model, count in [
        ("school", "TYPE:x:school", 1),
        ("staff", "haplo:user-sync", 2),
        ("group", "TYPE:x", 0),
    ]:
        control = home / f"{entity}.control.json"
        control.write_bytes(b"{}\n")
        found.append(
            Upload(entity, model, Emitted(control, tuple(_part(home, entity, n + 1) for n in range(count)), 7))
        )
    return found


def _part(home: Path, entity: str, number: int) -> Part:
    data = f"[{number}]".encode()
    path = home / f"{entity}-{number:03}.json"
    path.write_bytes(data)
    return Part(path.stem, path, 7, len(data), hashlib.sha256(data).hexdigest())


CONTROL = "ca3d163bab055381827226140568f3bef7eaac187cebd76878e0b63e9e442356"  # printf '{}\n' | sha256sum
ONE = "080a9ed428559ef602668b4c00f114f1a11c3f6b02a435f0bdc154578e4d7f22"  # printf '[1]' | sha256sum


def test_the_readme_says_what_to_upload_where_in_which_order(uploads: list[Upload], tmp_path: Path) -> None:
    leave_files(tmp_path / "out" / "night", "night", uploads)
    text = (tmp_path / "out" / "night" / "README.md").read_text(encoding="utf-8")
    assert text.startswith("# night\n")
    school, staff = text.index("## 1. school"), text.index("## 2. staff")
    assert f"| 01-school/school.control.json | (control file) |  | 3 | {CONTROL} |" in text[school:staff]
    assert f"| 01-school/school-001.json | school-001 | 7 | 3 | {ONE} |" in text[school:staff]
    assert "Batch import" in text[school:staff]
    assert f"| 02-staff/staff.control.json | _control |  | 3 | {CONTROL} |" in text[staff:]
    assert text.index("| staff-001 |") < text.index("| staff-002 |")
    assert "**Accounts that are not in\nthese files are blocked.**" in text[staff:]
    assert "No rows, nothing to upload: group." in text


def test_the_files_are_there_and_private(uploads: list[Upload], tmp_path: Path) -> None:
    folder = tmp_path / "out" / "night"
    leave_files(folder, "night", uploads)
    found = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    assert sorted(found) == [
        "01-school/school-001.json",
        "01-school/school.control.json",
        "02-staff/staff-001.json",
        "02-staff/staff-002.json",
        "02-staff/staff.control.json",
        "README.md",
    ]
    assert found["02-staff/staff-002.json"].read_bytes() == b"[2]"
    assert {path.stat().st_mode & 0o777 for path in found.values()} == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700
    assert [path.name for path in folder.parent.iterdir()] == ["night"]


def test_the_same_again_changes_nothing(uploads: list[Upload], tmp_path: Path) -> None:
    leave_files(tmp_path / "night", "night", uploads)
    before = (tmp_path / "night" / "README.md").stat().st_mtime_ns
    leave_files(tmp_path / "night", "night", uploads)
    assert (tmp_path / "night" / "README.md").stat().st_mtime_ns == before


def test_something_else_is_not_written_over(uploads: list[Upload], tmp_path: Path) -> None:
    (tmp_path / "night").mkdir()
    with pytest.raises(DeliveryError, match="something else is there already"):
        leave_files(tmp_path / "night", "night", uploads)
    assert list((tmp_path / "night").iterdir()) == []


def test_what_is_left_of_a_kill_is_no_obstacle(uploads: list[Upload], tmp_path: Path) -> None:
    (tmp_path / ".night.part" / "01-school").mkdir(parents=True)
    (tmp_path / ".night.part" / "01-school" / "school-001.json").write_text("[")
    leave_files(tmp_path / "night", "night", uploads)
    assert (tmp_path / "night" / "01-school" / "school-001.json").read_text() == "[1]"


def test_a_file_that_has_changed_since_is_not_handed_on(uploads: list[Upload], tmp_path: Path) -> None:
    uploads[0].emitted.parts[0].path.write_text("[9]")
    with pytest.raises(StorageError, match="is not the file that was written"):
        leave_files(tmp_path / "night", "night", uploads)
    assert not (tmp_path / "night").exists()


def test_a_folder_that_cannot_be_made_is_told(uploads: list[Upload], tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(StorageError):
        leave_files(tmp_path / "out" / "night", "night", uploads)
