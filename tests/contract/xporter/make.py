"""Makes the endpoint files of Xporter from the catalogue of the service and from what was put right by hand.

`python tests/contract/xporter/make.py CATALOGUE.json` writes `mappings/xporter/endpoints/`, one file for each group
of the document; `fields.txt`, the names of the fields that the document lists; and what the simulator answers to, in
`engine/simulators/xod/reads.json`. Nothing else needs the catalogue: a project only needs the files. What is known
better than the catalogue says stands in `by_hand.yaml` and `written.yaml`; the management calls, of which it has no
fields, in a file of their own, written by hand.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

from engine.document import load

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
from endpoint_text import document_text, yaml_lines  # noqa: E402  (it stands beside the tests)

ENDPOINTS = HERE.parents[2] / "mappings" / "xporter" / "endpoints"
FACTS = HERE / "fields.txt"
SIMULATED = HERE.parents[2] / "engine" / "simulators" / "xod" / "reads.json"
Record = dict[str, Any]

HEAD = "# yaml-language-server: $schema=../../../schemas/spec/endpoints.json"
MADE = "# Made by tests/contract/xporter/make.py: change it there, not here."
NOTES = {
    "School": """\
  The members of a page of groups are those of the groups on it; what an answer says of its total is about the groups.
  Without their option these sets are there and empty.""",
    "Students": """\
  A field without a scope of its own opens with its set. A field whose scope the school did not grant is missing
  from every record; one that has no value is there and null.""",
}
NO_FIELDS = "the document has no table of its fields"
INFERRED = "the document prints no path; this one follows the pattern of the others"

WHOLE = re.compile(
    r"Num[A-Z]|MarkIs_|Points|Incidents|Events|Detentions|Interventions|NumberOf|PerCycle$|Order$|Sequence$|Rank$"
    r"|^Priority$|^Size$|^CompressedSize$|^Count$|Sessions$|^DefaultDayOfWeekNum$"
)
FRACTION = re.compile(
    r"Hours(PerWeek|Lost)?$|Weeks|Days$|DaysLost$|FTE$|Amount$|^Salary|^TotalPay$|NumericValue|^M(in|ax)Value$|PayFactor"
    r"|ScalePoint|SessionsPerWeek"
)
FLAG = re.compile(r"flag|\b1 or 0\b|1 ?/ ?0")
LINKS = [
    (r"^Student_?(Mis_?)?Id$|^Student_MisId$", "students.Id"),
    (r"^Student(Idaas|Local)Id$", "students.IdaasId"),
    (r"^StudentExternalId$", "students.ExternalId"),
    (r"^StudentIds$", "students.Id"),
    (r"^StudentIdaasIds$", "students.IdaasId"),
    (r"^StaffIds$", "staff.Id"),
    (r"^StaffIdaasIds$", "staff.IdaasId"),
    (r"^(|AddedBy|Assigned|RecordedBy|Parent|Child)Staff(Mis_)?Id$|^CreatorId$", "staff.Id"),
    (r"^Staff(Idaas|Local)Id$", "staff.IdaasId"),
    (r"^Contact(Mis_)?Id$", "contacts.Id"),
    (r"^ContactLocalId$", "contacts.IdaasId"),
    (r"^(Group|Class)(Mis_)?Id$", "groups.Id"),
    (r"^GroupExternalId$", "groups.ExternalId"),
    (r"^GroupIdaasId$", "groups.IdaasId"),
]
KINDS = [
    (
        r"^(Student|Staff|Contact|Agent|Person)_?(Mis|Local|Idaas|External|XI|X)?_?[Ii][dD]$|^Student_MisId$",
        "identifier",
    ),
    (r"(Students?|Staff)(XIDs|Ids|IdaasIds)$|Staff(Id)?$|^StudentXid$", "identifier"),
    (
        r"^(Full|Fore|Sur|Middle|Display|Person|SenCoordinator)[Nn]ame$|^Title$|^(Recorded|CertSigned|Authenticated)By$",
        "name",
    ),
    (r"^DOB$", "birth"),
    (r"Email$|Phone$", "contact"),
    (r"^(House(No|Number|Name)|Apartment|Street|District|Town|County|Country|PostCode|AddressBlock)$", "address"),
]
USUAL = frozenset(
    re.findall(
        r"\w+",
        """a an the of for in is it to and or this that id ids mis local idaas external name date start end code count
        type description number record member free text value optional whether any from against which""",
    )
)
"""Words of descriptions that say nothing by themselves."""


@cache
def by_hand() -> Record:
    """What was put right by hand."""
    return _read("by_hand.yaml")["endpoints"]


@cache
def written() -> Record:
    """The fields of the sets that were written whole."""
    return _read("written.yaml")


def _read(name: str) -> Record:
    document, problems = load(HERE / name)
    assert document is not None, problems
    return document.data


def reads(catalogue: Record) -> list[Record]:
    """The read endpoints of the catalogue."""
    return [each for each in catalogue["endpoints"] if each["kind"] == "read"]


# Fields


def scope_of(text: str | None) -> Any:
    """A consent as the catalogue writes it, in our words: `A / B` any of them, `A + B` and `A, B` all of them."""
    if not text or text == "*":
        return None
    parts = [part.strip() for part in re.split(r"[+,]" if "+" in text or ", " in text else r"&&", text)]
    found = [_any(part, "/") for part in parts]
    return {"all": found} if len(found) > 1 else found[0]


def endpoint_scope(text: str | None) -> Any:
    """The consent of an endpoint in the syntax of the service's own list: a comma means any of, `&` all of."""
    if not text or text == "*":
        return None
    ways = [way.split("&") for way in text.split(",")]
    if len(ways) > 1 and all(len(way) == 2 and way[0] == ways[0][0] for way in ways):
        return {"all": [ways[0][0], {"any": [way[1] for way in ways]}]}
    found = [way[0] if len(way) == 1 else {"all": way} for way in ways]
    return {"any": found} if len(found) > 1 else found[0]


