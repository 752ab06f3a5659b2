"""Makes the endpoint files of HUBmis from the catalogue of the service and from what was put right by hand.

`python tests/contract/hubmis/make_hubmis.py CATALOGUE.json` writes `mappings/hubmis/endpoints/`, one file for each
group of the document, `operations.txt`, what the document says of each operation in one line, and `reads.json`, of
which the simulator takes what its answers look like. Nothing else needs the catalogue. What is known, or taken for
true, beyond it stands in `by_hand.yaml`.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from engine.document import load

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
from endpoint_text import document_text, yaml_lines  # noqa: E402  (it stands beside the tests)

ENDPOINTS = HERE.parents[2] / "mappings" / "hubmis" / "endpoints"
FACTS = HERE / "operations.txt"
READS = HERE.parents[2] / "engine" / "simulators" / "hubmis" / "reads.json"
Record = dict[str, Any]

HEAD = "# yaml-language-server: $schema=../../../schemas/spec/endpoints.json"
MADE = "# Made by tests/contract/hubmis/make_hubmis.py: change it there, not here."
INFERRED = "the document prints no path but that of the token; this one follows the title of the operation"
ITEMS = "the document does not show the items of this list"
LIKE = "the document does not show the items of this list; taken for those of the single record"
COLLAPSED = "the document does not show what is in this object"
UNPRINTED = {
    "sort[{field}]": "which fields, and whether it may be desc, is not printed; put the name of one for {field}",
    "filter[dateTime]": "its name is not printed here; this is the one of attendance",
}
LISTED = "its items are JSON"
PAGES = {"kind": "open", "param": "page[number]", "size": {"param": "page[size]", "value": 100}}
YEAR = "{{ config.academic_year }}"
NOT_READ = re.compile(r"(^|_)(images?|logo|files)$")
KINDS = [
    (r"^id$|^external_id$|^unique_pupil_number$|^(candidate|reference)_number$|_reference$", "identifier"),
    (r"^(students|student_representatives|attending_(staff|contacts)|special_needs_coordinators)$", "identifier"),
    (r"^(first|last|middle|preferred|previous_last)_name$|^name_in_local_language$|^title$", "name"),
    (r"^date_of_birth$", "birth"),
    (r"^((primary_)?email|phone)$", "contact"),
    (r"^(formatted_)?address$", "address"),
    (r"^(ethnicity|faith|national|medical|learning_support|country_of_birth|language_)", "sensitive"),
]
PEOPLE = re.compile(r"_heads$|^house_parents$|^staff(_report_writers)?$|_by$|^student(_representatives)?$")
"""Lists and objects that are people, also in sets that are of nobody."""


@cache
def by_hand() -> Record:
    """What was put right by hand."""
    document, problems = load(HERE / "by_hand.yaml")
    assert document is not None, problems
    return document.data


def name_of(operation: Record) -> str:
    """The path of an operation, below the prefix."""
    return str(operation["path"]).removeprefix("/api/")


def reads(catalogue: Record) -> list[Record]:
    """The operations that are endpoints: all but the one that gives a token."""
    return [each for each in catalogue["endpoints"] if each["method"] == "GET"]


# Fields


def type_of(row: Record) -> str:
    """The type of a field, from what the document calls it, its example and its name; ids are texts."""
    name, example = row["name"], str(row.get("example"))
    if re.search(r"(^|_)id$", name):
        return "text"
    if re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", example) or name.endswith("_at"):
        return "datetime"
    if re.fullmatch(r"\d{4}-\d\d-\d\d", example) or name.endswith("_date"):
        return "date"
    if re.fullmatch(r"\d\d:\d\d:\d\d", example):
        return "time"
    return str(row["type"]) if row["type"] in ("integer", "boolean") else "text"


def pii_of(name: str, default: str | None) -> str | None:
    """What a field of a set is, by its name; `default` is what the set is about, None for what is of nobody."""
    if PEOPLE.search(name):
        return "identifier"
    if default is None:
        return None
    found = next((kind for pattern, kind in KINDS if re.search(pattern, name)), default)
    return default if found == "identifier" and name == "id" and default not in ("status", "family") else found


def pii_of_set(name: str) -> str | None:
    """What a set is about."""
    return next((each.get("pii") for each in by_hand()["operations"].values() if each["name"] == name), None)


def fields_of_row(row: Record, pii: str | None, why: str | None) -> dict[str, Record]:
    """What is declared of a field of the catalogue; a nested object is two fields, its id and its name."""
    name = row["name"]
    said = pii_of(name, pii)
    if row["type"] == "array":
        return {name: {"type": "list", "pii": said, "note": LISTED}}
    if row["type"] != "object":
        return {name: {"type": type_of(row), "pii": said}}
    found = {"type": "text", "pii": said, "assumed": why}
    if PEOPLE.search(name):
        return {f"{name}_id": {**found, "at": f"{name}.id"}}
    return {f"{name}_id": {**found, "at": f"{name}.id"}, name: {**found, "at": f"{name}.name"}}


def ordered(field: Record) -> Record:
    """A field with its words in their usual order, and without those that say nothing: text is what a field is."""
    order = ("type", "at", "values", "pii", "link", "note", "assumed")
    return {word: field[word] for word in order if field.get(word) not in (None, "") and field[word] != "text"}


def fields_of(operation: Record, given: Record, operations: dict[str, Record]) -> tuple[dict[str, Record], list[str]]:
    """All that is declared of the fields of a set, and the fields that are sent and not read."""
    pii, known, found = given.get("pii"), list(given.get("known", [])), {}
    if "shape" in given:
        found = {name: {"pii": pii, **field} for name, field in by_hand()["shapes"][given["shape"]].items()}
    else:
        own = operations[given["like"]] if "like" in given else operation
        for row in own["response_fields"]:
            if NOT_READ.search(row["name"]):
                known.append(row["name"])
            elif row["name"] not in known:
                found |= fields_of_row(row, pii, None if "like" in given else COLLAPSED)
    for name, more in given.get("fields", {}).items():
        found[name] = {**found.get(name, {"pii": pii}), **more}
    return found, known


# Sets and endpoints


def parent_of(operation: Record) -> Record | None:
    """For whose records an operation is asked for, by its path: the set, and the name under which its id is kept."""
    path = name_of(operation)
    home = path[3:].partition("/{id}")[0] if "{id}" in path else ""
    return by_hand()["parents"].get(home)


def set_of(operation: Record, given: Record, operations: dict[str, Record]) -> Record:
    """The record set of an endpoint."""
    parent, fields = None if "for_each" in given else parent_of(operation), {}
    own, known = fields_of(operation, given, operations)
    one = operation["response_kind"] == "object" and "records" not in given
    itself = one and name_of(operation).endswith("/{id}")
    if parent is not None and not itself:
        fields[parent["keep"]] = {"pii": pii_of("id", pii_of_set(parent["set"])), "link": f"{parent['set']}.id"}
    fields |= own
    key = given.get("key", [name for name in fields if name == "id" or (parent and name == parent["keep"])])
    assumed = None if one else LIKE if "like" in given else ITEMS
    found = {
        "records": given.get("records", "$"),
        "one": one or None,
        "key": key[0] if len(key) == 1 else key,
        "scope": given.get("scope"),
        "assumed": assumed,
        "known": known,
        "fields": {name: ordered(field) for name, field in fields.items()},
    }
    return {word: value for word, value in found.items() if value}


def filters_of(operation: Record, given: Record) -> dict[str, Record]:
    """The filters that an endpoint takes, by their names on the wire."""
    found = {}
    for row in operation.get("query_params", []):
        name = row["name"]
        if name.startswith("page["):
            continue
        note = row.get("description") or ""
        if name in UNPRINTED:
            note = f"{note}; {UNPRINTED[name]}" if note else UNPRINTED[name]
        elif note.replace(" ", "").lower() in name.lower():
            note = ""
        values = given.get("values", {}).get(name, row.get("enum"))
        said = {"required": row["required"] or None, "values": values, "note": note}
        for each in [f"{name}[{tail}]" for tail in row.get("properties", [])] or [name]:
            found[each] = {word: value for word, value in said.items() if value}
    return found


def path_of(operation: Record, given: Record) -> str:
    """The path of an endpoint, a template; what stands in it of other records is what is kept of them."""
    path = name_of(operation).replace("{academicYearId}", YEAR).replace("{mappingId}", "{{ each.mapping }}")
    word = given.get("for_each")
    parent = parent_of(operation)
    kept = parent["keep"] if parent is not None else next(iter(word["keep"])) if word else ""
    return re.sub(r"(?<!\{)\{id\}", f"{{{{ each.{kept} }}}}", path)


def declared(operation: Record, given: Record, operations: dict[str, Record]) -> Record:
    """An endpoint as it is declared."""
    parent = parent_of(operation)
    fanned = None if parent is None else {"set": parent["set"], "keep": {parent["keep"]: "id"}}
    names = [each["name"] for each in operation.get("header_params", [])]
    after = operation.get("replaced_by")
    other = by_hand()["operations"][after.removeprefix("/api/")]["name"] if after else None
    word = {"use": other, "note": given.get("deprecated")}
    found = {
        "get": path_of(operation, given),
        "note": given.get("note") or operation["summary"],
        "assumed": INFERRED if operation["path_source"].startswith("inferred") else None,
        "deprecated": {each: value for each, value in word.items() if value} if operation["deprecated"] else None,
        "for_each": given.get("for_each", fanned),
        "refresh": given.get("refresh"),
        "fresh_for": "20h" if "refresh" in given else None,  # a first night takes hours: none of it is asked for again
        "headers": {"academic-year-id": YEAR} if "academic-year-id" in names else None,
        "params": given.get("params"),
        "filters": filters_of(operation, given),
        "pages": PAGES if any(each["name"] == "page[number]" for each in operation.get("query_params", [])) else None,
        "momentary": given.get("momentary"),
    }
    sets = {given["name"]: set_of(operation, given, operations)}
    return {**{each: value for each, value in found.items() if value}, "sets": sets}


def split(given: Record) -> list[tuple[dict[str, str], Record]]:
    """What was put right by hand of an operation, for each value of what stands in its path, with the value."""
    if "split" not in given:
        return [({}, given)]
    ((name, values),) = given["split"].items()
    text = json.dumps({word: value for word, value in given.items() if word not in ("split", "like")})
    like = {"like": given["like"]} if "like" in given else {}
    return [({name: value}, {**json.loads(text.replace(f"{{{name}}}", value)), **like}) for value in values]


def endpoints_of(operation: Record, operations: dict[str, Record]) -> dict[str, Record]:
    """The endpoints of an operation by name; most have one."""
    found = {}
    for values, given in split(by_hand()["operations"][name_of(operation)]):
        content = declared(operation, given, operations)
        for name, value in values.items():
            content["get"] = content["get"].replace(f"{{{name}}}", value)
        found[given["name"]] = content
    return found


# What the simulator answers


def wire_fields(operation: Record, given: Record, operations: dict[str, Record]) -> Iterator[str]:
    """The fields of a record as they are sent, each with its type unless it is text; objects are not looked into."""
    kept = given.get("for_each", {}).get("keep", {})
    if "shape" in given:
        shape = {**by_hand()["shapes"][given["shape"]], **given.get("fields", {})}
        for name, field in shape.items():
            at = field.get("at", name)
            first, *inside = (at if isinstance(at, str) else at[0]).split(".")
            said = "object" if inside else "integer" if first == "id" else field.get("type", "text")
            if name not in kept:
                yield first if said == "text" else f"{first}:{said}"
        return
    for row in operations[given["like"]]["response_fields"] if "like" in given else operation["response_fields"]:
        person = row["type"] == "object" and PEOPLE.search(row["name"])
        own = row["type"] if row["type"] in ("array", "object", "integer", "boolean") else type_of(row)
        yield row["name"] if own == "text" else f"{row['name']}:{'person' if person else own}"


def simulated(catalogue: Record) -> dict[str, Record]:
    """What the answer to each read looks like, by path."""
    operations, found = {name_of(each): each for each in catalogue["endpoints"]}, {}
    for operation in reads(catalogue):
        given = by_hand()["operations"][name_of(operation)]
        filters = operation.get("query_params", [])
        said = {
            "split": given.get("split"),
            "list": operation["response_kind"] == "list",
            "paged": any(row["name"] == "page[number]" for row in filters),
            "required": [row["name"] for row in filters if row["required"]],
            "at": given.get("records", "$").removeprefix("$").removeprefix("."),
            "fields": " ".join(dict.fromkeys(wire_fields(operation, given, operations))),
        }
        found[name_of(operation)] = {word: value for word, value in said.items() if value}
    return found


# Files


def files(catalogue: Record) -> dict[str, str]:
    """The text of every file of endpoints, by its name."""
    operations = {name_of(each): each for each in catalogue["endpoints"]}
    groups: dict[str, dict[str, Record]] = {}
    for operation in reads(catalogue):
        groups.setdefault(operation["group"].lower(), {}).update(endpoints_of(operation, operations))
    return {
        f"{group.replace(' ', '_')}.yaml": document_text(
            [HEAD, MADE, "endpoints_of: hubmis", f"group: {group}", *yaml_lines({"endpoints": endpoints}, 0)]
        )
        for group, endpoints in groups.items()
    }


def facts(catalogue: Record) -> str:
    """What the document says, a line for each operation: method, path, list or object, marks, then names.

    Marks are `deprecated`; names are those of filters (`?`), headers (`:`) and fields (`.`).
    """
    said = []
    for each in catalogue["endpoints"]:
        names = [f"?{row['name']}" for row in each.get("query_params", [])]
        names += [f":{row['name'].lower()}" for row in each.get("header_params", [])]
        names += [f".{row['name']}" for row in each.get("response_fields", [])]
        marks = ["deprecated"] if each["deprecated"] else []
        said.append(" ".join([each["method"], name_of(each), each["response_kind"], *marks, *names]))
    return "\n".join(said) + "\n"


def reads_text(catalogue: Record) -> str:
    """The file of the simulator: a line for each read."""
    lines = [f"  {json.dumps(name)}: {json.dumps(said)}" for name, said in simulated(catalogue).items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def write(catalogue: Record) -> None:
    """Write all that is made of the catalogue."""
    for name, text in files(catalogue).items():
        (ENDPOINTS / name).write_text(text, encoding="utf-8")
    FACTS.write_text(facts(catalogue), encoding="utf-8")
    READS.write_text(reads_text(catalogue), encoding="utf-8")


if __name__ == "__main__":
    write(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
