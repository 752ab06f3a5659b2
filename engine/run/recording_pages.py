"""What answers of a recording say of pages, and how they are asked for: made up anew, and such that books add up.

What asks for the next page is a source's own text, and may have anything in it, a name or a secret: in its place stands
`page-2` and so on. Next: `run/recording_answers`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from engine.kinds.pages import Came, CursorPages, NumberedPages, OffsetPages, OpenPages

Told = dict[str, str | None]
"""By where an answer says something: what it says instead."""


def said_of(pages: Any, page: int, last: int, records: int) -> Told:
    """Return what one of the pages up to `last` says where there are so many records in all."""
    told: dict[str | None, str | None] = {}
    if isinstance(pages, NumberedPages):
        told = {pages.last.at: str(last), pages.page: str(page), pages.total: str(records)}
    elif isinstance(pages, OffsetPages | CursorPages):
        told = {pages.total: str(records)}
    return {**{where: text for where, text in told.items() if where is not None}, **next_of(pages, page, last)}


def next_of(pages: Any, page: int, last: int) -> Told:
    """Return what a page says of the one after it, where pages do that."""
    if not isinstance(pages, CursorPages):
        return {}
    text = None if page >= last else _name(page + 1)
    return {pages.next.at: f"?{quote(pages.param)}={text}" if text and pages.next.url else text}


def before(page: int, first: int, records: int) -> Came:
    """Return what asks for a page, where those before it have so many records."""
    return Came(records, _name(page) if page > first else "")


def size_of(pages: Any) -> int | None:
    """Return how many records fit on a page, where the number of pages is stated, so that more are refused."""
    return pages.page_size() if isinstance(pages, NumberedPages | OffsetPages) else None


def ends_empty(pages: Any) -> bool:
    """Say whether pages are asked for until one is empty."""
    return isinstance(pages, OpenPages) or (isinstance(pages, OffsetPages) and pages.total is None)


def parted(rows: Mapping[int, set[int]], size: int) -> list[dict[int, set[int]]]:
    """Part records, by page and number, into pages of a size."""
    places = sorted((page, row) for page, own in rows.items() for row in own)
    found: list[dict[int, set[int]]] = []
    for start in range(0, len(places), size):
        found.append({})
        for page, row in places[start : start + size]:
            found[-1].setdefault(page, set()).add(row)
    return found


def _name(page: int) -> str:
    return f"page-{page}"
