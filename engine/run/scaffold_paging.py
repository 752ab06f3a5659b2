"""How an answer is likely to be paged, by the names of parameters and of what stands beside the records.

Next: `run/scaffold_openapi`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.run.scaffold_guess import words_of
from engine.run.scaffold_shape import Shape, singles_of

PAGE = {"page", "page_number", "page_no", "page_num", "current_page", "page_index"}
SIZE = {"per_page", "page_size", "size", "limit", "page_limit", "page_length", "items_per_page", "max_results"}
LAST = {"total_pages", "page_count", "pages", "last_page", "num_pages", "number_of_pages", "pages_total"}
TOTAL = {"total", "total_count", "count", "total_records", "total_items", "total_results", "record_count"}
OFFSET = {"offset", "skip", "start", "start_index", "start_at", "first_result"}
CURSOR = {"cursor", "after", "next_token", "page_token", "continuation_token", "continuation", "starting_after"}
NEXT = {"next", "next_cursor", "next_token", "next_page_token", "next_link", "next_page", "next_url", "cursor"} | CURSOR
_USUAL_SIZE = 100


@dataclass(frozen=True)
class Paging:
    """The word `pages` of an endpoint, why it is thought so, and the parameters that it uses up."""

    pages: dict[str, Any]
    why: str
    params: frozenset[str] = frozenset()


def _called(names: Mapping[str, Any], among: set[str]) -> str | None:
    """Return the first name whose words are one of these; `page[number]` and `pageNumber` are alike."""
    return next((name for name in names if "_".join(words_of(name)) in among), None)


def guess_pages(params: Mapping[str, Mapping[str, Any]], answer: Shape) -> Paging | None:
    """Guess from parameters (each with its schema) and the answer; None where nothing hints at pages."""
    beside = {name: (path, shape) for path, name, shape in singles_of(answer)}
    page = _called(params, PAGE)
    if page is None:
        return _otherwise(params, beside)
    sized, said, taken = _sized(params)
    used = taken | {page}
    pages: dict[str, Any] = {"kind": "number", "param": page}
    why = f"the names of its parameters ({', '.join(sorted(used))}){said}"
    if (first := _first(params[page])) != 1:
        pages["first"] = first
    pages |= sized
    last = _called(beside, LAST)
    if last is None:
        pages["kind"] = "open"
        return Paging(pages, f"pages are guessed from {why}; no answer says which page is the last", used)
    pages["last"] = {"at": beside[last][0]}
    return Paging({**pages, **_stated(beside)}, f"pages are guessed from {why}, and from {beside[last][0]}", used)


def guess_pages_of_sample(answer: Shape) -> Paging | None:
    """Guess from a sample alone: what is beside the records can tell of pages, but not how they are asked for."""
    beside = {name: (path, shape) for path, name, shape in singles_of(answer)}
    page, last = _called(beside, PAGE), _called(beside, LAST)
    if page is None or last is None:
        return None
    pages: dict[str, Any] = {"kind": "number", "param": page}
    if "0" in beside[page][1].samples:
        pages["first"] = 0
    pages["last"] = {"at": beside[last][0]}
    why = f"pages are guessed from {beside[last][0]}; that the parameter is called as {beside[page][0]} is a guess too"
    return Paging({**pages, **_stated(beside)}, why)


def _stated(beside: Mapping[str, tuple[str, Shape]]) -> dict[str, str]:
    """Return where the total and the page stand, if they do."""
    found = {"total": _called(beside, TOTAL), "page": _called(beside, PAGE)}
    return {key: beside[name][0] for key, name in found.items() if name is not None}


def _sized(params: Mapping[str, Mapping[str, Any]]) -> tuple[dict[str, Any], str, frozenset[str]]:
    """Return the word `size`, why its value is thought so, and the parameter that it uses up."""
    size = _called(params, SIZE)
    if size is None:
        return {}, "", frozenset()
    value, said = _size(params[size])
    return {"size": {"param": size, "value": value}}, f" and {said}", frozenset({size})


def _by_offset(
    params: Mapping[str, Mapping[str, Any]], param: str, beside: Mapping[str, tuple[str, Shape]]
) -> Paging | None:
    sized, why, used = _sized(params)
    if not sized:
        return None
    pages = {"kind": "offset", "param": param, **sized}
    total = {key: at for key, at in _stated(beside).items() if key == "total"}
    found = ", ".join(sorted({param, *used}))
    return Paging(
        {**pages, **total}, f"pages are guessed from the names of its parameters ({found}){why}", used | {param}
    )


def _by_cursor(
    params: Mapping[str, Mapping[str, Any]], param: str, beside: Mapping[str, tuple[str, Shape]]
) -> Paging | None:
    name = _called(beside, NEXT)
    if name is None:
        return None
    at, shape = beside[name]
    url = any("?" in sample for sample in shape.samples) or {"link", "links", "url", "href"} & set(words_of(at))
    following: dict[str, Any] = {"at": at, "url": True} if url else {"at": at}
    sized, why, used = _sized(params)
    pages = {"kind": "cursor", "param": param, "next": following, **sized}
    return Paging(pages, f"pages are guessed from the parameter {param} and from {at}{why}", used | {param})


def _otherwise(params: Mapping[str, Mapping[str, Any]], beside: Mapping[str, tuple[str, Shape]]) -> Paging | None:
    offset, cursor = _called(params, OFFSET), _called(params, CURSOR)
    found = _by_cursor(params, cursor, beside) if cursor is not None else None
    if found is None and offset is not None:
        found = _by_offset(params, offset, beside)
    other = cursor or offset
    if found is not None or other is None:
        return found
    lacking = "no answer says what it is for the next piece" if cursor else "no parameter says how large a piece is"
    why = f"it may come in pieces (parameter {other}), but {lacking}: only what one request gives is read"
    return Paging({"kind": "none"}, why)


def _first(schema: Mapping[str, Any]) -> int:
    stated = schema.get("default", schema.get("minimum", 1))
    return stated if stated in (0, 1) and not isinstance(stated, bool) else 1


def _size(schema: Mapping[str, Any]) -> tuple[int, str]:
    for key, said in (("maximum", "the largest size that is allowed"), ("default", "the size that is usual there")):
        value = schema.get(key)
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            return value, said
    return _USUAL_SIZE, f"no size is stated, {_USUAL_SIZE} is ours"
