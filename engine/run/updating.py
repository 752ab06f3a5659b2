"""`haplomap test --update`: the rows that came are written into the tests that expect others, marked for review.

A document is changed where it differs and nowhere else, so comments and forms stay. What is written ends with the mark;
rows that no longer come are commented out. Next: `cli/commands/test`.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from engine.document import Document
from engine.errors import Place
from engine.journal import cannot_write
from engine.run.testing import REVIEW, Result
from engine.run.trying import Route
from engine.run.updating_csv import Lines, csv_lines
from engine.spec.expected import UnfitError, spelled

MARK: Final = f"  {REVIEW}: written by haplomap test --update"
_PLAIN: Final = re.compile(r"[A-Za-z][A-Za-z0-9_./@+-]*(?: [A-Za-z0-9_./@+-]+)*")
_WORDS: Final = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})


@dataclass(frozen=True)
class Updated:
    """What was done about one test."""

    place: Place
    said: str


@dataclass
class _Edits:
    """Changes of one document, by where they are made; a line that is changed gets one mark."""

    document: Document
    home: Path
    files: dict[Path, Lines]
    """Changes of the files of CSV that tests name: each by one test, since line numbers are those of before."""
    found: list[tuple[int, int, int, str]] = field(default_factory=list)
    """Begin, order of what begins at one place, end, new text."""

    def replace(self, begin: int, end: int, text: str) -> None:
        self.found.append((begin, 1, end, text))
        self.mark(end)

    def append(self, at: int, lines: Iterable[str]) -> None:
        """Add lines after the one in which something ends."""
        after = self._line_end(at)
        self.found.append((after, 2, after, "".join(f"\n{line}" for line in lines)))

    def mark(self, at: int) -> None:
        after = self._line_end(at)
        line = self.document.text[self.document.text.rfind("\n", 0, after) + 1 : after]
        if REVIEW not in line:
            self.found.append((after, 0, after, MARK))

    def comment_out(self, begin: int, end: int) -> None:
        """Make comments of the lines in which an item of a list stands, its dash included."""
        text = self.document.text
        start = text.rfind("\n", 0, begin) + 1
        column = text.rfind("-", start, begin) - start
        stop = self._line_end(end)
        new = [f"{line[:column]}# {line[column:]}" for line in text[start:stop].split("\n")]
        self.found.append((start, 1, stop, "\n".join(new)))
        self.mark(end)

    def change_lines(self, lines: Lines, last: int) -> None:
        """Change lines of CSV that stand in the document as a block of text; `last` is where it ends."""
        text = self.document.text
        starts = [0, *(index + 1 for index, letter in enumerate(text) if letter == "\n"), len(text)]
        line = text[text.rfind("\n", 0, last) + 1 : last]
        indent = line[: len(line) - len(line.lstrip())]
        for number, new in lines.changed.items():
            begin = starts[number - 1]
            end = starts[number] if new is None else self._line_end(begin)
            self.found.append((begin, 1, end, "" if new is None else indent + new))
        if lines.added:
            self.append(last, [indent + line for line in lines.added])

    def write(self) -> None:
        """Write the document anew; what nobody changed stays as it is."""
        text = self.document.text
        if not self.found:
            return
        for begin, _, end, new in sorted(set(self.found), key=lambda edit: (-edit[0], -edit[1])):
            text = text[:begin] + new.replace("\n", self._newline()) + text[end:]
        _rewrite(self.home, text)

    def _newline(self) -> str:
        return "\r\n" if "\r\n" in self.document.text else "\n"

    def _line_end(self, at: int) -> int:
        text = self.document.text
        found = text.find("\n", at)
        found = len(text) if found < 0 else found
        return found - 1 if text[:found].endswith("\r") else found


def _rewrite(file: Path, text: str) -> None:
    """Write a file anew; a byte order mark stays."""
    try:
        mark = BOM_UTF8 if file.read_bytes().startswith(BOM_UTF8) else b""
        file.write_bytes(mark + text.encode())
    except OSError as error:
        raise cannot_write(file, error) from None


def update(failed: list[Result]) -> list[Updated]:
    """Write what came into the tests that failed, as far as they expect rows, or nothing yet; say what was done."""
    edits: dict[Path, _Edits] = {}
    files: dict[Path, Lines] = {}
    done = []
    for result in failed:
        loaded = result.trial.loaded
        own = edits.setdefault(loaded.home, _Edits(loaded.document, loaded.home, files))
        done.append(Updated(result.place, _Updating(result, own).updated()))
    for each in edits.values():
        each.write()
    for file, lines in files.items():
        _rewrite(file, lines.applied(file.read_bytes().removeprefix(BOM_UTF8).decode()))
    return done


class _Updating:
    """One test whose expectation is written anew."""

    def __init__(self, result: Result, edits: _Edits) -> None:
        self._result, self._edits, self._trial = result, edits, result.trial
        self._document, self._path = edits.document, (*result.trial.path, "expect")
        self._rows = result.tried.rows
        self._key = result.trial.bench.world.schema.key

    def updated(self) -> str:
        """Note what is to be changed; return what is told of it."""
        expect = self._trial.case.expect
        if self._result.tried.failed is not None or expect.fails is not None:
            return "left as it is: how a run ends is written by hand"
        if not expect.model_fields_set - {"whole"}:
            self._add_expect()
            return "rows written, for review"
        if expect.rows is None:
            return "left as it is: it expects no rows, and only rows are written"
        before = len(self._edits.found)
        if isinstance(expect.rows, str):
            if why := self._change_csv():
                return f"left as it is: {why}"
        else:
            self._change(expect.rows)
        if len(self._edits.found) == before:
            return "left as it is: its rows are right, and only rows are written"
        return "rows written, for review"

    def _change_csv(self) -> str:
        """Note the lines that differ; return why they cannot be written, if they cannot."""
        path: Route = (*self._path, "rows")
        rows, text = self._trial.rows("expect", "rows"), self._document.written(path)
        unfit = "what comes cannot stand in its CSV"
        if "\n" in text and self._document.style(path) != "literal":
            return unfit
        try:
            values, whole = self._trial.values(rows), self._trial.case.expect.whole
            lines = csv_lines(rows, values, self._rows, self._key, whole=whole)
        except UnfitError:
            return unfit
        if not lines.changed and not lines.added:
            return ""
        begin, end = self._document.span(path)
        if "\n" in text:
            self._edits.change_lines(lines, last=end)
        elif self._edits.files.setdefault(self._edits.home.parent / text, lines) is not lines:
            return "another test has changed its file of CSV; give the command again"
        self._edits.mark(begin)
        return ""

    def _add_expect(self) -> None:
        indent = " " * (self._column(self._trial.path))
        at = self._document.span(self._trial.path)[1]
        rows = [f"{indent}    {self._item(row)}{MARK}" for row in self._rows.values()]
        lines = [f"{indent}  rows:", *rows] if rows else [f"{indent}  rows: []{MARK}"]
        if not self._document.has(self._path):
            lines.insert(0, f"{indent}expect:")
        else:
            begin, end = self._document.span(self._path)
            self._edits.found.append((begin, 1, end, ""))  # `expect: {}`, or nothing after the colon
        self._edits.append(at, lines)

    def _change(self, rows: list[dict[str, Any]]) -> None:
        expected = {str(row[self._key]): index for index, row in enumerate(rows)}
        new = [row for name, row in self._rows.items() if name not in expected]
        gone = [index for name, index in expected.items() if name not in self._rows]
        self._take_out(gone, left=len(rows) - len(gone) + len(new))
        there = self._trial.rows("expect", "rows")
        for row, values in zip(there, self._trial.values(there), strict=True):
            made = self._rows.get(values[self._key])
            if made is not None:
                self._change_cells((*self._path, "rows", row.number), values, made)
        if new:
            self._add_rows(new, len(rows))

    def _take_out(self, gone: list[int], left: int) -> None:
        path: Route = (*self._path, "rows")
        if gone and self._document.is_flow(path):
            return  # a comment cannot stand there
        for index in gone:
            self._edits.comment_out(*self._document.span((*path, index)))
        if gone and not left:
            self._edits.append(self._document.span(path)[1], [f"{' ' * self._column(path)}[]"])

    def _change_cells(self, at: Route, values: Mapping[str, Any], made: Mapping[str, Any]) -> None:
        for name, value in values.items():
            if made[name] != value and name not in made["_withheld"]:
                self._edits.replace(*self._document.span((*at, name)), written(made[name]))
        if self._trial.case.expect.whole:
            more = {name: made[name] for name in made if name not in values and made[name] not in (None, [])}
            more.pop("_withheld", None)
            self._add_cells(at, more)

    def _add_cells(self, at: Route, cells: Mapping[str, Any]) -> None:
        if not cells:
            return
        _, end = self._document.span(at)
        if self._document.is_flow(at):
            said = "".join(f", {name}: {written(value)}" for name, value in cells.items())
            self._edits.found.append((end - 1, 1, end - 1, said))
            self._edits.mark(end)
            return
        indent = " " * self._column(at)
        self._edits.append(end, [f"{indent}{name}: {written(value)}{MARK}" for name, value in cells.items()])

    def _add_rows(self, rows: Sequence[Mapping[str, Any]], there: int) -> None:
        path: Route = (*self._path, "rows")
        begin, end = self._document.span(path)
        items = [self._item(row) for row in rows]
        if not self._document.is_flow(path):
            indent = " " * self._column(path)
            self._edits.append(end, [f"{indent}{item}{MARK}" for item in items])
        elif there or self._document.is_flow(self._path):
            self._edits.found.append((end - 1, 1, end - 1, ", " * bool(there) + ", ".join(item[2:] for item in items)))
            self._edits.mark(end)
        else:  # `rows: []`
            indent = " " * (self._column(self._path) + 2)
            self._edits.found.append((len(self._document.text[:begin].rstrip(" ")), 1, end, ""))
            self._edits.append(end, [f"{indent}{item}{MARK}" for item in items])

    def _item(self, row: Mapping[str, Any]) -> str:
        names = [self._key, *(name for name in row if name not in (self._key, "_withheld"))]
        cells = [f"{name}: {written(row[name])}" for name in names if row[name] not in (None, [])]
        return f"- {{{', '.join(cells)}}}"

    def _column(self, path: Route) -> int:
        """Return how far in a block begins."""
        begin, _ = self._document.span(path)
        return begin - (self._document.text.rfind("\n", 0, begin) + 1)


def written(value: Any) -> str:
    """Return a value as a test writes it."""
    return spelled(value, _text, "null")


def _text(value: str) -> str:
    if _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
        return value
    if value.isprintable():
        return "'" + value.replace("'", "''") + "'"
    import json

    return json.dumps(value, ensure_ascii=True)
