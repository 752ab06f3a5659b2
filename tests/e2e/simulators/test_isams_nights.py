"""The simulated iSAMS from day to day: people come and go, nights can be bad, and it is fast when it is large."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from isams_school import Isams, filters, setting, texts
from lxml import etree

from engine.simulators.__main__ import build_parser
from engine.simulators.event import EVENTS
from engine.simulators.isams import SIMULATOR
from engine.simulators.life import Rates

pytestmark = pytest.mark.e2e

PUPIL = "PupilManager/CurrentPupils/Pupil"
CONTACT = "PupilManager/Contacts/Contact"
CURRENT = filters('<StudentManager><Contacts SystemStatusesToInclude="1"/></StudentManager>')

Start = Callable[..., Isams]


def only(*names: str) -> Rates:
    """A busy school in which nothing else happens."""
    return Rates(1, {name: 0 for name in EVENTS if name not in names})


def pupils(school: Isams) -> dict[str | None, bytes]:
    return {row.get("Id"): etree.tostring(row) for row in school.find(PUPIL, "students")}


def happened(school: Isams, event: str) -> list[list[int]]:
    found = school.http.get("/__control__/events").json()
    return [each["ids"] for each in found if each["event"] == event]


def test_joiners_come_and_leavers_go(isams: Start) -> None:
    school = isams(rates=only("join", "leave"))
    before = set(pupils(school))
    school.control("today", "+1")
    after = set(pupils(school))
    joined = {str(ids[0]) for ids in happened(school, "join")}
    left = {str(ids[0]) for ids in happened(school, "leave")}
    assert after - before == joined - left
    assert before - after == left - joined
    assert joined
    assert left


def test_a_move_changes_contacts_and_nothing_else(isams: Start) -> None:
    school = isams(rates=only("move"), setting=setting())
    first = {row.get("Id"): etree.tostring(row) for row in school.find(CONTACT, "contacts", CURRENT)}
    one = pupils(school)
    school.control("today", "+1")
    second = {row.get("Id"): etree.tostring(row) for row in school.find(CONTACT, "contacts", CURRENT)}
    assert set(first) == set(second)
    assert first != second
    assert pupils(school) == one


def test_merged_contacts_become_one_person(isams: Start) -> None:
    school = isams(rates=only("merge"), setting=setting())
    before = set(texts(school.find(CONTACT, "contacts", CURRENT), "@Id"))
    school.control("today", "+1")
    after = set(texts(school.find(CONTACT, "contacts", CURRENT), "@Id"))
    lost = {str(ids[1]) for ids in happened(school, "merge")}
    assert lost
    assert before - after == lost


def test_a_day_is_the_same_however_it_was_reached(isams: Start) -> None:
    one, other = isams(rates=Rates(0.5)), isams(rates=Rates(0.5))
    for _ in range(3):
        one.control("today", "+1")
    other.control("today", "2026-03-05")
    assert one.post("students").content == other.post("students").content
    assert one.post("students").content != isams(rates=Rates(0.5), seed=2).post("students").content


def test_bad_nights(isams: Start) -> None:
    nights = ("empty", "half", "tenth", "other-school", "stale")
    school = isams(rates=Rates(0), pupils=100)
    school.control("nights", json.dumps({f"2026-03-{3 + day:02}": kind for day, kind in enumerate(nights)}))
    good = pupils(school)
    found = {}
    for kind in nights:
        school.control("today", "+1")
        found[kind] = pupils(school)
    assert found["empty"] == {}
    assert 45 <= len(found["half"]) <= 55
    assert 8 <= len(found["tenth"]) <= 12
    assert found["half"].keys() < good.keys()
    assert not found["other-school"].keys() & good.keys()
    assert found["stale"] == found["other-school"]
    assert school.post("structure").status_code == 200


def test_it_does_not_go_back_behind_its_beginning(isams: Start) -> None:
    school = isams()
    for name, wanted in (("today", "2026-03-01"), ("clock", "2026-03-01T10:00:00"), ("clock", "+2x"), ("nights", "[]")):
        refused = school.http.put(f"/__control__/{name}", content=wanted)
        assert refused.status_code == 400
        assert refused.text.startswith(f"{name}: ")


def test_a_large_school_is_served_quickly(isams: Start) -> None:
    """What was made once is not made again: a second read, of another body, takes a fraction of the first."""
    school = isams(pupils=3000)
    school.sim.prepare()
    times = []
    for body in ("", " ", filters(run=["Pupil_GetCurrentPupils", "Pupil_GetSiblings"])):
        begun = time.perf_counter()
        assert len(school.post("students", body).content) > 3_000_000
        times.append(time.perf_counter() - begun)
    assert max(times[1:]) < times[0]


def test_the_command_sets_all_of_it(tmp_path: Any) -> None:
    keys = tmp_path / "keys.json"
    keys.write_text('[{"name": "one", "methods": ["school_getallyears"], "cache_hours": 3}]')
    words = ["--keys", str(keys), "--at", "09:30", "--nights", "2026-03-05=empty", "--statuses", "filters=403"]
    words += [
        "--applicants-path",
        "PupilManager/Applicants/Applicant",
        "--permissions",
        "students",
        "--oauth",
        "required",
    ]
    args = build_parser("isams", SIMULATOR).parse_args(words)
    sim = SIMULATOR.from_arguments(args, {"seed": 3})
    assert [(key.name, key.methods, key.cache_hours, key.oauth) for key in sim.batch.keys] == [
        ("one", ("School_GetAllYears",), 3, "required")
    ]
    assert sim.clock.isoformat() == "2026-03-02T09:30:00"
    assert sim.setting.status("filters") == 403
    assert sim.setting.applicants_path == ("PupilManager", "Applicants", "Applicant")
    assert sim.permissions == {"students"}
    with pytest.raises(ValueError, match="no area 'nothing'"):
        SIMULATOR(permissions=["nothing"])
    for wrong in ([{"name": "x"}], [{"name": "x", "methods": [], "colour": 1}], {}, [{"name": "x", "methods": ["No"]}]):
        with pytest.raises(ValueError, match=r"key|method"):
            SIMULATOR(keys=wrong)
