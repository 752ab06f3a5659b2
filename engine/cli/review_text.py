"""How a review looks on a terminal. Next: `cli/commands/review`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from engine.review.kind import KINDS, WEIGHTS

if TYPE_CHECKING:
    from engine.review.finding import Finding
    from engine.review.reviewing import Review


def review_text(review: Review) -> str:
    """Return a review as text."""
    if review.wrong:
        return "\n\n".join(line for each in review.wrong for line in (f"{each.label}:", *each.problems))
    lines = [f"{review.before} → {review.after}: {said_count(review.found.meaning)}"]
    lines += _grouped(review.found.meaning)
    for name, findings in review.found.data.items():
        lines += ["", f"On {name}: {said_effects(findings)}", *_grouped(findings)]
    lines += ["", *(f"note: {note}" for note in review.found.notes)] if review.found.notes else []
    return "\n".join(lines)


def said_count(findings: Sequence[Finding]) -> str:
    """Return how many findings there are, by weight; or that there are none."""
    if not findings:
        return "no change in meaning"
    weights = Counter(finding.its_kind.weight for finding in findings)
    parts = [f"{weights[weight]} {said}" for weight, said in WEIGHTS.items() if weights[weight]]
    return f"{len(findings)} change{'s' if len(findings) != 1 else ''} in meaning ({', '.join(parts)})"


def said_effects(findings: Sequence[Finding]) -> str:
    """Return how many differences there are on data."""
    return f"{len(findings)} difference{'s' if len(findings) != 1 else ''}" if findings else "no difference"


def _grouped(findings: Sequence[Finding]) -> Iterator[str]:
    for about in dict.fromkeys(kind.about for kind in KINDS.values()):
        own = [finding for finding in findings if finding.its_kind.about == about]
        if own:
            yield ""
            yield about
            for finding in own:
                yield from _finding(finding)


def _finding(finding: Finding) -> Iterator[str]:
    """Yield the lines of a finding; the first has the form that editors and CI link."""
    kind, spot = finding.its_kind, finding.new or finding.old
    where = f"{spot}: " if spot is not None else ""
    count = f": {finding.count:,}" if finding.count is not None else ""
    yield f"  {where}{WEIGHTS[kind.weight]}: {finding.subject}{count}: {kind.meaning} [{kind.name}]"
    if finding.new is not None and finding.old is not None and finding.old != finding.new:
        yield f"    was at:   {finding.old}"
    if (finding.before, finding.after) != (None, None):
        yield f"    before:   {'–' if finding.before is None else finding.before}"
        yield f"    after:    {'–' if finding.after is None else finding.after}"
    if finding.lineage is not None:
        was, now = (", ".join(each) or "nothing" for each in finding.lineage)
        yield f"    made of:  {was} → {now}"
    if finding.concerns:
        yield f"    concerns: {', '.join(finding.concerns)}"
    if finding.note:
        yield f"    note:     {finding.note}"
    for example in finding.examples:
        values = f": {example.before} → {example.after}" if example.before or example.after else ""
        yield f"    row {example.key}{values}"


def kinds_text() -> str:
    """Return the kinds of findings, for those who choose among them."""
    rows = [(kind.name, WEIGHTS[kind.weight], kind.meaning) for kind in KINDS.values()]
    size = max(len(name) for name, *_ in rows)
    return "\n".join(f"{name:<{size}}  {weight:<12}  {meaning}" for name, weight, meaning in rows)