def _any(text: str, by: str) -> Any:
    names = [name.strip().split()[0] for name in text.split(by)]
    return {"any": names} if len(names) > 1 else names[0]


def type_of(row: Record) -> Record:
    """The type of a field, from its name, its description and the example of it."""
    name, said, example = row["name"], row.get("description") or "", str(row.get("example") or "")
    if re.search(r"(Id|ID|_id)$", name):
        return {"type": "text"}
    listed = re.match(r"(student|staff) .*ids?$", said, re.IGNORECASE) and name.endswith(("Ids", "XIDs"))
    if listed or said.startswith("CSV:"):
        return {"type": "list", "split": ","}
    if name == "LastUpdated" or name.endswith("DateTime") or re.match(r"[\d-]+T\d", example):
        dated = "T00:00:00" in example and not name.endswith("DateTime")
        return {"type": "date" if dated else "datetime"}
    if re.fullmatch(r"\d{4}-\d\d-\d\d|\d\d-\d\d-\d{4}", example):
        return {"type": "date"}
    if re.fullmatch(r"\d\d:\d\d", example):
        return {"type": "time"}
    if name.endswith("Date") or name in ("DateFrom", "DateTo"):
        return {"type": "date"}
    if FRACTION.search(name):
        return {"type": "number"}
    if WHOLE.search(name) and (not example or example.lstrip("-").isdigit()):
        return {"type": "integer"}
    if FLAG.search(said) or name in (
        "ReadOnly",
        "MainRole",
        "StudentAssessedDisabled",
        "EmergencyConsent",
        "PregnantPupil",
    ):
        return {"type": "boolean"}
    return {"type": "text"}


def pii_of(name: str, default: str | None) -> str | None:
    """What a field of a set is, by its name; `default` is what the set is about, None for what is of nobody."""
    if name in ("LastUpdated", "RowHash") or (name == "Id" and default is None):
        return None
    found = (
        "identifier" if name == "Id" else next((kind for pattern, kind in KINDS if re.search(pattern, name)), default)
    )
    return found if default is not None or found == "identifier" else None


def note_of(row: Record, set_name: str) -> str | None:
    """The description of a field, where it says more than the names do."""
    said = row.get("description") or ""
    if row["name"] in ("Id", "LastUpdated", "RowHash") or not said:
        return None
    known = f"{row['name']} {set_name}".lower().replace("_", "")
    words = re.findall(r"[a-z]{2,}", said.lower())
    if all(word in USUAL or word.rstrip("s") in known or word in known for word in words):
        return None
    if re.match(r"(MIS )?(id|name|date|type|code|count|free text|description|start date|end date): ", said):
        return None
    return re.sub(r"^flag: |^boolean 1 or 0$", "", said)


def field_of(row: Record, given: Record, scope: Any, set_name: str) -> Record:
    """What is declared of a field of the catalogue."""
    found: Record = type_of(row)
    found["pii"] = pii_of(row["name"], given.get("pii"))
    own = scope_of(row.get("scope"))
    found["scope"] = own if own != scope else None
    found["option"] = row.get("needs_option")
    link = given.get("links", {}).get(row["name"])
    if link is None:
        link = next((to for pattern, to in LINKS if re.search(pattern, row["name"])), None)
    found["link"] = link
    found["note"] = note_of(row, set_name) if link is None else None
    return found


