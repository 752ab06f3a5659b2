"""JSON Schemas of single documents, for editors: the general one of the kind, with the names that are there now.

A mapping's offers the fields in view at each place, its tables, record sets, target fields, lookups and settings; a
school's the config of its source, the entities that there are, and the settings; a binding's the entity's fields.
What a name means stands beside it. Next: `spec/editor_files`.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from engine.kinds.types import TargetField
from engine.spec.binding import Binding
from engine.spec.load import KINDS, Loaded
from engine.spec.mapping import Mapping, Table
from engine.spec.project import Project
from engine.spec.school import School
from engine.spec.scope import RUN_NAMES, Names, Scope, said_target
from engine.spec.settings import Setting, SettingValue
from engine.spec.source import ConfigItem

Json = dict[str, Any]
DRAFT = "https://json-schema.org/draft/2020-12/schema"
ROOT = "Rows"
"""What the rows themselves are called, where tables have their names; no table can be called so."""


def editor_schema(project: Project, loaded: Loaded) -> Json | None:
    """Return the JSON Schema of one document; None where the general one says all, or what it is about is not there."""
    makers: dict[str, Callable[[Project, Any], Json | None]] = {
        "mapping": _mapping_schema,
        "school": _school_schema,
        "binding": _binding_schema,
    }
    make = makers.get(loaded.kind)
    return make(project, loaded.content) if make is not None else None


def _general(kind: str) -> Json:
    return copy.deepcopy(_made(kind))


@lru_cache
def _made(kind: str) -> Json:
    return {"$schema": DRAFT, **KINDS[kind].model_json_schema(by_alias=True)}


def one_of(names: Names) -> Json:
    """Return the schema of a text that is one of these names; of any text, where there are none."""
    if not names:
        return {"type": "string"}
    return {
        "oneOf": [{"const": name, "description": said} if said else {"const": name} for name, said in names.items()]
    }


def _swap(schema: Any, new: Json) -> Any:
    """Return a schema in which every text is what `new` says: in lists, in the values of maps, in alternatives."""
    if not isinstance(schema, dict):
        return schema
    if schema.get("type") == "string" and "const" not in schema:
        kept = {key: schema[key] for key in ("description", "default", "title") if key in schema}
        return {**kept, **new}
    swapped = dict(schema)
    if "anyOf" in schema:
        swapped["anyOf"] = [_swap(each, new) for each in schema["anyOf"]]
    for key in ("items", "additionalProperties"):
        if key in schema:
            swapped[key] = _swap(schema[key], new)
    if "patternProperties" in schema:
        swapped["patternProperties"] = {key: _swap(each, new) for key, each in schema["patternProperties"].items()}
    return swapped


def _put(word: Json, names: Iterable[str], new: Json) -> None:
    """Let the texts of some keys of a word be what `new` says."""
    for name in names:
        word["properties"][name] = _swap(word["properties"][name], new)


def _ref(name: str) -> Json:
    return {"$ref": f"#/$defs/{name}"}


def _only(names: Iterable[str]) -> Json:
    return {"propertyNames": {"enum": list(names)}}


def setting_names(project: Project, kind: str | None = None) -> Names:
    """Return the settings, `group.name`; of one type, where it is given."""
    return {
        f"{group}.{name}": _said_setting(setting)
        for group, members in project.settings().items()
        for name, setting in members.items()
        if kind in (None, setting.type)
    }


def _said_setting(setting: Setting) -> str:
    values = f"; one of {', '.join(setting.values)}" if setting.values else ""
    return f"{setting.description} ({setting.type}{values}; default: {_yaml_word(setting.default)})"


def _yaml_word(value: SettingValue) -> str:
    words = {"None": "null", "True": "true", "False": "false"}
    return words.get(str(value), str(value))


class _Names:
    """The definitions of one schema that hold names, and the words that use them."""

    def __init__(self, schema: Json, project: Project, source: str) -> None:
        self.defs: Json = schema["$defs"]
        self.lookups = {name: each.description for name, each in sorted(project.lookups(source).items())}
        self.defs["a_setting"] = one_of(setting_names(project))
        self.defs["a_switch"] = one_of(setting_names(project, "boolean"))
        self.defs["a_list"] = one_of(setting_names(project, "texts"))
        self.defs["a_lookup"] = one_of(self.lookups) if self.lookups else {"not": {}}
        value = self.defs["Value"]
        _put(value, ["setting"], _ref("a_setting"))
        _put(value, ["lookup"], _ref("a_lookup"))

    def copied(self, word: str, scope: str) -> Json:
        """Return a word's own definition for one scope."""
        own: Json = copy.deepcopy(self.defs[word])
        self.defs[f"{word}-{scope}"] = own
        return own

    def fields(self, scope: str, names: Names, others: Iterable[str] = ()) -> None:
        """Define what can be named in a scope: names of its own, and those of other scopes."""
        own = [one_of(names)] if names else []
        found = [*own, *(_ref(f"field-{other}") for other in others)]
        self.defs[f"field-{scope}"] = {"anyOf": found} if found else {"type": "string"}

    def values(self, scope: str, collects: bool = False) -> None:
        """Define what a value of a scope may be; editors show what is said of the field that it is for, not of it."""
        value = self.copied("Value", scope)
        del value["title"], value["description"]
        _put(value, ["from", "first_of", "case", "else", "by"], _ref(f"field-{scope}"))
        if collects:
            value["allOf"] = [_ref("collecting")]

    def order(self, scope: str) -> None:
        """Define what records of a scope are sorted by."""
        _put(self.copied("Order", scope), ["by"], _ref(f"field-{scope}"))

    def value(self, scope: str) -> Json:
        """Return what a field of a scope may be: a plain name, or a value."""
        return {"anyOf": [_ref(f"field-{scope}"), _ref(f"Value-{scope}")]}

    def relations(self, known: Iterable[str]) -> None:
        """Define what is said of other relations: their fields in joins, orders and collections."""
        collecting, joining = [], []
        for name in known:
            of = f"of-{name}"
            self.values(of)
            self.order(of)
            theirs = {"propertyNames": _ref(f"field-{of}")}
            common = {"by": theirs, "where": theirs, "order": {"items": self.sorting(of)}}
            inner = {"fields": {"additionalProperties": self.value(of)}, "item": self.value(of)}
            collecting.append(_when("collect", name, {**common, **inner}))
            joining.append(_when("set", name, common))
        self.defs["collecting"], self.defs["joining"] = _all_of(collecting), _all_of(joining)

    def sorting(self, scope: str) -> Json:
        """Return what an item of an order may be."""
        return {"anyOf": [_ref(f"field-{scope}"), _ref(f"Order-{scope}")]}


