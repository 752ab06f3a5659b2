"""How an answer is likely to be paged: by offsets and by cursors too, where the names say so."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter

from engine.kinds.pages import Pages
from engine.run.scaffold_paging import guess_pages
from engine.run.scaffold_shape import Shape

SIZE = {"limit": {"maximum": 200}}
SIZED: Any = {"param": "limit", "value": 200}


def answer(**members: list[str]) -> Shape:
    """An answer with these values beside its records, each with samples."""
    shapes = {name: Shape("text", samples=samples) for name, samples in members.items()}
    return Shape("object", {"meta": Shape("object", shapes)})


@pytest.mark.parametrize(
    ("params", "beside", "pages"),
    [
        ({"offset": {}, **SIZE}, answer(total=["3"]), {"kind": "offset", "param": "offset", "total": "$.meta.total"}),
        ({"skip": {}, **SIZE}, answer(), {"kind": "offset", "param": "skip"}),
        (
            {"cursor": {}, **SIZE},
            answer(nextCursor=["abc"]),
            {"kind": "cursor", "param": "cursor", "next": {"at": "$.meta.nextCursor"}},
        ),
        (
            {"after": {}, **SIZE},
            answer(next=["https://x/y?after=3"]),
            {"kind": "cursor", "param": "after", "next": {"at": "$.meta.next", "url": True}},
        ),
        (
            {"after": {}, **SIZE},
            Shape("object", {"links": Shape("object", {"next": Shape("text")})}),
            {"kind": "cursor", "param": "after", "next": {"at": "$.links.next", "url": True}},
        ),
    ],
)
def test_offsets_and_cursors_are_guessed_and_fit_the_language(params, beside, pages):
    found = guess_pages(params, beside)
    assert found is not None
    assert found.pages == {**pages, "size": SIZED}
    assert found.params == frozenset(params)
    TypeAdapter(Pages).validate_python(found.pages)


@pytest.mark.parametrize(("params", "lacking"), [({"cursor": {}, **SIZE}, "no answer says"), ({"skip": {}}, "no para")])
def test_what_cannot_be_followed_is_told(params, lacking):
    found = guess_pages(params, answer())
    assert found is not None
    assert found.pages == {"kind": "none"}
    assert lacking in found.why
