"""What is done to each value of a recording: left as it is, replaced, moved by some days, or replaced in part; and why.

The `pii` tag of a field decides first, and the keys that lead to people are replaced wherever they stand. Codes that
mappings know stay. What nobody tagged is looked at: addresses, numbers, long texts, names that stand elsewhere in
tagged fields. In doubt a value is replaced. Next: `run/recording_json`.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any, Final, Literal

from engine.kinds.types import Formats, SourceField
from engine.run.disguise import ADDRESS, EMAIL, PHONE, Disguise, words_of
from engine.run.inherited_tags import Inherited
from engine.run.known_codes import KnownCodes, folded
from engine.spec.relation import Use

Action = Literal["left", "replaced", "moved", "names replaced"]
Choice = tuple[Action, str]
"""What is done to a value, and why."""

_POSTCODE: Final = re.compile(r"\b[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2}\b", re.IGNORECASE)
_DAYS: Final = (
    (re.compile(r"\d{4}-\d\d-\d\d"), "%Y-%m-%d"),
    (re.compile(r"\d{1,2}/\d{1,2}/\d{4}"), "%d/%m/%Y"),
    (re.compile(r"(19|20)\d{6}$"), "%Y%m%d"),
)
"""Days as they stand at the beginning of texts, whatever follows: fractions of a second, a time zone."""
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d([T ][\d:.]*(Z|[+-]\d\d:?\d\d)?)?|\d{1,2}/\d{1,2}/\d{4}|(19|20)\d{6}")
_TIME: Final = re.compile(rf"({_DATE.pattern})$|\d\d?:\d\d(:\d\d(\.\d+)?)?$")
_ALWAYS: Final = ("identifier", "contact", "address", "name")
_LONG, _MANY_WORDS = 60, 8
_FEW, _OFTEN, _ENOUGH = 12, 3, 30
_SHORT, _MOSTLY = 4, 0.8
_OF_A_PERSON: Final = ("identifier", "name", "contact")


@dataclass(frozen=True)
class Held:
    """Where a value stands: a field of a set, or `inner`, a part of the items of a list."""

    set: str
    field: str
    inner: str = ""

    @property
    def use(self) -> Use:
        return self.set, self.field

    def __str__(self) -> str:
        return f"{self.field}[].{self.inner}" if self.inner else self.field


@dataclass(frozen=True)
class Day:
    """A day that was found in a text: the part that it is written in, and how."""

    moment: datetime
    pattern: str
    part: str


@dataclass
class Disguising:
    """Decides about values. `values` counts those of each field, in all records that were read."""

    fields: Mapping[Use, SourceField]
    formats: Formats
    codes: KnownCodes
    alike: list[set[Use]]
    """Fields that hold the same values, taken together."""
    single: frozenset[str] = frozenset()
    """Sets of one record, which is about the school itself."""
    values: dict[Held, Counter[str]] = field(default_factory=dict)
    inherited: Mapping[Use, Inherited] = field(default_factory=dict)
    """Fields whose tags are not their own, but of what mappings make of them."""
    replaced: set[str] = field(default_factory=set)
    """What is replaced somewhere, folded."""
    names: set[str] = field(default_factory=set)
    """Words of names."""
    few: set[str] = field(default_factory=set)
    """Values of names of which there are few, such as titles, folded."""
    births: set[date] = field(default_factory=set)
    told: dict[Held, Counter[Choice]] = field(default_factory=dict)
    """What was done, value by value."""

    def learn(self, secret: bytes, others: Mapping[str, str]) -> Disguise:
        """Take in what is replaced by its tag, so that the rest can be compared with it.

        `others` are texts that name the school, each with its kind: `name`, or another.
        """
        self.names |= {word for text, kind in others.items() if kind == "name" for word in words_of(text)}
        self.replaced |= {folded(text) for text, kind in others.items() if kind != "name"}
        for held, counts in self.values.items():
            self.few |= {folded(text) for text in counts if self._is_few(held, text, counts)}
        for held, counts in self.values.items():
            spec = self.fields[held.use]
            for text in counts:
                action, _ = self._tagged(held, text) or ("left", "")
                if action == "replaced":
                    self.replaced.add(folded(text))
                    self.names |= {word for word in words_of(text) if spec.pii == "name" and len(word) > 3}
                elif action == "moved" and (found := self._day(spec, text)) is not None:
                    self.births.add(found.moment.date())
        disguise = Disguise(secret, self._originals(others))
        for day in self.births:
            disguise.know_birth(day)
        return disguise

    def _originals(self, others: Mapping[str, str]) -> Iterator[str]:
        yield from others
        for held, counts in self.values.items():
            for text in counts:
                if self.choose(held, text)[0] != "left":
                    yield text

    def disguised(self, held: Held, text: str, disguise: Disguise) -> str:
        """Return what stands in the place of a value, and count it."""
        choice = self.choose(held, text)
        if text.strip():
            self.told.setdefault(held, Counter())[choice] += 1
        action = choice[0]
        if action == "replaced":
            return disguise.text(text, phones=self.fields[held.use].pii in ("contact", None))
        if action == "moved":
            return self._moved(self.fields[held.use], text, disguise)
        return disguise.words(text, self.names) if action == "names replaced" else text

    def without_names(self, text: str, disguise: Disguise) -> str:
        """Return a text that documents give, with stand-ins for names; a code that mappings know is none."""
        return text if folded(text) in self.codes.anywhere else disguise.words(text, self.names)

    def choose(self, held: Held, text: str) -> Choice:
        """Return what is done to a value."""
        if not text.strip():
            return "left", "blank"
        if text in ("true", "false"):
            return "left", "true or false"
        return self._tagged(held, text) or self._looked_at(held, text)

    def _tagged(self, held: Held, text: str) -> Choice | None:
        """Return what the declaration of a field says of a value; None where it says nothing."""
        spec, counts = self.fields[held.use], self.values.get(held, Counter())
        tag = spec.pii
        if (key := self._keyed(held, text)) is not None:
            return key
        if tag not in ("identifier", "contact") and self._is_code(held.use, text):
            return "left", "a code that a lookup knows"
        if self._is_compared(held.use, text):
            return "left", "a code that mappings know"
        if tag == "birth" and self._day(spec, text) is not None:
            return "moved", "pii: birth"
        if spec.type in ("date", "datetime", "time") and tag not in (*_ALWAYS, "birth") and _is_time(text):
            return "left", "a date or a time"
        if spec.type == "boolean" and text.casefold() in self._words():
            return "left", "true or false"
        if tag in _ALWAYS:
            few = self._is_few(held, text, counts) or (tag == "name" and folded(text) in self.few)
            return ("left", f"one of few values of many records, pii: {tag}") if few else ("replaced", f"pii: {tag}")
        if tag == "birth" and (spec.type in ("date", "datetime") or _is_time(text)):
            return "replaced", "pii: birth, and no date"
        if tag is None or tag == "status":
            return None
        return self._private(spec, text)

    @cached_property
    def _keys(self) -> dict[Use, tuple[Choice | None, frozenset[str]]]:
        """Return of each field that leads to others what is done to its keys, or which of them stand in several."""
        found: dict[Use, tuple[Choice | None, frozenset[str]]] = {}
        for group in self.alike:
            own = {use: set(self.values.get(Held(*use), ())) for use in group}
            counts = Counter(folded(text) for texts in own.values() for text in texts)
            choice: Choice | None = None
            if any(self.fields[use].pii in _OF_A_PERSON for use in group):
                choice = "replaced", "a key of people"
            elif _are_opaque(counts) and not any(text in self.codes.anywhere for text in counts):
                choice = "replaced", "a key of records"
            shared = frozenset(text for text, count in counts.items() if count > 1)
            found.update(dict.fromkeys(group, (choice, shared)))
        return found

    def _keyed(self, held: Held, text: str) -> Choice | None:
        if held.inner or held.use not in self._keys:
            return None
        choice, shared = self._keys[held.use]
        return choice or (("left", "a code, and in another set too") if folded(text) in shared else None)

    def _is_code(self, use: Use, text: str) -> bool:
        tag = self.fields[use].pii
        alike = self._codes_of_tag.get(tag, frozenset()) if tag in ("address", "name") else frozenset()
        return self.codes.holds(use, text) or folded(text) in alike

    def _is_compared(self, use: Use, text: str) -> bool:
        """Say whether a text is one that SQL may tell values apart by, where that is how a field got its tag."""
        return use in self.inherited and not self.inherited[use].plain and folded(text) in self.codes.anywhere

    @cached_property
    def _codes_of_tag(self) -> dict[str | None, frozenset[str]]:
        """Return the codes that some field of a tag is looked up in."""
        found: dict[str | None, frozenset[str]] = {}
        for use, codes in self.codes.of_field.items():
            tag = self.fields[use].pii
            found[tag] = found.get(tag, frozenset()) | codes
        return found

    def _is_few(self, held: Held, text: str, counts: Counter[str]) -> bool:
        """Say whether a value is one of few, on many records each: it tells of nobody, even in a field that does.

        Of names these are titles, which are short: the tutors of a small school are few too.
        """
        few = len(counts) <= _FEW and counts.total() >= _ENOUGH and counts[text] >= _OFTEN
        if not few or _says_where(text):
            return False
        if self.fields[held.use].pii == "name":
            short = sum(count for each, count in counts.items() if _is_short(each))
            return _is_short(text) and short >= _MOSTLY * counts.total()
        return self.fields[held.use].pii == "contact"

    @cached_property
    def _together(self) -> Counter[str]:
        """Count the values of private fields, over all of them: what is a code in one is so in the others."""
        found: Counter[str] = Counter()
        for held, counts in self.values.items():
            if self.fields[held.use].pii not in (*_ALWAYS, "status", None):
                for text, count in counts.items():
                    found[folded(text)] += count
        return found

    def _private(self, spec: SourceField, text: str) -> Choice | None:
        """Return what is done to a value of a field that is private, and of which the person is not known by itself."""
        if folded(text) in self.codes.anywhere or (spec.values and text in spec.values):
            return "left", "a code that mappings know"
        if spec.type in ("integer", "number") and re.fullmatch(r"-?\d{1,6}(\.\d+)?", text):
            return "left", "a number, of a person who is made up"
        if _is_time(text):
            return None
        code = self._together[folded(text)] >= _OFTEN and not _is_long(text) and not re.fullmatch(r"\d{4,}", text)
        return None if code else ("replaced", f"pii: {spec.pii}")

    def _looked_at(self, held: Held, text: str) -> Choice:
        """Return what is done to a value by what it looks like."""
        if folded(text) in self.codes.anywhere:
            return "left", "a code that mappings know"
        if _is_time(text):
            return self._of_time(held, text)
        if _says_where(text):
            return "replaced", "looks like an address, or a way to reach somebody"
        if folded(text) in self.replaced and len(text.strip()) > 3:
            return "replaced", "stands in a field that is replaced"
        if _is_number(text):
            return "replaced", "looks like a number of a person or a record"
        if _is_long(text):
            return "replaced", "a long text"
        if held.inner and folded(text) in self.replaced and not text.isdecimal():
            return "replaced", "stands in a field that is replaced"
        if held.set in self.single and re.search(r"[^\W\d_]{3}", text):
            return "replaced", "tells of the school itself"
        if any(word in self.names for word in words_of(text)):
            return "names replaced", "has words that are names elsewhere"
        tag = self.fields[held.use].pii
        return "left", f"nothing personal found in it{f', pii: {tag}' if tag else ''}"

    def _of_time(self, held: Held, text: str) -> Choice:
        """Return what is done to a date in a text: it may be somebody's date of birth."""
        found = self._day(self.fields[held.use], text)
        born = found is not None and found.moment.date() in self.births
        return ("moved", "a date of birth elsewhere") if born else ("left", "a date or a time")

    def _words(self) -> set[str]:
        words = self.formats.boolean
        return {text.casefold() for text in [*words.true, *words.false, "true", "false"]}

    def _day(self, spec: SourceField, text: str) -> Day | None:
        """Return the day in a text: by the patterns of its source, or by the day that it begins with."""
        whole = text.strip()
        known = self.formats.datetime if spec.type == "datetime" else self.formats.date
        begins = [(found[0], pattern) for day, pattern in _DAYS if (found := day.match(whole)) is not None]
        for part, pattern in [*((whole, pattern) for pattern in known), *begins]:
            try:
                return Day(datetime.strptime(part, pattern), pattern, part)
            except ValueError:
                continue
        return None

    def _moved(self, spec: SourceField, text: str, disguise: Disguise) -> str:
        found = self._day(spec, text)
        assert found is not None
        day = disguise.birth(found.moment.date())
        if day == found.moment.date():
            return text
        return text.replace(found.part, datetime.combine(day, found.moment.timetz()).strftime(found.pattern), 1)