def _all_of(conditions: list[Json]) -> Json:
    return {"allOf": conditions} if conditions else {}


def _when(key: str, name: str, then: Json) -> Json:
    return {"if": {"properties": {key: {"const": name}}, "required": [key]}, "then": {"properties": then}}


def _mapping_schema(project: Project, mapping: Mapping) -> Json | None:
    if project.get("source", mapping.source) is None or project.get("schema", mapping.mapping) is None:
        return None
    schema, target = _general("mapping"), project.schema(mapping.mapping)
    scope = Scope(project.source(mapping.source), mapping)
    names = _Names(schema, project, mapping.source)
    defs, top = names.defs, schema["properties"]
    defs["a_relation"] = one_of(scope.relations())
    _put(defs["Value"], ["collect"], _ref("a_relation"))
    _put(defs["From"], ["set", "union"], _ref("a_relation"))
    _put(defs["Join"], ["set"], _ref("a_relation"))
    _put(defs["OfSetting"], ["setting"], _ref("a_list"))
    _put(defs["Rule"], ["when"], _ref("a_switch"))
    _put(defs["Table"], ["from"], _ref("a_relation"))
    _put(defs["Table"], ["when", "unless"], _ref("a_switch"))
    for name in scope.known():
        names.fields(f"of-{name}", scope.own(name), [f"of-{each}" for each in scope.behind(name)])
    names.relations(scope.used())
    names.fields("run", RUN_NAMES)
    for name, table in mapping.tables.items():
        _home(names, f"in-{name}", scope, table)
        _place(names.copied("Table", f"in-{name}")["properties"], f"in-{name}", ["fields"], names)
    top["tables"]["properties"] = {name: _ref(f"Table-in-{name}") for name in mapping.tables}
    _home(names, ROOT, scope, mapping)
    names.fields(f"of-{ROOT}", scope.beyond(mapping.from_), [f"of-{each}" for each in scope.plain(mapping.from_)])
    names.order(f"of-{ROOT}")
    defs["OnePer"]["properties"]["order"]["items"] = names.sorting(f"of-{ROOT}")
    _place(top, ROOT, ["known_by", "fields"], names)
    _put(schema, ["from"], _ref("a_relation"))
    _put(schema, ["when"], _ref("a_switch"))
    top["mapping"] = {"const": mapping.mapping, "description": target.description or target.title}
    top["source"] = {"const": mapping.source, "description": scope.source.title}
    _targets(top["fields"], target.fields, names.value(ROOT))
    top["fields"]["required"] = [name for name, each in target.fields.items() if each.required or name == target.key]
    return schema


