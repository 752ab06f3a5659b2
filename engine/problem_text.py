"""Problems and errors as text for people: where, what, why, and what to type next; and "did you mean".

Stands on the standard library and `errors`. Next: `document`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from difflib import SequenceMatcher
from pathlib import Path

from engine.errors import EngineError, Place, Problem

_WIDEST = 120
_ALIKE = 0.6


def render_problem(problem: Problem, lines: Callable[[Path, int], str | None]) -> str:
    """Return a problem as several lines; `lines` gives a line of a file, None where it has none."""
    where = f"{problem.place}: " if problem.place else ""
    shown = [f"{where}{problem.level}: {_one_line(problem.what)} [{problem.code}]"]
    if problem.place and (line := lines(problem.place.file, problem.place.line)):
        shown += _excerpt(problem.place, line)
    return "\n".join(shown + _reasons(problem.why, problem.fix))


def render_error(error: EngineError, lines: Callable[[Path, int], str | None] = lambda file, line: None) -> str:
    """Return an error in the same form; most have no place."""
    return render_problem(Problem(error.code, error.what, error.place, error.why, error.fix, error.level), lines)


def suggest(word: str, candidates: Iterable[str], most: int = 3) -> list[str]:
    """Return the candidates that look like a word, the likeliest first; case and '-' or '_' don't matter."""
    matcher = SequenceMatcher(b=_plain(word), autojunk=False)
    scored = []
    for candidate in dict.fromkeys(candidates):
        matcher.set_seq1(_plain(candidate))
        if candidate != word and matcher.quick_ratio() >= _ALIKE and (alike := matcher.ratio()) >= _ALIKE:
            scored.append((-alike, candidate))
    return [candidate for _, candidate in sorted(scored)[:most]]


def did_you_mean(word: str, candidates: Iterable[str]) -> str:
    """Return a question for `fix`, such as "did you mean 'last'?"; '' where nothing looks alike."""
    found = [f"'{each}'" for each in suggest(word, candidates)]
    if not found:
        return ""
    return f"did you mean {' or '.join([', '.join(found[:-1]), found[-1]] if found[1:] else found)}?"


def _excerpt(place: Place, line: str) -> list[str]:
    """Return the source line with its number, and carets below."""
    start = place.column - 1
    cut = max(0, start - _WIDEST // 2) if len(line) > _WIDEST else 0
    shown = "".join(letter if letter.isprintable() else " " for letter in line[cut : cut + _WIDEST])
    if cut:
        shown = "…" + shown[1:]
    if len(line) > cut + _WIDEST:
        shown = shown[:-1] + "…"
    width = max(1, min(place.width, len(shown) - (start - cut)))
    carets = " " * (start - cut) + "^" * width
    return [f"{place.line:5} | {shown.rstrip()}", f"{'':5} | {carets}"]


def _reasons(why: str, fix: str) -> list[str]:
    named = [("why", why), ("fix", fix)]
    return [f"  {name}: " + text.strip().replace("\n", "\n       ") for name, text in named if text.strip()]


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _plain(word: str) -> str:
    return word.lower().replace("-", "_")
