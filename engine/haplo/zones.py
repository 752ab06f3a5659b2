"""Time zones inside a date's text: offsets and the usual names. Stands on the standard library. Next: `dates`."""

from __future__ import annotations

import re
from typing import Final

MINUTE_MS: Final = 60_000
_HOURS: Final = 60 * MINUTE_MS
_CLOCK: Final = re.compile(r"([0-9]{1,2}):([0-9]{2})")
_DIGITS: Final = re.compile(r"([0-9]{2})([0-9]{2})")
_TWO: Final = re.compile(r"([0-9]{2})")
_COLON: Final = re.compile(r"([0-9]{2}):([0-9]{2})")
# Of places that share a name, the one that Java comes upon first: IST is Israel's.
_NAMES: Final = {
    "GMT": 0, "UTC": 0, "WET": 0, "BST": 1, "WEST": 1, "CET": 1, "CEST": 2, "EET": 2, "EEST": 3, "MSK": 3, "IST": 2,
    "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7, "AST": -4, "ADT": -3,
    "AKST": -9, "AKDT": -8, "HST": -10, "SAST": 2, "SGT": 8, "HKT": 8, "JST": 9, "KST": 9, "AEST": 10, "AEDT": 11,
    "NZST": 12, "NZDT": 13,
    "Greenwich Mean Time": 0, "Coordinated Universal Time": 0, "British Summer Time": 1, "Irish Summer Time": 1,
    "Central European Time": 1, "Central European Summer Time": 2, "Eastern European Time": 2,
    "Eastern European Summer Time": 3,
}  # fmt: skip

Zone = tuple[int, int]
"""Offset in milliseconds, and the place after it in the text."""


def read_iso_zone(text: str, at: int, count: int) -> Zone | None:
    """`Z`, or an offset of the length that the count of X asks for: `+hh`, `+hhmm`, `+hh:mm`."""
    if text[at] == "Z":
        return 0, at + 1
    return _offset(text, at, (_TWO, _DIGITS, _COLON)[count - 1])


def read_zone(text: str, at: int, start: int) -> Zone | None:
    """An offset `+hhmm`, `GMT`, `GMT+h:mm` or a name."""
    if text[at] in "+-":
        return _offset(text, at, _DIGITS)
    if text[start : start + 3].upper() == "GMT":
        after = start + 3
        if text[after : after + 1] in ("+", "-"):
            return _offset(text, after, _CLOCK)
        return 0, after
    best = max((name for name in _NAMES if text[at : at + len(name)].lower() == name.lower()), key=len, default=None)
    return None if best is None else (_NAMES[best] * _HOURS, at + len(best))


def _offset(text: str, at: int, form: re.Pattern[str]) -> Zone | None:
    found = form.match(text, at + 1) if text[at] in "+-" else None
    if found is None:
        return None
    hours, minutes = int(found[1]), int(found[2]) if form.groups == 2 else 0
    if hours > 23 or minutes > 59:
        return None
    sign = -1 if text[at] == "-" else 1
    return sign * (hours * 60 + minutes) * MINUTE_MS, found.end()
