"""The tests of a project's mappings: which there are, all of them tried side by side, and what they come to.

Tests of one mapping follow each other, so that what one has reached need not be looked for by the next.
Next: `cli/commands/test`.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from engine.errors import Place, Problem
from engine.run.judging import judge
from engine.run.reaching import Reach
from engine.run.trying import Bench, Trial, Tried, Trying
from engine.spec.load import Loaded
from engine.spec.mapping import Mapping
from engine.spec.project import Project
from engine.spec.tests_of import Case, Tests
from engine.sql import within

REVIEW: Final = "# review"
"""Begins the comment that marks what `--update` wrote, and nobody has looked at yet."""


@dataclass(frozen=True)
class Result:
    """What one test came to."""

    mapping: str
    trial: Trial
    tried: Tried
    problems: list[Problem]
    seconds: float

    @property
    def name(self) -> str:
        return self.trial.case.test

    @property
    def place(self) -> Place:
        return self.trial.loaded.document.place((*self.trial.path, "test"))


@dataclass
class Tested:
    """What all tests came to. `untested`: mappings that were asked for and have none."""

    results: list[Result] = field(default_factory=list)
    reaches: dict[str, Reach] = field(default_factory=dict)
    untested: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def problems(self) -> list[Problem]:
        return [problem for result in self.results for problem in result.problems]

    @property
    def failed(self) -> list[Result]:
        return [result for result in self.results if result.problems]

    def to_review(self) -> list[Place]:
        """Return the lines of the documents that are still marked for review."""
        documents = {result.trial.loaded.document.file: result.trial.loaded.document for result in self.results}
        return [
            Place(file, number)
            for file, document in documents.items()
            for number, line in enumerate(document.text.splitlines(), start=1)
            if REVIEW in line
        ]


def trials_of(project: Project, paths: Iterable[Path] = (), only: str = "") -> dict[str, list[Trial]]:
    """Return the tests that stand below some paths, or are of mappings there, by mapping.

    `only`: those whose names hold this text. A mapping without tests is there too, with none.
    """
    places = [path.resolve() for path in paths] or [project.root.resolve()]
    mappings = {loaded.name: loaded for loaded in project.of("mapping")}
    chosen = {name for name, loaded in mappings.items() if _is_below(loaded, places)}
    found: dict[str, list[Trial]] = {name: [] for name in sorted(chosen)}
    for loaded in [*project.of("mapping"), *project.of("tests_of")]:
        name = loaded.content.tests_of if isinstance(loaded.content, Tests) else loaded.name
        asked = _is_below(loaded, places) or (name in chosen and _is_named(mappings[name], places))
        if name in mappings and asked:
            bench = found[name][0].bench if found.get(name) else Bench(project, *name.split("/"))
            trials = (Trial(bench, loaded, ("tests", index), case) for index, case in enumerate(_cases(loaded)))
            found.setdefault(name, []).extend(trial for trial in trials if only in trial.case.test)
    return found


def _is_below(loaded: Loaded, places: list[Path]) -> bool:
    home = loaded.home.resolve()
    return any(home == place or place in home.parents for place in places)


def _is_named(loaded: Loaded, places: list[Path]) -> bool:
    return loaded.home.resolve() in places


def _cases(loaded: Loaded) -> Iterator[Case]:
    content = loaded.content
    if isinstance(content, Tests):
        yield from (content.whole(case) for case in content.tests)
    elif isinstance(content, Mapping):
        yield from content.tests


def try_all(trials: dict[str, list[Trial]], *, branches: bool = True, workers: int | None = None) -> Tested:
    """Try all tests, those of several mappings side by side; everything is written to a folder that goes again.

    Without `branches` only fields are looked at of what is reached, which takes no more than the tests themselves.
    """
    begun, tested = time.perf_counter(), Tested(untested=[name for name, each in trials.items() if not each])
    folder = Path(tempfile.mkdtemp(prefix="haplomap-test-"))
    jobs = sorted(((name, each) for name, each in trials.items() if each), key=lambda job: -len(job[1]))

    def work(job: tuple[str, list[Trial]]) -> tuple[Reach, list[Result]]:
        with within(folder):
            return _try(*job, folder / str(jobs.index(job)), branches=branches)

    try:
        with ThreadPoolExecutor(workers or os.cpu_count() or 1) as pool:
            for (name, _), (reach, results) in zip(jobs, pool.map(work, jobs), strict=True):
                tested.reaches[name] = reach
                tested.results += results
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    tested.results.sort(key=lambda result: (str(result.place.file), result.place.line))
    tested.reaches = dict(sorted(tested.reaches.items()))
    tested.seconds = time.perf_counter() - begun
    return tested


def _try(name: str, trials: list[Trial], folder: Path, *, branches: bool) -> tuple[Reach, list[Result]]:
    reach, results = Reach(trials[0].bench), []
    for number, trial in enumerate(trials):
        begun = time.perf_counter()
        trying = Trying(trial, folder / str(number))
        tried = trying.tried()
        problems = judge(trial, tried)
        results.append(Result(name, trial, tried, problems, time.perf_counter() - begun))
        reach.add(trying, tried, _expected(trial, tried), asked=branches)
    return reach, results


def _expected(trial: Trial, tried: Tried) -> set[str]:
    """Return the fields of which a test expects a value, and this value came."""
    if not trial.case.expect.rows:
        return set()
    key = trial.bench.world.schema.key
    values: list[dict[str, Any]] = trial.values(trial.rows("expect", "rows"))
    return {
        field
        for row in values
        for field, value in row.items()
        if value not in (None, []) and tried.rows.get(row[key], {}).get(field) == value
    }
