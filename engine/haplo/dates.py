"""Dates read with a pattern, as leniently as Java's SimpleDateFormat reads them.

Times are in GMT and names in English. Text after the part that was read is passed over, and numbers out of range
roll over: callers who want strict dates must check them first. Stands on `moment`. Next: `zones`, `values`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Final

from engine.haplo.moment import DAY_MS, day_number, weekday
from engine.haplo.zones import read_iso_zone, read_zone

LETTERS: Final = "GyMdkHmsSEDFwWahKzZYuXL"
_INTEGER: Final = re.compile(r"(-?\d+)(?:E(-?\d{1,9}))?")
_POWER_AT_MOST: Final = 30
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_DAYS: Final = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_NAMES: Final = {
    "M": {name[:size]: at for at, name in enumerate(_MONTHS, 1) for size in (3, len(name))},
    "E": {name[:size]: at for at, name in enumerate(_DAYS, 1) for size in (3, len(name))},
    "a": {"AM": 0, "PM": 1},
    "G": {"BC": 0, "AD": 1},
}
# Letters whose numbers mean the same field: 24 o'clock is 0, and 12 on the dial is 0.
_SAME_FIELD: Final = {"L": "M", "k": "H", "h": "K"}
_WRAPS: Final = {"k": 24, "h": 12}

Fields = dict[str, tuple[int, int]]
"""What was read: field -> (value, when it was set; later ones win)."""
Part = str | tuple[str, int]


class PatternError(ValueError):
    """The pattern is not one of SimpleDateFormat's; the message is Java's."""


def compile_pattern(pattern: str, *, today: date) -> Callable[[str], int | None]:
    """A function from text to an instant in milliseconds, or None when the text can't be read."""
    parts = _parts(pattern)
    touching = [isinstance(part, tuple) for part in [*parts[1:], ""][: len(parts)]]
    century = today.year - 80
    century_start = day_number(century, today.month, today.day) * DAY_MS

    def read(text: str) -> int | None:
        fields: Fields = {}
        at = 0
        for part, close in zip(parts, touching, strict=True):
            if isinstance(part, str):
                after = at + len(part) if text.startswith(part, at) else None
            else:
                after = _read_field(text, at, part, close, fields, century)
            if after is None:
                return None
            at = after
        if at == 0:
            return None  # An empty pattern reads nothing, which is not enough.
        instant = _instant(fields)
        # Eighty years ago today is before this time of that day, so it is in this century.
        if fields.pop("ambiguous", None) and instant <= century_start:
            later = {name: (value + 100 * (name in "yY"), when) for name, (value, when) in fields.items()}
            return _instant(later)
        return instant

    return read


def _parts(pattern: str) -> list[Part]:
    """Literal texts and (letter, count) fields."""
    parts: list[Part] = []
    at = 0
    while at < len(pattern):
        letter = pattern[at]
        if letter == "'":
            written, at = _quoted(pattern, at)
        elif letter.isascii() and letter.isalpha():
            if letter not in LETTERS:
                raise PatternError(f"Illegal pattern character '{letter}'")
            end = at
            while end < len(pattern) and pattern[end] == letter:
                end += 1
            if letter == "X" and end - at > 3:
                raise PatternError(f"invalid ISO 8601 format: length={end - at}")
            parts.append((letter, end - at))
            at = end
            continue
        else:
            written, at = letter, at + 1
        if parts and isinstance(parts[-1], str):
            parts[-1] += written
        elif written:
            parts.append(written)
    return parts


def _quoted(pattern: str, at: int) -> tuple[str, int]:
    """The text of a quotation that begins at `at`, and the place after it; '' is a quotation mark."""
    if pattern.startswith("''", at):
        return "'", at + 2
    found = re.compile(r"'((?:[^']|'')*)'").match(pattern, at)
    if found is None:
        raise PatternError("Unterminated quote")
    return found[1].replace("''", "'"), found.end()


