"""Reads the envelope of a JSON answer natively: how many records, which fields, what it says of the whole.

One pass of msgspec takes the first-level keys that are asked about; records stay bytes, but for a sample.
Deeper paths, and JSONPaths that are more than steps, decode the whole answer. Imports `kinds` and `answer`.
Next: `stages/books`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

from engine.kinds.select import MISSING, Path, path
from engine.stages.answer import Seen

if TYPE_CHECKING:
    from pathlib import Path as File

    from engine.kinds.types import SourceField
    from engine.spec.source import RecordSet

SAMPLE = 32
_PLAIN = re.compile(r'[^"\\\x00-\x1f]*')


class UnreadableError(ValueError):
    """An answer is not what it should be; `heals` where asking again may help. Its message holds none of its content.

    `facts` is what it says at the paths that are asked about, where it could be read so far.
    """

    def __init__(self, what: str, *, heals: bool = True, facts: Any = None) -> None:
        super().__init__(what)
        self.what, self.heals, self.facts = what, heals, {} if facts is None else facts


@dataclass(frozen=True)
class Envelope:
    """What an answer says. `facts` holds what the paths need; a set without its list of records is None."""

    facts: Any
    sets: dict[str, Seen | None]


class AnswerReader(Protocol):
    """Whatever reads the answers of one endpoint."""

    def read_from(self, stream: BinaryIO, file: File) -> Envelope:
        """Read an answer that is spooled in a file; what is made of it may stand beside the file."""


class Reader:
    """Reads the answers of one endpoint: these record sets, and what stands at these paths."""

    def __init__(self, sets: Mapping[str, RecordSet], paths: Iterable[str] = ()) -> None:
        import msgspec

        self._lists = {name: records_path(each.records) for name, each in sets.items()}
        self._optional = {name for name, each in sets.items() if each.optional}
        self._one = {name for name, each in sets.items() if each.one}
        self._samplers = {name: _Sampler(each.fields) for name, each in sets.items()}
        facts = [path(text) for text in paths]
        self._whole = bool(self._one) or any(first_key(each) is None for each in facts)
        self._whole = self._whole or any(len(each.steps or ()) != 1 for each in self._lists.values())
        lists = {str((each.steps or ("",))[0]) for each in self._lists.values()}
        keys = {key for each in facts if (key := first_key(each)) is not None}
        if any(_PLAIN.fullmatch(key) is None for key in lists | keys):
            self._whole, lists, keys = True, set(), set()  # msgspec does not take such names
        self._names = {f"k{index}": key for index, key in enumerate(sorted(lists | keys))}
        types = {
            name: list[msgspec.Raw] if key in lists and key not in keys else object for name, key in self._names.items()
        }
        fields = [(name, kind, msgspec.UNSET) for name, kind in types.items()]
        struct = msgspec.defstruct("Answer", fields, rename=self._names or None)
        self._decoder = msgspec.json.Decoder(struct)

    def read_from(self, stream: BinaryIO, file: File) -> Envelope:
        """Read an answer from a stream."""
        return self.read(stream.read())

    def read(self, data: bytes) -> Envelope:
        """Read an answer; raises `UnreadableError` where it is not JSON in UTF-8."""
        import msgspec

        check_text(data)
        try:
            if not self._whole:
                try:
                    return self._read_keys(self._decoder.decode(data))
                except msgspec.ValidationError:
                    pass  # a list of records is something else: look at it as a whole
            return self._read_whole(msgspec.json.decode(data))
        except (msgspec.DecodeError, RecursionError) as error:
            raise UnreadableError(_flaw(data, str(error))) from None

    def _read_keys(self, answer: Any) -> Envelope:
        import msgspec

        found = {key: getattr(answer, name) for name, key in self._names.items()}
        facts = {key: value for key, value in found.items() if value is not msgspec.UNSET}
        sets: dict[str, Seen | None] = {}
        for name, where in self._lists.items():
            records = facts.get(str((where.steps or ("",))[0]))
            sets[name] = self._samplers[name].see(name, records) if isinstance(records, list) else None
            if records is None and name in self._optional:
                sets[name] = Seen(0)
        return Envelope(facts, sets)

    def _read_whole(self, answer: Any) -> Envelope:
        sets: dict[str, Seen | None] = {}
        for name, where in self._lists.items():
            records = records_at(where, answer, one=name in self._one)
            sets[name] = None if records is None else self._samplers[name].see(name, records)
            if name in self._optional and where.simple and where.first(answer) in (MISSING, None):
                sets[name] = Seen(0)
        return Envelope(answer, sets)


def records_at(where: Path, answer: Any, *, one: bool = False) -> list[Any] | None:
    """Return the records at a path of a decoded answer; None when there is no list of them, or not the `one`."""
    if where.simple:
        found = where.first(answer)
        if one:
            return [found] if isinstance(found, dict) else None
        return found if isinstance(found, list) else None
    matches = where.all(answer)
    if matches:
        lists = [each for each in matches if isinstance(each, list)]
        return [item for each in lists for item in each] if len(lists) == len(matches) else matches
    parent = where.text[: where.text.rfind("[")] if where.text.endswith("]") else ""
    return [] if parent and isinstance(path(parent).first(answer), list) else None


def records_path(text: str) -> Path:
    """Return the path of a list of records; `[*]` at its end says nothing more."""
    return path(text.removesuffix("[*]"))


def first_key(where: Path) -> str | None:
    """Return the first key on a path, or None when the whole answer is needed."""
    steps = where.steps
    if steps is None:
        before = re.split(r"\[[*?]|\.\.", where.text)[0]
        steps = path(before).steps if before else None
    return steps[0] if steps and isinstance(steps[0], str) else None


def is_there(paths: Iterable[Path], record: Any) -> bool:
    """Say whether a record has a value, or null, at one of these paths; a null on the way counts as one."""
    return any(_stands(each, record) for each in paths)


def _stands(where: Path, record: Any) -> bool:
    if where.steps is None:
        return bool(where.all(record)) or _is_empty(where, record)
    for step in where.steps:
        if record is None:
            return True
        record = Path("", (step,)).first(record)
        if record is MISSING:
            return False
    return True


def _is_empty(where: Path, record: Any) -> bool:
    """Say whether a path goes through a list that is there, and has no items."""
    before, found, _ = where.text.partition("[*]")
    return bool(found) and path(before).simple and path(before).first(record) in ([], None)


class _Sampler:
    """Looks at some records of a set and says which of its declared fields they have."""

    def __init__(self, fields: Mapping[str, SourceField]) -> None:
        import msgspec

        self._paths = {name: [path(text) for text in each.paths(name)] for name, each in fields.items()}
        self._flat: dict[str, list[str]] = {}
        for name, paths in self._paths.items():
            keys = [key for each in paths if (key := first_key(each)) and len(each.steps or ()) == 1]
            if len(keys) == len(paths):
                self._flat[name] = keys
        self._deep = {name: paths for name, paths in self._paths.items() if name not in self._flat}
        self._decoder = msgspec.json.Decoder(dict[str, msgspec.Raw])

    def see(self, name: str, records: list[Any]) -> Seen:
        import msgspec

        if not records:
            return Seen(0)
        sample = [records[index] for index in _spread(len(records))]
        if not isinstance(sample[0], msgspec.Raw):
            sample = [msgspec.Raw(msgspec.json.encode(each)) for each in sample]
        try:
            keys = [frozenset(self._decoder.decode(each)) for each in sample]
        except msgspec.ValidationError:
            raise UnreadableError(f"has a record of set '{name}' that is not an object", heals=False) from None
        present, mixed = self._find(sample, keys)
        digest = hashlib.sha256(b"\n".join(sample)).hexdigest()[:32]
        every = tuple(sorted(frozenset[str]().union(*keys)))
        return Seen(len(records), tuple(present), tuple(mixed), every, digest)

    def _find(self, sample: list[Any], keys: list[frozenset[str]]) -> tuple[list[str], list[str]]:
        import msgspec

        anywhere, everywhere = frozenset[str]().union(*keys), keys[0].intersection(*keys)
        whole = [msgspec.json.decode(each) for each in sample] if self._deep else []
        present, mixed = [], []
        for name, paths in self._paths.items():
            spellings = self._flat.get(name)
            if spellings is None:
                having = sum(is_there(paths, record) for record in whole)
            elif not any(key in anywhere for key in spellings):
                continue
            elif any(key in everywhere for key in spellings):
                having = len(sample)
            else:
                having = sum(any(key in record for key in spellings) for record in keys)
            if having:
                present.append(name)
                if having < len(sample):
                    mixed.append(name)
        return present, mixed


def _spread(count: int) -> list[int]:
    """Return the places of the sample among so many records: the first, the last, even steps between."""
    if count <= SAMPLE:
        return list(range(count))
    return [round(index * (count - 1) / (SAMPLE - 1)) for index in range(SAMPLE)]


def check_text(data: bytes) -> None:
    """Raise `UnreadableError` where bytes are not plain UTF-8, or are a page for people."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UnreadableError("is in UTF-16, not in UTF-8", heals=False)
    if data.startswith(b"\xef\xbb\xbf"):
        raise UnreadableError("begins with a byte order mark, which JSON may not", heals=False)
    start = data[:512].lstrip()
    if not start:
        raise UnreadableError("is empty")
    if start.startswith(b"<"):
        raise UnreadableError("is a page of HTML or XML, not JSON")
    try:
        if not data.isascii():
            data.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.end == len(data) and error.reason == "unexpected end of data":
            raise UnreadableError("is cut short") from None
        raise UnreadableError(f"is not in UTF-8 (byte {error.start})", heals=False) from None


def _flaw(data: bytes, message: str) -> str:
    """Return what is wrong with JSON, by what msgspec says; its messages hold places, not data."""
    if "truncated" in message:
        return "is JSON that is cut short"
    at = message.rpartition("(byte ")[2].rstrip(")")
    return f"is not JSON (byte {at} of {len(data)})" if at.isdecimal() else "is not JSON"
