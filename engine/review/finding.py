"""One difference between two versions of a project, as a value: what, where on each side, before and after.

Next: `review/normal`, which makes documents comparable.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from engine.review.kind import KINDS, Kind


@dataclass(frozen=True, order=True)
class Spot:
    """A line of a document, the file as it is called below its version's folder."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


def printable(text: str) -> str:
    """Return a text in which nothing is hidden: what a terminal obeys, or turns the reading round, is written out."""
    return "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in text)


@dataclass(frozen=True)
class Example:
    """One row in which something differs, its key and values masked where they are personal."""

    key: str
    before: str
    after: str

    def __post_init__(self) -> None:
        for name in ("key", "before", "after"):
            object.__setattr__(self, name, printable(getattr(self, name)))


@dataclass(frozen=True)
class Finding:
    """What differs. `before` and `after` are in words, None where there is nothing; `old` and `new` say where.

    `subject` is what it is about, such as `acme/student.family_name`; `concerns` who else is touched by it;
    `lineage` the source fields that made the value, and those that make it now, where they differ. Of data `count` is
    how many, and `examples` are some of them.
    """

    kind: str
    subject: str
    before: str | None = None
    after: str | None = None
    old: Spot | None = None
    new: Spot | None = None
    concerns: tuple[str, ...] = ()
    lineage: tuple[tuple[str, ...], tuple[str, ...]] | None = None
    count: int | None = None
    examples: tuple[Example, ...] = ()
    note: str = ""

    def __post_init__(self) -> None:
        for name in ("subject", "before", "after", "note"):
            value = getattr(self, name)
            object.__setattr__(self, name, None if value is None else printable(value))
        object.__setattr__(self, "concerns", tuple(map(printable, self.concerns)))

    @property
    def its_kind(self) -> Kind:
        """What is known of its kind."""
        return KINDS[self.kind]

    @property
    def has_sides(self) -> bool:
        """Whether before and after say something; of data, what is in one version only is said by the kind."""
        sides = (self.before, self.after)
        return sides != (None, None) if self.count is None else None not in sides

    def facts(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        found: dict[str, Any] = {
            "kind": self.kind,
            "weight": self.its_kind.weight,
            "about": self.its_kind.about,
            "subject": self.subject,
            "before": self.before,
            "after": self.after,
            "old": None if self.old is None else {"file": self.old.file, "line": self.old.line},
            "new": None if self.new is None else {"file": self.new.file, "line": self.new.line},
            "concerns": list(self.concerns),
            "note": self.note,
        }
        if self.lineage is not None:
            found["lineage"] = {"before": list(self.lineage[0]), "after": list(self.lineage[1])}
        if self.count is not None:
            found["count"] = self.count
            found["examples"] = [vars(each) for each in self.examples]
        return found


@dataclass
class Found:
    """All that a review found: in meaning, and on each set of data; `notes` are what could not be looked at."""

    meaning: list[Finding] = field(default_factory=list)
    data: dict[str, list[Finding]] = field(default_factory=dict)
    """By what they were found on: a recording, or a school's mirror."""
    notes: list[str] = field(default_factory=list)

    def all(self) -> list[Finding]:
        """Return every finding, those in meaning first."""
        return [*self.meaning, *(each for findings in self.data.values() for each in findings)]
