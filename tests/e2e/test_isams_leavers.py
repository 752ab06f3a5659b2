"""Who leaves iSAMS, and what becomes of them and theirs in Haplo: a school written by hand, night after night."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from isams_project import KEYS, Isams, an_isams_project

from engine.simulators.message import Answer, Request
from engine.simulators.replay import ReplaySimulator, read_index
from tests.isams_school import (
    HEALTH,
    IVO,
    JUNO,
    OTTILIE,
    PLACES,
    PUPILS,
    STAFF,
    TAM,
    WHOLE,
    Given,
    document,
)

pytestmark = pytest.mark.e2e

METHODS = {
    "students": ["Pupil_GetCurrentPupils"],
    "contacts": ["ContactAdvanced_GetContacts", "ControlPanel_GetContactTypeGlobalList"],
    "staff": ["HumanResources_GetCurrentStaff"],
    "structure": [name for name in PLACES if name.startswith("School_")],
    "teaching": ["Teaching_GetDepartmentsAndSubjects", "Teaching_GetTeachingSets"],
    "set_lists": ["Teaching_GetTeachingSetLists"],
    "medical": ["Pupil_GetCurrentPupilsHealth"],
}
WREN, IVO_, JUNO_, TAM_ = "4733683710", "4733683711", "4733683712", "4733683713"
ADA, BRAN, CORA, DELL, EWAN, FAYE = "9021", "9031", "9032", "9041", "9051", "9061"
FIRST = date(2026, 9, 1)
WREN_AND_TAM_LEAVE: Given = {**WHOLE, PUPILS: [IVO, JUNO], HEALTH: WHOLE[HEALTH][1:3], STAFF: [OTTILIE]}
IVO_LEAVES_AND_TAM_RETURNS: Given = {**WREN_AND_TAM_LEAVE, PUPILS: [JUNO, TAM], HEALTH: WHOLE[HEALTH][2:]}


class Replay(ReplaySimulator):
    """Answers by key; `asked` are the keys that were shown, whose names its log of requests masks."""

    asked: list[str] = []

    def _answer(self, request: Request) -> Answer:
        self.asked.append((request.parameter("apiKey") or "").removeprefix("key-"))
        return super()._answer(request)


class Nights:
    """A project whose source a test fills night by night."""

    def __init__(self, project: Isams, answers: Path) -> None:
        self.project, self._answers, self._number = project, answers, -1

    def night(self, given: Given) -> dict[str, Any]:
        """Let a night pass in which the source has this; return the report."""
        self._number += 1
        source = self.project.source
        assert isinstance(source, Replay)
        fill(self._answers, given)
        source.entries = read_index(self._answers)
        source.asked = []
        day = FIRST + timedelta(days=self._number)
        self.project.haplo.move_to(day)
        return self.project.run("--today", str(day))

    def asked(self) -> list[str]:
        """The keys that were shown in the last night, in their order."""
        assert isinstance(self.project.source, Replay)
        return self.project.source.asked

    def statuses(self, entity: str) -> dict[str, str | None]:
        """The status of everybody in Haplo."""
        return {key: text(each, "status") for key, each in self.project.of(entity).items()}

    def children(self) -> dict[str, list[str]]:
        """Whose guardian everybody is in Haplo."""
        found = self.project.of("guardian")
        return {key: sorted(link.rpartition(":")[2] for link in links(each)) for key, each in found.items()}


def text(values: dict[str, list[Any]], name: str) -> str | None:
    """The text of an attribute, if it has one."""
    found = values.get(f"school:attribute:{name}", [])
    return found[0]["text"] if found and isinstance(found[0], dict) else (found[0] if found else None)


def links(values: dict[str, list[Any]]) -> list[str]:
    return values.get("school:attribute:child", [])


def fill(folder: Path, given: Given) -> None:
    """Write the answer of each key."""
    folder.mkdir(exist_ok=True)
    entries = []
    for key, methods in METHODS.items():
        (folder / f"{key}.xml").write_text(document(given, methods), encoding="utf-8")
        query = {"apiKey": f"key-{key}"}
        entries.append({"path": "/api/batch/1.0/xml.ashx", "method": "POST", "query": query, "body": f"{key}.xml"})
    (folder / "replay.json").write_text(json.dumps({"answers": entries}), encoding="utf-8")


@contextmanager
def some_nights(folder: Path, **settings: Any) -> Iterator[Nights]:
    fill(folder / "answers", WHOLE)
    source = Replay(folder=folder / "answers")
    keys = {name: f"key-{name}" for name in KEYS}
    with an_isams_project(folder, source, keys, settings) as project:
        yield Nights(project, folder / "answers")


def test_leavers_become_past_and_guardians_with_their_last_student(tmp_path: Path) -> None:
    with some_nights(tmp_path, staff={"leavers_stay": True}, medical={"send": True}) as nights:
        nights.night(WHOLE)
        assert nights.asked() == list(METHODS)
        assert nights.statuses("student") == dict.fromkeys((WREN, IVO_, JUNO_, TAM_), "current")
        everybody = {ADA: [WREN, IVO_], BRAN: [JUNO_], CORA: [JUNO_], DELL: [TAM_], EWAN: [WREN], FAYE: [TAM_]}
        assert nights.children() == everybody
        before = nights.project.of("student")[JUNO_]

        report = nights.night(WREN_AND_TAM_LEAVE)
        assert nights.statuses("student") == {WREN: "past", IVO_: "current", JUNO_: "current", TAM_: "past"}
        assert nights.project.of("student")[JUNO_] == before
        wren = nights.project.of("student")[WREN]
        assert text(wren, "year-group") is None
        assert "school:attribute:group" not in wren
        assert text(wren, "admission-number") == "SIM009", "who the leaver was stays"
        # Ada stays for Ivo's sake; Ewan was there for Wren alone, Dell and Faye for Tam
        assert nights.children() == {ADA: [IVO_], BRAN: [JUNO_], CORA: [JUNO_], DELL: [], EWAN: [], FAYE: []}
        assert report["changes"]["guardian"]["gone"] == 3
        assert nights.statuses("staff") == {"380": "current", "381": "current"}, "Pip has left, and is not removed"
        conditions = nights.project.of("medical_condition")
        assert set(conditions[f"{WREN}-7101"]) == {"dc:attribute:title", "dc:attribute:type", BEHAVIOUR}
        assert "school:attribute:student" in conditions[f"{IVO_}-7112"]

        nights.night(IVO_LEAVES_AND_TAM_RETURNS)
        assert nights.statuses("student") == {WREN: "past", IVO_: "past", JUNO_: "current", TAM_: "current"}
        assert nights.children() == {ADA: [], BRAN: [JUNO_], CORA: [JUNO_], DELL: [TAM_], EWAN: [], FAYE: [TAM_]}


def test_who_leaves_may_stay_and_staff_may_go(tmp_path: Path) -> None:
    stay = {"leavers_stay": True}
    with some_nights(tmp_path, students=stay, guardians=stay, staff={"leavers_stay": False}) as nights:
        first = nights.night(WHOLE)
        assert nights.asked() == [key for key in METHODS if key != "medical"], "health is not asked for"
        told = (
            "'medical_condition' is switched off (medical.send): nothing is asked for it, and Haplo keeps what it has"
        )
        assert told in first["notes"]
        students, guardians = nights.project.of("student"), nights.children()
        nights.night(WREN_AND_TAM_LEAVE)
        assert {key: nights.project.of("student")[key] for key in (WREN, TAM_)} == {
            key: students[key] for key in (WREN, TAM_)
        }
        assert nights.children() == {**guardians, ADA: [IVO_]}, "Ada is there, and is a guardian of those who are"
        assert nights.statuses("staff") == {"380": "current", "381": "past"}


def test_health_that_is_switched_off_again_is_not_asked_for_and_stays(tmp_path: Path) -> None:
    with some_nights(tmp_path, medical={"send": True}) as nights:
        nights.night(WHOLE)
        before = nights.project.of("medical_condition")
        assert set(before) == {f"{WREN}-7101", f"{IVO_}-7112", f"{JUNO_}-7121"}
        nights.project.edit(lambda school: school["settings"]["medical"].update(send=False))
        report = nights.night(WREN_AND_TAM_LEAVE)
        assert "medical" not in nights.asked()
        assert "medical_condition" not in [line["entity"] for line in report["entities"]]
        assert nights.project.of("medical_condition") == before
        assert nights.statuses("student")[WREN] == "past", "the run is a whole one for all others"
        refused = nights.project.call("run", "brook-hall", "--only", "medical_condition")
        assert (refused.code, refused.codes) == (2, ["not-found"])


BEHAVIOUR = "std:attribute:configured-behaviour"
