"""What tests came to, as JUnit's XML, which CI servers read. Next: `cli/test_text`."""

from __future__ import annotations

from pathlib import Path
from xml.etree.ElementTree import Element, ElementTree, SubElement, indent

from engine.cli.show import source_line
from engine.errors import Problem
from engine.journal import cannot_write
from engine.problem_text import render_problem
from engine.run.testing import Result, Tested


def write_junit(file: Path, tested: Tested) -> None:
    """Write a suite for each mapping, and a case for each of its tests."""
    failed = {"tests": str(len(tested.results)), "failures": str(len(tested.failed)), "time": f"{tested.seconds:.3f}"}
    root = Element("testsuites", {"name": "haplomap test", **failed})
    for name in dict.fromkeys(result.mapping for result in tested.results):
        results = [result for result in tested.results if result.mapping == name]
        counts = {"tests": str(len(results)), "failures": str(sum(bool(each.problems) for each in results))}
        seconds = f"{sum(each.seconds for each in results):.3f}"
        suite = SubElement(root, "testsuite", {"name": name, **counts, "errors": "0", "time": seconds})
        for result in results:
            _add(suite, result)
    indent(root)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        ElementTree(root).write(file, encoding="utf-8", xml_declaration=True)
    except OSError as error:
        raise cannot_write(file, error) from None


def _add(suite: Element, result: Result) -> None:
    where = {"file": str(result.place.file), "line": str(result.place.line)}
    case = SubElement(
        suite, "testcase", {"name": result.name, "classname": result.mapping, "time": f"{result.seconds:.3f}", **where}
    )
    if result.problems:
        first = result.problems[0]
        failure = SubElement(case, "failure", {"type": first.code, "message": _legal(first.what)})
        failure.text = "\n\n".join(map(_said, result.problems))


def _said(problem: Problem) -> str:
    return _legal(render_problem(problem, source_line))


def _legal(text: str) -> str:
    """Return a text without the characters that XML does not have."""
    return "".join(letter if letter.isprintable() or letter in "\n\t" else "�" for letter in text)