def ordered(field: Record) -> Record:
    """A field with its words in their usual order, and without those that say nothing."""
    order = ("type", "at", "split", "values", "pii", "scope", "option", "link", "note", "assumed")
    return {word: field[word] for word in order if field.get(word) not in (None, "")}


def fields_of(rows: list[Record], given: Record, scope: Any, name: str) -> dict[str, Record]:
    """All that is declared of the fields of a set."""
    own = given.get("written")
    if own is not None:
        whole = written()[own.lower()] if isinstance(own, str) else own
        return {each: ordered(field) for each, field in whole.items()}
    found: dict[str, Record] = {}
    for row in rows:
        named = row["name"] if row["name"] not in found else "Mis_Id"
        found[named] = field_of({**row, "name": named}, given, scope, name)
    for each, more in given.get("fields", {}).items():
        found[each] = {**found.get(each, {"type": "text", "pii": given.get("pii")}), **more}
    return {each: ordered(field) for each, field in found.items()}


# Sets and endpoints


def set_of(endpoint: Record, result: Record, given: Record, *, first: bool) -> tuple[str, Record]:
    """A record set of an endpoint, under our name."""
    rows = result["fields"]
    scopes = Counter(json.dumps(scope_of(row["scope"])) for row in rows if row.get("scope"))
    whole = endpoint_scope((endpoint.get("consent_scopes") or {}).get("endpoint"))
    usual = json.loads(scopes.most_common(1)[0][0]) if scopes else whole
    scope = given.get("scope", whole if first and len(scopes) > 1 and whole is not None else usual)
    fields = fields_of(rows, given, scope, given["name"])
    key = given.get("key", "Id" if "Id" in fields else None)
    found: Record = {
        "records": f"$.{result['name']}",
        "optional": None if first else True,
        "key": key,
        "counted": None if first else False,
        "option": given.get("option"),
        "scope": scope,
        "note": given.get("note"),
        "assumed": given.get("assumed") or (None if fields else NO_FIELDS),
    }
    return given["name"], {**{word: value for word, value in found.items() if value is not None}, "fields": fields}


def filters_of(endpoint: Record, given: Record) -> dict[str, Record]:
    """The filters that an endpoint takes, by their names on the wire."""
    free = {*given.get("not_required", []), *given.get("needs", []), "updatedSince"}
    found: dict[str, Record] = {}
    for row in endpoint.get("query_params", []):
        name = given.get("renamed", {}).get(row["name"], row["name"])
        if row["name"] in given.get("in_path", []) or row.get("doubtful"):
            continue
        required = True if row.get("required") and row["name"] not in free else None
        said = {"required": required, "values": row.get("enum"), "note": row.get("description")}
        found[name] = {word: value for word, value in said.items() if value}
    return found


def options_of(endpoint: Record, sets: Record) -> dict[str, Record]:
    """The options of an endpoint that decide which records come: those that no set and no field asks for."""
    used = {each.get("option") for each in sets.values()}
    used |= {field.get("option") for each in sets.values() for field in each["fields"].values()}
    return {
        each["name"]: {"note": each["description"]} for each in endpoint.get("options", []) if each["name"] not in used
    }


def declared(endpoint: Record) -> tuple[str, Record]:
    """An endpoint as it is declared, under our name."""
    given = by_hand()[endpoint["id"]]
    sets: Record = {}
    for result in endpoint["result_sets"]:
        own = given["sets"].get(result["name"], {})
        if "left_out" not in own:
            name, content = set_of(endpoint, result, own, first=not sets)
            sets[name] = content
    path = given.get("get") or endpoint["path"].removeprefix("/api/v1/School/{estab}/").removesuffix("{id}")
    found: Record = {
        "get": "School/{{ config.estab }}/" + path,
        "note": given.get("note") or endpoint.get("summary"),
        "assumed": given.get("assumed") or (INFERRED if endpoint["path_source"] == "inferred" else None),
        "for_each": given.get("for_each"),
        "params": given.get("params"),
        "filters": filters_of(endpoint, given),
        "needs_filter": given.get("needs"),
        "options": options_of(endpoint, sets),
        "windows": given.get("windows"),
        "momentary": given.get("momentary"),
        "pages": {"kind": "none"} if given.get("pages") == "none" else None,
        "changes": {"kind": "none"} if _whole(given, sets) else None,
    }
    return given["name"], {**{word: value for word, value in found.items() if value}, "sets": sets}


def _whole(given: Record, sets: Record) -> bool:
    """Whether an endpoint is read in full each time: its days move, or its records have no Id."""
    moving = any("today" in text for text in given.get("params", {}).values())
    keyed = [each.get("key") for each in sets.values()][:1] == ["Id"]
    return "windows" not in given and "for_each" not in given and (moving or not keyed)


