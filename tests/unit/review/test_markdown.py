"""What findings hold breaks no table of Markdown."""

from __future__ import annotations

import re

from engine.review.finding import Example, Finding, Found
from engine.review.markdown import review_markdown
from engine.review.reviewing import Review


def test_a_line_of_a_table_has_its_five_cells_whatever_stands_in_them() -> None:
    odd = "a|b or \\|"
    finding = Finding("cells-changed", f"thing.{odd}", count=1, examples=(Example(odd, odd, odd),), note=odd)
    text = review_markdown(Review("main", "head", Found(data={"a recording": [finding]})))
    *_, line = (each for each in text.splitlines() if each.startswith("|"))
    # in GitHub's tables a backslash keeps whatever sign follows it from being one, in code too
    assert len(re.sub(r"\\.", "", line).split("|")) == 7, line
