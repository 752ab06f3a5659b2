"""A review as a whole: two versions opened, compared in meaning, and tried on recordings or on a school's mirrors.

Next: `review/markdown`, and `cli/commands/review`.
"""

from __future__ import annotations

import tempfile
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.errors import DocumentError, Problem
from engine.problem_text import render_problem
from engine.review.effect import Looks, effects
from engine.review.finding import Found
from engine.review.made import Landed, Made, Maker
from engine.review.meaning import Side, differing, meaning
from engine.review.mirrored import land_mirrored, mirrors_of
from engine.review.revision import Versions
from engine.run.recorded import land_recorded
from engine.run.recording import Recording, read_recording
from engine.spec.project import NotFoundError, Project
from engine.spec.school import School
from engine.sql import within


@dataclass(frozen=True)
class Asked:
    """What is compared, and on which data. `head` is None for the working tree."""

    project: Path
    base: str
    head: str | None = None
    recorded: Sequence[Path] = ()
    school: str | None = None
    personal: bool = False


@dataclass
class Review:
    """What came of it. `wrong` are versions whose documents have errors: then nothing is compared."""

    before: str
    after: str
    found: Found = field(default_factory=Found)
    wrong: list[Wrong] = field(default_factory=list)

    def failed(self, kinds: Collection[str] | None) -> bool:
        """Say whether anything was found, or anything of these kinds."""
        return any(kinds is None or finding.kind in kinds for finding in self.found.all())

    def facts(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "before": self.before,
            "after": self.after,
            "changed": bool(self.found.all()),
            "meaning": [finding.facts() for finding in self.found.meaning],
            "data": {name: [each.facts() for each in findings] for name, findings in self.found.data.items()},
            "notes": self.found.notes,
            "problems": [_facts(each.label, problem) for each in self.wrong for problem in each.problems],
        }


def _facts(version: str, problem: Problem) -> dict[str, Any]:
    place = problem.place
    where = {} if place is None else {"file": place.file.as_posix(), "line": place.line, "column": place.column}
    said = {"code": problem.code, "what": problem.what, "why": problem.why, "fix": problem.fix}
    return {"version": version, **where, **said}


@dataclass(frozen=True)
class Wrong:
    """A version that can't be compared: how it is called, its problems, and each as text with the line it is in."""

    label: str
    problems: list[Problem]
    texts: list[str]


def review(asked: Asked) -> Review:
    """Compare two versions; documents with errors are told, and nothing is compared then."""
    with tempfile.TemporaryDirectory(prefix="haplomap-review-") as name, within(Path(name)):
        recordings = [read_recording(folder) for folder in asked.recorded]
        before, after = Versions(asked.project, Path(name) / "versions").both(asked.base, asked.head)
        found = Review(before.label, after.label)
        for version in (before, after):
            if version.errors:
                texts = [render_problem(problem, version.line) for problem in version.errors]
                found.wrong.append(Wrong(version.label, version.errors, texts))
        if not found.wrong:
            trials = list(_trials(asked, recordings, before.project, after.project))
            _compare(found, asked, Side(before), Side(after), trials, Path(name) / "data")
        return found


def _compare(found: Review, asked: Asked, before: Side, after: Side, trials: Sequence[Trial], folder: Path) -> None:
    found.found.meaning = meaning(before, after)
    if not found.found.meaning:
        return
    gone = _removed_otherwise(before, after)
    for number, trial in enumerate(trials):
        try:
            made = [trial.made(index, folder / f"{number}-{index}", gone) for index in (0, 1)]
        except NotFoundError as error:  # nothing is left to make: all of it is switched off
            found.found.notes.append(f"{trial.label}: {error.what}")
            continue
        except DocumentError as error:  # the documents are sound: what its school maps otherwise is not
            found.found.notes.append(f"{trial.label}: its school does not fit a version: {error.problems[0].what}")
            continue
        effect = effects(made[0], made[1], Looks(asked.personal))
        found.found.data[trial.label] = effect.findings
        notes = dict.fromkeys([*trial.notes, *effect.notes])
        found.found.notes += [f"{trial.label}: {note}" for note in notes]


def _removed_otherwise(before: Side, after: Side) -> frozenset[str]:
    """Return the entities whose rows, once they are gone, leave their objects otherwise."""
    changed = [key for key in differing(before, after) if key[0] == "binding"]
    both = [key for key in changed if key in before.units and key in after.units]
    return frozenset(
        name
        for kind, name in both
        if before.units[kind, name].form.get("removed") != after.units[kind, name].form.get("removed")
    )


class Trial(ABC):
    """Two versions on the same records; `notes` gather what these can't tell."""

    def __init__(self, label: str, projects: tuple[Project, Project]) -> None:
        self.label, self._projects = label, projects
        self.notes: list[str] = []

    @abstractmethod
    def landed(self, project: Project, folder: Path) -> Landed:
        """Return the records as a version's documents land them."""

    def made(self, index: int, folder: Path, gone: frozenset[str]) -> Made:
        """Return what the version before (0), or after (1), makes of the records."""
        project = self._projects[index]
        landed = self.landed(project, folder / "landed")
        self.notes += [note for note in landed.notes if note not in self.notes]
        return Maker(project, landed, folder, gone).make()


class _OfRecording(Trial):
    def __init__(self, recording: Recording, school: str | None, projects: tuple[Project, Project]) -> None:
        super().__init__(f"the recording {recording.folder}", projects)
        self._recording, self._school = recording, school

    def landed(self, project: Project, folder: Path) -> Landed:
        school = self._of(project) or self._stand_in(project)
        found = land_recorded(project, school, self._recording, folder)
        return Landed(school, found.plan.source, found.plan.entities, found.sets, found.today, found.notes)

    def _stand_in(self, project: Project) -> School:
        """Return the school of the recording, with what was mapped then and is now, and what one version maps anew."""
        school, source = self._recording.school(project), self._recording.source
        mapped = [_entities(each, source) for each in self._projects]
        wanted = [*school.entities, *sorted(mapped[0] ^ mapped[1])]
        here = [each for each in dict.fromkeys(wanted) if each in _entities(project, source)]
        if not here:
            raise NotFoundError(f"nothing that was recorded of '{source}' is mapped")
        return school.model_copy(update={"entities": here})

    def _of(self, project: Project) -> School | None:
        """Return the school whose settings count: the one that is named, or the only one of the source."""
        schools = [each.content for each in project.of("school") if isinstance(each.content, School)]
        own = [
            each for each in schools if each.source == self._recording.source and self._school in (None, each.school)
        ]
        return own[0] if len(own) == 1 else None


def _entities(project: Project, source: str) -> set[str]:
    return {name.partition("/")[2] for name in project.names("mapping") if name.partition("/")[0] == source}


class _OfMirrors(Trial):
    def __init__(self, root: Path, school: str, projects: tuple[Project, Project]) -> None:
        super().__init__(f"the mirrors of {school}", projects)
        self._root, self._school, self._mirrors = root, school, mirrors_of(root, school)

    def landed(self, project: Project, folder: Path) -> Landed:
        return land_mirrored(project, self._school, self._root, self._mirrors, folder)


def _trials(asked: Asked, recordings: Sequence[Recording], before: Project, after: Project) -> Iterator[Trial]:
    """Yield what both versions are tried on; stop where one of them can't be."""
    for recording in recordings:
        for project in (before, after):
            project.source(recording.source)
        yield _OfRecording(recording, asked.school, (before, after))
    if asked.school is not None:
        for project in (before, after):
            project.school(asked.school)
        if not recordings:
            yield _OfMirrors(asked.project, asked.school, (before, after))