def _says_where(text: str) -> bool:
    found = PHONE.search(text)
    phone = found is not None and sum(char.isdecimal() for char in found[0]) >= 9
    return phone or any(each.search(text) is not None for each in (EMAIL, ADDRESS, _POSTCODE))


def _is_time(text: str) -> bool:
    """Say whether a text is a date or a time; eight digits are one only where there is such a day."""
    whole = text.strip()
    if not whole.isdecimal() or _TIME.match(whole) is None:
        return _TIME.match(whole) is not None
    try:
        datetime.strptime(whole, "%Y%m%d")
    except ValueError:
        return False
    return True


def _is_number(text: str) -> bool:
    """Say whether a text has a long number in it, or a long mixture of digits and letters."""
    for word in words_of(text):
        digits = sum(char.isdecimal() for char in word)
        if digits >= 6 or (len(word) >= 8 and 2 <= digits < len(word)):
            return True
    return False


def _are_opaque(texts: Collection[str]) -> bool:
    """Say whether keys are numbers of records, not codes: without spaces, and some of them long."""
    return any(len(re.findall(r"\d", text)) > 3 or _is_number(text) for text in texts) and not any(
        re.search(r"\s", text) for text in texts
    )


def _is_short(text: str) -> bool:
    return all(len(word) <= _SHORT for word in words_of(text))


def _is_long(text: str) -> bool:
    return len(text) > _LONG or len(text.split()) > _MANY_WORDS or "\n" in text.strip()


def inner_values(text: str) -> Iterator[tuple[str, str]]:
    """Yield the texts in a list as it landed, each with the names that lead to it in an item."""
    try:
        data = json.loads(text, parse_float=str, parse_int=str)
    except ValueError:
        yield "", text
        return
    yield from _inner(data, ())


def _inner(data: Any, names: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    if isinstance(data, dict):
        for name, each in data.items():
            yield from _inner(each, (*names, name))
    elif isinstance(data, list):
        for each in data:
            yield from _inner(each, names)
    elif isinstance(data, str):
        yield ".".join(names), data
