"""Who rows are through any nights: as a model in plain Python has it, which takes one row after the other."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.stages.test_identity import Nights, Row, row

KEYS = st.sampled_from(["a", "b", "c", "d", "a~2"])
SOMETIMES = st.sampled_from([None, "x", "y", "z"])
ROWS = st.lists(
    st.builds(row, KEYS, SOMETIMES, SOMETIMES, st.sampled_from(["emitted"] * 4 + ["quarantined"])),
    max_size=5,
    unique_by=lambda each: each[0],
)


@dataclass(frozen=True)
class Night:
    """What the source has, whether all of it is seen, and whether it is sent."""

    rows: list[Row]
    merges: bool
    sends: bool


NIGHTS = st.lists(st.builds(Night, ROWS, st.booleans(), st.sampled_from([True, True, False])), min_size=2, max_size=5)


@dataclass
class Model:
    """The identities: when each was first sent, its natural keys, what it was called last, what it became one with."""

    since: dict[str, int] = field(default_factory=dict)
    leads: dict[str, str] = field(default_factory=dict)
    latest: dict[str, str] = field(default_factory=dict)
    into: dict[str, str] = field(default_factory=dict)

    def copy(self) -> Model:
        return Model(dict(self.since), dict(self.leads), dict(self.latest), dict(self.into))


def bears(rows: list[Row]) -> dict[str, list[str]]:
    """Return the natural keys of each row, the most trusted first; empty text for one that does not count."""
    every = {str(own): [f"source_id:{own}", *(one or "" for one in more)] for own, _, more in rows}
    listed = [one for keys in every.values() for one in keys]
    return {own: [one if listed.count(one) == 1 else "" for one in keys] for own, keys in every.items()}


def claims(model: Model, borne: dict[str, list[str]]) -> dict[str, dict[str, int]]:
    """Return for each identity how good a claim each row has to it."""
    found: dict[str, dict[str, int]] = {}
    for own, keys in borne.items():
        for level, one in enumerate(keys):
            identity = model.leads.get(one)
            if identity is None:
                continue
            rank = level + 2
            if level == 0:
                rank = 0 if model.latest.get(identity) == own else 1 if identity == own else 2
            rivals = found.setdefault(identity, {})
            rivals[own] = min(rank, rivals.get(own, 99))
    return found


def night(model: Model, number: int, rows: list[Row], merges: bool) -> tuple[dict[str, str], Model]:
    """Return the stable key of each row, and what is known when they have been sent."""
    borne, goes = bears(rows), {str(own): state == "emitted" for own, state, _ in rows}
    won: dict[str, list[tuple[int, int, str]]] = {own: [] for own in borne}
    for identity, rivals in claims(model, borne).items():
        best = [own for own, rank in rivals.items() if rank == min(rivals.values())]
        if len(best) == 1:
            won[best[0]].append((rivals[best[0]], model.since[identity], identity))
    stable: dict[str, str] = {}
    became: dict[str, str] = {}
    left: set[tuple[str, str]] = set()
    for own, each in won.items():
        oldest_first = merges and goes[own]
        order = sorted(each, key=lambda one: (one[1], one[0], one[2]) if oldest_first else one)
        if order:
            stable[own] = order[0][2]
            if oldest_first:
                became |= {identity: stable[own] for _, _, identity in order[1:]}
            else:
                left |= {(own, identity) for _, _, identity in order[1:]}
    for own in borne:
        if own not in stable:
            every, n, name = {*model.since, *borne}, 2, own
            while (name in model.since and name not in model.into) or (name != own and name in every):
                name, n = f"{own}~{n}", n + 1
            stable[own] = name
    return stable, _learnt(model, number, borne, {own: stable[own] for own in borne if goes[own]}, became, left)


def _learnt(
    model: Model,
    number: int,
    borne: dict[str, list[str]],
    sent: dict[str, str],
    became: dict[str, str],
    left: set[tuple[str, str]],
) -> Model:
    after = model.copy()
    for identity in sent.values():
        after.since.setdefault(identity, number)
        after.into.pop(identity, None)
    after.into |= became
    after.into = {key: became.get(into, into) for key, into in after.into.items()}
    after.leads = {one: became.get(identity, identity) for one, identity in model.leads.items()}
    after.latest = {identity: own for identity, own in model.latest.items() if identity not in became}
    for own, identity in sent.items():
        after.latest[identity] = own
        after.leads |= {one: identity for one in borne[own] if one and (own, model.leads.get(one, "")) not in left}
    return after


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(NIGHTS)
def test_rows_are_who_a_model_says_they_are(history: list[Night]) -> None:
    model = Model()
    with tempfile.TemporaryDirectory() as folder:
        nights = Nights(Path(folder))
        for number, each in enumerate(history, start=1):
            expected, learnt = night(model, number, each.rows, each.merges)
            assert nights.night(*each.rows, merges=each.merges, sends=each.sends) == expected
            assert len(set(expected.values())) == len(expected), "no two rows are one"
            model = learnt if each.sends else model
            if nights.known is not None:
                _same(nights, model)


def _same(nights: Nights, model: Model) -> None:
    found = nights.stands("key, since, natural_key, latest, merged_into")
    assert {one: key for key, _, one, _, _ in found if one is not None} == model.leads
    assert {key: one for key, _, one, latest, _ in found if latest} == {
        key: f"source_id:{own}" for key, own in model.latest.items()
    }
    assert {key: into for key, _, _, _, into in found if into is not None} == model.into
    assert {key: since for key, since, *_ in found} == {key: f"run-{since}" for key, since in model.since.items()}
