"""Time as the engine sees it."""

from datetime import timedelta
from threading import Event, Timer

from engine.clock import Clock


def test_now_is_aware_and_in_utc():
    assert Clock().now().utcoffset() == timedelta(0)


def test_monotonic_never_goes_back_and_wait_waits():
    clock = Clock()
    before = clock.monotonic()
    assert not clock.wait(Event(), 0.01)
    assert clock.monotonic() - before >= 0.01


def test_no_wait_for_nothing_or_less():
    clock, stopped = Clock(), Event()
    before = clock.monotonic()
    assert not clock.wait(stopped, 0)
    assert not clock.wait(stopped, -5)
    stopped.set()
    assert clock.wait(stopped, -5)
    assert clock.monotonic() - before < 1


def test_a_wait_ends_when_it_is_stopped():
    clock, stopped = Clock(), Event()
    Timer(0.01, stopped.set).start()
    before = clock.monotonic()
    assert clock.wait(stopped, 60)
    assert clock.monotonic() - before < 30
