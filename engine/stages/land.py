"""Answers become records: one Parquet file for each record set, its values as they were on the wire.

DuckDB reads the spooled answers with declared columns, only those that are needed, each as text. Where a path
is more than steps of names, or spellings differ by case alone, the records are first rewritten one a line.
Imports `kinds`, `spec`, `sql`, and the shared pieces `answer`, `envelope`, `lines`. Next: `stages/mirror`.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import AnswerUnreadable
from engine.journal import cannot_write
from engine.kinds.element import element_path
from engine.kinds.select import path
from engine.kinds.types import literal, parquet, quote
from engine.spec.source import RecordSet, Source
from engine.sql import ROW_GROUP, connect, reworded
from engine.stages.answer import Answer, page_ranges
from engine.stages.envelope import first_key, records_path
from engine.stages.lines import rewrite_chosen, rewrite_raw
from engine.stages.xml_plan import records_file

if TYPE_CHECKING:
    import duckdb

Tree = dict[str, Any]  # key of a record -> {} for a value, or the tree below it
_LARGE = 24_000_000  # bytes; of larger answers DuckDB would keep several times the size in memory
_LONGEST_RECORD = 16_000_000  # bytes


@dataclass(frozen=True)
class SetFacts:
    """What landed of a record set. `stated` counts the records in the answers, `rows` those in the file.

    `present`, `absent`: needed fields that were sent, and that were sent in no record; `drift`: keys that were sent
    and that nobody declared; `mixed`: fields that some records lack (only where the source leaves out nulls);
    `repeated`: keys that stand on several rows; `repeated_across`: those of them that stand on several pages.
    """

    set_name: str
    file: Path
    rows: int
    stated: int
    present: tuple[str, ...]
    absent: tuple[str, ...]
    drift: tuple[str, ...]
    mixed: tuple[str, ...]
    repeated: int | None
    repeated_across: int | None


def land(source: Source, set_name: str, fields: Iterable[str] | None, answers: Sequence[Answer], out: Path) -> SetFacts:
    """Write `out/<set>.parquet` from the answers of its endpoint: `_page`, `_row`, and each field as text.

    `fields` are those that are needed; None is all that are declared. Fields stand in declared order.
    """
    return land_set(set_name, source.find(set_name)[2], fields, answers, out, omits_null=source.formats.omits_null)


def land_set(
    set_name: str,
    record_set: RecordSet,
    fields: Iterable[str] | None,
    answers: Sequence[Answer],
    out: Path,
    *,
    omits_null: bool,
) -> SetFacts:
    """Write `out/<set>.parquet` from answers that hold this set, which a source document need not have."""
    needed = [name for name in record_set.fields if fields is None or name in set(fields)]
    answers = sorted(answers, key=lambda answer: answer.page)
    mixed = _mixed(set_name, needed, answers, omits_null=omits_null)
    file = out / f"{set_name}.parquet"
    _make_folder(out)
    folders = {answer.file.parent.parent for answer in answers}
    part = file.with_name(f".{file.name}.part")
    stated = sum(answer.sets[set_name].records for answer in answers)
    try:
        with connect(out, *sorted(folders)) as connection:
            rows = _write(connection, set_name, record_set, needed, answers, part)
            if rows != stated:
                raise AnswerUnreadable(
                    f"set '{set_name}': {rows:,} records were read where the answers hold {stated:,}", code="books"
                )
            repeated, across = _repeated(connection, set_name, record_set.key, needed, part)
        _put(part, file)
    finally:
        part.unlink(missing_ok=True)
    present = _present(set_name, answers)
    return SetFacts(
        set_name=set_name,
        file=file,
        rows=rows,
        stated=stated,
        present=tuple(name for name in needed if name in present),
        absent=tuple(name for name in needed if rows and name not in present),
        drift=_drift(set_name, record_set, answers),
        mixed=tuple(mixed),
        repeated=repeated,
        repeated_across=across,
    )


# What the answers showed


def _present(set_name: str, answers: Sequence[Answer]) -> frozenset[str]:
    return frozenset[str]().union(*(answer.sets[set_name].present for answer in answers))


def _mixed(set_name: str, needed: Sequence[str], answers: Sequence[Answer], *, omits_null: bool) -> list[str]:
    """Return the fields that only some records have; they end the run unless the source leaves out nulls."""
    filled = [answer for answer in answers if answer.sets[set_name].records]
    mixed = []
    for field in needed:
        having = [answer.page for answer in filled if field in answer.sets[set_name].present]
        lacking = [answer.page for answer in filled if field not in answer.sets[set_name].present]
        partly = [answer.page for answer in filled if field in answer.sets[set_name].mixed]
        if not (having and (lacking or partly)):
            continue
        mixed.append(field)
        if not omits_null:
            where = f"is on {page_ranges(having)} and not on {page_ranges(lacking)}" if lacking else ""
            where = where or f"is in some records of {page_ranges(partly)} and not in others"
            raise AnswerUnreadable(
                f"set '{set_name}': field '{field}' {where}",
                why="a field that vanishes within one read would clear values that are still there",
                fix="add its other spelling to `at:`, or say `formats: {omits_null: true}` if nulls are left out",
                code="field-vanished",
            )
    return mixed


def _drift(set_name: str, record_set: RecordSet, answers: Sequence[Answer]) -> tuple[str, ...]:
    """Return the keys that were sent and are neither declared nor known."""
    declared: set[str | None]
    if _of_xml(answers):
        places = (text for name, field in record_set.fields.items() for text in field.element_paths(name))
        declared = {element_path(text).first_key for text in places}
    else:
        declared = {first_key(path(text)) for name, field in record_set.fields.items() for text in field.paths(name)}
    sent = frozenset[str]().union(*(answer.sets[set_name].keys for answer in answers))
    return tuple(sorted(sent - declared - set(record_set.known)))


# From answers to Parquet


def _write(
    connection: duckdb.DuckDBPyConnection,
    set_name: str,
    record_set: RecordSet,
    needed: Sequence[str],
    answers: Sequence[Answer],
    part: Path,
) -> int:
    doing = f"set '{set_name}': reading its records"
    why = "a record is not what the source document says, or holds a key twice"
    tree = None if _of_xml(answers) else _tree(record_set, needed, answers)
    lines = part.with_name(f"{part.name}.lines")
    try:
        if not answers:
            select = _select_nothing(needed)
        elif _of_xml(answers):
            select = _select_read(set_name, needed, answers)
        elif tree is None:
            rewrite_chosen(record_set, needed, answers, lines)
            kind = _struct({f"f{index}": {} for index in range(len(needed))})
            values = "".join(f", _record.f{index} AS {quote(name)}" for index, name in enumerate(needed))
            select = _select_lines(values, kind, lines)
        elif any(answer.size > _LARGE for answer in answers):
            rewrite_raw(record_set, answers, lines)
            select = _select_lines(_values(record_set, needed, tree), _struct(tree), lines)
        else:
            select = _select_answers(record_set, needed, answers, tree)
        with reworded(doing, AnswerUnreadable, why):
            target = literal(str(part.resolve()))
            found = connection.execute(
                f"COPY ({select}) TO {target} (FORMAT parquet, ROW_GROUP_SIZE {ROW_GROUP})"
            ).fetchone()
        return int(found[0]) if found else 0
    finally:
        lines.unlink(missing_ok=True)


def _of_xml(answers: Sequence[Answer]) -> bool:
    return any(answer.file.suffix == ".xml" for answer in answers)


def _select_read(set_name: str, needed: Sequence[str], answers: Sequence[Answer]) -> str:
    """Return the statement that gathers the records that were read from answers of XML as they came."""
    files = [str(records_file(answer.file, set_name).resolve()) for answer in answers]
    pages = ", ".join(str(answer.page) for answer in answers)
    columns = "".join(f", {quote(name)}" for name in needed)
    return (
        f"SELECT ([{pages}]::INTEGER[])[list_position({literal(files)}, _file)] AS _page, _row{columns}"
        f" FROM read_parquet({literal(files)}, filename='_file')"
    )


def _tree(record_set: RecordSet, needed: Sequence[str], answers: Sequence[Answer]) -> Tree | None:
    """Return the keys to read of a record; None when DuckDB can't be told them."""
    records = records_path(record_set.records)
    if record_set.one or not records.steps or not all(isinstance(step, str) for step in records.steps):
        return None
    tree: Tree = {}
    leaves: set[tuple[str, ...]] = set()
    for name in needed:
        for text in record_set.fields[name].paths(name):
            steps = path(text).steps
            if not steps or not all(isinstance(step, str) for step in steps):
                return None
            leaves.add(tuple(str(step) for step in steps))
    kept = _tell_case_apart(leaves, answers)
    if kept is None or any(leaf[:length] in kept for leaf in kept for length in range(1, len(leaf))):
        return None
    for leaf in sorted(kept):
        below = tree
        for step in leaf:
            below = below.setdefault(step, {})
    return tree