# Files


def files(catalogue: Record) -> dict[str, str]:
    """The text of every file of endpoints, by its name."""
    groups: dict[str, dict[str, Record]] = {}
    for endpoint in reads(catalogue):
        name, content = declared(endpoint)
        groups.setdefault(endpoint["group"], {})[name] = content
    found = {}
    for group, endpoints in groups.items():
        head = [HEAD, MADE, "endpoints_of: xporter", f"group: {group.lower()}"]
        head += ["note: |", NOTES[group]] if group in NOTES else []
        found[f"{group.lower()}.yaml"] = document_text([*head, *yaml_lines({"endpoints": endpoints}, 0)])
    return found


def facts(catalogue: Record) -> str:
    """What the document names, a line for each set with a table of fields: endpoint, set, fields."""
    lines = [
        " ".join(
            [each["id"].removeprefix("school."), result["name"], *dict.fromkeys(f["name"] for f in result["fields"])]
        )
        for each in reads(catalogue)
        for result in each["result_sets"] or [{"name": "-", "fields": []}]
    ]
    return "\n".join(lines) + "\n"


# What the simulator answers to


def simulated(catalogue: Record) -> str:
    """The reads by the names of their paths, a line each: scopes, filters, and sets with their columns."""
    wires = {}
    for endpoint in reads(catalogue):
        for result in endpoint["result_sets"]:
            own = by_hand()[endpoint["id"]]["sets"].get(result["name"], {})
            if "left_out" not in own:
                wires[own["name"]] = f"{_path_name(endpoint)} {result['name']}"
    found: dict[str, Record] = {}
    for endpoint in reads(catalogue):
        name, content = _path_name(endpoint), declared(endpoint)[1]
        if name not in found:
            found[name] = _read_of(endpoint, content, wires)
    lines = [f"{json.dumps(name)}: {json.dumps(each)}" for name, each in found.items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _path_name(endpoint: Record) -> str:
    return str(endpoint["path"]).split("/")[5]


def _read_of(endpoint: Record, content: Record, wires: dict[str, str]) -> Record:
    filters, sets = content.get("filters", {}), {}
    for own in content["sets"].values():
        kept = content.get("for_each", {}).get("keep", {})
        fields = {name: field for name, field in own["fields"].items() if name not in kept}
        sets[own["records"].removeprefix("$.")] = {
            "option": own.get("option"),
            "scope": said_scope(own.get("scope")),
            "columns": " ".join(fields),
            "scopes": _sorted_by({name: said_scope(field.get("scope")) for name, field in fields.items()}),
            "options": _sorted_by({name: field.get("option") for name, field in fields.items()}),
            "links": _links_of(fields, wires),
            "types": _sorted_by({name: field["type"] for name, field in fields.items() if field["type"] != "text"}),
        }
    whole = {
        "scope": said_scope(endpoint_scope((endpoint.get("consent_scopes") or {}).get("endpoint"))),
        "filters": list(filters),
        "required": [name for name, each in filters.items() if each.get("required")],
        "one_of": content.get("needs_filter"),
        "row_options": list(content.get("options", {})),
    }
    trimmed = {name: {word: value for word, value in each.items() if value} for name, each in sets.items()}
    return {**{word: value for word, value in whole.items() if value}, "sets": trimmed}


def _links_of(fields: Record, wires: dict[str, str]) -> dict[str, str]:
    """The first link of each field, as the path's name, the set on the wire and the column there."""
    found = {}
    for name, field in fields.items():
        link = field.get("link")
        if link:
            other, _, column = (link if isinstance(link, str) else link[0]).partition(".")
            found[name] = f"{wires[other]} {column}"
    return found


def _sorted_by(values: dict[str, str | None]) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for name, value in values.items():
        if value:
            found.setdefault(value, []).append(name)
    return {value: " ".join(names) for value, names in found.items()}


def said_scope(scope: Any) -> str | None:
    """A consent in the syntax of the service's own list."""
    if scope is None or isinstance(scope, str):
        return scope
    if "any" in scope:
        return ",".join(filter(None, map(said_scope, scope["any"])))
    ways = [""]
    for part in scope["all"]:
        ways = [f"{way}&{name}".strip("&") for way in ways for name in (said_scope(part) or "").split(",")]
    return ",".join(ways)


def write(catalogue: Record) -> None:
    """Write all that is made of the catalogue."""
    for name, text in files(catalogue).items():
        (ENDPOINTS / name).write_text(text, encoding="utf-8")
    FACTS.write_text(facts(catalogue), encoding="utf-8")
    SIMULATED.write_text(simulated(catalogue), encoding="utf-8")


if __name__ == "__main__":
    write(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
