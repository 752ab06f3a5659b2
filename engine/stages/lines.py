"""Records rewritten one a line, for DuckDB to read where it can't be told how to read the answers themselves.

`rewrite_raw` copies the bytes of each record (answers too large to be read as one object); `rewrite_chosen` picks
the values by their paths (paths that are more than steps, spellings that differ by case alone): slower.
A line is `{"p": page, "r": row, "v": record}`. A home of msgspec. Imports `kinds/select`, `spec`, `answer`, `envelope`.
Next: `stages/land`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path as File
from typing import Any

from engine.errors import AnswerUnreadable
from engine.journal import cannot_write
from engine.kinds.select import MISSING, Path, path
from engine.spec.source import RecordSet
from engine.stages.answer import Answer
from engine.stages.envelope import records_at, records_path


def rewrite_raw(record_set: RecordSet, answers: Sequence[Answer], lines: File) -> None:
    """Write the records of answers as they are; the set's path must be steps of names."""
    import msgspec

    outer, inner = msgspec.json.Decoder(dict[str, msgspec.Raw]), msgspec.json.Decoder(list[msgspec.Raw])

    def records(data: bytes) -> Iterator[bytes]:
        found: Any = data
        for step in records_path(record_set.records).steps or ():
            found = outer.decode(found)[str(step)]
        for record in inner.decode(found):
            yield bytes(record).replace(b"\n", b" ").replace(b"\r", b" ")

    _write(answers, lines, records)


def rewrite_chosen(record_set: RecordSet, needed: Iterable[str], answers: Sequence[Answer], lines: File) -> None:
    """Write the values of the needed fields under the names `f0`, `f1`, ..., each by its paths."""
    import msgspec

    where = records_path(record_set.records)
    fields = []
    for index, name in enumerate(needed):
        field = record_set.fields[name]
        read = _every if field.type == "list" else Path.first
        fields.append((f"f{index}", read, [path(text) for text in field.paths(name)]))

    def records(data: bytes) -> Iterator[bytes]:
        for record in records_at(where, msgspec.json.decode(data), one=record_set.one) or []:
            chosen = {}
            for key, read, spellings in fields:
                found = (read(each, record) for each in spellings)
                chosen[key] = next((value for value in found if value is not MISSING and value is not None), None)
            yield msgspec.json.encode(chosen)

    _write(answers, lines, records)


def _every(place: Path, record: Any) -> Any:
    """Return all values at a path of a list's items, as one list; what a path of steps gives is the list itself."""
    if place.simple:
        return place.first(record)
    found = place.all(record)
    if all(isinstance(each, list) for each in found):
        found = [item for each in found for item in each]
    return found or MISSING


def _write(answers: Sequence[Answer], lines: File, records: Any) -> None:
    import msgspec

    try:
        with lines.open("wb") as stream:
            for answer in answers:
                for row, record in enumerate(records(answer.file.read_bytes()), 1):
                    stream.write(b'{"p":%d,"r":%d,"v":%b}\n' % (answer.page, row, record))
    except OSError as error:
        raise cannot_write(lines, error) from None
    except (msgspec.MsgspecError, KeyError, RecursionError):
        raise AnswerUnreadable(f"endpoint '{answer.endpoint}' {answer.file.name}: this file is damaged") from None
