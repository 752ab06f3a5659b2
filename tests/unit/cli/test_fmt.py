"""`haplomap fmt` as it is typed: what it writes, what it says, how it ends."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from engine.cli.main import main

UNTIDY, TIDY = "# one\nschool:  a\nconfig: {b:   1}\n", "# one\nschool: a\nconfig: {b: 1}\n"


class Typed:
    """What a command said, and its exit code."""

    def __init__(self, capsys: pytest.CaptureFixture[str], *words: str) -> None:
        with pytest.raises(SystemExit) as ended:
            main(["fmt", *words])
        self.code = ended.value.code
        self.out, self.err = capsys.readouterr()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with an untidy document, a tidy one, and a broken one elsewhere."""
    monkeypatch.chdir(tmp_path)
    for name, text in (("schools/a.yaml", UNTIDY), ("schools/b.yaml", TIDY), ("broken/c.yaml", "a: [\nb: 1\n")):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_bytes(text.encode())
    return tmp_path


def test_documents_are_written_in_their_form_once(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("schools/a.yaml").chmod(0o640)
    first, again = Typed(capsys), Typed(capsys)
    assert (first.code, first.out, again.code, again.out) == (0, "", 0, "")
    assert first.err == "formatted  schools/a.yaml\n1 document as it should be\n"
    assert again.err == "2 documents as they should be\n"
    assert Path("schools/a.yaml").read_text() == TIDY
    assert Path("schools/a.yaml").stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in Path("schools").iterdir()) == ["a.yaml", "b.yaml"]


def test_a_check_and_a_difference_write_nothing(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    checked, shown, both = Typed(capsys, "--check"), Typed(capsys, "--diff"), Typed(capsys, "--check", "--diff")
    assert (checked.code, shown.code, both.code) == (1, 0, 1)
    assert checked.out == ""
    assert "would change  schools/a.yaml\n" in checked.err
    assert "b.yaml" not in checked.err
    assert shown.out == both.out
    assert shown.out.splitlines()[:2] == ["--- schools/a.yaml", "+++ schools/a.yaml"]
    assert "-school:  a\n-config: {b:   1}\n+school: a\n+config: {b: 1}\n" in shown.out
    assert Path("schools/a.yaml").read_text() == UNTIDY


def test_broken_yaml_is_told_with_its_place_and_the_others_are_written(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = Typed(capsys, "broken", "schools")
    assert ended.code == 2
    assert "broken/c.yaml:3:1: error: a list that began with '['" in ended.err
    assert "[yaml-syntax]" in ended.err
    assert "Traceback" not in ended.err
    assert Path("schools/a.yaml").read_text() == TIDY
    assert Path("broken/c.yaml").read_text() == "a: [\nb: 1\n"


@pytest.mark.parametrize(
    ("words", "given", "code", "out"),
    [
        (["-"], UNTIDY.encode(), 0, TIDY),
        (["-"], UNTIDY.replace("\n", "\r\n").encode(), 0, TIDY.replace("\n", "\r\n")),
        (["--check", "-"], UNTIDY.encode(), 1, ""),
        (["--check", "-"], TIDY.encode(), 0, ""),
        (["-"], b"a: \xff\n", 2, ""),
        (["-"], b"a: [\n", 2, ""),
        (["-", "schools"], b"", 2, ""),
    ],
    ids=["untidy", "crlf", "check untidy", "check tidy", "not utf-8", "broken", "with a path"],
)
def test_standard_input_goes_to_standard_output(
    words: list[str],
    given: bytes,
    code: int,
    out: str,
    project: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given), encoding="utf-8"))
    ended = Typed(capsys, *words)
    assert (ended.code, ended.out) == (code, out)
    assert "Traceback" not in ended.err
    assert code != 2 or "rror: " in ended.err


def test_a_link_stays_a_link(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("schools/a.yaml").unlink()
    Path("schools/a.yaml").symlink_to(project / "kept.yaml")
    Path("kept.yaml").write_text(UNTIDY)
    assert Typed(capsys).code == 0
    assert Path("schools/a.yaml").is_symlink()
    assert Path("kept.yaml").read_text() == TIDY
