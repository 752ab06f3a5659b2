"""A school of iSAMS over some days: its people by night, and its registers in the morning and in the afternoon.

The example's project between both simulated APIs and a simulated Haplo that keeps objects. Who gets which mark is
worked out from the registers as the simulator gives them to anybody, not from anything of ours.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from explained import follow
from nights import CASE, changes, held
from project import ROOT, Ended, Project

from engine.simulators.haplo import HaploSimulator
from engine.simulators.http import Simulator
from engine.simulators.isams import SIMULATOR

pytestmark = pytest.mark.e2e

SCHOOL = "brook-hall"
BATCH = "/api/batch/1.0/xml.ashx"
PERIODS = "/api/registration/periods"
CODES = ["/api/registration/absencecodes", "/api/registration/presentcodes"]


@dataclass
class BrookHall(Project):
    """The example's project. What is called xporter is the iSAMS."""

    @property
    def home(self) -> Path:
        return self.folder / ".haplomap" / SCHOOL

    def run(self, *arguments: str, **more: Any) -> Ended:
        return self.call("run", SCHOOL, "--yes", *arguments, **more)

    def at(self, moment: str) -> None:
        """Move the school's clock, and Haplo's day."""
        httpx.put(f"{self.xporter.url}/__control__/clock", content=moment, trust_env=False).raise_for_status()
        self.haplo.move_to(self.xporter.today)

    def asked(self) -> list[str]:
        """The requests for data since the last time, by their paths; those for tokens left out."""
        paths = sorted(each.path for each in self.xporter.requests if each.path.startswith("/api/"))
        self.xporter.requests.clear()
        return paths

    def marks(self) -> dict[str, str]:
        """What Haplo holds of marks, by their keys."""
        begins = f"{SCHOOL}:attendance_mark:"
        return {
            code.removeprefix(begins).replace("_2E", "."): values["school:attribute:mark-category"][0]
            for code, values in held(self).items()
            if code.startswith(begins)
        }


@pytest.fixture
def school(tmp_path: Path) -> Iterator[BrookHall]:
    with SIMULATOR(pupils=70, seed=1) as isams, HaploSimulator(application=CASE) as haplo:
        shutil.copytree(ROOT / "examples" / "isams", tmp_path / "project")
        (tmp_path / "tmp").mkdir()
        keys = {name.upper().replace("-", "_"): guid for name, guid in isams.config["keys"].items()}
        environ = {f"BROOK_HALL_{name}": guid for name, guid in keys.items()}
        environ |= {"BROOK_HALL_REST": isams.config["client_secret"], "BROOK_HALL_HAPLO": haplo.config["batch_api_key"]}
        found = BrookHall(tmp_path / "project", isams, haplo, {**environ, "TMPDIR": str(tmp_path / "tmp")})
        found.change(f"schools/{SCHOOL}.yaml", lambda content: _between(content, isams, haplo))
        yield found


def _between(content: dict[str, Any], isams: Simulator, haplo: HaploSimulator) -> None:
    content["config"].update(host=isams.url, client_id=isams.config["client_id"])
    content["deliver"].update(kind="batch", mode="live", url=haplo.url)


@pytest.fixture
def client(school: BrookHall) -> Iterator[httpx.Client]:
    """Somebody else who may read and write registers."""
    config = school.xporter.config
    form = {"grant_type": "client_credentials", **{name: config[name] for name in ("client_id", "client_secret")}}
    with httpx.Client(base_url=school.xporter.url, trust_env=False) as http:
        token = http.post("/auth/connect/token", data=form).json()["access_token"]
        http.headers["Authorization"] = f"Bearer {token}"
        yield http


Registers = dict[str, list[dict[str, Any]]]


def registers(client: httpx.Client, school: BrookHall) -> Registers:
    """The records of today's registers, by the half of the day."""
    found: Registers = {"AM": [], "PM": []}
    for period in client.get(PERIODS).json()["registrationPeriods"]:
        found[period["friendlyName"]] += client.get(f"/api/registration/register/{period['id']}").json()["students"]
    school.xporter.requests.clear()
    return found


def due(found: Registers, day: str) -> dict[str, str]:
    """The marks that registers hold, by their keys, in the words of Haplo."""
    return {
        f"{each['schoolId']}.{day}.{half}": word(each)
        for half, records in found.items()
        for each in records
        if each["isRegistered"]
    }


