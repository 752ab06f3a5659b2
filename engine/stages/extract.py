"""Reads endpoints: every page of them, each once, into files of a run's folder, with the books kept.

The first page says how many there are; the rest is asked for side by side. An answer that fits the books is
renamed into place, then journalled; a journalled answer is not asked for again as long as the request is the same.
Imports `kinds`, `spec`, `journal` and the shared pieces `client`, `books`, `answer`. Next: `stages/land`.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from engine.clock import Clock
from engine.errors import AnswerUnreadable, ChangesRefused
from engine.journal import Journal, cannot_write
from engine.kinds.select import MISSING, path
from engine.kinds.word import seconds
from engine.secret import Config
from engine.spec.changing import deleted_sets, said_paths
from engine.spec.source import RecordSet, Source
from engine.stages.answer import Answer
from engine.stages.books import Books
from engine.stages.client import Client, NothingThere
from engine.stages.clients import Clients
from engine.stages.earlier import Earlier, entry_key
from engine.stages.envelope import AnswerReader, Envelope, Reader
from engine.stages.events import Event, Tell
from engine.stages.pace import Budget
from engine.stages.question import Question
from engine.stages.together import together
from engine.stages.want import Want, request_params, side_by_side
from engine.stages.xml_answer import XmlReader
from engine.stages.xml_plan import records_file


def extract(
    source: Source,
    config: Config,
    wants: Sequence[Want],
    folder: Path,
    journal: Journal,
    clock: Clock,
    tell: Tell,
    budget: Budget | None = None,
) -> list[Answer]:
    """Read what is wanted into `folder/answers`, and return the answers by endpoint and page.

    `budget` is where it is kept how much of the source's rates is used up; without one, for this call alone.
    """
    with Clients(source, config, clock, tell, budget) as clients:
        return extract_with(clients, wants, folder, journal, Earlier((), clock))


def extract_with(
    clients: Clients, wants: Sequence[Want], folder: Path, journal: Journal, earlier: Earlier
) -> list[Answer]:
    """Read the same with clients that are there already; `earlier` has answers that may be used again."""
    answers: list[Answer] = []
    pages: dict[str, int] = {}
    for group in side_by_side(wants):
        name = group[0].endpoint
        api = clients.source.endpoints[name].api
        client, connections = clients.of(api), clients.source.apis[api].rates.connections
        hear = clients.tell if len(group) == 1 else _counting(clients.tell, len(group))
        around = (client, folder, journal, hear, clients.clock, earlier)
        reads = (_Read(clients.source, clients.config, want, *around) for want in group)
        try:
            found = together((read.run for read in reads), connections, name, client.stop)
        except BaseException as error:
            clients.forget(api)  # it was told to stop
            if isinstance(error, ChangesRefused):
                error.endpoint = name
            raise
        for want, own in zip(group, found, strict=True):
            answers += _numbered(want, own, pages)
    return answers


def _counting(tell: Tell, total: int) -> Tell:
    """Return what tells of parts how many of them are there."""
    done = count(1)

    def told(event: Event) -> None:
        tell(replace(event, done=next(done), total=total) if event.kind in ("answer", "resumed") else event)

    return told


def _numbered(want: Want, own: list[Answer], pages: dict[str, int]) -> list[Answer]:
    """Return answers with their part, their pages counted on from those of the parts before."""
    if not want.part:
        return own
    start = pages.get(want.endpoint, 0) + 1
    pages[want.endpoint] = start + len(own) - 1
    return [replace(answer, page=page, part=want.part) for page, answer in enumerate(own, start)]


class _Read:
    """One endpoint being read."""

    def __init__(
        self,
        source: Source,
        config: Config,
        want: Want,
        client: Client,
        folder: Path,
        journal: Journal,
        tell: Tell,
        clock: Clock,
        earlier: Earlier,
    ) -> None:
        self._clock, self._earlier = clock, earlier
        self._endpoint, self._name = source.endpoints[want.endpoint], want.endpoint
        api = source.apis[self._endpoint.api]
        self._client, self._journal, self._tell = client, journal, tell
        self._part, self._each = want.part, "each" in want.names
        self._folder = folder / "answers" / want.endpoint / want.part
        self._connections = 1 if self._each or want.key is not None else api.rates.connections
        self._pages = source.pages_of(self._endpoint)
        self._params, self._given = request_params(source, want), dict(want.given)
        self._question = self._first_question(want)
        self._sets: dict[str, RecordSet] = {name: self._endpoint.sets[name] for name in want.sets}
        self._gone = deleted_sets(source, want.endpoint, want.sets) if want.changes else {}
        self._said = said_paths(source, want.endpoint)
        self._root = api.root if api.answers == "xml" else None
        self._reader = self._reader_of(want, client, source.formats.blank == "keep")
        counted = [name for name, each in self._sets.items() if each.counted]
        first, size = self._pages.first_page(), self._pages.page_size()
        stated, chained = self._pages.states_last(), self._pages.chained()
        self._books = Books(want.endpoint, counted, first, size, tell, want.part, stated=stated, chained=chained)
        self._signature = self._sign(config, api.base_url, dict(api.params), want.mark)
        self._age = None if self._endpoint.fresh_for is None else seconds(self._endpoint.fresh_for)
        self._lock = threading.Lock()
        self._number = 0
        self._landed = 0

    def _first_question(self, want: Want) -> Question:
        endpoint = self._endpoint
        asked = (endpoint.path, endpoint.method, self._params, self._given, endpoint.body, want.names, want.key)
        return Question("", *asked, headers=endpoint.headers)

    def _reader_of(self, want: Want, client: Client, tell_empty: bool) -> AnswerReader:
        if self._root is not None:
            return XmlReader(self._root, self._sets, want.sets, client.rule_elements(), tell_empty=tell_empty)
        paths = [*self._pages.paths(), *client.rule_paths(), *self._said.values()]
        return Reader({**self._sets, **self._gone}, paths)

    def run(self) -> list[Answer]:
        """Return all answers of the endpoint, by page; none of a part that is not there."""
        self._begin()
        if self._is_absent() or self._was_absent():
            return []
        try:
            return self._pages_of_it()
        except NothingThere as error:
            if not self._each or self._landed:
                error.why = error.why or _assumed(self._endpoint.assumed)
                raise
            self._journal.record(self._key("absent"), read=self._number, **self._now())
            self._tell(Event("answer", f"{self._part}: nothing there (404)", self._name, done=1, total=1))
            return []

    def _pages_of_it(self) -> list[Answer]:
        first = self._pages.first_page()
        try:
            answers = {first: self._answer(first)}
            if self._pages.states_last():
                rest = range(first + 1, self._books.last + 1)
                jobs = (partial(self._answer, page) for page in rest)
                found = together(jobs, self._connections, self._name, self._client.stop)
                answers.update((answer.page, answer) for answer in found)
            while not self._books.ended:
                page = self._books.last + 1
                answers[page] = self._answer(page)
        except AnswerUnreadable:
            if self._books.doubtful:
                self._begin_anew()
            raise
        try:
            self._books.close()
        except AnswerUnreadable:
            self._begin_anew()
            raise
        return [answers[page] for page in sorted(answers)]

    def _begin(self) -> None:
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise cannot_write(self._folder, error) from None
        entry = self._journal.get(self._key("read"))
        self._number = entry["number"] if entry else 0
        if entry is None or entry["signature"] != self._signature or self._broken_off():
            self._begin_anew()

    def _is_absent(self) -> bool:
        return (self._journal.get(self._key("absent")) or {}).get("read") == self._number

    def _broken_off(self) -> bool:
        """Say whether pages of which each says what asks for the next stop early: that may not hold now."""
        page, chained = self._pages.first_page(), self._pages.chained() and not self._is_absent()
        while chained:
            facts = self._journal.get(self._key("answer", page))
            if facts is None or facts["read"] != self._number:
                return True
            page, chained = page + 1, "after" in facts
        return False

    def _begin_anew(self) -> None:
        """From here on no answer that landed before counts."""
        self._number += 1
        self._journal.record(self._key("read"), number=self._number, signature=self._signature)

    def _sign(self, config: Config, base_url: str, api_params: Mapping[str, str], mark: str) -> str:
        """Return what tells this request from others: what is asked, by whom, and of what; no secrets."""
        pages = self._pages.model_dump(mode="json")
        places = {name: each.records for name, each in self._sets.items()}
        fields = {
            name: {field: facts.paths(field) for field, facts in each.fields.items()}
            for name, each in self._sets.items()
        }
        plain = {key: value for key, value in config.items() if isinstance(value, str)}
        asked = [base_url, self._endpoint.path, api_params, self._params, pages, places, fields, plain]
        if self._given or self._gone:
            asked += [self._given, {name: each.model_dump(mode="json") for name, each in self._gone.items()}]
        asked += [said] if (said := self._question.signed()) else []
        asked += [self._root] if self._root else []
        asked += [mark] if mark else []
        asked += [self._endpoint.headers] if self._endpoint.headers else []
        return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:32]

    def _answer(self, page: int) -> Answer:
        """Return an answer that fits the books: the landed one, or one that is asked for now."""
        landed = self._find_landed(page)
        if landed is not None:
            return landed
        name = f"{self._books.about} page {page}"
        file = self._file(page)
        part = file.with_name(file.name + ".part")
        try:
            try:
                answer = self._ask(name, page, part)
            except AnswerUnreadable as error:
                if error.code not in _ASK_ONCE_MORE:
                    raise
                self._tell(Event("reasked", f"{error.what}; asking once more", self._name))
                answer = self._ask(name, page, part)
            return self._land(answer, part)
        except BaseException:
            part.unlink(missing_ok=True)
            raise

    def _ask(self, name: str, page: int, part: Path) -> Answer:
        params = {**self._params, **self._pages.params(page, self._books.came)}
        envelope = self._client.fetch(replace(self._question, name=name, params=params), part, self._reader)
        for set_name, seen in envelope.sets.items():
            if seen is None and set_name not in self._gone:
                spec = self._sets[set_name]
                said = f"the source document says that it stands at {spec.records}"
                raise AnswerUnreadable(
                    f"{name}: the answer comes without its list of records of '{set_name}'",
                    why="; ".join(filter(None, (said, _assumed(spec.assumed or self._endpoint.assumed)))),
                    code="records-missing",
                )
        answer = self._describe(envelope, page, part)
        self._check_full(name, envelope, answer)
        self._books.check(answer, self._pages.stated_page(envelope.facts))
        return answer

    def _describe(self, envelope: Envelope, page: int, part: Path) -> Answer:
        facts, sets = envelope.facts, {name: seen for name, seen in envelope.sets.items() if seen is not None}
        last = self._pages.last_page(facts)
        if page != self._pages.first_page() and self._silent(facts):
            last = None
        total = self._pages.stated_total(facts)
        said = {what: text for what, where in self._said.items() if (text := _text(path(where).first(facts)))}
        after, size = self._after(page, facts), part.stat().st_size
        return Answer(self._name, page, self._file(page), size, sets, last, total, said, after=after)

    def _after(self, page: int, facts: Any) -> str | None:
        try:
            return self._pages.after(facts)
        except ValueError as error:
            raise AnswerUnreadable(
                f"{self._books.about} page {page}: what asks for the page after it cannot be read",
                why=str(error),
                fix="look at pages.next in the source document; if the last page leaves it out, say absent: last there",
                code="pages-missing",
            ) from None

    def _silent(self, facts: Any) -> bool:
        """Say whether an answer says nothing at all about pages."""
        return all(path(text).first(facts) in (MISSING, None) for text in self._pages.paths())

    def _check_full(self, name: str, envelope: Envelope, answer: Answer) -> None:
        """Refuse a first page that is full and says nothing of others: they may be lost in silence."""
        size = self._pages.page_size()
        if answer.page != self._pages.first_page() or size is None or not self._silent(envelope.facts):
            return
        if any(seen.records >= size for seen in answer.sets.values()):
            raise AnswerUnreadable(
                f"{name}: a full page that does not say how many pages there are",
                why=f"{size} records were asked for and came; nothing stands at {', '.join(self._pages.paths())}",
                fix="look at where pages says that it stands, in the source document, or ask for larger pages",
                code="pages-missing",
            )

    def _find_landed(self, page: int) -> Answer | None:
        facts, file = self._journal.get(self._key("answer", page)), self._file(page)
        if facts is None or facts["read"] != self._number:
            return self._used_again(page)
        if not file.is_file() or file.stat().st_size != facts["bytes"]:
            return None
        answer = Answer.read(self._name, page, file, facts)
        if self._root is not None and not all(records_file(file, name).is_file() for name in answer.sets):
            return None
        try:
            self._books.check(answer)
        except AnswerUnreadable:
            return None
        self._count("resumed", answer)
        return answer

    def _was_absent(self) -> bool:
        """Say whether it was answered of late that there is nothing."""
        came = None if self._age is None else self._earlier.absent(self._name, self._signature, self._age)
        if came is None:
            return False
        self._journal.record(self._key("absent"), read=self._number, at=came)
        self._tell(Event("resumed", f"{self._part}: nothing there (404)", self._name, done=1, total=1))
        return True

    def _used_again(self, page: int) -> Answer | None:
        """Take an answer that another run got, if one of the same question is young enough and whole."""
        age = None if self._pages.chained() else self._age  # what a page says of the next holds for a while only
        found = None if age is None else self._earlier.answer(self._name, self._signature, page, age)
        if found is None:
            return None
        (folder, facts), file = found, self._file(page)
        try:
            if (folder / file.name).stat().st_size != facts["bytes"]:
                return None
            file.unlink(missing_ok=True)
            file.hardlink_to(folder / file.name)
            answer = Answer.read(self._name, page, file, facts)
            self._books.check(answer)
        except (OSError, AnswerUnreadable):
            return None
        self._journal.record(self._key("answer", page), **{**facts, "read": self._number})
        self._count("resumed", answer)
        return answer

    def _now(self) -> dict[str, str]:
        """Return what the journal keeps of when an answer came, where it may be used again."""
        return {} if self._age is None else {"at": self._clock.now().isoformat()}

    def _land(self, answer: Answer, part: Path) -> Answer:
        try:
            part.replace(answer.file)
        except OSError as error:
            raise cannot_write(answer.file, error) from None
        self._journal.record(self._key("answer", answer.page), read=self._number, **self._now(), **answer.facts())
        self._count("answer", answer)
        return answer

    def _count(self, kind: str, answer: Answer) -> None:
        total = self._books.last - self._pages.first_page() + 1
        with self._lock:
            self._landed += 1
            done = self._landed
        said = f"{self._part} page {answer.page}".lstrip()
        self._tell(Event(kind, said, self._name, done=done, total=max(total, 1)))

    def _key(self, what: str, page: int | None = None) -> str:
        """Return the key of an entry in the journal."""
        return entry_key(what, self._name, self._part, "" if page is None else str(page))

    def _file(self, page: int) -> Path:
        return self._folder / f"{page:06d}.{'json' if self._root is None else 'xml'}"


def _assumed(why: str | None) -> str:
    return f"the source document says what it assumes of it: {why}" if why else ""


def _text(value: Any) -> str:
    """Return what stands in an envelope as text; '' for what is none."""
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


_ASK_ONCE_MORE = {"page-short", "page-long", "page-loop", "records-missing"}
