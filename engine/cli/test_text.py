"""How what tests came to looks: differences, a line for each mapping, and what no test reaches. Next: `cli/junit`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

import click

from engine.cli.problem_forms import problem_facts
from engine.cli.show import source_line, table
from engine.errors import Problem
from engine.problem_text import render_problem
from engine.run.reaching import Branch, Reach
from engine.run.testing import Tested
from engine.run.updating import Updated

_SHOWN: Final = 5
_LEFT: Final = {
    "field": "no test expects a value of '{}'",
    "required": "no test has a record that is quarantined for {}",
    "merged": "no test has records that become one row",
    "rule": "the rule '{}' leaves out no record of any test",
    "first_of": "no test takes this arm ({})",
    "case": "no test takes this entry ({})",
    "default": "no test needs this default ({})",
    "lookup": "no test has the codes of {}",
}


def show_tested(tested: Tested, form: str, *, verbose: bool, reached: bool) -> None:
    """Show what tests came to; `reached`: all of a mapping's were tried, so what they leave can be told."""
    if form == "json":
        click.echo(json.dumps(_facts(tested, reached=reached), ensure_ascii=False, indent=2))
        return
    for problem in tested.problems:
        click.echo(render_problem(problem, source_line), err=True)
        click.echo(err=True)
    if verbose:
        for result in tested.results:
            said = "failed" if result.problems else "passed"
            click.echo(f"{result.place}: {said} in {result.seconds:.2f} s: {result.name}")
        click.echo()
    if reached:
        _show_reached(tested, verbose=verbose)
    for place in tested.to_review():
        click.echo(f"{place}: note: what was written here is still to be reviewed [to-review]")
    failed, count = len(tested.failed), len(tested.results)
    said = f"{failed} failed, " if failed else ""
    click.echo(f"{count} test{'s' if count != 1 else ''}, {said}{count - failed} passed, in {tested.seconds:.1f} s")


def show_updated(updated: list[Updated]) -> None:
    """Show what was written into tests, and what could not be."""
    for each in updated:
        click.echo(f"{each.place}: {each.said}")


def _show_reached(tested: Tested, *, verbose: bool) -> None:
    for reach in tested.reaches.values():
        for problem in _left(reach, verbose=verbose):
            click.echo(f"{problem.place}: {problem.level}: {problem.what} [{problem.code}]")
    rows = []
    for name, reach in tested.reaches.items():
        results = [result for result in tested.results if result.mapping == name]
        failed = sum(bool(result.problems) for result in results)
        rows.append([name, len(results), failed, *(_share(reach, field=field) for field in (True, False))])
    rows += [[name, 0, 0, "–", "–"] for name in tested.untested]
    click.echo(table(["mapping", "tests", "failed", "fields reached", "branches reached"], rows, numbers=(1, 2, 3, 4)))


def _share(reach: Reach, *, field: bool) -> str:
    every = [branch for branch in reach.branches if (branch.kind == "field") is field]
    there = sum(branch in reach.reached for branch in every)
    return f"{there:,} of {len(every):,}" if every else "–"


def _left(reach: Reach, *, verbose: bool) -> Iterator[Problem]:
    """Yield a note for each branch that no test reaches; one for all codes of a lookup, and for all required fields."""
    together: dict[Any, list[Branch]] = {}
    for branch in reach.left():
        alone: Any = {"lookup": ("lookup", branch.at), "required": "required"}.get(branch.kind, branch)
        together.setdefault(alone, []).append(branch)
    for branches in together.values():
        shown = branches if verbose else branches[:_SHOWN]
        more = len(branches) - len(shown)
        names = ", ".join(branch.name.split(": ")[-1] if shown[1:] else branch.name for branch in shown)
        what = _LEFT[branches[0].kind].format(names) + (f" and {more:,} more" if more else "")
        yield Problem("not-reached", what, reach.place(branches[0]), level="note")


def _facts(tested: Tested, *, reached: bool) -> dict[str, Any]:
    tests = [
        {
            "mapping": result.mapping,
            "test": result.name,
            "file": str(result.place.file),
            "line": result.place.line,
            "seconds": round(result.seconds, 3),
            "problems": [problem_facts(problem) for problem in result.problems],
        }
        for result in tested.results
    ]
    left = {
        name: [{"kind": each.kind, "name": each.name, "place": str(reach.place(each))} for each in reach.left()]
        for name, reach in tested.reaches.items()
    }
    facts: dict[str, Any] = {"tests": tests, "failed": len(tested.failed), "untested": tested.untested}
    return {**facts, "to_review": [str(place) for place in tested.to_review()], **({"left": left} if reached else {})}
