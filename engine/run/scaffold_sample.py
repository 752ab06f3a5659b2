"""A source begun from an answer alone, JSON or XML (by lxml): where its records are, and what is seen in them.

An answer tells nothing of addresses, of auth, or of how the next page is asked for: these are to be filled in.
Next: `run/scaffold_mapping`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.kinds.select import MISSING
from engine.kinds.select import path as json_path
from engine.problem_text import did_you_mean
from engine.run.scaffold_draft import AUTH, Draft, EndpointDraft, begun, set_of
from engine.run.scaffold_guess import snake
from engine.run.scaffold_paging import guess_pages_of_sample
from engine.run.scaffold_reading import ScaffoldError, begin_of, read_bytes, read_json, read_xml
from engine.run.scaffold_shape import MOST_SAMPLES, Shape, lists_of, merged

if TYPE_CHECKING:
    from lxml.etree import _Element

_TO_DO = "to be filled in: an answer does not tell"


def draft_of_sample(name: str, file: Path, records: str | None) -> Draft:
    """Return the draft of a source, by one of its answers."""
    raw = read_bytes(file)
    if begin_of(raw) == b"<":
        return _of_xml(name, file, read_xml(file, raw), records)
    return _of_json(name, file, read_json(file, raw), records)


def _begun(name: str, file: Path) -> Draft:
    draft = begun(name, name, file.name)
    draft.comments[AUTH] = f"{_TO_DO} how the source is told who asks"
    return draft


def _endpoint(draft: Draft, set_name: str) -> EndpointDraft:
    endpoint = EndpointDraft(set_name, set_name, "to-be-filled-in", [])
    endpoint.assumed.append("its path is to be filled in: an answer does not tell it")
    draft.endpoints.append(endpoint)
    return endpoint


def _of_json(name: str, file: Path, data: Any, records: str | None) -> Draft:
    draft, whole = _begun(name, file), shape_of(data)
    path, item, one = _records(file, data, whole, records)
    set_name = snake(path.rpartition(".")[2]) if "." in path else ""
    if set_name in ("", "data", "items", "results", "records", "value"):
        set_name = snake(file.stem.partition(".")[0])
    endpoint = _endpoint(draft, set_name)
    endpoint.sets = [set_of(set_name, path, item)]
    endpoint.sets[0].one = one
    if (paging := guess_pages_of_sample(whole)) is not None:
        endpoint.pages = paging.pages
        endpoint.assumed.append(paging.why)
    return draft


def _records(file: Path, data: Any, whole: Shape, wanted: str | None) -> tuple[str, Shape, bool]:
    """Return where the records stand, what one is like, and whether there is just one: at the path that was given, or
    in the longest list.
    """
    there = {path: item for path, item in lists_of(whole) if item.members}
    if wanted is not None:
        return wanted, *_items_at(file, data, wanted, list(there))
    if not there:
        why = "records are a list of objects, or given by --records the path of one"
        raise ScaffoldError(f"{file} has no list of records", why=why, code="no-records")
    path = max(there, key=lambda each: _length(data, each))
    return path, there[path], False


def _items_at(file: Path, data: Any, wanted: str, there: list[str]) -> tuple[Shape, bool]:
    try:
        found = json_path(wanted).first(data)
    except ValueError as error:
        raise ScaffoldError(f"{wanted!r} is not a JSONPath: {error}", code="no-records") from None
    shape = shape_of(found) if found is not MISSING else Shape()
    item = shape.item if shape.kind == "list" else shape
    if item is not None and item.members:
        return item, shape.kind != "list"
    known = f"lists of records stand at {', '.join(there)}" if there else "it has no list of records"
    raise _none_there(file, wanted, there, known)


def _none_there(file: Path, wanted: str, there: list[str], known: str) -> ScaffoldError:
    what = f"{file} has no list of records at {wanted}"
    return ScaffoldError(what, why=known, fix=did_you_mean(wanted, there), code="no-records")


def _length(data: Any, path: str) -> int:
    found = json_path(path).first(data)
    return len(found) if isinstance(found, list) else 0


def shape_of(value: Any) -> Shape:
    """Return the shape of a value as JSON gives it; null tells nothing."""
    if isinstance(value, dict):
        return Shape("object", {str(name): shape_of(each) for name, each in value.items()})
    if isinstance(value, list):
        item = Shape()
        for each in value:
            item = merged(item, shape_of(each))
        return Shape("list", item=item)
    if isinstance(value, bool):
        return Shape("boolean")
    if isinstance(value, int | float):
        return Shape("integer" if isinstance(value, int) else "number", samples=[str(value)])
    return Shape(samples=[] if value in (None, "") else [str(value)])


def _of_xml(name: str, file: Path, root: _Element, records: str | None) -> Draft:
    draft = _begun(name, file)
    draft.api |= {"answers": "xml", "root": _local(root)}
    found: dict[str, list[_Element]] = {}
    for path, element in _below(root):
        found.setdefault(path, []).append(element)
    there = [path for path, elements in found.items() if any(len(each) or each.attrib for each in elements)]
    if records is not None and records not in there:
        known = f"records can stand at {', '.join(there[:5])}" if there else "it has no elements with content"
        raise _none_there(file, records, there, known)
    if not there:
        raise ScaffoldError(f"{file} has no records", why="records are elements that repeat", code="no-records")
    path = records or max(there, key=lambda each: (len(found[each]), -each.count("/")))
    shape = Shape("object")
    for element in found[path]:
        shape = merged(shape, _shape_of_element(element))
    set_name = snake(path.rpartition("/")[2])
    set_name = set_name if set_name.endswith("s") else f"{set_name}s"
    _endpoint(draft, set_name).sets = [set_of(set_name, path, shape, xml=True)]
    return draft


def _below(element: _Element, way: str = "", depth: int = 0) -> Iterator[tuple[str, _Element]]:
    """Yield every element below the root, with its path."""
    for child in element.iterchildren(tag="*"):
        path = f"{way}/{_local(child)}" if way else _local(child)
        yield path, child
        if depth < 20:
            yield from _below(child, path, depth + 1)


def _local(element: _Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _shape_of_element(element: _Element) -> Shape:
    """Return the shape of an element: attributes as `@name`, children by name, lists where one repeats."""
    members = {f"@{str(name).rpartition('}')[2]}": _text(str(value)) for name, value in element.attrib.items()}
    for child in element.iterchildren(tag="*"):
        name, shape = _local(child), _shape_of_element(child)
        if name not in members:
            members[name] = shape
        elif members[name].kind == "list":
            members[name].item = merged(members[name].item or Shape(), shape)
        else:
            members[name] = Shape("list", item=merged(members[name], shape))
    text = (element.text or "").strip()
    if not members:
        return _text(text)
    return Shape("object", members | ({".": _text(text)} if text else {}))


def _text(text: str) -> Shape:
    return Shape(samples=[text][:MOST_SAMPLES] if text else [])
