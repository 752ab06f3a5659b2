"""What a reference to another entity may hold, and why it may not hold the rest. Next: `spec/fit`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from engine.kinds.types import literal

UNKNOWN: Final = "unknown-reference"


@dataclass(frozen=True)
class Keys:
    """The keys of an entity, each as a SELECT: those that go out or are there already, and others by their rule.

    `good` gives each of them once; `lost` is read in its order, and only for keys that are not in `good`.
    """

    good: str
    lost: Mapping[str, str] = field(default_factory=dict)
    same: str | None = None
    """Keys that the source gives with the keys by which the rows are known, where these differ, each once, as a SELECT
    of `own` and `key`; None where there are none.
    """

    def stable(self, value: str) -> str:
        """Return the key by which a row is known, of the key that the source gives, as SQL."""
        if self.same is None:
            return value
        return f"coalesce((SELECT s._key FROM ({self.same}) AS s(_own, _key) WHERE s._own = {value}), {value})"

    def fault(self, value: str) -> str:
        """Return the rule that a reference breaks that is not good, as SQL."""
        arms = " ".join(f"WHEN {value} IN ({select}) THEN {literal(rule)}" for rule, select in self.lost.items())
        return f"CASE {arms} ELSE {literal(UNKNOWN)} END" if arms else literal(UNKNOWN)

    def broken(self, value: str) -> str:
        """Return the condition that there is a reference, and that it is not good."""
        return f"{value} IS NOT NULL AND {value} NOT IN ({self.good})"
