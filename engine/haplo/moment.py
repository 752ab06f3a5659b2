"""Days and instants as Java's calendar counts them: Julian before 15 October 1582, Gregorian after.

Days count from 1 January 1970, instants in milliseconds from then, in GMT. Any field may be out of range and
rolls over. Stands on the standard library. Next: `dates`.
"""

from __future__ import annotations

from typing import Final

DAY_MS: Final = 86_400_000
_CUTOVER: Final = -141_427  # 15 October 1582, the first Gregorian day


def day_number(year: int, month: int, day: int) -> int:
    """The day of a date; months count from 1. Out of range months and days roll over."""
    before = year < 1582
    year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
    gregorian = _from_civil(year, month, julian=False) + day - 1
    if gregorian >= _CUTOVER and not before:
        return gregorian
    return _from_civil(year, month, julian=True) + day - 1


def _from_civil(year: int, month: int, *, julian: bool) -> int:
    """The day number of the first of a month, by the usual count of years that begin in March."""
    year -= month <= 2
    days = 365 * year + year // 4 + (153 * ((month + 9) % 12) + 2) // 5
    return days - 719_470 if julian else days - year // 100 + year // 400 - 719_468


def date_of(day: int, *, gregorian: bool = False) -> tuple[int, int, int]:
    """Year, month and day of a day number; `gregorian` keeps to that calendar also before 1582."""
    if gregorian or day >= _CUTOVER:
        era, rest = divmod(day + 719_468, 146_097)
        years = (rest - rest // 1460 + rest // 36_524 - rest // 146_096) // 365
        rest -= 365 * years + years // 4 - years // 100
        year = years + era * 400
    else:
        cycle, rest = divmod(day + 719_470, 1461)
        years = min(rest // 365, 3) if rest < 1460 else 3
        rest -= 365 * years
        year = years + cycle * 4
    shifted = (5 * rest + 2) // 153
    month = (shifted + 2) % 12 + 1
    return year + (month <= 2), month, rest - (153 * shifted + 2) // 5 + 1


def weekday(day: int) -> int:
    """1 for Sunday to 7 for Saturday."""
    return (day + 4) % 7 + 1


def iso_date(instant: int) -> str:
    """The GMT day of an instant, which is all that an object keeps of it."""
    year, month, day = date_of(instant // DAY_MS)
    return f"{_year(year, 4)}-{month:02}-{day:02}"


def iso_instant(instant: int) -> str:
    """An instant as a script writes it, always by the Gregorian calendar."""
    days, rest = divmod(instant, DAY_MS)
    year, month, day = date_of(days, gregorian=True)
    seconds, millis = divmod(rest, 1000)
    shown = _year(year, 4) if 0 <= year <= 9999 else f"{'-' if year < 0 else '+'}{abs(year):06}"
    clock = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{millis:03}"
    return f"{shown}-{month:02}-{day:02}T{clock}Z"


def _year(year: int, width: int) -> str:
    return f"{'-' if year < 0 else ''}{abs(year):0{width}}"
