"""What is wrong with settings: as they are declared, and as a school gives them. Next: `spec/check_school`."""

from __future__ import annotations

from collections.abc import Iterator

from engine.document import Document
from engine.errors import Problem
from engine.problem_text import did_you_mean
from engine.spec.place import Path, unknown
from engine.spec.project import Project
from engine.spec.school import School
from engine.spec.settings import Setting, Settings, SettingValue, SettingValues

_SAID = {
    "text": "text",
    "texts": "a list of texts",
    "map": "a text for each of some texts",
    "boolean": "true or false",
    "integer": "a whole number",
}


def check_settings(project: Project, document: Document, settings: Settings) -> Iterator[Problem]:
    """Check settings as they are declared: defaults, and the names of other settings."""
    declared = project.settings()
    lists = [
        f"{group}.{name}" for group, all_ in declared.items() for name, each in all_.items() if each.type == "texts"
    ]
    for group, members in settings.groups.items():
        for name, setting in members.items():
            path, said = ("groups", group, name), f"{group}.{name}"
            yield from _check_value(document, (*path, "default"), said, setting, setting.default)
            for index, other in enumerate(setting.apart_from):
                if other not in lists:
                    what = f"there is no list '{other}' among the settings"
                    yield unknown("unknown-setting", what, document, (*path, "apart_from", index), other, lists)


def check_switch(project: Project, document: Document, path: Path, said: str | None) -> Iterator[Problem]:
    """Check the name of a setting that is true or false."""
    if said is None or "settings" in project.broken:
        return
    types = {f"{group}.{name}": each.type for group, all_ in project.settings().items() for name, each in all_.items()}
    switches = [name for name, kind in types.items() if kind == "boolean"]
    if said not in types:
        yield unknown("unknown-setting", f"there is no setting '{said}'", document, path, said, switches)
    elif said not in switches:
        what = f"the setting '{said}' is not true or false"
        yield Problem("wrong-type", what, document.place(path))


def check_given(project: Project, document: Document, school: School) -> Iterator[Problem]:
    """Check the settings that a school gives."""
    yield from check_values(project, document, (), school.settings)


def check_values(project: Project, document: Document, at: Path, values: SettingValues) -> Iterator[Problem]:
    """Check values of settings that stand under `settings` at a path, by group and name."""
    if "settings" in project.broken:
        return
    declared = project.settings()
    names = [f"{group}.{name}" for group, members in declared.items() for name in members]
    for group, members in values.items():
        for name, value in members.items():
            path, setting = (*at, "settings", group, name), declared.get(group, {}).get(name)
            if setting is None:
                what = f"there is no setting '{group}.{name}'"
                fix = did_you_mean(f"{group}.{name}", names)
                yield Problem("unknown-setting", what, document.key_place(path), fix=fix)
                continue
            yield from _check_value(document, path, f"{group}.{name}", setting, value)
            yield from _check_apart(declared, document, values, path, setting)


def _check_value(document: Document, path: Path, name: str, setting: Setting, value: SettingValue) -> Iterator[Problem]:
    if not setting.accepts(value):
        what = f"'{name}' must be {_SAID[setting.type]}"
        yield Problem("wrong-type", what, document.place(path), setting.description)
    elif value == []:
        what = f"'{name}' is an empty list, which would keep nothing"
        yield Problem("empty-list", what, document.place(path), fix="write null to switch the rule off")
    elif unknown_texts := setting.unknown(value):
        what = f"'{name}' knows no '{unknown_texts[0]}'"
        fix = did_you_mean(unknown_texts[0], setting.values or []) or f"it knows {', '.join(setting.values or [])}"
        yield Problem("bad-value", what, document.place(path), setting.description, fix)


def _check_apart(
    declared: dict[str, dict[str, Setting]], document: Document, values: SettingValues, path: Path, setting: Setting
) -> Iterator[Problem]:
    """Say which texts stand in two lists of which each may hold them."""
    own_group, own_name = str(path[-2]), str(path[-1])
    own = values[own_group][own_name]
    for said in setting.apart_from:
        group, _, name = said.partition(".")
        other = declared.get(group, {}).get(name)
        theirs = values.get(group, {}).get(name, other.default if other else None)
        if isinstance(own, list) and isinstance(theirs, list) and (both := [text for text in own if text in theirs]):
            what = f"'{both[0]}' stands in '{own_group}.{own_name}' and in '{said}' too"
            yield Problem("shared-text", what, document.place(path), setting.description, "leave it in one of them")
