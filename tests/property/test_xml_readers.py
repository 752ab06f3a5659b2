"""Whichever reader is used, the same records of an XML document come out, or the same refusal."""

from __future__ import annotations

import io
import json
import tempfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.spec.source import RecordSet
from engine.stages.envelope import UnreadableError
from engine.stages.xml_fast import choose_flat, read_sets
from engine.stages.xml_plan import plan_of

NAMES = ("A", "B", "Item", "Items", "C")
SETS = {
    "items": {
        "records": "Items/Item",
        "fields": {"Id": {"at": "@Id"}, "A": {}, "B": {"at": ["@B", "B"]}, "Deep": {"at": "C/A"}},
    },
    "others": {"records": "A/B", "fields": {"Id": {"at": "@Id"}, "Text": {"at": "."}, "C": {"at": "C/C"}}},
    "attributed": {"records": "C/B", "fields": {"C": {"at": "C/@Id"}}},
    "parts": {"records": "Items/Item/C", "fields": {"Of": {"at": "../@Id"}, "Many": {"type": "list", "at": "A"}}},
    "waiting": {
        "records": "Items/Item/C",
        "fields": {"Of": {"at": "../@Id"}, "Beside": {"type": "list", "at": "../A"}},
    },
}
TEXTS = st.sampled_from(
    [
        "",
        " ",
        "x",
        " padded ",
        "&amp;",
        "&#x20;",
        "é",
        "a\nb",
        "<!-- c -->",
        "<![CDATA[<&>]]>",
        "a<?pi x?>b",
        "]",
        "/>",
        "'",
        "1 > 0",
    ]
)
ATTRIBUTES = st.sampled_from(["", ' Id="1"', " Id='2' B=\"x\"", ' Id=""', ' Id="&lt;>"', ' B=" /&gt;"', ' Id="a\nb"'])


def element(name: str, attributes: str, inner: str, short: bool) -> str:
    return f"<{name}{attributes}/>" if short and not inner else f"<{name}{attributes}>{inner}</{name}>"


ELEMENTS = st.recursive(
    TEXTS,
    lambda inner: st.builds(
        element, st.sampled_from(NAMES), ATTRIBUTES, st.lists(inner, max_size=4).map("".join), st.booleans()
    ),
    max_leaves=25,
)
DOCUMENTS = st.lists(
    st.builds(
        element,
        st.sampled_from(["Items", "A", "C"]),
        ATTRIBUTES,
        st.lists(ELEMENTS, max_size=4).map("".join),
        st.booleans(),
    ),
    max_size=4,
).map(lambda parts: f"<Root>{''.join(parts)}</Root>")


def outcome(document: bytes, *, fast: bool, tell_empty: bool = True) -> Any:
    """Return the records of all sets, or what is said against the document."""
    plans = [plan_of(name, RecordSet.model_validate(each), tell_empty=tell_empty) for name, each in SETS.items()]
    with tempfile.TemporaryDirectory() as folder:
        files = {plan.name: Path(folder) / f"{plan.name}.parquet" for plan in plans}
        try:
            found = read_sets(io.BytesIO(document), plans, files, fast=fast)
        except UnreadableError as error:
            return error.what.partition(" (")[0]
        seen = {name: sink.seen() for name, sink in found.sinks.items()}
        counts = {
            name: None if each is None else (each.records, each.present, each.mixed) for name, each in seen.items()
        }
        return {name: pq.read_table(file).to_pylist() for name, file in files.items()}, counts


def test_both_readers_have_something_to_do() -> None:
    plans = [plan_of(name, RecordSet.model_validate(each)) for name, each in SETS.items()]
    assert [plan.name for plan in choose_flat(plans)] == ["items", "others"]


@settings(max_examples=60, deadline=None)
@given(DOCUMENTS, st.booleans())
def test_both_readers_find_the_same_records(document: str, tell_empty: bool) -> None:
    data = document.encode()
    assert outcome(data, fast=True, tell_empty=tell_empty) == outcome(data, fast=False, tell_empty=tell_empty)


@settings(max_examples=60, deadline=None)
@given(DOCUMENTS)
def test_parts_are_those_of_their_parents(document: str) -> None:
    """As the standard library's tree has them, whether a parent must be waited for or not."""
    parts, waiting = [], []
    for item in ElementTree.fromstring(document).findall("Items/Item"):
        for part in item.findall("C"):
            parts.append((item.get("Id"), texts(part)))
            waiting.append((item.get("Id"), texts(item)))
    found = outcome(document.encode(), fast=False)
    if not isinstance(found, str):  # some other set has one value twice
        records, _ = found
        assert [(row["Of"], row["Many"]) for row in records["parts"]] == parts
        assert [(row["Of"], row["Beside"]) for row in records["waiting"]] == waiting


def texts(element: ElementTree.Element) -> str | None:
    """The texts of the parts A of an element, as a list is written; None without any."""
    found = [(part.text or "") + "".join(child.tail or "" for child in part) for part in element.findall("A")]
    return json.dumps(found, ensure_ascii=False) if found else None


@settings(max_examples=60, deadline=None)
@given(DOCUMENTS, st.data())
def test_both_readers_refuse_the_same_documents(document: str, data: st.DataObject) -> None:
    whole = document.encode()
    at = data.draw(st.integers(1, len(whole)))
    cut = whole[: at - 1] + data.draw(st.sampled_from([b"", b"<", b">", b"&", b'"', b"\xff", b"\x01"])) + whole[at:]
    quick, plain = outcome(cut, fast=True), outcome(cut, fast=False)
    assert isinstance(quick, str) == isinstance(plain, str)
    assert isinstance(quick, str) or quick == plain
