"""The folder of a recording: what was gathered is disguised, and written in one step. Next: `run/recorder`."""

from __future__ import annotations

import re
import secrets
import shutil
import tempfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.journal import cannot_write
from engine.run.disguise import Disguise
from engine.run.disguising import Disguising
from engine.run.gathering import Gathering
from engine.run.inherited_tags import Inherited
from engine.run.known_codes import SQL_TEXT, known_codes, own_texts
from engine.run.links import alike
from engine.run.plan import Plan
from engine.run.recording import MANIFEST, REPORT, Recorded, Recording, SetKept
from engine.run.recording_answers import Answers
from engine.run.recording_report import report_text, said_chosen, totals
from engine.run.recording_request import beside
from engine.secret import Config
from engine.spec.project import Project
from engine.spec.relation import Use
from engine.spec.school import School, as_plain

_COMMON = ("school", "college", "academy", "house", "primary", "secondary", "grammar", "high", "junior", "senior")
"""Words in the names of schools that name no school."""


@dataclass(frozen=True)
class Wish:
    """What is to be recorded: how many records (None: all), chosen from which set ('': see `root_of`)."""

    school: str
    to: Path
    records: int | None = 20
    sets: tuple[str, ...] = ()
    root: str = ""
    seed: int | None = None


@dataclass(frozen=True)
class Made:
    """A recording that was made, and what its report says."""

    recording: Recording
    report: str
    done: dict[str, int]
    """How many values were left, replaced, and so on."""
    root: str
    """The set whose records were chosen first; '' where none is about people."""
    chosen: str
    """Which records were chosen, in words."""


@dataclass
class Writing:
    """Writes what was gathered: beside its place, then put there."""

    project: Project
    plan: Plan
    wish: Wish
    gathering: Gathering
    config: Config
    granted: Mapping[str, Sequence[str]]
    inherited: Mapping[Use, Inherited]

    def write(self) -> Made:
        """Write the folder beside its place, then put it there."""
        disguising = self._disguising()
        disguise = disguising.learn(self._secret(), self._of_school())
        out = self.wish.to
        try:
            out.parent.mkdir(parents=True, exist_ok=True)
            draft = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
            try:
                lost = self._lost()
                answers = Answers(
                    self.plan.source,
                    self.config,
                    self.gathering,
                    lambda held, text: disguising.disguised(held, text, disguise),
                    lost,
                )
                made = as_recorded(self.plan.school, own_texts(self.project, self.plan.school), disguising, disguise)
                recording = self._recording(list(answers.write(draft)), made, disguise)
                chosen = said_chosen(recording, self.gathering.choosing.root, self.wish.records)
                report = report_text(recording, disguising, answers.dropped, chosen, lost)
                (draft / MANIFEST).write_text(recording.text(), encoding="utf-8")
                (draft / REPORT).write_text(report, encoding="utf-8")
                draft.chmod(0o755)
                if out.is_dir():
                    out.rmdir()
                draft.replace(out)
            except BaseException:
                shutil.rmtree(draft, ignore_errors=True)
                raise
        except OSError as error:
            raise cannot_write(out, error) from None
        root = self.gathering.choosing.root
        return Made(recording, report, dict(totals(disguising.told).most_common()), root, chosen)

    def _secret(self) -> bytes:
        """Return what stand-ins are made with: never kept, unless a test wants the same again."""
        return secrets.token_bytes(32) if self.wish.seed is None else f"seed {self.wish.seed}".encode()

    def _disguising(self) -> Disguising:
        source, choosing = self.plan.source, self.gathering.choosing
        fields = {(name, key): spec for name, each in choosing.sets.items() for key, spec in each.fields.items()}
        groups = list(alike(choosing.edges))
        single = frozenset(name for name, facts in self.gathering.facts.items() if facts.rows == 1)
        values = self.gathering.values()
        codes = known_codes(self.project, self.plan)
        return Disguising(fields, source.formats, codes, groups, single, values, self.inherited)

    def _of_school(self) -> dict[str, str]:
        """Return the texts that name the school, each with its kind."""
        school, source = self.plan.school, self.plan.source
        title = [word for word in re.findall(r"\w{4,}", school.title) if word.casefold() not in _COMMON]
        own = {
            value: "identifier"
            for name, value in self.config.items()
            if isinstance(value, str) and source.config[name].type == "text" and value != source.config[name].default
        }
        own |= dict.fromkeys(own_texts(self.project, school), "identifier")
        return {**own, **dict.fromkeys(title, "name")}

    def _lost(self) -> dict[tuple[str, str], frozenset[str]]:
        choosing = self.gathering.choosing
        edges = {(edge.set, edge.field) for edge in choosing.edges if edge.many and edge.set in choosing.landed}
        return {use: lost for use in sorted(edges) if (lost := choosing.lost(*use))}

    def _recording(self, answers: list[Recorded], made: Mapping[str, object], disguise: Disguise) -> Recording:
        source = self.plan.source
        choosing, facts = self.gathering.choosing, self.gathering.facts
        homes = {name: want.endpoint for want in self.gathering.wants for name in want.sets}
        apis = {source.endpoints[want.endpoint].api for want in self.gathering.wants}
        asked = {want.endpoint: source.endpoints[want.endpoint] for want in self.gathering.wants}
        return Recording(
            folder=self.wish.to,
            source=source.source,
            today=self.gathering.terms.day,
            made=made,
            config=self._told_config(disguise),
            urls=[name for name, item in source.config.items() if item.type == "url"],
            beside=beside(source, self.config, self.granted, apis),
            endpoints={name: f"{each.method} {each.path}" for name, each in asked.items()},
            sets={
                name: SetKept(home, source.find(name)[2].records, len(choosing.kept[name]), facts[name].rows)
                for name, home in homes.items()
            },
            answers=answers,
        )

    def _told_config(self, disguise: Disguise) -> dict[str, str | int]:
        """Return a config as the manifest tells it: numbers and defaults as they are, texts disguised."""
        found: dict[str, str | int] = {}
        for name, item in self.plan.source.config.items():
            value = self.config.get(name)
            if not isinstance(value, str) or item.type in ("url", "secret", "keys"):
                continue
            plain = item.type == "integer" or value == str(item.default)
            found[name] = value if plain else disguise.text(value)
        return found


def as_recorded(school: School, told: Collection[str], disguising: Disguising, disguise: Disguise) -> dict[str, object]:
    """Return what of a school decides what its records become; texts of its own, and names in them, are disguised."""
    made: dict[str, object] = {"time_zone": school.time_zone, "entities": list(school.entities)}
    if school.settings:
        made["settings"] = {
            group: {
                name: disguise.text(value, phones=True) if isinstance(value, str) and value in told else value
                for name, value in members.items()
            }
            for group, members in school.settings.items()
        }
    if school.override:
        made["override"] = _nameless(as_plain(school)["override"], disguising, disguise)
    return made


def _nameless(data: Any, disguising: Disguising, disguise: Disguise, key: str = "") -> Any:
    """Return a part of an override, with stand-ins for the names in its constants: as those in answers have."""
    if isinstance(data, dict):
        constant = key in ("map", "where")
        return {
            name: _nameless(each, disguising, disguise, "value" if constant else name) for name, each in data.items()
        }
    if isinstance(data, list):
        return [_nameless(each, disguising, disguise, key) for each in data]
    if not isinstance(data, str):
        return data
    if key == "sql":
        return SQL_TEXT.sub(lambda found: f"'{disguising.without_names(found[1], disguise)}'", data)
    return disguising.without_names(data, disguise) if key in ("value", "default") else data
