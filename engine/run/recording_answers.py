"""The answers of a recording: those that were gathered, made anew with the records that are kept.

Next: `run/recording_folder`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from engine.run.disguising import Held
from engine.run.gathering import Gathering, Part
from engine.run.recording import Recorded
from engine.run.recording_answer import Remade, Replace
from engine.run.recording_pages import Told, before, ends_empty, next_of, parted, said_of, size_of
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
            data = self._json(part, remade)
        for name, names in remade.dropped.items():
            self.dropped.setdefault(name, set()).update(names)
        came = 0
        for page, (content, records) in enumerate(data, first):
            yield request_of(source, want, self.config, page, each, before(page, first, came)), content
            came += records

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
        told = {**remade.told, **self._said(name, pages.first_page(), pages.first_page(), 0)}
        yield request, remade.without_records(part.answers[0].file.read_bytes(), told)

    def _said(self, name: str, page: int, last: int, records: int) -> Told:
        """Return what one of the pages says of pages and records, by where it says so."""
        source = self.source
        total = getattr(changes_of(source, name), "total", None)
        own: Told = {} if total is None else {total: str(records)}
        return {**own, **said_of(source.pages_of(source.endpoints[name]), page, last, records)}

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
        told: Told = {said["next"]: TOKEN} if "next" in said else {}
        return Remade(sets, rows, self.stand_in, self.lost, [*source.pages_of(endpoint).paths(), *said.values()], told)

    def _json(self, part: Part, remade: Remade) -> list[tuple[bytes, int]]:
        """Return the pages of a request, each with its number of records: as they were, or anew of those kept."""
        want, pages = part.want, self.source.pages_of(self.source.endpoints[part.want.endpoint])
        answers = {number: answer.file.read_bytes() for number, answer in enumerate(part.answers, 1)}
        had = sum(answer.sets[name].records for answer in part.answers for name in want.sets)
        if sum(len(rows) for name in want.sets for rows in remade.rows[name].values()) < had:
            return self._anew(want.endpoint, answers, remade)
        counts = [remade.listed({name: answer.sets[name].records for name in want.sets}) for answer in part.answers]
        told = {number: next_of(pages, number, len(answers)) for number in answers}
        return list(zip(remade.pages(answers, told), counts, strict=True))

    def _anew(self, endpoint: str, answers: Mapping[int, bytes], remade: Remade) -> list[tuple[bytes, int]]:
        """Return pages of the records that are kept: one, or as many as it takes where its size is not to be more."""
        pages = self.source.pages_of(self.source.endpoints[endpoint])
        first, size = pages.first_page(), size_of(pages)
        whole = {name: [rows] if size is None else parted(rows, size) for name, rows in remade.rows.items()}
        last = first + max(1, *map(len, whole.values())) - 1
        counts = {name: sum(map(len, rows.values())) for name, rows in remade.rows.items()}
        total = next((counts[name] for name, each in remade.sets.items() if each.counted), 0)
        made = []
        for at, page in enumerate(range(first, last + 1)):
            rows = {name: parts[at] if at < len(parts) else {} for name, parts in whole.items()}
            used = {number for own in rows.values() for number in own} | {1}
            told = {**remade.told, **self._said(endpoint, page, last, total)}
            of_page = replace(remade, rows=rows).as_one({each: answers[each] for each in sorted(used)}, told)
            made.append((of_page, remade.listed({name: sum(map(len, own.values())) for name, own in rows.items()})))
        if ends_empty(pages) and any(counts.values()):
            told = {**remade.told, **self._said(endpoint, last, last, total)}
            made.append((remade.without_records(answers[1], told), 0))
        return made
