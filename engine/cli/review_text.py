"""How a review looks on a terminal. Next: `cli/commands/review`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from engine.review.kind import KINDS, WEIGHTS
from engine.review.summary import by_entity, by_heading, said_effects, said_meaning

if TYPE_CHECKING:
    from engine.review.finding import Finding
    from engine.review.reviewing import Review


def review_text(review: Review) -> str:
    """Return a review as text."""
    if review.wrong:
        return "\n\n".join(line for each in review.wrong for line in (f"{each.label}:", *each.texts))
    lines = [f"{review.before} → {review.after}: {said_meaning(review.found.meaning)}"]
    lines += _grouped(by_heading(review.found.meaning))
    for name, findings in review.found.data.items():
        lines += ["", f"On {name}: {said_effects(findings)}", *_grouped(by_entity(findings))]
    lines += ["", *(f"note: {note}" for note in review.found.notes)] if review.found.notes else []
    return "\n".join(lines)


def _grouped(groups: list[tuple[str, list[Finding]]]) -> Iterator[str]:
    for about, own in groups:
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
    if finding.has_sides:
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
    lines = [f"{name:<{size}}  {weight:<12}  {meaning}" for name, weight, meaning in rows]
    return "\n".join([*lines, "", f"all of a weight: {', '.join(WEIGHTS)}"])
