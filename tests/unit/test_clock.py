"""Time as the engine sees it."""

from datetime import timedelta

from engine.clock import Clock


def test_now_is_aware_and_in_utc():
    assert Clock().now().utcoffset() == timedelta(0)


def test_monotonic_never_goes_back_and_sleep_waits():
    clock = Clock()
    before = clock.monotonic()
    clock.sleep(0.01)
    assert clock.monotonic() - before >= 0.01


def test_no_wait_for_nothing_or_less():
    clock = Clock()
    before = clock.monotonic()
    clock.sleep(0)
    clock.sleep(-5)
    assert clock.monotonic() - before < 1