def _tell_case_apart(leaves: set[tuple[str, ...]], answers: Sequence[Answer]) -> set[tuple[str, ...]] | None:
    """Leave out spellings that no answer holds, where another differs by case alone: DuckDB takes one of them."""
    kept = set(leaves)
    prefixes = {leaf[:length] for leaf in leaves for length in range(1, len(leaf) + 1)}
    groups: dict[tuple[str, ...], set[tuple[str, ...]]] = {}
    for prefix in prefixes:
        groups.setdefault(tuple(step.lower() for step in prefix), set()).add(prefix)
    for group in groups.values():
        if len(group) < 2:
            continue
        held = {prefix for prefix in group if any(_holds(answer.file, prefix[-1]) for answer in answers)}
        if len(held) > 1:
            return None
        stays = next(iter(held or sorted(group)))
        gone = group - {stays}
        kept = {leaf for leaf in kept if not any(leaf[: len(prefix)] == prefix for prefix in gone)}
    return kept


def _holds(file: Path, key: str) -> bool:
    with _open_file(file) as stream:
        if not file.stat().st_size:
            return False
        with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return data.find(f'"{key}"'.encode()) >= 0


def _struct(tree: Tree) -> str:
    """Return the DuckDB type of a record of which these keys are read."""
    if not tree:
        return "JSON"
    parts = (f"{quote(key)} {_struct(below) if below else 'VARCHAR'}" for key, below in tree.items())
    return f"STRUCT({', '.join(parts)})"


