"""What the documentation shows is run, and what there is, is documented."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from engine.cli.main import COMMANDS
from engine.spec.json_schema import json_schemas
from engine.spec.language import language

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MARKDOWN = [file for file in sorted(ROOT.rglob("*.md")) if not {".venv", "node_modules"} & set(file.parts)]


def blocks(text: str, kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def after(mark: str) -> str:
    """Return the block that follows a comment of the README."""
    return re.findall(rf"<!-- {mark} -->\n```\w+\n(.*?)```", README, re.DOTALL)[0].strip()


def run(command: str, folder: Path, timeout: int = 300) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    passed_on = {k: v for k, v in os.environ.items() if k.startswith(("PIP_", "SSL_")) or k.lower().endswith("_proxy")}
    environ = {**passed_on, "PATH": path, "HOME": str(folder), "LANG": "C.UTF-8"}
    return subprocess.run(
        ["bash", "-euc", command], cwd=folder, env=environ, capture_output=True, text=True, timeout=timeout
    )


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A copy of what is under version control, as a newcomer has it."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (tmp_path / "clone" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, tmp_path / "clone" / name)
    return tmp_path / "clone"


def test_the_demo_command_sets_itself_up_and_ends_as_the_readme_shows(clone: Path) -> None:
    base = Path(sys.base_prefix) / "bin"
    done = run(f"PATH={base}:$PATH\n{after('demo')}", clone)
    assert done.returncode == 0, done.stderr
    assert after("demo output") in done.stdout
    assert "imported: 4,407 created, 0 updated, 0 unchanged\n" in done.stdout
    assert "imported once more: 0 created, 0 updated, 4,407 unchanged\n" in done.stdout
    folder = re.search(r"control files and data files: (\S+)", done.stdout)
    assert folder is not None
    files = sorted(path.name for path in (clone / folder[1]).iterdir())
    assert "student-001.json" in files
    assert "student.control.json" in files
    for line in done.stdout.partition("next:\n")[2].splitlines():
        followed = run(line.strip(), clone)
        assert followed.returncode == 0, (line, followed.stderr)
    _explains_as_the_examples_show(clone, Path(folder[1]).parents[3])


def _explains_as_the_examples_show(clone: Path, demo: Path) -> None:
    """Run the commands that explain a value, on a demo that has been run; what is shown is in what they print."""
    text = (ROOT / "examples" / "README.md").read_text(encoding="utf-8")
    (commands,), (shown,) = blocks(text, "sh"), blocks(text, "text")
    first, *others = commands.strip().splitlines()
    assert first == "haplomap demo --folder my-demo"
    done = [run(f". .venv/bin/activate\n{each.replace('my-demo', str(demo))}", clone) for each in others]
    assert [each.returncode for each in done] == [0, 0], [each.stderr for each in done]
    printed = [line.partition("   /")[0].rstrip() for line in done[0].stdout.splitlines()]
    assert [line for line in shown.splitlines() if not any(each.startswith(line) for each in printed)] == []
    assert json.loads(done[1].stdout)["state"] == "emitted"


def test_ci_runs_the_test_command_of_the_readme() -> None:
    assert after("tests").endswith(".venv/bin/python -m pytest")
    assert "<!-- tests -->" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_the_commands_for_a_project_of_ones_own_work(tmp_path: Path) -> None:
    (block,) = [block for block in blocks(README, "sh") if "haplomap init" in block]
    done = run(block.replace(". .venv/bin/activate\n", ""), tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("is to be filled in [not-filled-in]") == 3


def test_the_error_that_the_readme_shows_is_the_one_that_comes(tmp_path: Path) -> None:
    (shown,) = [block for block in blocks(README, "text") if "error:" in block]
    assert run("haplomap init my-project --school riverside --source xporter", tmp_path).returncode == 0
    file = tmp_path / "my-project" / "schools" / "riverside.yaml"
    lines = file.read_text(encoding="utf-8").splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("  estab:"))
    lines.insert(at, "  estabs: '3281101'")
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    done = run("haplomap check --project my-project", tmp_path)
    assert done.returncode == 2
    assert shown.strip() in done.stderr


def test_the_mapping_in_the_readme_fits_what_is_shipped(tmp_path: Path) -> None:
    (mapping,) = blocks(README, "yaml")
    file = tmp_path / "mappings" / "xporter" / "student.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(mapping, encoding="utf-8")
    done = run(f"haplomap check {tmp_path}", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_override_in_the_examples_fits_the_demo(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples" / "demo", tmp_path / "demo")
    file = tmp_path / "demo" / "schools" / "waters-edge.yaml"
    (override,) = blocks((ROOT / "examples" / "README.md").read_text(encoding="utf-8"), "yaml")
    file.write_text(file.read_text(encoding="utf-8") + override, encoding="utf-8")
    done = run(f"haplomap check {tmp_path / 'demo'}", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


def example_on_a_free_port(tmp_path: Path, name: str, school: str, port: str) -> str:
    """Copy an example, with a free port in its school file; return its page, with that port too."""
    copy = tmp_path / "examples" / name
    shutil.copytree(ROOT / "examples" / name, copy)
    with socket.create_server(("127.0.0.1", 0)) as free:
        new = str(free.getsockname()[1])
    for file in (copy / school, copy / "README.md"):
        file.write_text(file.read_text(encoding="utf-8").replace(port, new), encoding="utf-8")
    return (copy / "README.md").read_text(encoding="utf-8")


def test_a_day_of_the_isams_example_passes_by_hand_as_its_readme_shows(tmp_path: Path) -> None:
    page = example_on_a_free_port(tmp_path, "isams", "schools/brook-hall.yaml", "8803")
    (block,) = blocks(page, "sh")
    done = run(f"set -m\n{block}", tmp_path)
    assert done.returncode == 0, done.stderr
    emitted = re.findall(r"^(student|attendance_mark) .* (\d+) +\d+ +–$", done.stdout, re.MULTILINE)
    assert [entity for entity, _ in emitted] == ["student", "attendance_mark", "attendance_mark"]
    students, morning, whole_day = (int(count) for _, count in emitted)
    assert students == 60
    assert 0 < morning <= students < whole_day <= 2 * students


def test_a_day_of_the_hubmis_example_passes_by_hand_as_its_readme_shows(tmp_path: Path) -> None:
    """The second run uses again what the first has read, but for the marks and their codes."""
    page = example_on_a_free_port(tmp_path, "hubmis", "schools/larch-house.yaml", "8804")
    (block,) = blocks(page, "sh")
    done = run(f"set -m\n{block}", tmp_path)
    assert done.returncode == 0, done.stderr
    emitted = re.findall(r"^(student|attendance_mark) .* (\d+) +\d+ +–$", done.stdout, re.MULTILINE)
    assert emitted == [("student", "45"), ("attendance_mark", "990")], "eleven school days, two marks a day"
    asked = json.loads(done.stdout.splitlines()[-1])
    marks = [path for path in asked["by_path"] if path.endswith("/attendance-records")]
    assert (len(marks), asked["by_path"]["/api/v1/students"], asked["refused"]) == (45, 2, 0)


def test_a_new_system_is_begun_tested_and_read_as_its_readme_shows(tmp_path: Path) -> None:
    page = example_on_a_free_port(tmp_path, "new-system", "meadow-park.yaml", "8806")
    first, second = re.split(r"(?=^# what a person decides)", blocks(page, "sh")[0], flags=re.MULTILINE)
    begun = run(first, tmp_path)
    assert begun.returncode == 0, begun.stderr
    assert "documents, no problems\n" in begun.stdout
    assert begun.stdout.count("[assumed]") == 7, "three endpoints and the keys of four sets"
    mapping = (tmp_path / "meadow" / "mappings" / "meadow" / "student.yaml").read_text(encoding="utf-8")
    shown = [line.strip() for line in page.splitlines() if line.startswith("       ")]
    assert len(shown) == 3
    assert set(shown) <= {line.strip() for line in mapping.splitlines()}
    done = run(f"set -m\n{second}", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "3 tests, 3 passed" in done.stdout
    assert re.search(r"^meadow/student +3 +0 +17 of 17 ", done.stdout, re.MULTILINE)
    assert re.search(r"^student +3 +0 +1 +0 +0 +2 +2 +–$", done.stdout, re.MULTILINE)
    assert re.search(r"^\d+ pages in meadow-site: open meadow-site/index.html$", done.stdout, re.MULTILINE)
    ways = (tmp_path / "meadow-site" / "personal-data.csv").read_text(encoding="utf-8")
    assert "name,meadow,students,preferredName,,goes to Haplo,student,given_name,dc:attribute:title," in ways


def test_recordings_are_shown_served_and_made_as_their_readme_shows(tmp_path: Path) -> None:
    example_on_a_free_port(tmp_path, "isams", "schools/brook-hall.yaml", "8803")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    shutil.copytree(ROOT / "examples" / "recordings", tmp_path / "examples" / "recordings")
    shutil.copytree(ROOT / "examples" / "hubmis", tmp_path / "examples" / "hubmis")
    file = tmp_path / "examples" / "hubmis" / "schools" / "larch-house.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("8804", port), encoding="utf-8")
    (block,) = blocks((tmp_path / "examples" / "recordings" / "README.md").read_text(encoding="utf-8"), "sh")
    done = run(f"set -m\n{block.replace('8804', port)}", tmp_path)
    assert done.returncode == 0, done.stderr
    assert re.search(r"^3 of \d+ rows; 0 quarantined$", done.stdout, re.MULTILINE)
    assert re.search(r"^student +20 +0 +0 +0 +0 +20 +20 +–$", done.stdout, re.MULTILINE)
    assert re.search(r"^students +3 +20$", done.stdout, re.MULTILINE)
    assert (tmp_path / "my-recording" / "REPORT.md").is_file()


def test_the_commands_of_the_page_on_editing_work(tmp_path: Path) -> None:
    page = (ROOT / "mappings" / "editing.md").read_text(encoding="utf-8")
    lines = [line for block in blocks(page, "sh") for line in block.splitlines()]
    shutil.copytree(ROOT / "examples" / "demo", tmp_path / "demo")
    tried = [line for line in lines if "preview" not in line and "--watch" not in line]  # those: tests/e2e
    assert len(tried) == 6
    for line in tried:
        done = run(line, tmp_path / "demo")
        assert (done.returncode, done.stderr) == (0, "2 documents as they should be\n" if " fmt" in line else ""), line
    school = (tmp_path / "demo" / "schools" / "waters-edge.yaml").read_text(encoding="utf-8")
    assert school.startswith("# yaml-language-server: $schema=../.haplomap/editor_schemas/school.waters-edge.json\n")
    assert json.loads((tmp_path / "demo" / "problems.sarif").read_text(encoding="utf-8"))["version"] == "2.1.0"


def test_the_commands_of_the_page_on_reviewing_work_and_say_what_it_shows(tmp_path: Path) -> None:
    page = (ROOT / "mappings" / "reviewing.md").read_text(encoding="utf-8")
    lines = [line for block in blocks(page, "sh") for line in block.splitlines()]
    (shown,) = blocks(page, "text")
    repo = tmp_path / "demo"
    shutil.copytree(ROOT / "examples" / "demo", repo)
    shutil.copytree(ROOT / "examples" / "recordings" / "xporter", repo / "recordings" / "autumn")
    mapping, name = (ROOT / "mappings" / "xporter" / "student.yaml").read_text(encoding="utf-8"), "student.yaml"
    (repo / "mappings" / "xporter").mkdir(parents=True)
    (repo / "mappings" / "xporter" / name).write_text(mapping, encoding="utf-8")
    commit = "git init -q -b main && git add . && git -c user.name=a -c user.email=a@example.org commit -q -m base"
    assert run(commit, repo).returncode == 0
    changed = mapping.replace("date_of_birth: DateOfBirth", "date_of_birth: EntryDate")
    (repo / "mappings" / "xporter" / name).write_text(changed, encoding="utf-8")
    tried = [run(line, repo) for line in lines if "--school" not in line]  # that: tests/e2e
    assert [(each.returncode, each.stderr) for each in tried] == [(1, ""), (0, ""), (1, ""), (0, "")]
    assert {line.strip() for line in shown.splitlines()} <= {line.strip() for line in tried[0].stdout.splitlines()}
    assert "On the recording recordings/autumn: " in tried[2].stdout
    assert "`cells-changed`" in (repo / "review.md").read_text(encoding="utf-8")


def test_every_command_is_in_the_readme() -> None:
    missing = [name for name in COMMANDS if f"haplomap {name}" not in README]
    assert missing == []


def test_every_example_of_the_help_is_a_command_that_can_be_parsed(tmp_path: Path) -> None:
    for name in COMMANDS:
        shown = run(f"haplomap {name} --help", tmp_path)
        examples = re.findall(r"Example:\s+haplomap (.*)", shown.stdout)
        assert examples, f"{name} shows no example"
        known = set(re.findall(r"(?<![\w-])(--[a-z-]+)", shown.stdout))
        for example in examples:
            words = shlex.split(example)
            assert words[0] == name
            assert {word for word in words if word.startswith("--")} <= known


def test_every_link_between_documents_leads_somewhere() -> None:
    broken = [
        f"{file.relative_to(ROOT)}: {link}"
        for file in MARKDOWN
        for link in re.findall(r"\]\(((?!https?:|#)[^)#]+)", file.read_text(encoding="utf-8"))
        if not (file.parent / link).exists()
    ]
    assert broken == []


def test_the_reference_of_the_language_is_current() -> None:
    assert (ROOT / "schemas" / "language.md").read_text(encoding="utf-8") == language()
    for name, text in json_schemas().items():
        assert (ROOT / "schemas" / "spec" / name).read_text(encoding="utf-8") == text


def test_every_key_of_the_language_is_described() -> None:
    rows = re.findall(r"^\| `(\w+)` \| .* \| (.*) \|$", language(), re.MULTILINE)
    assert len(rows) > 200
    assert [key for key, meaning in rows if not meaning.strip() and key != "kind"] == []


def test_the_readme_is_short() -> None:
    prose = re.sub(r"^\|.*$", "", re.sub(r"```.*?```", "", README, flags=re.DOTALL), flags=re.MULTILINE)
    assert len(prose.split()) < 450
