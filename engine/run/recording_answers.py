"""The answers of a recording: those that were gathered, made anew with the records that are kept.

Next: `run/recording_folder`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from engine.kinds.pages import Came
from engine.run.disguising import Held
from engine.run.gathering import Gathering, Part
from engine.run.recording import Recorded
from engine.run.recording_answer import Remade, Replace
from engine.run.recording_request import TOKEN, request_of
from engine.run.recording_xml import remade_xml
from engine.secret import Config
from engine.spec.changing import changes_of, said_paths
from engine.spec.source import Source


@dataclass
class Answers:
    """Makes answers anew. `stand_in` disguises a value; `lost` are those of lists that lead to what is not kept."""

    source: Source
    config: Config
    gathering: Gathering
    stand_in: Replace
    lost: Mapping[tuple[str, str], frozenset[str]]
    dropped: dict[str, set[str]] = field(default_factory=dict)
    """By set, the names of what no document declares."""

    def write(self, draft: Path) -> Iterator[Recorded]:
        """Write the answers below a folder, and yield what was asked for them."""
        for endpoint, parts in self.gathering.found.items():
            made = [each for part in parts for each in self._of_part(part)]
            made += self._other_days(endpoint, parts)
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

    def _of_part(self, part: Part) -> Iterator[tuple[Recorded, bytes | None]]:
        """Yield the requests of a part with their answers; None where there was nothing."""
        source, want = self.source, part.want
        endpoint = source.endpoints[want.endpoint]
        word = endpoint.for_each
        each = {
            name: self.stand_in(Held(word.set, word.keep[name]), text)
            for name, text in (want.names.get("each", {}) if word is not None else {}).items()
            if word is not None
        }
        pages = source.pages_of(endpoint)
        first = pages.first_page()
        if not part.answers:
            yield request_of(source, want, self.config, first, each), None
            return
        remade = self._remade(part)
        if self._is_xml(want.endpoint):
            data = [(remade_xml(part.answers[0].file, remade), 0)]
        else:
            data = list(self._json(part, remade))
        for name, names in remade.dropped.items():
            self.dropped.setdefault(name, set()).update(names)
        before = 0
        for number, (content, records) in enumerate(data):
            came = Came(before, _cursor(number) if number else "")
            yield request_of(source, want, self.config, first + number, each, came), content
            before += records

    def _other_days(self, name: str, parts: list[Part]) -> Iterator[tuple[Recorded, bytes]]:
        """Yield what answers the windows that were not recorded: no records."""
        endpoint = self.source.endpoints[name]
        part = next((part for part in parts if part.answers), None)
        if endpoint.windows is None or part is None or self._is_xml(name):
            return
        pages = self.source.pages_of(endpoint)
        request = request_of(self.source, part.want, self.config, pages.first_page(), {})
        own = (endpoint.windows.from_, endpoint.windows.to)
        request = replace(
            request,
            params={key: text for key, text in request.params.items() if key not in own},
            by=[key for key in request.by if key not in own],
            days=[],
        )
        remade = self._remade(part)
        told = {**remade.told, **self._numbers(name, 0)}
        yield request, remade.without_records(part.answers[0].file.read_bytes(), told)

    def _numbers(self, name: str, records: int) -> dict[str, str]:
        """Return what an answer that is the only one says of pages and records, by where it says so."""
        source = self.source
        total = getattr(changes_of(source, name), "total", None)
        own = {} if total is None else {total: str(records)}
        return {**own, **source.pages_of(source.endpoints[name]).alone(records)}

    def _is_xml(self, endpoint: str) -> bool:
        source = self.source
        return source.apis[source.endpoints[endpoint].api].answers == "xml"

    def _remade(self, part: Part) -> Remade:
        source, want = self.source, part.want
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
        return Remade(sets, rows, self.stand_in, self.lost, [*source.pages_of(endpoint).paths(), *said.values()], told)

    def _json(self, part: Part, remade: Remade) -> Iterator[tuple[bytes, int]]:
        """Yield the pages of a request, each with how many records it lists; put together where some were left out."""
        source, want = self.source, part.want
        pages = source.pages_of(source.endpoints[want.endpoint])
        had = sum(answer.sets[name].records for answer in part.answers for name in want.sets)
        counts = {name: sum(len(rows) for rows in remade.rows[name].values()) for name in want.sets}
        counted = [name for name in want.sets if remade.sets[name].counted]
        if sum(counts.values()) == had:
            for number, answer in enumerate(part.answers, 1):
                told = pages.leading_on(_cursor(number)) if number < len(part.answers) else {}
                content = remade.page(number, answer.file.read_bytes(), {**remade.told, **told})
                yield content, max((answer.sets[name].records for name in counted), default=0)
            return
        answers = {number: answer.file.read_bytes() for number, answer in enumerate(part.answers, 1)}
        records = counts[counted[0]] if counted else 0
        told = {**remade.told, **self._numbers(want.endpoint, records)}
        yield from ((content, records) for content in remade.as_few(answers, told, records, pages.cut_at()))
        if not pages.states_last() and not pages.chained() and any(counts.values()):
            yield remade.without_records(answers[1], told), 0


def _cursor(number: int) -> str:
    """Return what stands for the cursor behind so many pages: one of the source may tell whose it is."""
    return f"after-{number}"
