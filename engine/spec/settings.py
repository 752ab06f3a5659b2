"""Settings: declared once, above the systems; a school file gives values. Next: `spec/school`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from engine.kinds.word import Name, Word

SETTING_TYPES = {
    "text": "VARCHAR",
    "texts": "VARCHAR[]",
    "map": "MAP(VARCHAR, VARCHAR)",
    "boolean": "BOOLEAN",
    "integer": "BIGINT",
}
SettingValue = str | bool | int | list[str] | dict[str, str] | None
SettingValues = Mapping[str, Mapping[str, SettingValue]]
"""By group and name."""


class Setting(Word):
    """One switch or list that mappings look at. A null list switches off the rules that use it."""

    type: Annotated[
        Literal["text", "texts", "map", "boolean", "integer"],
        Field(description="what it holds; `texts` is a list of texts, `map` gives a text for each of some texts"),
    ]
    values: Annotated[list[str] | None, Field(description="the texts that may be given; all if left out")] = None
    apart_from: Annotated[
        list[str], Field(description="lists, each as `group.name`, with which this one may have no text in common")
    ] = []
    default: Annotated[SettingValue, Field(description="its value where a school gives none")] = None
    description: Annotated[str, Field(description="what it does")]

    def accepts(self, value: SettingValue) -> bool:
        """Say whether a value is of this setting's type."""
        if value is None:
            return True
        if self.type == "texts":
            return isinstance(value, list)
        if self.type == "map":
            return isinstance(value, dict)
        if self.type == "boolean":
            return isinstance(value, bool)
        if self.type == "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        return isinstance(value, str)

    def unknown(self, value: SettingValue) -> list[str]:
        """Return the texts of a value that are not among `values`."""
        given = value if isinstance(value, list) else [value] if isinstance(value, str) else []
        return [text for text in given if self.values is not None and text not in self.values]


def switch(values: SettingValues, name: str) -> bool | None:
    """Return what a true/false setting says, `group.name`; None where nobody's values are known."""
    group, _, member = name.partition(".")
    return bool(values[group][member]) if member in values.get(group, {}) else None


class Settings(Word):
    """All settings of a project, by group and name: `addresses.country` is `country` of the group `addresses`."""

    settings: Annotated[str, Field(description="a name for this file of settings")]
    groups: Annotated[dict[Name, dict[Name, Setting]], Field(description="the settings, by group and name")]
