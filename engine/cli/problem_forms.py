"""Problems for programs: JSON, SARIF 2.1.0 for editors and code scanning, commands for GitHub's workflows.

SARIF: one rule for each code that was found; its help is the code's example in `schemas/problems.md`.
Next: `cli/commands/check`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import quote

from engine import __version__
from engine.errors import Place, Problem
from engine.spec.project import shipped

SARIF_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = ("error", "warning")
"""Levels that are called so everywhere; below them GitHub knows notices, and SARIF notes."""
_SECTION = re.compile(r"^### ([a-z0-9-]+)\n\n```text\n(.*?)\n```$", re.MULTILINE | re.DOTALL)


def as_json(problems: Sequence[Problem]) -> str:
    """Return problems as a list of objects."""
    return json.dumps([problem_facts(problem) for problem in problems], ensure_ascii=False, indent=2)


def problem_facts(problem: Problem) -> dict[str, object]:
    """Return a problem as JSON has it."""
    facts = asdict(problem)
    if problem.place is not None:
        place = problem.place
        facts["place"] = {"file": str(place.file), "line": place.line, "column": place.column}
    return facts


def as_github(problems: Sequence[Problem]) -> str:
    """Return problems as the lines by which a workflow of GitHub annotates files."""
    return "\n".join(_command(problem) for problem in problems)


def _command(problem: Problem) -> str:
    level = problem.level if problem.level in _LEVELS else "notice"
    place, given = problem.place, {}
    if place is not None:
        given = {"file": place.file.as_posix(), "line": place.line, "endLine": place.line}
        given |= {"col": place.column, "endColumn": place.column + place.width}
    properties = ",".join(f"{key}={_property(str(value))}" for key, value in {**given, "title": problem.code}.items())
    return f"::{level} {properties}::{_data(_said(problem))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _said(problem: Problem) -> str:
    reasons = [f"{name}: {text}" for name, text in (("why", problem.why), ("fix", problem.fix)) if text.strip()]
    return "\n".join([problem.what, *reasons])


def as_sarif(problems: Sequence[Problem]) -> str:
    """Return problems as a SARIF log of one run."""
    codes = sorted({problem.code for problem in problems})
    helps = help_texts()
    driver = {"name": "haplomap", "version": __version__, "rules": [_rule(code, helps.get(code, "")) for code in codes]}
    results = [_result(problem, codes.index(problem.code)) for problem in problems]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return json.dumps({"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}, ensure_ascii=False, indent=2)


def help_texts() -> dict[str, str]:
    """Return the example of every code, as the reference shows it."""
    text = (shipped() / "schemas" / "problems.md").read_text(encoding="utf-8")
    return dict(_SECTION.findall(text))


def _rule(code: str, example: str) -> dict[str, Any]:
    text = f"For example:\n\n{example}" if example else "What it is, and what to do, stands at each place."
    markdown = f"For example:\n\n```text\n{example}\n```" if example else text
    return {
        "id": code,
        "shortDescription": {"text": code.replace("-", " ")},
        "help": {"text": text, "markdown": markdown},
    }


def _result(problem: Problem, index: int) -> dict[str, Any]:
    level = problem.level if problem.level in _LEVELS else "note"
    result = {"ruleId": problem.code, "ruleIndex": index, "level": level, "message": {"text": _said(problem)}}
    return result if problem.place is None else {**result, "locations": [_location(problem.place)]}


def _location(place: Place) -> dict[str, Any]:
    region = {"startLine": place.line, "startColumn": place.column, "endColumn": place.column + place.width}
    return {"physicalLocation": {"artifactLocation": {"uri": _uri(place.file)}, "region": region}}


def _uri(file: Path) -> str:
    return file.as_uri() if file.is_absolute() else quote(file.as_posix())


FORMS: dict[str, Callable[[Sequence[Problem]], str]] = {"json": as_json, "sarif": as_sarif, "github": as_github}
"""What writes problems for programs, by the name of the form."""
