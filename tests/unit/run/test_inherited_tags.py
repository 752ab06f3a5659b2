"""Tags that source fields have of what mappings make of them: by every way that a value can go."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from engine.run.inherited_tags import inherited_tags
from engine.run.links import edges_of
from engine.spec.project import open_project

SETS: dict[str, dict[str, Any]] = {
    "pupils": {
        name: {}
        for name in ("id", "first", "alias", "last", "title", "kind", "diet", "form", "born", "visits", "colour")
    },
    "lines": {name: {} for name in ("of", "sort", "text", "other")},
    "forms": {name: {} for name in ("id", "label", "tutor", "room")},
    "diets": {name: {} for name in ("id", "said")},
}
SETS["pupils"]["born"] = {"type": "date"}
SETS["pupils"]["visits"] = {"type": "list"}
SETS["pupils"]["last"] = {"pii": "address"}
MAPPING = {
    "mapping": "thing",
    "source": "acme",
    "tables": {
        "spoken": {"from": "lines", "fields": {"said": {"sql": "CASE sort WHEN 'tel' THEN text END"}}},
        "visits": {"from": {"set": "pupils", "each": "visits", "name": "visit"}, "fields": {"at": "visit"}},
        "called": {"from": "pupils", "fields": {"called": {"first_of": ["alias", "first"]}}},
    },
    "from": "called",
    "join": {
        "own": {"set": "forms", "by": {"id": "form"}},
        "food": {"set": "diets", "by": {"id": "diet"}},
    },
    "fields": {
        "source_id": "id",
        "name": "called",
        "whole": {"sql": "last || ' of ' || own.label"},
        "tutor": "own.tutor",
        "day": "born",
        "kind": {"case": "kind", "map": {"a": "b"}, "else": "title"},
        "diet": "food.said",
        "lines": {"collect": "spoken", "by": {"of": "id"}, "item": "said"},
        "places": {"collect": "visits", "by": {"id": "id"}, "fields": {"place": "at"}},
        "plain": "colour",
    },
}
TARGET: dict[str, dict[str, Any]] = {
    "source_id": {"pii": "identifier"},
    "name": {"pii": "name"},
    "whole": {"pii": "name"},
    "tutor": {"pii": "name"},
    "day": {"type": "date", "pii": "birth"},
    "kind": {"pii": "sensitive"},
    "diet": {"pii": "sensitive"},
    "lines": {"type": "list", "of": {"type": "text"}, "pii": "contact"},
    "places": {"type": "list", "of": {"type": "record", "fields": {"place": {"pii": "address"}}}},
    "plain": {},
}


@pytest.fixture
def found(tmp_path: Path) -> dict[str, tuple[str, str]]:
    sets = {
        name: {"records": f"$.{name}", "fields": fields, **({"key": "id"} if "id" in fields else {})}
        for name, fields in SETS.items()
    }
    source = {
        "source": "acme",
        "apis": {"main": {"base_url": "http://127.0.0.1", "auth": {"kind": "none"}}},
        "endpoints": {"all": {"get": "all", "sets": sets}},
    }
    documents = {
        "mappings/acme/source.yaml": source,
        "mappings/acme/thing.yaml": MAPPING,
        "schemas/thing.yaml": {"schema": "thing", "key": "source_id", "fields": TARGET},
    }
    for name, content in documents.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    project = open_project(tmp_path)
    tags = inherited_tags(project, project.source("acme"), edges_of(project, project.source("acme")))
    return {".".join(use): (each.tag, each.target) for use, each in tags.items()}


def test_a_field_is_as_personal_as_what_becomes_of_it(found: dict[str, tuple[str, str]]) -> None:
    assert found == {
        "pupils.id": ("identifier", "thing.source_id"),
        "pupils.first": ("name", "thing.name"),
        "pupils.alias": ("name", "thing.name"),
        "pupils.title": ("sensitive", "thing.kind"),
        "pupils.born": ("birth", "thing.day"),
        "pupils.visits": ("address", "thing.places"),
        "lines.sort": ("contact", "thing.lines"),
        "lines.text": ("contact", "thing.lines"),
        "forms.tutor": ("name", "thing.tutor"),
        "forms.label": ("name", "thing.whole"),
    }
    own, keys, tested = "pupils.last", {"lines.of", "pupils.form", "pupils.diet", "diets.id"}, "pupils.kind"
    assert not {own, tested, *keys} & found.keys()
    assert "diets.said" not in found, "what is in a table of codes is nobody's"
