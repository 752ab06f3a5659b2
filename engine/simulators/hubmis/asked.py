"""What a request asks for: ids, the school year, filters, search, order, and the page. Next: `server`.

A filter that a list does not know is passed over, as a wrong one can't be told from one that nobody meets.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.simulators.hubmis.roll import Roll
from engine.simulators.hubmis.value import Item
from engine.simulators.message import Answer, Request, json_answer

FIRST_SIZE = 25
_SEARCHED = ("name", "first_name", "last_name", "preferred_name", "code", "description", "title")
_FILTER = re.compile(r"filter\[(\w+)\](?:\[(from|to)\])?")


class Refused(Exception):
    """A request that is refused with a status and a message."""

    def __init__(self, status: int, text: str, errors: Mapping[str, Sequence[str]] | None = None) -> None:
        super().__init__(text)
        self.status, self.text, self.errors = status, text, errors

    def answer(self) -> Answer:
        """The refusal as it is sent."""
        errors = {} if self.errors is None else {"errors": self.errors}
        return json_answer({"message": self.text, **errors}, self.status)


def not_found() -> Refused:
    """The refusal of what is not there."""
    return Refused(404, "Not found.")


@dataclass(frozen=True)
class Asked:
    """A request for a read: the ids and words of its path but the school year, and that year."""

    request: Request
    ids: tuple[int, ...]
    words: tuple[str, ...]
    year: int

    @property
    def id(self) -> int:
        """The first id of the path."""
        return self.ids[0]

    def filter(self, name: str) -> str | None:
        """The value of a filter."""
        return self.request.parameter(f"filter[{name}]")


Make = Callable[[Roll, Asked], Item | list[Item] | None]
"""What gives a record, a list, or None for what is not there."""


def narrow(items: Sequence[Item], request: Request) -> Sequence[Item]:
    """The items that filters and search leave, in the order that is asked for."""
    for name, value in request.query:
        found = _FILTER.fullmatch(name)
        if found is not None and found[2]:
            items = [item for item in items if _within(item.get(_snake(found[1])), found[2], value)]
        elif found is not None:
            field = _snake(found[1])
            items = [item for item in items if _meets(item, field, value)]
        elif name == "search" and value:
            items = [item for item in items if value.casefold() in _text(item)]
    for name, value in request.query:
        field = _snake(name[5:-1]) if name.startswith("sort[") else ""
        if items and field in items[0]:
            items = sorted(items, key=lambda item: _order(item[field]), reverse=value.lower() == "desc")
    return items


def page(items: Sequence[Item], request: Request, largest: int) -> Sequence[Item]:
    """The items of a page; none behind the end."""
    number, size = _whole(request, "page[number]", 1), _whole(request, "page[size]", FIRST_SIZE)
    size = min(size, largest)
    return items[(number - 1) * size : number * size]


def _whole(request: Request, name: str, default: int) -> int:
    text = request.parameter(name)
    if text is None:
        return default
    if not text.isdecimal() or int(text) < 1:
        raise invalid(name, "must be a whole number from 1")
    return int(text)


def invalid(name: str, what: str) -> Refused:
    """The refusal of a parameter."""
    return Refused(422, "The given data was invalid.", {name: [f"The {name} {what}."]})


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])([A-Z])", lambda found: "_" + found[1].lower(), name.strip()).replace(" ", "_").lower()


def _meets(item: Item, field: str, value: str) -> bool:
    """Whether a field, or what is kept of an item for filters only, has a value; true for what nothing is known of."""
    found = item.get(f"_{field}", item.get(field, item))
    if found is item:
        return True
    kept = found if isinstance(found, (list, tuple)) else [found]
    return any(value.lower() == _plain(each) for each in kept)


def _plain(value: Any) -> str:
    """What a filter compares with: the id of an object, a word."""
    if isinstance(value, dict):
        value = value.get("id")
    return str(value).lower()


def _within(value: Any, side: str, bound: str) -> bool:
    """Whether a time is within a bound, which may be a day alone."""
    if value is None:
        return True
    text = str(value)[: len(bound)] if len(bound) <= 10 else str(value)
    return text >= bound if side == "from" else text <= bound


def _text(item: Item) -> str:
    return " ".join(str(item[name]) for name in _SEARCHED if item.get(name)).casefold()


def _order(value: Any) -> tuple[bool, Any]:
    if isinstance(value, dict):
        value = value.get("name")
    return (value is None, "" if value is None else f"{value:012}" if isinstance(value, int) else str(value).casefold())
