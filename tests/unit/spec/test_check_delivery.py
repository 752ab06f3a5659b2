"""Where a school's files may go: each way of delivery, and what fits it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from engine.run.soundness import all_problems
from engine.spec.project import open_project

EXAMPLES = Path(__file__).parents[3] / "examples"
SENT = "url: https://haplo.example, api_key: {env: KEY}"


def _problems(folder: Path, example: str, deliver: str, entities: str = "") -> list[tuple[str, str]]:
    """What is wrong with an example's project when its school delivers in this way."""
    shutil.copytree(EXAMPLES / example, folder / "project")
    [school] = (folder / "project" / "schools").iterdir()
    text = school.read_text(encoding="utf-8").partition("deliver:")[0]
    lines = [
        f"entities: {entities}" if entities and line.startswith("entities:") else line for line in text.splitlines()
    ]
    school.write_text("\n".join([*lines, f"deliver: {deliver}", ""]), encoding="utf-8")
    found = all_problems(open_project(folder / "project"))
    return [(problem.code, problem.what) for problem in found]


@pytest.mark.parametrize(
    ("example", "deliver"),
    [
        ("demo", f"{{kind: standard, {SENT}, mode: live, kinds: {{student: x}}}}"),
        ("demo", f"{{kind: batch, {SENT}, key_header: x-oneis-key}}"),
        ("demo", f"{{kind: batch, {SENT}, log: '/logs?id={{{{ batch }}}}'}}"),
        ("demo", "{kind: folder, path: out}"),
        ("user-sync", f"{{kind: user-sync, {SENT}, mode: live}}"),
        ("user-sync", "{kind: folder, path: /srv/haplo}"),
    ],
)
def test_each_way_takes_what_fits_it(example: str, deliver: str, tmp_path: Path) -> None:
    assert _problems(tmp_path, example, deliver) == []


@pytest.mark.parametrize(
    ("example", "deliver", "expected"),
    [
        ("demo", "{kind: ftp, path: x}", ("unknown-kind", "'deliver' has no kind 'ftp'")),
        ("demo", "{path: x}", ("missing-key", "'deliver' does not say its kind")),
        ("demo", "{kind: folder}", ("missing-key", "missing key 'path' in deliver")),
        (
            "demo",
            f"{{kind: folder, path: x, {SENT}}}",
            ("unknown-key", "unknown key 'url' in deliver"),
        ),
        ("demo", "{kind: batch, url: https://haplo.example}", ("missing-key", "missing key 'api_key' in deliver")),
        *(
            ("demo", f"{{kind: batch, {SENT}, log: '{path}'}}", ("bad-url", "'log' is no path at the application"))
            for path in (
                "https://elsewhere.example/{{ batch }}",
                "//elsewhere.example/{{ batch }}",
                "logs/{{ batch }}",
                "@elsewhere.example/{{ batch }}",
                "/a b/{{ batch }}",
                "{{ batch }}",
            )
        ),
        (
            "demo",
            f"{{kind: batch, {SENT}, log: /logs}}",
            ("bad-url", "'log' does not say where the batch's identifier goes"),
        ),
        (
            "demo",
            f"{{kind: batch, {SENT}, log: '/{{{{ config.school_secret }}}}/{{{{ batch }}}}'}}",
            ("unknown-name", "the template uses 'config.school_secret', and knows only 'batch'"),
        ),
        (
            "user-sync",
            f"{{kind: user-sync, {SENT}, kinds: {{staff: x}}}}",
            ("unknown-key", "unknown key 'kinds' in deliver"),
        ),
        (
            "user-sync",
            "{kind: user-sync, url: http://haplo.example, api_key: {env: KEY}}",
            ("insecure-url", "Haplo is reached over https only"),
        ),
        (
            "user-sync",
            f"{{kind: batch, {SENT}}}",
            ("wrong-way", "'staff' becomes user accounts, which no batch import can save"),
        ),
    ],
)
def test_what_does_not_fit_is_told(example: str, deliver: str, expected: tuple[str, str], tmp_path: Path) -> None:
    assert _problems(tmp_path, example, deliver)[0] == expected


def test_a_user_sync_takes_one_entity_and_only_accounts(tmp_path: Path) -> None:
    found = _problems(tmp_path, "user-sync", f"{{kind: user-sync, {SENT}}}", "[staff, school]")
    assert ("wrong-way", "a user sync takes one entity") in found
    assert ("wrong-way", "'school' does not become user accounts, and the delivery is a user sync") in found
