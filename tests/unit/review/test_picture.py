"""Pictures: what stands in which column, that nothing lies upon anything else, and that each line meets its boxes."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest

from engine.review.atlas import Atlas
from engine.review.drawing import of_entity, of_field, of_source_field
from engine.review.picture import Box, Line, Picture, lay_out, ranked, shortened
from engine.run.soundness import sound_project
from engine.spec.project import open_project

ROOT = Path(__file__).resolve().parents[3]


def boxes(names: str) -> list[Box]:
    return [Box(name, "field", name, f"{name}.html") for name in names]


def lines(text: str) -> list[Line]:
    return [Line(each[0], each[1]) for each in text.split()]


def columns(names: str, joined: str, first: str, last: str) -> list[str]:
    return ["".join(box.id for box in column) for column in ranked(boxes(names), lines(joined), first, last)]


@pytest.mark.parametrize(
    ("names", "joined", "first", "last", "expected"),
    [
        ("abc", "ab bc", "a", "c", ["a", "b", "c"]),
        ("abcd", "ab bc dc", "a", "c", ["a", "bd", "c"]),  # d is as near to c as can be
        ("abcd", "ab bc dc", "ad", "c", ["ad", "b", "c"]),  # unless it is to be at the beginning
        ("abcd", "ab bc ad", "a", "cd", ["a", "b", "cd"]),  # and what ends, ends together
        ("a", "", "a", "", ["a"]),
    ],
)
def test_each_box_is_behind_what_leads_to_it(
    names: str, joined: str, first: str, last: str, expected: list[str]
) -> None:
    assert columns(names, joined, first, last) == expected


def test_boxes_are_in_the_order_of_what_they_are_joined_to() -> None:
    picture = lay_out("it", [boxes("abc"), boxes("xyz")], lines("az by cx"))
    height = {each.box.id: each.y for each in picture.boxes}
    straight = {name: height[name] == height[other] for name, other in ("az", "by", "cx")}
    assert straight == {"a": True, "b": True, "c": True}


def test_boxes_of_a_group_stay_together_below_its_name() -> None:
    grouped = [Box(name, "source", name, "", group=group) for name, group in ("aP", "bQ", "cP")]
    picture = lay_out("it", [grouped, boxes("xyz")], lines("ax by cz"))
    order = sorted([(each.y, each.box.id) for each in picture.boxes if each.box.group])
    assert [name for _, name in order] == ["a", "c", "b"]
    heads = {head.text: head.y for head in picture.headings}
    height = {each.box.id: each.y for each in picture.boxes}
    assert heads["P"] < height["a"] < height["c"] < heads["Q"] < height["b"]


def test_a_long_name_is_shortened_and_told_whole() -> None:
    assert shortened("a" * 46) == "a" * 46
    assert shortened("a" * 47) == "a" * 45 + "…"


def assert_sound(picture: Picture) -> None:
    """Assert that no two boxes touch, that all lie inside, and that lines go from right edges to left edges."""
    by_column: dict[float, list[tuple[float, float]]] = {}
    for each in picture.boxes:
        by_column.setdefault(each.x, []).append((each.y, each.y + each.height))
        assert each.x >= 0 <= each.y, picture.title
        assert each.x + each.width <= picture.width + 0.1, picture.title
        assert each.y + each.height <= picture.height + 0.1, picture.title
    for column in by_column.values():
        assert all(first[1] < second[0] for first, second in pairwise(sorted(column))), picture.title
    edges = {each.number: (each.x, each.x + each.width, each.y + each.height / 2) for each in picture.boxes}
    assert len(edges) == len(picture.boxes)
    for line in picture.lines:
        origin, target = map(int, line.ends.split())
        numbers = [float(each) for each in re.findall(r"-?[\d.]+", line.path)]
        assert numbers[:2] == pytest.approx([edges[origin][1], edges[origin][2]], abs=0.2), picture.title
        assert numbers[-2:] == pytest.approx([edges[target][0], edges[target][2]], abs=0.2), picture.title
        assert edges[origin][1] < edges[target][0], picture.title


def test_the_picture_of_a_field_has_all_that_its_value_is_made_of(folder: Path) -> None:
    atlas = Atlas(sound_project(folder))
    lineage = atlas.lineages["orchard", "member"]
    picture = of_field(atlas, lineage, lineage.nodes["field:greeting"])
    drawn = {each.box.id: each.number for each in picture.boxes}
    source = {"source:people.nick", "source:people.name"}
    assert set(drawn) == {*source, "table:named.shown", "setting:members.greeting", "run:title", "field:greeting"}
    aside = {tuple(map(int, line.ends.split())) for line in picture.lines if line.aside}
    ends = drawn["field:greeting"]
    assert aside == {(drawn["setting:members.greeting"], ends), (drawn["run:title"], ends)}
    assert {each.box.url for each in picture.boxes if each.box.id == "source:people.nick"} == {
        "systems/orchard/people.html#field:nick"
    }


def test_the_picture_of_a_list_says_what_becomes_of_its_parts(folder: Path) -> None:
    atlas = Atlas(sound_project(folder))
    lineage = atlas.lineages["orchard", "member"]
    picture = of_field(atlas, lineage, lineage.nodes["field:phones"])
    drawn = {each.number: each.box.id for each in picture.boxes}
    joined = {tuple(drawn[int(end)] for end in line.ends.split()) for line in picture.lines}
    assert joined == {
        ("source:phones.number", "part:phones.number"),
        ("source:phones.kind", "part:phones.kind"),
        ("part:phones.number", "field:phones"),
        ("part:phones.kind", "field:phones"),
        ("part:phones.number", "haplo:x:attribute:number"),
    }


def test_the_picture_of_an_entity_leaves_the_steps_out(folder: Path) -> None:
    atlas = Atlas(sound_project(folder))
    picture = of_entity(atlas, atlas.lineages["orchard", "member"])
    drawn = {each.number: each.box.id for each in picture.boxes}
    joined = {tuple(drawn[int(end)] for end in line.ends.split()) for line in picture.lines}
    assert ("source:people.nick", "field:name") in joined
    assert ("field:phones", "haplo:x:attribute:number") in joined  # by a part of it
    assert ("source:phones.number", "field:phones") in joined
    assert not any(box.startswith(("table:", "part:")) for box in drawn.values())
    assert [head.text for head in picture.headings] == ["people", "homes", "phones"]


def test_every_picture_of_what_is_shipped_is_sound() -> None:
    atlas = Atlas(open_project(ROOT))
    count = 0
    for lineage in atlas.lineages.values():
        for picture in [of_entity(atlas, lineage), *(of_field(atlas, lineage, each) for each in lineage.of("field"))]:
            assert_sound(picture)
            count += 1
    for field in atlas.uses:
        assert_sound(of_source_field(atlas, field))
    assert count > 400
