"""The books of one read: what a source says it has against what it gave, page by page and in the end.

Nothing here asks anybody. A page that does not fit is an `AnswerUnreadable`, which the caller may answer by
asking for it once more; what the whole lacks is found by `close`. Imports `kinds/pages`, `answer`, `errors`.
Next: `stages/extract`.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

from engine.errors import AnswerUnreadable
from engine.kinds.pages import Came
from engine.stages.answer import Answer
from engine.stages.events import Event, Tell

_FIX_AGAIN = "give the same command again; if it stays so, ask the source's support"

_FIX_LOOP = "is pages.param in the source document what the source takes? if so, give the same command again"


class Books:
    """What was read of an endpoint. The first page is checked first; the others in any order, by any thread.

    `counted` are the sets that the stated total is about; `size` is how many records were asked for a page; `part` is
    the part of the endpoint that is read. Where no answer has `stated` which page is the last, pages come in order; if
    they are `chained`, each says what asks for the next.
    """

    def __init__(
        self,
        endpoint: str,
        counted: Sequence[str],
        first: int,
        size: int | None,
        tell: Tell,
        part: str = "",
        *,
        stated: bool = True,
        chained: bool = False,
    ) -> None:
        self.about = f"endpoint '{endpoint}'{' ' * bool(part)}{part}"
        self._endpoint, self._counted, self._first, self._size, self._tell = endpoint, counted, first, size, tell
        self._asked_size, self._stated, self._chained = size, stated, chained
        self._came, self._afters = Came(), set[str]()
        self._reached, self._before, self._ended = first - 1, 0, False
        self._lock = threading.Lock()
        self._base: Answer | None = None
        self._latest: Answer | None = None
        self._changed = False
        self._read = dict.fromkeys(counted, 0)
        self._digests: dict[tuple[str, str], int] = {}

    @property
    def last(self) -> int:
        """The number of the last page, as the first page states it; of the last that was read where none does."""
        if not self._stated:
            return self._reached
        assert self._base is not None
        assert self._base.last is not None
        return self._base.last

    @property
    def came(self) -> Came:
        """What the pages so far have brought, where they come in order."""
        return self._came

    @property
    def ended(self) -> bool:
        """Whether no page comes after those that were read."""
        return self._stated or self._ended

    @property
    def doubtful(self) -> bool:
        """Whether pages that were accepted may be to blame for one that is not."""
        return self._changed or self._size != self._asked_size

    def check(self, answer: Answer, stated_page: int | None = None) -> None:
        """Enter an answer; raise `AnswerUnreadable`, and leave the books as they were, if it does not fit."""
        with self._lock:
            base, size = self._base, self._size
            try:
                self._check(answer, stated_page)
            except AnswerUnreadable:
                self._base, self._size = base, size
                raise
            self._compare(answer)
            self._enter(answer)

    def _check(self, answer: Answer, stated_page: int | None) -> None:
        if stated_page is not None and stated_page != answer.page:
            raise self._wrong(answer, f"the answer says it is page {stated_page}", "page-loop")
        if not self._stated:
            self._base = self._base or answer
        elif self._base is None:
            self._begin(answer)
        for name in self._counted:
            if self._stated:
                self._check_records(answer, name, answer.sets[name].records)
            self._check_loop(answer, name)
        if answer.after in self._afters:
            raise self._wrong(answer, "it asks to go on with a page that was there before", "page-loop")

    def close(self) -> None:
        """Raise `AnswerUnreadable` unless what was read is what the source says it has."""
        assert self._latest is not None
        total = self._latest.total
        for name, read in self._read.items():
            if total is not None and read != total:
                what = f"{self.about}: {read:,} records of '{name}' were read, {total:,} are stated"
                raise self._unbalanced(what)
        if self._changed and (total is None or self._latest.last != self.last):
            raise self._unbalanced(f"{self.about}: the number of pages changed")

    def _begin(self, answer: Answer) -> None:
        if answer.last is None:
            raise self._wrong(answer, "the answer does not say how many pages there are", "pages-missing")
        if answer.last < answer.page:
            empty = answer.last == answer.page - 1 and not any(seen.records for seen in answer.sets.values())
            if not empty:
                raise self._wrong(answer, f"the answer says that the last page is {answer.last}", "page-loop")
        size = self._size_given(answer)
        if size != self._size:
            self._tell(
                Event("page-size", f"pages of {self._size} were asked for, the source gives {size}", self._endpoint)
            )
        self._base, self._size = answer, size

    def _size_given(self, answer: Answer) -> int | None:
        """Return the size of the source's own pages where it keeps to another than we asked for."""
        assert answer.last is not None
        pages = answer.last - self._first + 1
        if self._size is None or answer.total is None or pages < 2 or not self._counted:
            return self._size
        given = answer.sets[self._counted[0]].records
        own = given > 0 and -(-answer.total // given) == pages
        return given if own else self._size

    def _check_records(self, answer: Answer, name: str, records: int) -> None:
        """Check the number of records of a page: full before the last one, the rest on that."""
        base = self._base
        assert base is not None
        if answer.page < self.last and records == 0:
            raise self._wrong(answer, f"no records of '{name}' before the last page, {self.last}", "page-short")
        if self._size is None:
            return
        expected: int | None = self._size
        if answer.page >= self.last:
            rest = None if base.total is None else base.total - self._size * max(self.last - self._first, 0)
            changed = answer.total is not None and answer.total != base.total
            expected = None if changed else rest
            if expected is None and records > self._size:
                expected = self._size
        if expected is not None and records != expected:
            what = f"{records} records of '{name}' where {expected} are due"
            raise self._wrong(answer, what, "page-short" if records < expected else "page-long")

    def _check_loop(self, answer: Answer, name: str) -> None:
        seen = answer.sets[name]
        twin = self._digests.get((name, seen.digest), answer.page)
        if seen.records and twin != answer.page:
            raise self._wrong(answer, f"the same records of '{name}' as page {twin}", "page-loop", _FIX_LOOP)

    def _compare(self, answer: Answer) -> None:
        """Tell once if the whole changed while it was read. A later page that says nothing is no change."""
        base = self._base
        assert base is not None
        silent = not self._stated or answer.last is None or (answer.last == self._first and answer.page > self._first)
        pages = not silent and answer.last != self.last
        total = None not in (answer.total, base.total) and answer.total != base.total
        if (pages or total) and not self._changed:
            self._changed = True
            text = f"page {answer.page} states another {'total' if total else 'number of pages'} than the first"
            self._tell(Event("changed", text, self._endpoint))

    def _enter(self, answer: Answer) -> None:
        if not self._stated:
            self._go_on(answer)
        latest = self._latest
        stated = answer.total is not None or (latest is not None and latest.total is None)
        if latest is None or (stated and answer.page > latest.page):
            self._latest = answer
        for name in self._counted:
            self._read[name] += answer.sets[name].records
            self._digests[name, answer.sets[name].digest] = answer.page

    def _go_on(self, answer: Answer) -> None:
        """Enter a page of those that come in order, and say whether it is the last."""
        records = sum(seen.records for seen in answer.sets.values())
        self._ended = answer.after is None if self._chained else not records or records < self._before
        self._reached, self._before = answer.page, records
        listed = max((answer.sets[name].records for name in self._counted), default=records)
        self._came = Came(self._came.records + listed, answer.after or "")
        self._afters |= {answer.after} if answer.after is not None else set()

    def _wrong(self, answer: Answer, what: str, code: str, fix: str = _FIX_AGAIN) -> AnswerUnreadable:
        name = f"{self.about} page {answer.page}"
        return AnswerUnreadable(f"{name}: {what}", why="the books must add up", fix=fix, code=code)

    def _unbalanced(self, what: str) -> AnswerUnreadable:
        why = "the data changed while it was read" if self._changed else "the books must add up"
        fix = "give the same command again: it reads this endpoint anew"
        return AnswerUnreadable(what, why=why, fix=fix, code="books")
