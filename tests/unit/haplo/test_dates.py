"""Dates read leniently. Expected values follow section 4.2 of the reference and Java's documentation."""

from __future__ import annotations

from datetime import date

import pytest

from engine.haplo.dates import PatternError, compile_pattern
from engine.haplo.moment import iso_instant

TODAY = date(2026, 3, 15)


def read(pattern: str, text: str) -> str | None:
    instant = compile_pattern(pattern, today=TODAY)(text)
    return None if instant is None else iso_instant(instant).removesuffix("T00:00:00.000Z").removesuffix(":00.000Z")


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("yyyy-MM-dd", "2012-02-30", "2012-03-01"),
        ("yyyy-MM-dd", "2012-00-00", "2011-11-30"),
        ("yyyy-MM-dd", "2012-9-1 and more", "2012-09-01"),
        ("yyyy-MM-dd", "2012- 9-\t1", "2012-09-01"),
        ("dd/MM/yyyy", "09/25/2012", "2014-01-09"),
        ("yyyyMMdd", "20120901", "2012-09-01"),
        # The month is read from "-0", the day from "9-01": month 0 is December of the year before.
        ("yyyyMMdd", "2012-09-01", "2011-12-09"),
        ("yyyy-MM-dd HH:mm", "2012-09-01 25:00", "2012-09-02T01:00"),
        ("d MMM yyyy", "1 september 2012", "2012-09-01"),
        ("EEEE d MMMM yyyy", "Monday 1 September 2012", "2012-09-01"),
        ("D yyyy", "60 2012", "2012-02-29"),
        ("yyyy-MM-dd h:mm a", "2012-09-01 12:30 am", "2012-09-01T00:30"),
        ("yyyy-MM-dd h:mm a", "2012-09-01 1:30 PM", "2012-09-01T13:30"),
        ("yyyy-MM-dd kk:mm", "2012-09-01 24:00", "2012-09-01"),
        ("''yyyy 'o''clock'", "'2012 o'clock", "2012-01-01"),
        # The calendar takes 32 bits of a number: 2**32 + 1 is 1, and 1346457600000 is 313 * 2**32 + 2132836352.
        ("yyyy-MM-d", "2012-09-4294967297", "2012-09-01"),
        ("S", "1346457600000", "1970-01-25T16:27:16.352Z"),
        # Java reads an exponent in whole numbers too.
        ("yyyy-MM-d", "2012-09-1E1", "2012-09-10"),
        ("yyyy-MM-d", "2012-09-15E-1", "2012-09-01"),
        # -0 is no year of two digits, though it has two characters: the year 0, which is 1 BC.
        ("yyMMdd", "-00101", "-000001-12-30"),
        ("YY-'W'ww-u", "12-W35-6", "2012-09-01"),
        # A year before 1582 is counted by the old calendar to the end: 1 December 1582, ten days behind the new one.
        ("yyyy-MM-d", "1581-01-700", "1582-12-11"),
    ],
)
def test_lenient_reading(pattern: str, text: str, expected: str) -> None:
    assert read(pattern, text) == expected


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("", "2012"),
        ("yyyy-MM-dd", ""),
        ("yyyy-MM-dd", "2012/09/01"),
        ("yyyy-MM-dd", "2012-09"),
        ("d MMM yyyy", "1 Sept 2012"),
        ("d MMM yyyy", "1  Sep 2012"),
        ("yyyyMMdd", "2012"),
        ("HH:mmX", "10:00+5"),
        ("HH:mmXXX", "10:00+0530"),
        ("HH:mmZ", "10:00+24:00"),
    ],
)
def test_text_that_cannot_be_read(pattern: str, text: str) -> None:
    assert read(pattern, text) is None


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("HH:mmX", "10:00+01", "1970-01-01T09:00"),
        ("HH:mmX", "10:00Z", "1970-01-01T10:00"),
        ("HH:mmXX", "10:00-0130", "1970-01-01T11:30"),
        ("HH:mmXXX", "10:00+01:30", "1970-01-01T08:30"),
        ("HH:mm Z", "10:00 +0100", "1970-01-01T09:00"),
        ("HH:mm z", "10:00 GMT+1:00", "1970-01-01T09:00"),
        ("HH:mm z", "10:00 BST", "1970-01-01T09:00"),
        ("HH:mm z", "10:00 gmt", "1970-01-01T10:00"),
        # With spaces skipped before it, GMT is a name like any other, and no offset follows it.
        ("HH:mmz", "10:00 GMT+1:00", "1970-01-01T10:00"),
        ("HH:mm z", "10:00 IST", "1970-01-01T08:00"),
    ],
)
def test_zones_are_applied(pattern: str, text: str, expected: str) -> None:
    assert read(pattern, text) == expected


@pytest.mark.parametrize(
    ("text", "year"),
    # Some time on 15 March 2026: two digits lie between that time of 15 March 1946 and of 2046.
    [
        ("01/01/45", "2045"),
        ("01/01/46", "2046"),
        ("15/03/46", "2046"),
        ("16/03/46", "1946"),
        ("01/01/47", "1947"),
        ("01/01/2012", "2012"),
    ],
)
def test_years_of_two_digits_lie_around_today(text: str, year: str) -> None:
    assert (read("dd/MM/yy", text) or "")[:4] == year


def test_a_short_year_is_literal_for_a_long_pattern() -> None:
    # Year 12 of the Julian calendar, of which the Gregorian date is two days behind.
    assert read("dd/MM/yyyy", "01/09/12") == "0012-08-30"


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("yyyy-MM-ddTHH", "Illegal pattern character 'T'"),
        ("'x", "Unterminated quote"),
        ("XXXX", "invalid ISO 8601 format: length=4"),
    ],
)
def test_patterns_that_java_refuses(pattern: str, message: str) -> None:
    with pytest.raises(PatternError, match=f"^{message}$"):
        compile_pattern(pattern, today=TODAY)
