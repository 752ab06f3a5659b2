"""From files to documents: which kind a file is, what it holds, and everything that is wrong with it.

The first key says what a document is. A file with problems gives no document, but the others are read all the same.
Next: `spec/project`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ValidationError

from engine.document import Document, load
from engine.errors import Problem
from engine.problem_text import did_you_mean
from engine.spec.binding import Application, Binding
from engine.spec.lookup import Lookup
from engine.spec.mapping import Mapping
from engine.spec.messages import problems_of
from engine.spec.schema import Schema
from engine.spec.school import School
from engine.spec.settings import Settings
from engine.spec.source import Endpoints, Source
from engine.spec.tests_of import Tests

KINDS: dict[str, type[BaseModel]] = {
    "source": Source,
    "endpoints_of": Endpoints,
    "mapping": Mapping,
    "tests_of": Tests,
    "schema": Schema,
    "binding": Binding,
    "settings": Settings,
    "lookup": Lookup,
    "school": School,
    "application": Application,
}
"""Every kind of document, by its first key."""

Content = Source | Endpoints | Mapping | Tests | Schema | Binding | Settings | Lookup | School | Application


@dataclass(frozen=True)
class Loaded:
    """A document that could be read: what it holds and where everything stands."""

    kind: str
    name: str
    content: Content
    document: Document
    home: Path
    """The real path of the file; `document.file` is the one that messages show."""


def load_file(file: Path, shown: Path) -> tuple[Loaded | None, list[Problem]]:
    """Read one file."""
    document, problems = load(file, shown)
    if document is None:
        return None, problems
    kind = next(iter(document.data), "")
    model = KINDS.get(kind)
    if model is None:
        what = f"the first key '{kind}' says no kind of document"
        fix = did_you_mean(kind, KINDS) or f"begin with one of {', '.join(KINDS)}"
        return None, [*problems, Problem("unknown-document", what, document.key_place((kind,)), fix=fix)]
    try:
        content = model.model_validate(document.data)
    except ValidationError as error:
        lines = {problem.place.line for problem in problems if problem.place}
        found = problems_of(document, model, error.errors(include_url=False))
        return None, [*problems, *(each for each in found if each.place and each.place.line not in lines)]
    if any(problem.level == "error" for problem in problems):
        return None, problems
    assert isinstance(content, Content)
    return Loaded(kind, str(document.data[kind]), content, document, file), problems
