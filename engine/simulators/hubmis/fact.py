"""What is known of the reads of HUBmis: `reads.json`, made from the catalogue of the service. Next: `value`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

YEAR = "{academicYearId}"


@dataclass(frozen=True)
class Read:
    """A read: its path, what it looks like, whether it is a list, and the type of each of its fields in order.

    `at` is the name of the list in an object, `required` are parameters that it wants.
    """

    path: str
    pattern: str
    is_list: bool
    paged: bool
    at: str
    required: tuple[str, ...]
    fields: Mapping[str, str]

    @property
    def of_a_year(self) -> bool:
        """Whether the first id of the path is that of a school year."""
        return YEAR in self.path

    @property
    def whole(self) -> bool:
        """Whether it is about nobody in particular, so that it can be made once for all who ask."""
        return "{id}" not in self.path


@cache
def reads() -> tuple[Read, ...]:
    """All reads."""
    text = Path(__file__).with_name("reads.json").read_text(encoding="utf-8")
    return tuple(_read(path, given) for path, given in json.loads(text).items())


def _read(path: str, given: Mapping[str, Any]) -> Read:
    values = given.get("split", {})
    places = re.sub(r"\\\{(\w+)\\\}", lambda place: f"({'|'.join(values.get(place[1], [r'[0-9]+']))})", re.escape(path))
    fields = (field.partition(":") for field in given["fields"].split())
    return Read(
        path,
        places,
        given.get("list", False),
        given.get("paged", False),
        given.get("at", ""),
        tuple(given.get("required", ())),
        {name: kind or "text" for name, _, kind in fields},
    )
