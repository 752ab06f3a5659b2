"""What `check` says of methods, keys and sets that are asked for each record of another, and where it says it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from engine.spec import project as project_module
from engine.spec.check import check
from engine.spec.project import open_project

GOLDEN = Path(__file__).parents[2] / "golden"
KEYED = GOLDEN / "problems" / "unopened-method"
OPENING = "[GetLinks]}"
OPENED = "[GetLinks, GetThings]}"


def problems(folder: Path, monkeypatch: pytest.MonkeyPatch, **edits: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Check a project with keys, each edit made once in `source` or `school`; return code and what it says."""
    monkeypatch.setattr(project_module, "shipped", lambda: GOLDEN / "project")
    shutil.copytree(KEYED, folder / "own", ignore=shutil.ignore_patterns("expected.txt"))
    files = {"source": "mappings/acme/source.yaml", "school": "schools/waters-edge.yaml"}
    edits["school"] = [(OPENING, OPENED), *edits.get("school", [])]
    for name, changes in edits.items():
        file = folder / "own" / files[name]
        text = file.read_text(encoding="utf-8")
        for old, new in changes:
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        file.write_text(text, encoding="utf-8")
    monkeypatch.chdir(folder / "own")
    return [(each.code, each.what) for each in check(open_project(Path()))]


def test_keys_that_open_all_that_is_wanted_are_no_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert problems(tmp_path, monkeypatch) == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (OPENED, "[GetLinks, GetThings, GetThing]}", ("unknown-method", "the source 'acme' has no method 'GetThing'")),
        ("key: {env: ACME_LINKS}", "key: abc", ("secret-in-file", None)),
        ("{key: {env: ACME_LINKS}, ", "{", ("missing-key", "missing key 'key' in config > keys > links")),
        ("{key: {env: ACME_LINKS}, ", "{kye: {env: ACME_LINKS}, ", ("unknown-key", None)),
        ("methods: " + OPENED, "secrets: {client_secret: {env: X}}}", None),
        (
            "methods: " + OPENED,
            "secrets: {client_secrets: {env: X}}}",
            ("unknown-config", "a key of 'acme' has no secret 'client_secrets'"),
        ),
        (
            "  keys:\n    links: {key: {env: ACME_LINKS}, methods: " + OPENED,
            "  keys: {env: X}",
            ("wrong-type", "'keys' takes keys, each with a name"),
        ),
        (
            "  keys:\n    links: {key: {env: ACME_LINKS}, methods: " + OPENED + "\n",
            "",
            ("missing-config", "the source 'acme' needs config 'keys', which brings 'things'"),
        ),
        ("key: {env: ACME_KEY}", "key: {a: {key: {env: B}}}", ("wrong-type", "'key' takes no keys")),
    ],
)
def test_a_school_is_told_what_its_keys_lack(
    old: str, new: str, expected: tuple[str, str | None] | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = problems(tmp_path, monkeypatch, school=[(old, new)])
    codes = [code for code, _ in found]
    assert (expected is None and not found) or (expected is not None and expected[0] in codes)
    if expected is not None and expected[1] is not None:
        assert expected in found


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("    per: keys\n", "", ("unknown-name", "the template uses 'key', which nothing declares")),
        ("per: keys", "per: estab", ("unknown-config", "the source 'acme' has no keys 'estab'")),
        ("'{{ key }}'", "'{{ secrets.client_secret }}'", None),
        (
            "'{{ key }}'",
            "'{{ secrets.secret }}'",
            ("unknown-name", "the template uses 'secrets.secret', which nothing declares"),
        ),
        (
            "        ask: {method: GetThings}\n",
            "",
            ("missing-key", "'things' does not say which method brings it"),
        ),
        (
            "'{{ today }}'",
            "'{{ settings.things.colours }}'",
            None,
        ),
        (
            "'{{ today }}'",
            "'{{ settings.things.hue }}'",
            ("unknown-name", "the template uses 'settings.things.hue', which nothing declares"),
        ),
        (
            "value: '{{ config.key }}'}}",
            "value: '{{ config.key }}'}, if_given: client_secrets}",
            ("unknown-config", "no school can give 'client_secrets'"),
        ),
        ("value: '{{ config.key }}'}}", "value: '{{ config.key }}'}, if_given: client_secret}", None),
        (
            "    post: schools\n",
            "    post: schools\n    for_each: {set: thinks, keep: {id: Id}}\n",
            ("unknown-set", "there is no record set 'thinks'"),
        ),
        (
            "    post: schools\n",
            "    post: schools\n    for_each: {set: things, where: {Hue: red}, keep: {id: Id}}\n",
            ("unknown-field", "'things' has no field 'Hue'"),
        ),
        (
            "    post: schools\n",
            "    post: schools\n    for_each: {set: things, keep: {id: Id}}\n    refresh: {parent_changed: [Hue]}\n",
            ("unknown-field", "'things' has no field 'Hue'"),
        ),
    ],
)
def test_a_source_is_told_what_its_requests_lack(
    old: str, new: str, expected: tuple[str, str] | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = problems(tmp_path, monkeypatch, source=[(old, new)])
    assert found == [] if expected is None else expected in found


OWN = [("      GetThings: {}", "      GetThings: {own_key: true}")]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("[GetLinks]}\n    things: {key: {env: B}, methods: [GetThings]}", None),
        ("[GetLinks]}\n    things: {key: {env: B}}", "unopened-method"),
        ("[GetThings, GetLinks]}", "shared-key"),
    ],
)
def test_a_method_stands_on_a_key_of_its_own(
    given: str, code: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = problems(tmp_path, monkeypatch, source=OWN, school=[(OPENED, given)])
    assert [each for each, _ in found] == ([code] if code else [])


def test_a_school_that_wants_nothing_of_keys_needs_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keyed = "    post: schools\n    per: keys\n    params: {key: '{{ key }}'}\n"
    alone = [("  keys:\n    links: {key: {env: ACME_LINKS}, methods: " + OPENED + "\n", "")]
    assert problems(tmp_path, monkeypatch, source=[(keyed, "    post: schools\n")], school=alone) == []


def test_an_api_that_shows_a_key_needs_it_of_all_its_endpoints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    more = "  more:\n    get: more\n    sets: {more: {records: $.more, fields: {Id: {}}}}\n"
    edits = [("'{{ config.key }}'", "'{{ key }}'"), ("endpoints:\n", "endpoints:\n" + more)]
    expected = ("missing-key", "the endpoint does not say which keys")
    assert problems(tmp_path, monkeypatch, source=edits) == [expected]
