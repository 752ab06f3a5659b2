"""The REST API: tokens, permissions by area, pages, filters, and the envelope of a list.

A list has pages where the reference says so; others are the array alone. Of `$filter` comparisons joined by `and` are
understood. What is refused is `{"message": ...}`. Next: `rest_pupil`, `rest_school`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from engine.simulators.isams.edition import Edition
from engine.simulators.message import Answer, Request, json_answer

Item = dict[str, Any]
DEFAULT_SIZE, LARGEST_SIZE = 100, 1000
_COMPARISON = re.compile(r"\s*(\w+)\s+(eq|ne|gt|ge|lt|le)\s+('(?:[^']|'')*'|[\w.:-]+)\s*", re.IGNORECASE)


class RestRefused(Exception):
    """A request that is refused with a message."""

    def __init__(self, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.text, self.status = text, status

    def answer(self) -> Answer:
        """The body and the status."""
        return json_answer({"message": self.text}, self.status)


@dataclass(frozen=True)
class Resource:
    """Something that can be read: its path below /api, the area of the permission, and what gives it.

    `collection` is the name of the array; without one the answer is an object. `make` gets what the path holds.
    """

    path: str
    area: str
    collection: str
    make: Callable[..., Any]
    paged: bool = False


def read(resource: Resource, edition: Edition, request: Request, groups: Sequence[str | None]) -> Answer:
    """The answer to a read."""
    found = resource.make(edition, request, *(group or "" for group in groups))
    if found is None:
        raise RestRefused("The requested resource was not found.", 404)
    if not resource.collection:
        return json_answer(found)
    items = narrow(found, request.parameter("$filter"))
    if not resource.paged:
        return json_answer({resource.collection: items})
    page, size = _whole(request, "page", 1), _whole(request, "pageSize", DEFAULT_SIZE)
    if size > LARGEST_SIZE:
        raise RestRefused(f"The page size must not be greater than {LARGEST_SIZE}.")
    shown = items[(page - 1) * size : page * size]
    envelope = {
        "count": len(shown),
        "page": page,
        "pageSize": size,
        "totalCount": len(items),
        "totalPages": -(-len(items) // size),
        resource.collection: shown,
    }
    return json_answer(envelope)


def expands(request: Request, name: str) -> bool:
    """Whether a request asks for something that is left out otherwise."""
    return name.lower() in [each.strip().lower() for each in (request.parameter("expand") or "").split(",")]


def narrow(items: Sequence[Item], text: str | None) -> Sequence[Item]:
    """The items that a filter leaves: comparisons of members with values, joined by `and`."""
    if not text:
        return items
    for part in re.split(r"\s+and\s+", text.strip(), flags=re.IGNORECASE):
        found = _COMPARISON.fullmatch(part)
        if found is None or (items and found[1] not in items[0]):
            raise RestRefused("The query specified in the URI is not valid.")
        items = [item for item in items if _holds(item[found[1]], found[2].lower(), found[3])]
    return items


def _holds(value: Any, operator: str, text: str) -> bool:
    """Whether a member compares with a value; those of different kinds do not."""
    wanted: Any = text[1:-1].replace("''", "'") if text.startswith("'") else text
    if isinstance(value, bool):
        wanted = wanted == "true"
    elif isinstance(value, int):
        wanted = int(wanted) if wanted.lstrip("-").isdecimal() else None
    if wanted == "null" and not text.startswith("'"):
        wanted = None
    if operator in ("eq", "ne"):
        return bool((value == wanted) == (operator == "eq"))
    if not isinstance(value, str | int) or type(value) is not type(wanted):
        return False
    one: Any = value
    higher, lower = bool(one > wanted), bool(one < wanted)
    return {"gt": higher, "ge": not lower, "lt": lower, "le": not higher}[operator]


def _whole(request: Request, name: str, default: int) -> int:
    text = request.parameter(name)
    if text is None:
        return default
    if not text.isdecimal() or int(text) < 1:
        raise RestRefused(f"The {name} must be a whole number from 1.")
    return int(text)
