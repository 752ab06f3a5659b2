"""The JSON Schemas of the documents, for editors: made from the models, so that they say what `check` says.

`python -m engine.spec.json_schema` writes them to `schemas/spec/`, and the reference of the language beside it;
tests hold both current.
Next: `run/plan`.
"""

from __future__ import annotations

import json
from pathlib import Path

from engine.spec.language import language
from engine.spec.load import KINDS

FILES = {kind: ("endpoints" if kind == "endpoints_of" else kind) for kind in KINDS}
"""The file of each kind of document, by its first key."""


def json_schemas() -> dict[str, str]:
    """Return the text of every JSON Schema by file name."""
    found = {}
    for kind, model in KINDS.items():
        schema = model.model_json_schema(by_alias=True)
        schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
        found[f"{FILES[kind]}.json"] = json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
    return found


def write(schemas: Path) -> None:
    """Write all JSON Schemas, and the reference of the language, below the folder of schemas."""
    (schemas / "spec").mkdir(parents=True, exist_ok=True)
    for name, text in json_schemas().items():
        (schemas / "spec" / name).write_text(text, encoding="utf-8")
    (schemas / "language.md").write_text(language(), encoding="utf-8")


if __name__ == "__main__":
    write(Path(__file__).resolve().parent.parent.parent / "schemas")
