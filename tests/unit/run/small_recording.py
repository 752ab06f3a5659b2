"""A recording of three people, written by hand, and the documents of its time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

SOURCE: dict[str, Any] = {
    "source": "acme",
    "config": {"base_url": {"type": "url"}, "key": {"type": "secret"}, "site": {}},
    "apis": {"main": {"base_url": "{{ config.base_url }}", "auth": {"kind": "none"}}},
    "endpoints": {
        "people": {
            "get": "sites/{{ config.site }}/people",
            "sets": {"people": {"records": "$.people", "key": "id", "fields": {"id": {}, "name": {}, "form": {}}}},
        },
        "details": {
            "get": "people/{{ each.person }}",
            "for_each": {"set": "people", "keep": {"person": "id"}},
            "sets": {"details": {"records": "$", "one": True, "fields": {"person": {}, "hair": {}}}},
        },
    },
}
MAPPING: dict[str, Any] = {
    "mapping": "thing",
    "source": "acme",
    "from": "people",
    "join": {"more": {"set": "details", "by": {"person": "id"}}},
    "fields": {"source_id": "id", "name": "name", "hair": "more.hair"},
}
SCHEMA = {"schema": "thing", "key": "source_id", "fields": {"source_id": {}, "name": {}, "hair": {}}}
BINDING = {
    "binding": "thing",
    "model": "TYPE:a:type:b",
    "destination": "object",
    "names": {"a:attribute:b": "name", "a:attribute:c": "hair"},
}
MANIFEST: dict[str, Any] = {
    "recording": 1,
    "source": "acme",
    "day": "2026-03-02",
    "time_zone": "Europe/London",
    "entities": ["thing"],
    "config": {"site": "77"},
    "urls": ["base_url"],
    "beside": [],
    "endpoints": {"people": "GET sites/{{ config.site }}/people", "details": "GET people/{{ each.person }}"},
    "sets": {
        "people": {"endpoint": "people", "at": "$.people", "records": 3, "of": 90},
        "details": {"endpoint": "details", "at": "$", "records": 2, "of": 2},
    },
    "answers": [
        {"endpoint": "people", "method": "GET", "path": "sites/*/people", "file": "a/1.json", "sets": ["people"]},
        {"endpoint": "people", "method": "GET", "path": "sites/*/people", "file": "a/2.json", "sets": ["people"]},
        {"endpoint": "details", "method": "GET", "path": "people/1", "file": "b/1.json", "sets": ["details"],
         "each": {"person": "1"}},
        {"endpoint": "details", "method": "GET", "path": "people/2", "file": "b/2.json", "sets": ["details"],
         "each": {"person": "2"}},
        {"endpoint": "details", "method": "GET", "path": "people/3", "file": "", "sets": ["details"],
         "each": {"person": "3"}},
    ],
}  # fmt: skip
ANSWERS = {
    "a/1.json": {"people": [{"id": "1", "name": "Eve", "form": "7A"}, {"id": "2", "name": "Bob", "form": "7B"}]},
    "a/2.json": {"people": [{"id": "3", "name": "Kim", "form": "7A"}]},
    "b/1.json": {"hair": "red"},
    "b/2.json": {"hair": "brown"},
}


def write_recording(folder: Path, **changed: Any) -> Path:
    """Write the recording into a folder, with a manifest that says some things otherwise."""
    return write(folder, {**ANSWERS, "recording.json": {**MANIFEST, **changed}})


def write_documents(folder: Path, source: dict[str, Any] = SOURCE, mapping: dict[str, Any] = MAPPING) -> Path:
    """Write a project's documents; JSON is YAML too."""
    documents = {"mappings/acme/source.yaml": source, "mappings/acme/thing.yaml": mapping}
    return write(folder, {**documents, "schemas/thing.yaml": SCHEMA, "schemas/haplo/thing.yaml": BINDING})


def write(folder: Path, files: Mapping[str, Any]) -> Path:
    """Write files as JSON below a folder."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(json.dumps(content), encoding="utf-8")
    return folder
