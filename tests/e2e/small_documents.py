"""Documents of small projects, written as Python holds them: of entities that need no more than a key and a model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml


def of_entity(source: str, entity: str, records: str, fields: Mapping[str, str]) -> dict[str, Any]:
    """Return the mapping, the schema and the binding of an entity, by their paths; `source_id` is its key."""
    mapping = {"mapping": entity, "source": source, "from": records, "fields": dict(fields)}
    schema = {"schema": entity, "key": "source_id", "fields": {name: {} for name in fields}}
    binding = {"model": "TYPE:a:type:b", "destination": "object", "names": {"a:attribute:b": "source_id"}}
    return {
        f"mappings/{source}/{entity}.yaml": mapping,
        f"schemas/{entity}.yaml": schema,
        f"schemas/haplo/{entity}.yaml": {"binding": entity, **binding},
    }


def write(folder: Path, documents: Mapping[str, Any]) -> None:
    """Write documents below a folder."""
    for name, content in documents.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