def _home(names: _Names, scope: str, known: Scope, home: Mapping | Table) -> None:
    """Define the words of what has records of its own: a table, or the rows."""
    own = {**known.beyond(home.from_), **known.joined(home.join)}
    names.fields(scope, own, [*(f"of-{each}" for each in known.plain(home.from_)), "run"])
    names.values(scope, collects=True)
    join = names.copied("Join", scope)
    _put(join, ["by"], _ref(f"field-{scope}"))
    join["allOf"] = [_ref("joining")]
    _put(names.copied("Rule", scope), ["field"], _ref(f"field-{scope}"))


def _place(properties: Json, scope: str, fields: list[str], names: _Names) -> None:
    """Let the keys of a table, or of the mapping, use the words of their scope."""
    for key in fields:
        for word in ("patternProperties", "additionalProperties"):
            if isinstance(properties[key].get(word), dict):
                inner, pattern = names.value(scope), word == "patternProperties"
                properties[key][word] = dict.fromkeys(properties[key][word], inner) if pattern else inner
    properties["join"]["patternProperties"] = {
        name: _ref(f"Join-{scope}") for name in properties["join"]["patternProperties"]
    }
    properties["where"]["items"] = _ref(f"Rule-{scope}")


def _targets(word: Json, fields: dict[str, TargetField], value: Json) -> None:
    """Let a map of target fields know their names, what they mean, and the parts of their records."""
    word.pop("patternProperties", None)
    word["properties"] = {name: _target(field, value) for name, field in fields.items()}
    word["additionalProperties"] = False


def _target(field: TargetField, value: Json) -> Json:
    said = {"description": said_target(field), **value}
    parts = field.of.fields if field.of is not None else None
    if not parts:
        return said
    known = {name: {"description": said_target(part)} for name, part in parts.items()}
    return {**said, "properties": {"fields": {"properties": known, **_only(parts)}}}


def _school_schema(project: Project, school: School) -> Json | None:
    if project.get("source", school.source) is None:
        return None
    schema, source = _general("school"), project.source(school.source)
    top, names = schema["properties"], _Names(schema, project, school.source)
    top["source"] = {**top["source"], **one_of({name: project.source(name).title for name in project.names("source")})}
    _put(
        schema,
        ["application"],
        one_of({name: project.application(name).title for name in project.names("application")}),
    )
    top["config"] = _config(schema, top["config"], source.config)
    entities = _entities(project, school.source)
    names.defs["an_entity"] = one_of(entities)
    _put(schema, ["entities"], _ref("an_entity"))
    _put(names.defs["NamedRun"], ["entities"], _ref("an_entity"))
    top["settings"] = {**top["settings"], "properties": _groups(project), "additionalProperties": False}
    del top["settings"]["patternProperties"]
    top["override"]["properties"] = {name: _override(project, school, names, name) for name in entities}
    top["override"] = {**top["override"], "additionalProperties": False}
    del top["override"]["patternProperties"]
    return schema


