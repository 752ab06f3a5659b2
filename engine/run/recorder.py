"""Makes a recording: reads whole records, chooses some, disguises them, and writes the folder in one step.

What was read lies meanwhile in the school's private folder, and is removed in the end. Next: `run/recording_report`.
"""

from __future__ import annotations

import re
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from engine.clock import Clock
from engine.journal import Journal, cannot_write
from engine.kinds.pages import NumberedPages, OpenPages
from engine.problem_text import did_you_mean
from engine.run.disguise import Disguise
from engine.run.disguising import Disguising, Held
from engine.run.folder import locked, school_folder
from engine.run.gathering import Gathering, Part
from engine.run.history import open_state
from engine.run.known_codes import known_codes
from engine.run.links import Edge, alike, edges_of
from engine.run.plan import Plan, make_plan
from engine.run.recording import MANIFEST, REPORT, Recorded, Recording, RecordingError, SetKept
from engine.run.recording_answer import Remade
from engine.run.recording_choice import Choosing, root_of
from engine.run.recording_report import report_text, totals
from engine.run.recording_request import TOKEN, blank_config, request_of, tokens_of
from engine.run.recording_xml import remade_xml
from engine.run.records import wants_of
from engine.run.secrets import Secrets
from engine.secret import Config
from engine.spec.changing import changes_of, said_paths
from engine.spec.project import NotFoundError, Project
from engine.spec.school import School, as_plain
from engine.spec.source import RecordSet
from engine.stages.clients import Clients
from engine.stages.events import Tell
from engine.stages.want import Want

_COMMON = ("school", "college", "academy", "house", "primary", "secondary", "grammar", "high", "junior", "senior")
"""Words in the names of schools that name no school."""


@dataclass(frozen=True)
class Wish:
    """What is to be recorded: how many records (None: all), chosen from which set ('': the one most others lead to)."""

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


def record(project: Project, wish: Wish, environ: Mapping[str, str], tell: Tell, clock: Clock | None = None) -> Made:
    """Record a school's answers into a folder that is not there yet."""
    _require_free(wish.to)
    clock = clock or Clock()
    plan = make_plan(project, wish.school)
    school, source = plan.school, plan.source
    wants = wants_of(source, list(dict.fromkeys([*plan.fields(), *wish.sets])))
    config = Secrets(environ).config(source, school)
    home = school_folder(project.root, school.school)
    with open_state(project.root) as state, locked(home, state):
        folder = home / "record"
        folder.mkdir(mode=0o700, exist_ok=True)
        sets = {name: each for _, name, each in source.sets()}
        edges = edges_of(project, source)
        choosing = Choosing(sets, edges, _root(wish, wants, sets, edges), wish.records)
        settings = project.values(school)
        gathering = Gathering(source, school, config, settings, wants, folder, clock, choosing)
        with (
            Clients(source, config, clock, tell, state.budget) as clients,
            Journal(folder / "journal.jsonl") as journal,
        ):
            gathering.read(clients, journal)
        made = _Writing(project, plan, wish, gathering, config).write()
        shutil.rmtree(folder)
    return made


def _root(wish: Wish, wants: Iterable[Want], sets: Mapping[str, RecordSet], edges: list[Edge]) -> str:
    """Return the set whose records are chosen first."""
    known = [name for want in wants for name in want.sets]
    if wish.root and wish.root not in known:
        fix = did_you_mean(wish.root, known) or f"one of {', '.join(known)}"
        raise NotFoundError(f"'{wish.root}' is no record set that is recorded", fix=fix)
    return wish.root or root_of(sets, edges, known)


