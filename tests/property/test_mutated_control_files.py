"""Whatever is wrong with a control file or its data: interpreting it ends in an outcome, and that can be shown."""

from __future__ import annotations

import base64
import copy
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.cli.dry_run_text import dry_run_text
from engine.haplo.application import Application
from engine.haplo.interpret import interpret
from engine.haplo.outcome import Outcome
from engine.run.dry_run import dry_run

CONFORMANCE = Path(__file__).parents[1] / "conformance"
CASES = [
    case
    for path in sorted(CONFORMANCE.glob("*/*.json"))
    # Files near the limit of size take too long for what they would show here.
    if "repeat" not in json.dumps((case := json.loads(path.read_text(encoding="utf-8")))["files"])
]
ODD: list[Any] = [
    *(None, True, False, 0, -1, 1, 1.5, 10**30, -0.0, 1e300, float("inf")),
    *("", "x", "0", "length", "constructor", "profile", "load:by-ref", "json", "utf-16", "é", "\ud800", "'", "'a"),
    *([], {}, [None], [[]], [""], {"": 0}, {"length": 2}, {"length": float("inf")}, {"length": -1}, ["x", {"a": 1}]),
]
PER_RUN = 1500
TRIED_WHOLE = 400


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every list or object inside a value, with each of its keys."""
    if isinstance(value, (dict, list)):
        for key in list(value) if isinstance(value, dict) else range(len(value)):
            yield value, key
            yield from places(value[key])


def mutated(value: Any, chance: random.Random) -> Any:
    """Make one to three changes: a value is taken away, replaced, wrapped, or put in the place of another."""
    holder = [copy.deepcopy(value)]
    for _ in range(chance.randint(1, 3)):
        found = list(places(holder))
        if not found:
            return value
        (within, key), (elsewhere, other) = chance.choice(found), chance.choice(found)
        change = chance.randrange(6)
        if change == 0 and within is not holder:
            del within[key]
        elif change == 1:
            within[key] = [within[key]]
        elif change == 2:
            within[key] = copy.deepcopy(elsewhere[other])
        elif change == 3 and isinstance(within, dict):
            within[chance.choice([*map(str, within), "source", "otherwise", "then"])] = within.pop(key)
        else:
            within[key] = copy.deepcopy(chance.choice(ODD))
    return holder[0]


def bytes_of(given: Any) -> bytes:
    return given.encode() if isinstance(given, str) else base64.b64decode(given["base64"])


def mutated_data(data: bytes, chance: random.Random) -> bytes:
    """Change a JSON document as a document, and anything else byte by byte."""
    try:
        return json.dumps(mutated(json.loads(data), chance)).replace("Infinity", "1e999").encode()
    except ValueError:
        changed = bytearray(data)
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(changed) + 1)
            changed[at : at + chance.randint(0, 2)] = chance.choice(
                [b"", b"\r\n", b"\t", b"<", b"\xff", b"\xef\xbb\xbf"]
            )
        return bytes(changed)


def trials(seed: int, number: int) -> Iterator[tuple[dict[str, Any], Any, dict[str, bytes]]]:
    """A case, its control file changed, and its data files, changed half of the time."""
    chance = random.Random(seed)
    for _ in range(number):
        case = chance.choice(CASES)
        control = mutated(case["control"], chance)
        files = {name: bytes_of(given) for name, given in case["files"].items()}
        if chance.random() < 0.5:
            files = {name: mutated_data(data, chance) for name, data in files.items()}
        yield case, control, files


@pytest.mark.parametrize("seed", range(2))
def test_every_mutation_ends_in_an_outcome(seed: int) -> None:
    for case, control, files in trials(seed, PER_RUN):
        outcome = interpret(control, files, Application.from_case(case["schema"]))
        assert isinstance(outcome, Outcome)
        assert json.dumps(outcome.to_case())
        assert not outcome.control_errors or not outcome.records


def test_every_mutation_can_be_tried_and_shown(tmp_path: Path) -> None:
    for case, control, files in trials(2, TRIED_WHOLE):
        written = {name: tmp_path / f"data-{number}" for number, name in enumerate(files)}
        for name, data in files.items():
            written[name].write_bytes(data)
        (tmp_path / "control").write_text(json.dumps(control if isinstance(control, dict) else {}), encoding="utf-8")
        (tmp_path / "schema").write_text(json.dumps(case["schema"]), encoding="utf-8")
        done = dry_run(tmp_path / "control", written, [tmp_path / "schema"], save=True, keep_committed=False)
        assert dry_run_text(done, show_personal=True).encode()