def _config(schema: Json, word: Json, items: dict[str, ConfigItem]) -> Json:
    """Return what a source asks for; what has no default must be given."""
    general = next(iter(word.pop("patternProperties").values()))["anyOf"]
    secrets = [each for each in general if "$ref" in each]
    plain = [each for each in general if each.get("type") in ("string", "integer")]
    keys = [each for each in general if each.get("type") == "object"]
    forms = {"secret": secrets, "keys": [*keys, *secrets], "integer": plain, "text": plain, "url": plain}
    word["properties"] = {
        name: {"description": _said_item(item), "anyOf": forms[item.type]} for name, item in items.items()
    }
    needed = [name for name, item in items.items() if item.default is None and item.type != "keys"]
    if needed:
        schema["required"] = [*schema["required"], "config"]
    return {**word, "additionalProperties": False, "required": needed}


def _said_item(item: ConfigItem) -> str:
    default = f"default: {item.default}" if item.default is not None else ""
    return "; ".join(part for part in (item.description, item.type, default) if part)


def _entities(project: Project, source: str) -> Names:
    """Return the entities that a source has a mapping for."""
    schemas = project.schemas()
    found = [name.partition("/")[2] for name in sorted(project.names("mapping")) if name.startswith(f"{source}/")]
    return {name: schemas[name].description or schemas[name].title for name in found if name in schemas}


_FORMS: dict[str, Json] = {
    "text": {"type": ["string", "null"]},
    "texts": {"type": ["array", "null"], "items": {"type": "string"}, "minItems": 1},
    "map": {"type": ["object", "null"], "additionalProperties": {"type": "string"}},
    "boolean": {"type": ["boolean", "null"]},
    "integer": {"type": ["integer", "null"]},
}


def _groups(project: Project) -> Json:
    """Return the settings by group, as a school gives them."""
    return {
        group: {
            "type": "object",
            "properties": {name: _setting(setting) for name, setting in members.items()},
            "additionalProperties": False,
        }
        for group, members in project.settings().items()
    }


def _setting(setting: Setting) -> Json:
    form = dict(_FORMS[setting.type])
    if setting.values and setting.type == "texts":
        form["items"] = {"enum": setting.values}
    elif setting.values:
        form = {"enum": [*setting.values, None]}
    return {"description": _said_setting(setting), **form}


def _override(project: Project, school: School, names: _Names, entity: str) -> Json:
    """Return what a school may map otherwise; fields in view are known where it does so already."""
    targets = project.schema(entity).fields
    own = names.copied("Override", entity)
    value: Json = {"anyOf": [{"type": "string"}, _ref("Value")]}
    if entity in school.override:
        mapping = project.mapping(school.source, entity)
        scope = Scope(project.source(school.source), mapping)
        names.fields(f"in-{entity}", scope.in_view(mapping.from_, mapping.join))
        names.values(f"in-{entity}")
        value = names.value(f"in-{entity}")
    _targets(own["properties"]["fields"], targets, value)
    _put(own, ["remove"], one_of({name: said_target(field) for name, field in targets.items()}))
    return _ref(f"Override-{entity}")


def _binding_schema(project: Project, binding: Binding) -> Json | None:
    if project.get("schema", binding.binding) is None:
        return None
    schema, entity = _general("binding"), project.schema(binding.binding)
    defs = schema["$defs"]
    defs["a_field"] = one_of({name: said_target(field) for name, field in entity.fields.items()})
    defs["a_switch"] = one_of(setting_names(project, "boolean"))
    _put(defs["BoundName"], ["from"], _ref("a_field"))
    for part in ("PersonName", "PostalAddress"):
        _put(defs[part], list(defs[part]["properties"]), _ref("a_field"))
    _put(defs["Removed"], ["unless"], _ref("a_switch"))
    _put(schema, ["names"], _ref("a_field"))
    schema["properties"]["binding"] = {"const": binding.binding, "description": entity.description or entity.title}
    return schema
