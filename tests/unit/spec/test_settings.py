"""Settings as they are declared and given: types, values that are known, lists that share nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.spec import project as project_module
from engine.spec.check import check
from engine.spec.project import open_project
from engine.spec.settings import Setting

GOLDEN = Path(__file__).parents[2] / "golden" / "project"


@pytest.mark.parametrize(
    ("kind", "value", "accepted"),
    [
        ("map", {"20": "North"}, True),
        ("map", ["20"], False),
        ("texts", {"20": "North"}, False),
        ("texts", ["20"], True),
        ("text", "20", True),
        ("boolean", "20", False),
        ("map", None, True),
    ],
)
def test_a_value_is_of_the_type_of_its_setting(kind: str, value: object, accepted: bool) -> None:
    assert Setting(type=kind, description="").accepts(value) is accepted  # type: ignore[arg-type]


@pytest.mark.parametrize(("value", "unknown"), [(["a", "x"], ["x"]), ("x", ["x"]), ("a", []), (None, []), (True, [])])
def test_only_texts_among_the_values_are_known(value: object, unknown: list[str]) -> None:
    assert Setting(type="texts", values=["a", "b"], description="").unknown(value) == unknown  # type: ignore[arg-type]


def test_settings_are_checked_where_they_are_declared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(project_module, "shipped", lambda: GOLDEN)
    (tmp_path / "schemas").mkdir()
    (tmp_path / "schemas" / "settings.yaml").write_text(
        "settings: own\n"
        "groups:\n"
        "  things:\n"
        "    colours: {type: texts, values: [red, blue], default: [rad], description: colours}\n"
        "    strict: {type: boolean, default: maybe, description: strict}\n"
        "    shades: {type: texts, apart_from: [things.colour], description: shades}\n"
    )
    found = [(each.code, each.place.line, each.fix) for each in check(open_project(tmp_path)) if each.place]
    assert ("bad-value", 4, "did you mean 'red'?") in found
    assert ("wrong-type", 5, "") in found
    assert ("unknown-setting", 6, "did you mean 'things.colours'?") in found


@pytest.mark.parametrize(
    ("named", "code"),
    [("things.strict", None), ("things.strickt", "unknown-setting"), ("things.colours", "wrong-type")],
)
def test_who_stays_is_said_by_a_setting_that_is_true_or_false(
    named: str, code: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(project_module, "shipped", lambda: GOLDEN)
    (tmp_path / "schemas" / "haplo").mkdir(parents=True)
    text = (GOLDEN / "schemas" / "haplo" / "thing.yaml").read_text().rstrip()
    (tmp_path / "schemas" / "haplo" / "thing.yaml").write_text(
        f"{text}\nremoved: {{clear: [acme:attribute:name], unless: {named}}}\n"
    )
    assert {each.code for each in check(open_project(tmp_path))} == ({code} if code else set())


@pytest.mark.parametrize("place", ["when", "table when", "table unless"])
@pytest.mark.parametrize(
    ("named", "code"),
    [("things.strict", None), ("things.strickt", "unknown-setting"), ("things.colours", "wrong-type")],
)
def test_what_is_made_is_switched_by_a_setting_that_is_true_or_false(
    place: str, named: str, code: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(project_module, "shipped", lambda: GOLDEN)
    (tmp_path / "mappings" / "acme").mkdir(parents=True)
    text = (GOLDEN / "mappings" / "acme" / "thing.yaml").read_text().rstrip()
    word = place.rpartition(" ")[2]
    more = f"when: {named}" if place == "when" else f"tables: {{red: {{from: things, {word}: {named}}}}}"
    (tmp_path / "mappings" / "acme" / "thing.yaml").write_text(f"{text}\n{more}\n")
    assert {each.code for each in check(open_project(tmp_path))} == ({code} if code else set())
