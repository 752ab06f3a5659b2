"""An application as whoever tries a control file describes it: read from files, told apart by what they hold.

A JSON object is a description in the form of the conformance cases; a YAML document begins with `application:`; any
other text is a `requirements.schema`, of which several add up. Next: `run/dry_run`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engine.errors import DocumentError, Place, Problem
from engine.haplo.application import Application
from engine.haplo.declared import declared_application, with_root_models
from engine.haplo.requirements import Requirements
from engine.haplo.target import application_case
from engine.run.application import with_requirements
from engine.spec import binding
from engine.spec.load import load_file

_YAML = re.compile(r"(?:[ \t\r]*(?:#[^\n]*|---[ \t\r]*)?\n)*[A-Za-z_]+:(?:\s|$)")


def read_application(files: Sequence[Path]) -> tuple[Application | None, list[Problem]]:
    """Return the application that the files describe, and everything that is wrong with them."""
    problems: list[Problem] = []
    requirements = Requirements()
    found: list[Application] = []
    texts = 0
    for file in files:
        text = _text(file, problems)
        if text.lstrip().startswith("{"):
            found += _of_json(text, file, problems)
        elif _YAML.match(text):
            found += _of_yaml(file, problems)
        elif text:
            requirements.add(text, file)
            texts += 1
    problems += requirements.all_problems()
    if texts:
        declared = with_root_models(declared_application(requirements))
        found.append(Application.from_case(application_case(declared)))
    if len(found) > 1:
        why = "only requirements.schema texts add up; a description in JSON or YAML stands alone"
        problems.append(Problem("several-schemas", "there are several applications", Place(files[-1]), why))
    return (found[0] if found and not problems else None), problems


def read_json(file: Path, problems: list[Problem]) -> dict[str, Any] | None:
    """Return the object in a JSON file; None, with a problem, where there is none."""
    text = _text(file, problems)
    return _object(text, file, problems) if text else None


def _text(file: Path, problems: list[Problem]) -> str:
    """Return a file's text; '' with a problem when it cannot be read, or has none."""
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except OSError as error:
        reason = "it is not there" if isinstance(error, FileNotFoundError) else (error.strerror or "no access")
        problems.append(Problem("file-unreadable", "the file cannot be read", Place(file), f"reason: {reason}"))
        return ""
    except UnicodeDecodeError:
        problems.append(Problem("not-utf8", "the file is not UTF-8", Place(file), fix="save it as UTF-8"))
        return ""
    if not text.strip():
        problems.append(Problem("empty-document", "the file says nothing", Place(file)))
        return ""
    return text


def _object(text: str, file: Path, problems: list[Problem]) -> dict[str, Any] | None:
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        place = Place(file, error.lineno, error.colno)
        problems.append(Problem("not-json", "the file is not JSON from here on", place, error.msg.lower()))
        return None
    except (RecursionError, ValueError):
        problems.append(Problem("not-json", "the file is nested too deeply, or has too long a number", Place(file)))
        return None
    if isinstance(data, dict):
        return data
    problems.append(Problem("not-a-mapping", "the file holds no JSON object", Place(file)))
    return None


def _of_json(text: str, file: Path, problems: list[Problem]) -> list[Application]:
    case = _object(text, file, problems)
    try:
        return [] if case is None else [Application.from_case(case)]
    except (KeyError, TypeError, AttributeError, ValueError):
        why = "it has not the form of the `schema` of a conformance case (attributes, types, objects, …)"
        problems.append(Problem("not-a-schema", "the file describes no application", Place(file), why))
        return []


def _of_yaml(file: Path, problems: list[Problem]) -> list[Application]:
    loaded, found = load_file(file, file)
    problems += found
    if loaded is None:
        return []
    if not isinstance(loaded.content, binding.Application):
        place = loaded.document.key_place((loaded.kind,))
        problems.append(Problem("not-a-schema", f"this document describes a {loaded.kind}, no application", place))
        return []
    try:
        return [Application.from_case(application_case(with_requirements(loaded, loaded.content)))]
    except DocumentError as error:
        problems += error.problems
        return []
