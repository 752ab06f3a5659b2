"""How many requests a run has still before it: estimated at its start, counted as soon as it is known.

Next: `run/reading`.
"""

from __future__ import annotations

from collections.abc import Mapping


class Remaining:
    """The requests of each endpoint that are still to come; None where nothing is known of them."""

    def __init__(self, expected: Mapping[str, int | None]) -> None:
        self._expected = dict(expected)

    def known(self, requests: Mapping[str, int]) -> None:
        """Take note of how many requests endpoints still take, as far as is known now."""
        self._expected.update(requests)

    def answered(self, endpoint: str) -> None:
        """Take note of an answer."""
        self._expected[endpoint] = max(0, (self._expected.get(endpoint) or 0) - 1)

    @property
    def requests(self) -> int:
        """How many there are, as far as is known."""
        return sum(left or 0 for left in self._expected.values())

    @property
    def open(self) -> bool:
        """Whether of some endpoint nothing is known yet."""
        return any(left is None for left in self._expected.values())
