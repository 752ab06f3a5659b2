"""Element paths: what they say, and what is none."""

from __future__ import annotations

import pytest

from engine.kinds.element import element_path, is_element_path


@pytest.mark.parametrize(
    ("text", "up", "steps", "attribute", "first"),
    [
        ("Town", 0, ("Town",), None, "Town"),
        ("Address/Town", 0, ("Address", "Town"), None, "Address"),
        ("@Id", 0, (), "Id", "@Id"),
        ("Child/Grandchild/@Id", 0, ("Child", "Grandchild"), "Id", "Child"),
        ("../../@Id", 2, (), "Id", ""),
        ("../Name", 1, ("Name",), None, ""),
        ("..", 1, (), None, ""),
        (".", 0, (), None, ""),
        ("Größe/Name-2.b", 0, ("Größe", "Name-2.b"), None, "Größe"),
    ],
)
def test_a_path_leads_up_then_down_then_to_an_attribute(text, up, steps, attribute, first):
    found = element_path(text)
    assert (found.up, found.steps, found.attribute, found.first_key) == (up, steps, attribute, first)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/Town",
        "Town/",
        "Address//Town",
        "@",
        "@Id/Name",
        "Town/..",
        "$.Town",
        "*",
        "Town[1]",
        "a:b",
        "1st",
        "xmlns",
    ],
)
def test_what_is_no_path_is_refused(text):
    assert not is_element_path(text)
    with pytest.raises(ValueError, match="names, separated by '/'"):
        element_path(text)
