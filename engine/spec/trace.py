"""What is noted while the SQL of a mapping is made, so that afterwards a value can be followed step by step.

It is the very SQL of the run that is noted, so what is followed is what the run does. Without a trace nothing is
noted, and the statement is as it always is. Next: `spec/derive`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.kinds.rule import Rule
from engine.kinds.value import Value
from engine.spec.relation import Expr, Relation
from engine.spec.view import At, View


@dataclass(frozen=True)
class Step:
    """One step of a value: the word, where it stands in the mapping, and the value after it."""

    at: At
    word: str
    expr: Expr
    value: Value


@dataclass(frozen=True)
class Tested:
    """A rule: where it stands, and its condition as SQL."""

    rule: Rule
    at: At
    test: str


@dataclass(frozen=True)
class Collected:
    """Records that become a list: what is looked into, and how records are found.

    `theirs` and `ours` are what must be equal; `records` is the column that names the records that were collected.
    """

    relation: Relation
    view: View
    theirs: tuple[Expr, ...]
    ours: tuple[Expr, ...]
    tests: tuple[str, ...]
    records: str


@dataclass
class Sight:
    """What was noted of one view: values by their place in the mapping, rules, collections; `at` is its own place."""

    at: At = ()
    values: dict[At, list[Step]] = field(default_factory=dict)
    rules: list[Tested] = field(default_factory=list)
    collected: dict[At, Collected] = field(default_factory=dict)


@dataclass
class Trace:
    """All that was noted; `view` is that of the mapping itself, None where it has none."""

    view: View | None = None
    sights: dict[View, Sight] = field(default_factory=dict)

    def of(self, view: View) -> Sight:
        """Return what was noted of a view."""
        return self.sights.setdefault(view, Sight())