def _select_answers(record_set: RecordSet, needed: Sequence[str], answers: Sequence[Answer], tree: Tree) -> str:
    steps = [str(step) for step in records_path(record_set.records).steps or ()]
    kind = _struct(tree) + "[]"
    for step in reversed(steps[1:]):
        kind = f"STRUCT({quote(step)} {kind})"
    files = [str(answer.file.resolve()) for answer in answers]
    pages = ", ".join(str(answer.page) for answer in answers)
    longest = max(answer.size for answer in answers) + 1024
    records = ".".join(quote(step) for step in steps)
    return (
        f"SELECT _page, _row::BIGINT AS _row{_values(record_set, needed, tree)} FROM ("
        f"SELECT ([{pages}]::INTEGER[])[list_position({literal(files)}, _file)] AS _page,"
        f" generate_subscripts({records}, 1) AS _row, unnest({records}) AS _record"
        f" FROM read_json({literal(files)}, format='unstructured', auto_detect=false, records=true,"
        f" columns={{{literal(steps[0])}: {literal(kind)}}}, maximum_object_size={longest}, filename='_file'))"
    )


def _values(record_set: RecordSet, needed: Sequence[str], tree: Tree) -> str:
    return "".join(f", {_value(record_set, name, tree)} AS {quote(name)}" for name in needed)


def _value(record_set: RecordSet, name: str, tree: Tree) -> str:
    """Return the expression of a field: the first of its spellings that has a value."""
    values = []
    for text in record_set.fields[name].paths(name):
        steps = [str(step) for step in path(text).steps or ()]
        if _reaches(tree, steps):
            values.append("_record." + ".".join(quote(step) for step in steps))
    if not values:
        return "NULL::VARCHAR"
    return values[0] if len(values) == 1 else f"coalesce({', '.join(values)})"


def _reaches(tree: Tree, steps: Iterable[str]) -> bool:
    for step in steps:
        if step not in tree:
            return False
        tree = tree[step]
    return True


def _select_nothing(needed: Sequence[str]) -> str:
    columns = "".join(f", NULL::VARCHAR AS {quote(name)}" for name in needed)
    return f"SELECT 0::INTEGER AS _page, 0::BIGINT AS _row{columns} WHERE false"


def _select_lines(columns: str, kind: str, lines: Path) -> str:
    columns_read = f"{{p: 'INTEGER', r: 'BIGINT', v: {literal(kind)}}}"
    return (
        f"SELECT _page, _row{columns} FROM (SELECT p AS _page, r AS _row, v AS _record FROM"
        f" read_json({literal(str(lines.resolve()))}, format='newline_delimited', auto_detect=false, records=true,"
        f" columns={columns_read}, maximum_object_size={_LONGEST_RECORD}))"
    )


# The file


def _repeated(
    connection: duckdb.DuckDBPyConnection,
    set_name: str,
    key: Sequence[str] | None,
    needed: Sequence[str],
    part: Path,
) -> tuple[int | None, int | None]:
    """Count the keys that stand on several rows, and on several pages; None where the key was not read."""
    if not key or not set(key) <= set(needed):
        return None, None
    columns = ", ".join(quote(name) for name in key)
    there = " AND ".join(f"{quote(name)} IS NOT NULL" for name in key)
    with reworded(f"set '{set_name}': looking for repeated keys", AnswerUnreadable):
        found = connection.execute(
            "SELECT count(*), count(*) FILTER (WHERE across) FROM ("
            f"SELECT min(_page) <> max(_page) AS across FROM {parquet(part)}"
            f" WHERE {there} GROUP BY {columns} HAVING count(*) > 1)"
        ).fetchone()
    assert found is not None
    return int(found[0]), int(found[1])


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(folder, error) from None


def _put(part: Path, file: Path) -> None:
    try:
        part.chmod(0o600)
        part.replace(file)
    except OSError as error:
        raise cannot_write(file, error) from None


@contextmanager
def _open_file(file: Path) -> Iterator[Any]:
    try:
        with file.open("rb") as stream:
            yield stream
    except OSError as error:
        raise cannot_write(file, error) from None
