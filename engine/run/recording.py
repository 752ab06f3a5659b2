"""A recording: a small, anonymised set of a school's answers, in a folder that can be kept in version control.

`recording.json` says what was asked and which file answers it, `answers/<endpoint>/` has the answers, `REPORT.md` says
what was replaced in them. The manifest is for others to read as well (a simulator serves a recording), so it is plain
JSON, in a stable order, without secrets. Next: `run/recorded`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final

from engine.errors import EngineError
from engine.spec.project import Project
from engine.spec.school import School

MANIFEST: Final = "recording.json"
REPORT: Final = "REPORT.md"
VERSION: Final = 1
ANY: Final = "*"
"""Stands in paths and parameters for what differs from school to school, and for secrets."""


class RecordingError(EngineError):
    """A folder is not the recording that is asked for."""

    exit_code = 2
    code = "recording"


@dataclass(frozen=True)
class Recorded:
    """One request, and the file of its answer; '' where there was nothing at its address (404).

    `path` ends the path of the URL. Of the parameters those named in `by` tell it from other requests of the path.
    `asks` are the methods that it asked for, with their filters; `each` is what was kept of the record that it was
    asked for, `days` the first and the last day of its window.
    """

    endpoint: str
    method: str
    path: str
    file: str
    sets: list[str]
    params: dict[str, str] = field(default_factory=dict)
    by: list[str] = field(default_factory=list)
    page: int = 1
    asks: dict[str, dict[str, str]] = field(default_factory=dict)
    each: dict[str, str] = field(default_factory=dict)
    days: list[str] = field(default_factory=list)

    def facts(self) -> dict[str, Any]:
        """Return what the manifest says of it: what is empty is left out."""
        always = ("endpoint", "method", "path", "file")
        return {name: value for name, value in asdict(self).items() if value or name in always}


@dataclass(frozen=True)
class SetKept:
    """What is kept of a record set: where it stands in the answers, how many records of how many."""

    endpoint: str
    at: str
    records: int
    of: int


@dataclass(frozen=True)
class Recording:
    """A recording, as its manifest says. `urls` are the items of config that are addresses of the source.

    `beside` are requests for no records, of tokens and of what is granted: method, path, and what answers them. `made`
    has of the school what its mappings see: time zone, entities, settings, overrides; `config` what is no secret and
    names no school.
    """

    folder: Path
    source: str
    today: date
    made: Mapping[str, Any]
    config: Mapping[str, str | int]
    urls: list[str]
    beside: list[dict[str, Any]]
    endpoints: Mapping[str, str]
    sets: Mapping[str, SetKept]
    answers: list[Recorded]

    def school(self, project: Project) -> School:
        """Return what stands for the school: one of the recording's source, without a name and a receiver."""
        source = project.source(self.source)
        config: dict[str, Any] = {}
        for name, item in source.config.items():
            if item.type == "secret":
                config[name] = {"env": "RECORDED"}
            elif item.type == "keys":
                config[name] = {"recorded": {"key": {"env": "RECORDED"}}}
            elif name in self.config:
                config[name] = self.config[name]
            elif item.default is None:
                config[name] = "http://127.0.0.1" if item.type == "url" else "recorded"
        known = {name: value for name, value in self.made.items() if name in School.model_fields}
        own = {"school": "recorded", "title": "Recorded", "source": self.source, "config": config}
        try:
            return School.model_validate({**own, **known})
        except ValueError as error:
            raise _unlike(self.folder / MANIFEST, error) from None

    def text(self) -> str:
        """Return the manifest."""
        facts = {
            "recording": VERSION,
            "source": self.source,
            "day": self.today.isoformat(),
            **self.made,
            "config": dict(self.config),
            "urls": self.urls,
            "beside": self.beside,
            "endpoints": dict(self.endpoints),
            "sets": {name: asdict(kept) for name, kept in self.sets.items()},
            "answers": [answer.facts() for answer in self.answers],
        }
        return json.dumps(facts, ensure_ascii=False, indent=1) + "\n"


_OWN: Final = {"recording", "source", "day", "config", "urls", "beside", "endpoints", "sets", "answers"}


def read_recording(folder: Path) -> Recording:
    """Read a recording; what is none is a `RecordingError`."""
    file = folder / MANIFEST
    fix = f"haplomap record SCHOOL --to {folder} makes one"
    if not file.is_file():
        raise RecordingError(f"{folder} is no recording: there is no {MANIFEST} in it", fix=fix)
    try:
        facts = json.loads(file.read_bytes())
        if facts["recording"] != VERSION:
            what = f"{file} is of another version of haplomap ({facts['recording']})"
            raise RecordingError(what, why=f"this one reads version {VERSION}", fix="record it anew")
        found = _recording(folder, facts)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise _unlike(file, error) from None
    missing = [answer.file for answer in found.answers if answer.file and not _inside(folder, answer.file)]
    if missing:
        raise RecordingError(
            f"{folder}: {len(missing)} answers that {MANIFEST} names are not there, such as {missing[0]}",
            fix="take them from version control again, or record it anew",
        )
    return found


def _unlike(file: Path, error: Exception) -> RecordingError:
    what = f"{file} is not what a recording says of itself ({type(error).__name__})"
    return RecordingError(what, fix="take it from version control again, or record it anew")


def _recording(folder: Path, facts: Mapping[str, Any]) -> Recording:
    return Recording(
        folder=folder,
        source=facts["source"],
        today=date.fromisoformat(facts["day"]),
        made={name: value for name, value in facts.items() if name not in _OWN},
        config=dict(facts["config"]),
        urls=list(facts["urls"]),
        beside=list(facts["beside"]),
        endpoints=dict(facts["endpoints"]),
        sets={name: SetKept(**kept) for name, kept in facts["sets"].items()},
        answers=[Recorded(**{"sets": [], **answer}) for answer in facts["answers"]],
    )


def _inside(folder: Path, name: str) -> bool:
    file = folder / name
    return file.is_file() and file.resolve().is_relative_to(folder.resolve())