def _require_free(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise RecordingError(
            f"{folder} is there already, and is not empty",
            why="a recording is written as a whole, into a folder of its own",
            fix="name another folder, or remove this one first",
            code="recording-exists",
        )


@dataclass
class _Writing:
    """Writes what was gathered."""

    project: Project
    plan: Plan
    wish: Wish
    gathering: Gathering
    config: Config
    dropped: dict[str, set[str]] = field(default_factory=dict)

    def write(self) -> Made:
        """Write the folder beside its place, then put it there."""
        disguising = self._disguising()
        disguise = disguising.learn(self._secret(), self._of_school())
        out = self.wish.to
        try:
            out.parent.mkdir(parents=True, exist_ok=True)
            draft = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
            try:
                answers = list(self._answers(disguising, disguise, draft))
                recording = self._recording(answers, disguise)
                report = report_text(recording, disguising, self.dropped, self.wish.records, self._lost())
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
        return Made(recording, report, dict(totals(disguising.told).most_common()))

    def _secret(self) -> bytes:
        """Return what stand-ins are made with: never kept, unless a test wants the same again."""
        return secrets.token_bytes(32) if self.wish.seed is None else f"seed {self.wish.seed}".encode()

    def _disguising(self) -> Disguising:
        source = self.plan.source
        fields = {(name, key): spec for _, name, each in source.sets() for key, spec in each.fields.items()}
        groups = list(alike(self.gathering.choosing.edges))
        single = frozenset(name for name, facts in self.gathering.facts.items() if facts.rows == 1)
        values = self.gathering.values()
        codes = known_codes(self.project, self.plan)
        return Disguising(fields, source.formats, codes, groups, single, values)

    def _of_school(self) -> dict[str, str]:
        """Return the texts that name the school, each with its kind."""
        school, source = self.plan.school, self.plan.source
        title = [word for word in re.findall(r"\w{4,}", school.title) if word.casefold() not in _COMMON]
        own = {
            value: "identifier"
            for name, value in self.config.items()
            if isinstance(value, str) and source.config[name].type == "text" and value != source.config[name].default
        }
        return {**own, **dict.fromkeys(title, "name")}

    def _lost(self) -> dict[tuple[str, str], frozenset[str]]:
        choosing = self.gathering.choosing
        edges = {(edge.set, edge.field) for edge in choosing.edges if edge.many and edge.set in choosing.landed}
        return {use: lost for use in sorted(edges) if (lost := choosing.lost(*use))}

    # The answers

    def _answers(self, disguising: Disguising, disguise: Disguise, draft: Path) -> Iterator[Recorded]:
        lost = self._lost()

        def stand_in(held: Held, text: str) -> str:
            return disguising.disguised(held, text, disguise)

        for endpoint, parts in self.gathering.found.items():
            made = [each for part in parts for each in self._of_part(part, stand_in, lost)]
            made += self._other_days(endpoint, parts, stand_in)
            width = len(str(len(made)))
            for number, (request, data) in enumerate(made, 1):
                if data is None:
                    yield request
                    continue
                kind = "xml" if self._is_xml(endpoint) else "json"
                file = draft / "answers" / endpoint / f"{number:0{width}}.{kind}"
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(data)
                yield replace(request, file=file.relative_to(draft).as_posix())

    def _of_part(
        self, part: Part, stand_in: Callable[[Held, str], str], lost: Mapping[tuple[str, str], frozenset[str]]
    ) -> Iterator[tuple[Recorded, bytes | None]]:
        """Yield the requests of a part with their answers; None where there was nothing."""
        source, want = self.plan.source, part.want
        endpoint = source.endpoints[want.endpoint]
        word = endpoint.for_each
        each = {
            name: stand_in(Held(word.set, word.keep[name]), text)
            for name, text in (want.names.get("each", {}) if word is not None else {}).items()
            if word is not None
        }
        pages = source.pages_of(endpoint)
        first = pages.first_page()
        if not part.answers:
            yield request_of(source, want, self.config, first, each), None
            return
        remade = self._remade(part, stand_in, lost)
        if self._is_xml(want.endpoint):
            data = [remade_xml(part.answers[0].file, remade)]
        else:
            data = self._json(part, remade, first)
        for name, names in remade.dropped.items():
            self.dropped.setdefault(name, set()).update(names)
        for page, content in enumerate(data, first):
            yield request_of(source, want, self.config, page, each), content

    def _other_days(
        self, name: str, parts: list[Part], stand_in: Callable[[Held, str], str]
    ) -> Iterator[tuple[Recorded, bytes]]:
        """Yield what answers the windows that were not recorded: no records."""
        endpoint = self.plan.source.endpoints[name]
        part = next((part for part in parts if part.answers), None)
        if endpoint.windows is None or part is None or self._is_xml(name):
            return
        pages = self.plan.source.pages_of(endpoint)
        request = request_of(self.plan.source, part.want, self.config, pages.first_page(), {})
        own = (endpoint.windows.from_, endpoint.windows.to)
        request = replace(
            request,
            params={key: text for key, text in request.params.items() if key not in own},
            by=[key for key in request.by if key not in own],
            days=[],
        )
        remade = self._remade(part, stand_in, {})
        told = {**remade.told, **self._numbers(name, pages.first_page(), 0)}
        yield request, remade.without_records(part.answers[0].file.read_bytes(), told)

    def _numbers(self, name: str, page: int, records: int) -> dict[str, str]:
        """Return what an answer that is the only one says of pages and records, by where it says so."""
        source = self.plan.source
        pages, changes = source.pages_of(source.endpoints[name]), changes_of(source, name)
        places = {getattr(changes, "total", None): records}
        if isinstance(pages, NumberedPages):
            places |= {pages.last.at: page, pages.page: page, pages.total: records}
        return {where: str(number) for where, number in places.items() if where is not None}

    def _is_xml(self, endpoint: str) -> bool:
        source = self.plan.source
        return source.apis[source.endpoints[endpoint].api].answers == "xml"

    def _remade(
        self, part: Part, stand_in: Callable[[Held, str], str], lost: Mapping[tuple[str, str], frozenset[str]]
    ) -> Remade:
        source, want = self.plan.source, part.want
        endpoint = source.endpoints[want.endpoint]
        places = {answer.page: number for number, answer in enumerate(part.answers, 1)}
        rows = {}
        for name in want.sets:
            kept = self.gathering.choosing.rows(name)
            rows[name] = {number: kept[page] for page, number in places.items() if page in kept}
        kept_fields = () if endpoint.for_each is None else endpoint.for_each.keep
        sets = {}
        for name in want.sets:
            fields = {key: spec for key, spec in endpoint.sets[name].fields.items() if key not in kept_fields}
            sets[name] = endpoint.sets[name].model_copy(update={"fields": fields})
        said = said_paths(source, want.endpoint)
        told = {said["next"]: TOKEN} if "next" in said else {}
        return Remade(sets, rows, stand_in, lost, [*source.pages_of(endpoint).paths(), *said.values()], told)

    def _json(self, part: Part, remade: Remade, first: int) -> list[bytes]:
        """Return the pages of a request: as they were, or one where records were left out."""
        source, want = self.plan.source, part.want
        answers = {number: answer.file.read_bytes() for number, answer in enumerate(part.answers, 1)}
        had = sum(answer.sets[name].records for answer in part.answers for name in want.sets)
        counts = {name: sum(len(rows) for rows in remade.rows[name].values()) for name in want.sets}
        if sum(counts.values()) == had:
            return remade.pages(answers)
        pages = source.pages_of(source.endpoints[want.endpoint])
        counted = [name for name in want.sets if remade.sets[name].counted]
        told = {**remade.told, **self._numbers(want.endpoint, first, counts[counted[0]] if counted else 0)}
        made = [remade.as_one(answers, told)]
        if isinstance(pages, OpenPages) and any(counts.values()):
            made.append(remade.without_records(answers[1], told))
        return made

    # The manifest

    def _recording(self, answers: list[Recorded], disguise: Disguise) -> Recording:
        source, school = self.plan.source, self.plan.school
        choosing, facts = self.gathering.choosing, self.gathering.facts
        homes = {name: want.endpoint for want in self.gathering.wants for name in want.sets}
        apis = {source.endpoints[want.endpoint].api for want in self.gathering.wants}
        asked = {want.endpoint: source.endpoints[want.endpoint] for want in self.gathering.wants}
        return Recording(
            folder=self.wish.to,
            source=source.source,
            today=self.gathering.terms.day,
            made=_of_school(school),
            config=self._told_config(disguise),
            urls=[name for name, item in source.config.items() if item.type == "url"],
            tokens=tokens_of(source, blank_config(source, self.config), apis),
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


def _of_school(school: School) -> dict[str, object]:
    """Return what of a school decides what its records become."""
    made: dict[str, object] = {"time_zone": school.time_zone, "entities": list(school.entities)}
    if school.settings:
        made["settings"] = as_plain(school)["settings"]
    if school.override:
        made["override"] = as_plain(school)["override"]
    return made
