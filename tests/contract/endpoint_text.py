"""How declared endpoints are written as YAML: shared by the scripts that make endpoint files from catalogues."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine.document import parse
from engine.document_format import formatted

Record = dict[str, Any]
PLAIN = re.compile(r"[A-Za-z0-9$][^:#{}\[\],&*!?|>'\"%@`]*(?<! )")


def scalar(value: Any) -> str:
    """A text, a number or a truth value as it is written in a flow of YAML."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if PLAIN.fullmatch(value) and not re.fullmatch(
        r"[\d.,:-]+|null|true|false|yes|no|on|off|y|n", value, re.IGNORECASE
    ):
        return str(value)
    if "'" in value and '"' not in value and "\\" not in value:
        return f'"{value}"'
    return "'" + value.replace("'", "''") + "'"


def flow(value: Any) -> str:
    """A value on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{scalar(name)}: {flow(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(flow, value)) + "]"
    return scalar(value)


def yaml_lines(value: Record, indent: int) -> Iterator[str]:
    """Maps of maps a line each; what is below them in flow."""
    for name, each in value.items():
        if isinstance(each, dict) and name in ("endpoints", "sets", "fields", "filters", "options") and each:
            yield f"{' ' * indent}{name}:"
            if name in ("endpoints", "sets"):
                for own, content in each.items():
                    yield f"{' ' * (indent + 2)}{own}:"
                    yield from yaml_lines(content, indent + 4)
            else:
                yield from (f"{' ' * (indent + 2)}{scalar(own)}: {flow(content)}" for own, content in each.items())
        else:
            said = flow(each)
            plain = isinstance(each, str) and "\n" not in each and re.fullmatch(r"[A-Za-z$][^:#'\"]*(\{\{.*)?", each)
            yield f"{' ' * indent}{name}: {each if plain else said}"


def document_text(lines: list[str]) -> str:
    """The text of a document of these lines, in the form that all documents have."""
    document, problems = parse("\n".join(lines) + "\n", Path("made.yaml"))
    assert document is not None, problems
    return formatted(document)
