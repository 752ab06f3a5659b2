"""Objects that were there, and objects that the job has saved."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from engine.haplo.application import BEHAVIOUR, ExistingObject, type_value
from engine.haplo.store import ObjectStore, Shelf

CODE = [{"type": "configuration-name", "text": "school:house:red"}]


def linked_to(ref: str) -> dict[str, list[Any]]:
    return {"x:attribute:of": [{"type": "ref", "ref": ref}], "dc:attribute:type": [type_value("x:type:entry")]}


@pytest.fixture
def store() -> Iterator[ObjectStore]:
    made = ObjectStore([ExistingObject("8002", linked_to("8001")), ExistingObject("8003", linked_to("8001"))])
    yield made
    made.close()


def test_saved_objects_with_a_code_are_found_by_it(store: ObjectStore) -> None:
    store.save("new:1", {BEHAVIOUR: CODE, "dc:attribute:title": ["\ud800 kept", 1.5]}, links=frozenset())

    assert store.by_behaviour("school:house:red") == "new:1"
    assert store.load("new:1") == {BEHAVIOUR: CODE, "dc:attribute:title": ["\ud800 kept", 1.5]}


def test_saved_objects_that_nothing_can_find_are_not_kept(store: ObjectStore) -> None:
    store.save("new:1", {"dc:attribute:title": ["Red"]}, links=frozenset())
    assert store.load("new:1") is None


def test_links_are_given_oldest_first_and_follow_what_is_saved(store: ObjectStore) -> None:
    store.save("new:1", linked_to("8001"), links=frozenset({"x:attribute:of"}))
    assert list(store.linked("x:attribute:of", "8001")) == ["8002", "8003", "new:1"]
    assert list(store.linked("x:attribute:of", "8002")) == []


def test_a_saved_change_to_an_object_is_what_is_loaded_next(store: ObjectStore) -> None:
    store.save("8002", {"dc:attribute:title": ["New"]}, links=frozenset())
    assert store.load("8002") == {"dc:attribute:title": ["New"]}


def test_links_and_codes_that_a_change_took_away_are_not_found(store: ObjectStore) -> None:
    store.save("8002", {BEHAVIOUR: CODE}, links=frozenset())
    assert list(store.linked("x:attribute:of", "8001")) == ["8003"]

    store.save("8002", {}, links=frozenset())
    assert store.by_behaviour("school:house:red") is None


def test_the_shelf_gives_fresh_copies_also_from_disk() -> None:
    shelf = Shelf()
    big = {"a": ["x" * 1_000_000]}
    for number in range(20):
        shelf.put(str(number), big)
    shelf.put("0", {"a": ["changed"]})

    first = shelf.get("0")
    assert first == {"a": ["changed"]}
    first["a"].append("not kept")
    assert shelf.get("0") == {"a": ["changed"]}
    assert shelf.get("19") == big
    shelf.close()
    assert shelf.get("19") is None
