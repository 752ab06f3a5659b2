"""A review as Markdown, for a comment on a pull request. Next: `review/review_page`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from engine.review.finding import Finding
from engine.review.kind import WEIGHTS
from engine.review.reviewing import Review
from engine.review.summary import by_heading, said_effects, said_meaning

LONGEST: Final = 60_000
"""A comment on GitHub has at most 65,536 characters."""
_CELL: Final = 400


def review_markdown(review: Review) -> str:
    """Return a review as Markdown; what is too long for a comment is cut, and it is said so."""
    text = "\n".join(_lines(review))
    if len(text) <= LONGEST:
        return text
    whole = text[:LONGEST].rpartition("\n")[0]
    return f"{whole}\n\n*This is not all: the rest is too long for a comment. `--format html` has it.*"


def _lines(review: Review) -> Iterator[str]:
    yield f"## haplomap review: {code(review.before)} → {code(review.after)}"
    yield ""
    if review.wrong:
        yield from _wrong(review)
        return
    yield f"**{said_meaning(review.found.meaning)}**"
    yield from _grouped(review.found.meaning)
    for name, findings in review.found.data.items():
        yield ""
        yield f"## On {plain(name)}"
        yield ""
        yield f"**{said_effects(findings)}**"
        yield ""
        yield from _table(findings)
    if review.found.notes:
        yield ""
        yield "<details><summary>What these data can not tell</summary>"
        yield ""
        yield from (f"- {plain(note)}" for note in review.found.notes)
        yield ""
        yield "</details>"


def _wrong(review: Review) -> Iterator[str]:
    yield "**The documents have problems, so nothing was compared.**"
    for each in review.wrong:
        yield ""
        yield f"In {code(each.label)}:"
        yield ""
        yield from _fenced("\n".join(each.texts))


def _fenced(text: str) -> Iterator[str]:
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
    yield from (fence, text, fence)


def _grouped(findings: Sequence[Finding]) -> Iterator[str]:
    for about, own in by_heading(findings):
        yield ""
        yield f"### {about}"
        yield ""
        for finding in own:
            yield from _item(finding)


def _item(finding: Finding) -> Iterator[str]:
    kind, spot = finding.its_kind, finding.new or finding.old
    where = f" ({code(str(spot))})" if spot is not None else ""
    yield f"- **{WEIGHTS[kind.weight]}** {code(finding.subject)}: {plain(kind.meaning)} [{code(kind.name)}]{where}"
    if finding.has_sides:
        yield f"  - before: {_value(finding.before)}"
        yield f"  - after: {_value(finding.after)}"
    if finding.lineage is not None:
        was, now = (", ".join(map(code, each)) or "nothing" for each in finding.lineage)
        yield f"  - made of: {was} → {now}"
    if finding.concerns:
        yield f"  - concerns: {', '.join(map(code, finding.concerns))}"
    if finding.note:
        yield f"  - {plain(finding.note)}"


def _table(findings: Sequence[Finding]) -> Iterator[str]:
    if not findings:
        return
    yield "| | kind | what | how many | for example |"
    yield "|---|---|---|--:|---|"
    for finding in findings:
        what = code(finding.subject) + (f"<br>{plain(finding.note)}" if finding.note else "")
        if finding.has_sides:
            what += f"<br>{_value(finding.before)} → {_value(finding.after)}"
        count = "" if finding.count is None else f"{finding.count:,}"
        examples = "<br>".join(
            f"{code(each.key)}" + (f": {code(each.before)} → {code(each.after)}" if each.before or each.after else "")
            for each in finding.examples
        )
        cells = (WEIGHTS[finding.its_kind.weight], code(finding.kind), what, count, examples)
        yield f"| {' | '.join(map(_kept_whole, cells))} |"


def _kept_whole(cell: str) -> str:
    """Return a cell in which no bar ends it: one after an odd number of backslashes does not."""
    return re.sub(r"(\\*)\|", lambda found: f"{found[1]}{'' if len(found[1]) % 2 else chr(92)}|", cell)


def _value(text: str | None) -> str:
    return "nothing" if text is None else code(text)


def code(text: str) -> str:
    """Return a text as code, whatever it holds."""
    text = " ".join(text.split())
    text = text if len(text) <= _CELL else text[: _CELL - 1] + "…"
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", text)), default=0))
    return f"{fence} {text} {fence}" if "`" in text else f"{fence}{text or ' '}{fence}"


def plain(text: str) -> str:
    """Return a text of which Markdown, or HTML in it, makes nothing else."""
    return re.sub(r"([\\`*_{}\[\]<>#|@])", r"\\\1", " ".join(text.split()))