def word(record: dict[str, Any]) -> str:
    """What a record says: of the codes of absences, 39 and 40 are illness and a medical appointment."""
    if record["isPresent"]:
        return "Late" if record["isLate"] else "Present"
    if record["isOutOfSchool"]:
        return "Out of school"
    return "Authorised absence" if record["absenceCodeId"] in (39, 40) else "Absent"


def books(school: BrookHall, found: Registers) -> None:
    """See that every record of the registers is in the books once, and that Haplo's interpreter takes every row."""
    records = [each for half in found.values() for each in half]
    marked = [(each["schoolId"], each["registrationPeriodId"]) for each in records if each["isRegistered"]]
    line = school.books("attendance_mark")
    assert (line["read"], line["split"], line["quarantined"]) == (len(records), 0, {})
    assert sum(line["filtered"].values()) == line["filtered"].get("no-mark", 0) == len(records) - len(marked)
    assert (line["emitted"], line["good"]) == (len(set(marked)), changes(school, "attendance_mark")["send"])
    assert line["merged"] == len(marked) - len(set(marked)) > 0  # some pupils are listed twice
    assert line["told"] == {}


def test_marks_of_the_morning_and_of_the_afternoon_join_the_pupils_of_the_night(
    school: BrookHall, client: httpx.Client
) -> None:
    school.run("--run", "nightly").well()
    assert school.asked() == [BATCH] * 7
    assert school.marks() == {}

    school.at("2026-03-02T09:30:00")
    morning = registers(client, school)
    school.run("--run", "attendance").well()
    asked = school.asked()
    taken = [path for path in asked if "/register/" in path]
    assert len(taken) == len(set(taken)) == 4
    assert asked == sorted([*CODES, PERIODS, *taken])  # and no key of the Batch API
    books(school, morning)
    first = due(morning, "2026-03-02")
    assert {key.rpartition(".")[2] for key in first} == {"AM"}
    assert set(first.values()) == {"Present", "Late", "Authorised absence", "Out of school"}
    assert school.marks() == first
    follow(school.folder, SCHOOL, school.latest, ["attendance_mark"])  # those of pupils to the run of the night

    changed = next(each for each in morning["AM"] if word(each) == "Authorised absence")
    path = f"/api/registration/register/{changed['registrationPeriodId']}/students/{changed['schoolId']}"
    put = {"isPresent": True, "isLate": True, "numberOfMinutesLate": 45, "registrationComment": "The dentist"}
    client.put(path, json={**put, "absenceCodeId": None}).raise_for_status()
    school.at("2026-03-02T14:20:00")
    both = registers(client, school)
    school.run("--run", "attendance").well()
    assert school.asked() == [PERIODS, *taken]
    books(school, both)
    monday = due(both, "2026-03-02")
    assert school.marks() == monday
    assert changes(school, "attendance_mark") == {
        "rows": len(monday),
        "before": len(first),
        "new": len(monday) - len(first),
        "changed": 1,
        "unchanged": len(first) - 1,
        "send": len(monday) - len(first) + 1,
    }
    [mark] = [each for code, each in held(school).items() if code.endswith(f":{changed['schoolId']}_2E2026-03-02_2EAM")]
    assert mark["school:attribute:student"] == [f"{SCHOOL}:student:{changed['schoolId']}"]
    assert (mark["school:attribute:minutes-late"], mark["school:attribute:mark-comment"]) == ([45], ["The dentist"])
    assert not {"school:attribute:mark-code", "school:attribute:mark-code-name"} & set(mark)

    # what was put down yesterday stays, also by a run that reads everything else in full
    school.at("2026-03-03T09:30:00")
    tuesday = due(registers(client, school), "2026-03-03")
    school.run().well()
    assert school.marks() == monday | tuesday
    assert changes(school, "attendance_mark") == {
        "rows": len(tuesday),
        "before": len(monday),
        "new": len(tuesday),
        "kept": len(monday),
        "send": len(tuesday),
    }

    school.at("2026-03-07T09:30:00")  # a Saturday
    school.asked()
    school.run("--run", "attendance").well()
    assert school.asked() == [PERIODS]
    assert changes(school, "attendance_mark") == {"before": len(monday) + len(tuesday), "kept": len(monday | tuesday)}
    assert school.marks() == monday | tuesday
