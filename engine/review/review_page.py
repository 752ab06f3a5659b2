"""A review as one HTML file, which needs nothing beside it. Next: `review/page`."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import Final

from engine.review.finding import Finding
from engine.review.kind import WEIGHTS, Weight
from engine.review.page import single
from engine.review.reviewing import Review
from engine.review.summary import by_heading, said_meaning

_TONES: Final[dict[Weight, str]] = {"risky": "bad", "look": "warn", "harmless": "good"}
_WORD: Final = re.compile(r"\w+|\s+|.", re.DOTALL)
Parts = list[tuple[str, bool]]
"""A text in parts, each with whether the other version has another."""


def review_page(review: Review) -> str:
    """Return the page."""
    return single(
        "review.html",
        site="haplomap",
        title=f"Review: {review.before} → {review.after}",
        review=review,
        summary=said_meaning(review.found.meaning),
        groups=by_heading(review.found.meaning),
        weights=WEIGHTS,
        tones=_TONES,
        pairs=pairs,
    )


def pairs(finding: Finding) -> tuple[Parts, Parts]:
    """Return what was and what is in parts, word by word."""
    before, after = (_WORD.findall(text or "") for text in (finding.before, finding.after))
    if finding.before is None or finding.after is None:
        return [("".join(before), True)], [("".join(after), True)]
    codes = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    was = [("".join(before[a:b]), code != "equal") for code, a, b, *_ in codes if a != b]
    now = [("".join(after[c:d]), code != "equal") for code, _, _, c, d in codes if c != d]
    return was, now
