"""Days, against Python's own calendar where it reaches, and at the change of calendars."""

from __future__ import annotations

from datetime import date

from engine.haplo import moment

EPOCH = date(1970, 1, 1).toordinal()


def test_days_agree_with_python_after_the_change_of_calendars() -> None:
    for ordinal in range(date(1582, 10, 15).toordinal(), date(2110, 1, 1).toordinal(), 17):
        day = date.fromordinal(ordinal)
        assert moment.day_number(day.year, day.month, day.day) == ordinal - EPOCH
        assert moment.date_of(ordinal - EPOCH) == (day.year, day.month, day.day)
        assert moment.weekday(ordinal - EPOCH) == day.isoweekday() % 7 + 1


def test_the_day_after_4_october_1582_is_the_15th() -> None:
    last = moment.day_number(1582, 10, 4)
    assert moment.date_of(last + 1) == (1582, 10, 15)
    assert moment.date_of(last) == (1582, 10, 4)


def test_instants_are_gregorian_and_dates_follow_the_calendar_of_their_time() -> None:
    instant = moment.day_number(1066, 10, 14) * moment.DAY_MS
    assert moment.iso_date(instant) == "1066-10-14"
    assert moment.iso_instant(instant) == "1066-10-20T00:00:00.000Z"


def test_years_past_9999_have_six_digits_and_a_sign() -> None:
    assert moment.iso_instant(moment.day_number(12345, 1, 1) * moment.DAY_MS) == "+012345-01-01T00:00:00.000Z"
