"""What the forms of a review say alike: how many findings there are, and under which headings they stand.

Next: `review/markdown`.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Final

from engine.review.finding import Finding
from engine.review.kind import KINDS, WEIGHTS

_NO_NAME: Final = re.compile(r"\W")


def said_meaning(findings: Sequence[Finding]) -> str:
    """Return how many changes there are, by weight; or that there are none."""
    if not findings:
        return "no change in meaning"
    weights = Counter(finding.its_kind.weight for finding in findings)
    parts = [f"{weights[weight]} {said}" for weight, said in WEIGHTS.items() if weights[weight]]
    return f"{len(findings)} change{'s' if len(findings) != 1 else ''} in meaning ({', '.join(parts)})"


def said_effects(findings: Sequence[Finding]) -> str:
    """Return how many differences there are on data."""
    return f"{len(findings)} difference{'s' if len(findings) != 1 else ''}" if findings else "no difference"


def by_heading(findings: Sequence[Finding]) -> list[tuple[str, list[Finding]]]:
    """Return findings by the headings under which they stand, those that have some."""
    headings = dict.fromkeys(kind.about for kind in KINDS.values())
    groups = [(about, [each for each in findings if each.its_kind.about == about]) for about in headings]
    return [(about, own) for about, own in groups if own]


def by_entity(findings: Sequence[Finding]) -> list[tuple[str, list[Finding]]]:
    """Return what was found on data by entity: each finding's subject begins with it."""
    groups: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        groups[_NO_NAME.split(finding.subject, maxsplit=1)[0]].append(finding)
    return list(groups.items())