def _read_field(
    text: str, start: int, part: tuple[str, int], touching: bool, fields: Fields, century: int
) -> int | None:
    """Read one field into `fields`; the place after it, or None. `century` begins with the first of the short years."""
    letter, count = part
    at = start
    while at < len(text) and text[at] in " \t":
        at += 1
    if at >= len(text):
        return None
    if letter in "EaG" or (letter in "ML" and count > 2):
        return _read_name(text, start, _SAME_FIELD.get(letter, letter), fields)
    if letter in "zZX":
        zone = read_iso_zone(text, at, count) if letter == "X" else read_zone(text, at, start)
        if zone is None:
            return None
        _set(fields, "z", zone[0])
        return zone[1]
    # Fields that touch are told apart by their lengths; spaces before the number count.
    end = start + count if touching else len(text)
    found = _INTEGER.match(text, at, end) if end <= len(text) else None
    if found is None:
        return None
    value = _whole(found)
    if letter in "yY":
        fields.pop("ambiguous", None)
        if count <= 2 and len(found[0]) == 2 and found[0].isdecimal():
            if value == century % 100:
                fields["ambiguous"] = (1, 0)
            value += century // 100 * 100 + (100 if value < century % 100 else 0)
    _set(fields, _SAME_FIELD.get(letter, letter), 0 if value == _WRAPS.get(letter) else value)
    return found.end()


def _whole(found: re.Match[str]) -> int:
    """The number read, as the 32 bits that the calendar takes of it."""
    if found[2] is None and len(found[1]) < 10:
        return int(found[1])
    value = Decimal(found[1]).scaleb(max(-_POWER_AT_MOST, min(int(found[2] or 0), _POWER_AT_MOST)))
    if abs(value) >= 2**63:
        return 2**31 - 1 if value > 0 else -(2**31)
    return (int(value) + 2**31) % 2**32 - 2**31


def _read_name(text: str, start: int, field: str, fields: Fields) -> int | None:
    names: Mapping[str, int] = _NAMES[field]
    best = max(
        (name for name in names if text[start : start + len(name)].lower() == name.lower()), key=len, default=None
    )
    if best is None:
        return None
    _set(fields, field, names[best])
    return start + len(best)


def _set(fields: Fields, field: str, value: int) -> None:
    fields[field] = (value, 1 + max((stamp for _, stamp in fields.values()), default=0))


def _instant(fields: Fields) -> int:
    value = {name: number for name, (number, _) in fields.items()}
    stamp = {name: when for name, (_, when) in fields.items()}
    clock = value.get("m", 0) * 60_000 + value.get("s", 0) * 1000 + value.get("S", 0)
    return _day(value, stamp) * DAY_MS + _hour(value, stamp) * 3_600_000 + clock - value.get("z", 0)


def _hour(value: dict[str, int], stamp: dict[str, int]) -> int:
    dial = max(stamp["K"], stamp["a"]) if "K" in stamp and "a" in stamp else 0
    if "H" in stamp and stamp["H"] > dial:
        return value["H"]
    return value.get("K", 0) + 12 * value.get("a", 0)


def _day(value: dict[str, int], stamp: dict[str, int]) -> int:
    year = value.get("y", 1970)
    if value.get("G") == 0:
        year = 1 - year
    month = value.get("M", 1)
    if "Y" in stamp and stamp["Y"] > stamp.get("y", 0):
        return _in_week(day_number(value["Y"], 1, 1), value.get("w", 1), _weekday_asked(value) or 1)
    match _date_rule(stamp):
        case "D":
            return day_number(year, 1, 1) + value["D"] - 1
        case "w":
            return _in_week(day_number(year, 1, 1), value["w"], _weekday_asked(value) or 1)
        case "W":
            return _in_week(day_number(year, month, 1), value["W"], _weekday_asked(value) or 1)
        case "F":
            first = day_number(year, month, 1)
            wanted = _weekday_asked(value) or 1
            return first + (wanted - weekday(first)) % 7 + 7 * (value.get("F", 1) - 1)
    return day_number(year, month, value.get("d", 1))


def _date_rule(stamp: dict[str, int]) -> str:
    """Which field says the day: the one that was set last, weeks only together with a weekday."""
    day_of_week = max(stamp.get("E", 0), stamp.get("u", 0))
    best, rule = stamp.get("d", 0), "d"
    for field in "WFDw":
        when = stamp.get(field, 0)
        if field != "D":
            when = max(when, day_of_week) if when and day_of_week else 0
        if when > best:
            best, rule = when, field
    if best:
        return rule
    for field, when in (("W", stamp.get("W", 0)), ("F", max(stamp.get("F", 0), day_of_week)), ("w", stamp.get("w", 0))):
        if when > best:
            best, rule = when, field
    return rule


def _weekday_asked(value: dict[str, int]) -> int | None:
    return value["u"] % 7 + 1 if "u" in value else value.get("E")


def _in_week(first: int, week: int, day_of_week: int) -> int:
    """The day of a week counted from the one that holds `first`; weeks begin on Sunday."""
    return first - (weekday(first) - 1) + 7 * (week - 1) + day_of_week - 1
