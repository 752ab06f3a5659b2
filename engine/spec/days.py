"""By whose day the records of a set belong to windows: their own, or that of the record they link to.

Where an endpoint is read by windows, a set without the field of days belongs to them by its link to the key of a set
of the same endpoint that has it. Next: `spec/check_windows`.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.spec.source import Endpoint


@dataclass(frozen=True)
class DayLink:
    """The set of the same answers in which the day stands; `own` is the field that finds its record, `key` the key."""

    set: str
    own: str
    key: str


def day_link(endpoint: Endpoint, set_name: str) -> DayLink | None:
    """Return the link by which a set belongs to windows; None where its records have a day, or no way to one."""
    word = endpoint.windows
    if word is None or word.field in endpoint.sets[set_name].fields:
        return None
    for name, field in endpoint.sets[set_name].fields.items():
        for other, key in field.links():
            parent = endpoint.sets.get(other)
            if parent is not None and word.field in parent.fields and parent.key == [key]:
                return DayLink(other, name, key)
    return None
