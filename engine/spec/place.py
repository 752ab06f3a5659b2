"""From what is wrong to where it stands: findings of mappings, and names that are not there. Next: `spec/check`."""

from __future__ import annotations

from engine.document import Document
from engine.errors import Place, Problem
from engine.problem_text import did_you_mean
from engine.spec.view import Finding

Path = tuple[str | int, ...]


def unknown(code: str, what: str, document: Document, path: Path, word: str, known: list[str]) -> Problem:
    """Return the problem of a name that is not there."""
    why = f"known: {', '.join(sorted(known)[:12])}" if known else ""
    return Problem(code, what, document.place(path), why, did_you_mean(word, known))


def problem_of(document: Document, finding: Finding) -> Problem:
    """Return a finding of a mapping as a problem with its place."""
    place = _finding_place(document, finding)
    known = [name for name in finding.candidates if name]
    fix = finding.fix or (did_you_mean(finding.wrong, known) if finding.wrong else "")
    why = finding.why
    if not fix and known and not why:
        why = f"in view: {', '.join(known[:12])}{', …' if len(known) > 12 else ''}"
    return Problem(finding.code, finding.what, place, why, fix, finding.level)


def _finding_place(document: Document, finding: Finding) -> Place:
    if finding.offset is None:
        if finding.on_key:
            return document.key_place(finding.at)
        return document.place(finding.at)
    written = document.data
    for part in finding.at:
        written = written[part]  # type: ignore[index]  # the path leads to an SQL text
    before = str(written)[: finding.offset]
    line = before.count("\n") + 1
    column = finding.offset - (before.rfind("\n") + 1) + 1
    place = document.block_place(finding.at, line, column)
    return Place(place.file, place.line, place.column, max(finding.width, 1))
