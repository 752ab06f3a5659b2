"""Endpoints that are asked for some records in a run: for which, and what came put in its place.

Of a record that is not asked for, what came before stands; of one that is not there any more, nothing does. A run that
has a budget says what it left, and begins with that the next time. Next: `run/reading`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from engine.errors import StorageError
from engine.run.choosing import Way, walk_name
from engine.run.mirroring import CHANGED, AnewError, counts, present_in_both
from engine.run.parting import land_kept
from engine.spec.source import Source
from engine.stages.answer import Answer
from engine.stages.land import SetFacts
from engine.stages.mirror import MirrorError, look_at, splice
from engine.stages.walk import Round, Tonight, Walk, choose_records, standing, watched
from engine.stages.want import Want
from engine.state import Mirror

WALKS = "walks"
"""The folder of a run in which it keeps what will be remembered of what it asked."""


@dataclass(frozen=True)
class Walking:
    """One endpoint with `refresh`, on its way tonight; `mirrors` are all that the school has.

    `parents` is the file of the set whose records it is asked for.
    """

    source: Source
    want: Want
    way: Way
    mirrors: Mapping[str, Mirror]
    home: Path
    folder: Path
    parents: Path
    everything: bool = False

    def choose(self) -> Round:
        """Choose the records that are asked for, and write what will be remembered when they are."""
        return self.due(self.file)

    def due(self, out: Path | None = None) -> Round:
        """Choose the records that are asked for; the set that they are of must be there. Writes to `out`, if given."""
        endpoint = self.source.endpoints[self.want.endpoint]
        assert endpoint.for_each is not None
        assert endpoint.refresh is not None
        at = datetime.fromisoformat(self.way.at).timestamp()
        tonight = Tonight(at, anew=bool(self.way.why), everything=self.everything)
        return choose_records(self.parents, endpoint.for_each, endpoint.refresh, self._walk(), tonight, out)

    @property
    def file(self) -> Path:
        """What will be remembered."""
        return self.folder / WALKS / f"{self.want.endpoint}.parquet"

    def _walk(self) -> Walk | None:
        before = self.mirrors.get(walk_name(self.want.endpoint))
        if before is None or self.way.mode != "refresh":
            return None
        return Walk(self.home / before.file, tuple(json.loads(before.token or "{}").get("fields", ())))

    def land(
        self, answers: Sequence[Answer], parts: Sequence[Want]
    ) -> tuple[dict[str, SetFacts], dict[str, dict[str, int]]]:
        """Write the whole sets, and count what changed in them; raises `AnewError` where all must be asked anew."""
        sets: dict[str, SetFacts] = {}
        changes: dict[str, dict[str, int]] = {}
        for name in self.want.sets:
            if name not in self.way.base:
                sets[name] = land_kept(self.source, self.want, name, answers, parts, self.folder / "sets")
            else:
                sets[name], changes[name] = self._spliced(name, answers, parts)
        return sets, changes

    def _spliced(self, name: str, answers: Sequence[Answer], parts: Sequence[Want]) -> tuple[SetFacts, dict[str, int]]:
        endpoint, mirror, wanted = self.source.endpoints[self.want.endpoint], self.mirrors[name], self.want.sets[name]
        assert endpoint.for_each is not None
        file, record_set = self.home / mirror.file, endpoint.sets[name]
        shape = look_at(file)
        if shape is None:
            raise AnewError(f"the copy of {name} is missing or damaged")
        fields = [each for each in record_set.fields if wanted is None or each in wanted | shape.columns]
        want = replace(self.want, sets={name: frozenset(fields)})
        came = land_kept(self.source, want, name, answers, parts, self.folder / CHANGED)
        present = present_in_both(name, came, mirror, omits_null=self.source.formats.omits_null, strict=False)
        taken, out = f"NOT ({standing(self.file, list(endpoint.for_each.keep))})", self.folder / "sets" / came.file.name
        try:
            merged = splice(record_set.key or [], fields, file, came.file, taken, out, by_key=False)
        except MirrorError as error:
            raise AnewError(f"{name}: {error.why}") from None
        here = tuple(each for each in fields if each in present)
        return replace(came, rows=merged.rows, present=here), counts(merged)

    def row(self, run: str, kept: str, *, partly: bool) -> Mirror:
        """Return what the state keeps of the walk, whose file is `kept` below the school's folder."""
        refresh = self.source.endpoints[self.want.endpoint].refresh
        assert refresh is not None
        parents, shape = look_at(self.parents), look_at(self.file)
        if parents is None or shape is None:
            raise StorageError(f"what was asked of {self.want.endpoint} cannot be read", fix="run again")
        fields, at = watched(parents.columns, refresh), datetime.fromisoformat(self.way.at)
        token = json.dumps({"fields": fields, "partly": partly})
        name = walk_name(self.want.endpoint)
        return Mirror(name, kept, shape.rows, "", token, "changes", at, None, at, (), run)


def was_partly(mirrors: Mapping[str, Mirror], endpoint: str) -> bool:
    """Say whether the mirrors of an endpoint lack what was never asked for."""
    walk = mirrors.get(walk_name(endpoint))
    return walk is not None and bool(json.loads(walk.token or "{}").get("partly"))


def said(each: Round, set_name: str) -> list[str]:
    """Return what is told of a round."""
    total = len(each.asked) + each.others
    why = ", ".join(f"{count:,} {_SAID[reason]}" for reason, count in each.reasons.items())
    notes = [f"asked for {len(each.asked):,} of {total:,} records of {set_name}" + (f": {why}" if why else "")]
    if each.left:
        notes.append(f"{each.left:,} records of {set_name} are due and did not fit into the budget: next time first")
    if each.never:
        notes.append(
            f"{each.never:,} records of {set_name} were never asked for yet: what they lack stays in Haplo as it is"
        )
    return notes


_SAID = {"new": "new", "changed": "changed", "oldest": "by their age"}
