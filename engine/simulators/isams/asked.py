"""What a request for a method asks: the attributes of its filter, and what the key lets it see. Next: `filters`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from engine.simulators.isams.refusal import unreadable_date


@dataclass(frozen=True)
class Asked:
    """The filter of one method. The names of attributes count without their case; an empty one is as good as none."""

    attributes: Mapping[str, str] = field(default_factory=dict)  # names in lower case
    years: frozenset[int] | None = None

    @property
    def signature(self) -> tuple[object, ...]:
        """All of it, to be remembered by."""
        return (tuple(sorted(self.attributes.items())), self.years)

    def text(self, name: str) -> str | None:
        """An attribute, or None."""
        return self.attributes.get(name.lower(), "").strip() or None

    def items(self, name: str) -> frozenset[str] | None:
        """The items of a list in lower case, or None where it is not given."""
        text = self.text(name)
        return None if text is None else frozenset(item.strip().lower() for item in text.split(","))

    def flag(self, name: str) -> bool | None:
        """A flag in one of its two styles, or None."""
        text = self.text(name)
        return None if text is None else text.lower() in ("1", "true", "yes")

    def day(self, name: str) -> date | None:
        """A day, or None."""
        text = self.text(name)
        try:
            return None if text is None else date.fromisoformat(text[:10])
        except ValueError:
            raise unreadable_date() from None

    def covers(self, day: date) -> bool:
        """Whether a day is between StartDate and EndDate; one that is not given is no bound."""
        start, end = self.day("StartDate"), self.day("EndDate")
        return (start is None or start <= day) and (end is None or day <= end)
