"""Every declared read of HUBmis, asked of the simulator at the published limit, on a clock that jumps over waits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest
import yaml
from fast_clock import JumpClock

from engine.run.records import extract_sets
from engine.simulators.hubmis import SIMULATOR
from engine.simulators.school import build_school
from engine.spec.project import open_project
from engine.stages.land import SetFacts

pytestmark = pytest.mark.e2e

DAY = date(2026, 3, 2)
PUPILS, SEED = 20, 8
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MAPPING = {
    "mapping": "student",
    "source": "hubmis",
    "from": "students",
    "fields": {"source_id": "id", "given_name": "first_name", "family_name": "last_name"},
}


@dataclass
class Extracted:
    """What landed of each set, the simulator, and how long it took in the time of both."""

    sets: dict[str, SetFacts]
    sim: SIMULATOR
    seconds: float

    def records(self, name: str) -> pl.DataFrame:
        return pl.read_parquet(self.sets[name].file)


@pytest.fixture(scope="module")
def extracted(tmp_path_factory: pytest.TempPathFactory) -> Extracted:
    folder, clock = tmp_path_factory.mktemp("hubmis"), JumpClock(NOON)
    with SIMULATOR(pupils=PUPILS, seed=SEED, now=clock.seconds, token_says=1e6, token_lives=1e6) as sim:
        config = {name: sim.config[name] for name in ("base_url", "client_id", "realm", "academic_year")}
        school = {
            "school": "brook",
            "source": "hubmis",
            "time_zone": "Europe/London",
            "prefix": "brook",
            "config": {**config, "client_secret": {"env": "SECRET"}},
            "entities": ["student"],
        }
        write(folder / "schools" / "brook.yaml", school)
        write(folder / "mappings" / "hubmis" / "student.yaml", MAPPING)
        project = open_project(folder)
        names = [name for _, name, _ in project.source("hubmis").sets()]
        secrets = {"SECRET": sim.config["client_secret"]}
        began = clock.seconds()
        found = extract_sets(project, "brook", names, folder / "out", secrets, lambda event: None, clock)
        return Extracted({each.set_name: each for each in found}, sim, clock.seconds() - began)


def write(file: Path, document: object) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")


def test_all_that_is_declared_comes_and_nothing_else(extracted: Extracted) -> None:
    wrong = {
        name: (facts.rows, facts.absent, facts.drift, facts.repeated)
        for name, facts in extracted.sets.items()
        if not facts.rows or facts.absent or facts.drift or facts.repeated
    }
    assert wrong == {}
    assert len(extracted.sets) == 139, "131 operations; 3 of them are 3 endpoints, and 2 are 2"


def test_the_records_are_those_of_the_school(extracted: Extracted) -> None:
    school = build_school(PUPILS, SEED, DAY)
    current = {str(pupil.id): pupil for pupil in school.pupils if pupil.status == "OnRoll"}
    students = extracted.records("students")
    assert dict(students.select("id", "last_name").rows()) == {key: each.surname for key, each in current.items()}
    assert dict(students.select("id", "form_id").rows()) == {key: str(each.form_id) for key, each in current.items()}
    assert set(extracted.records("form_students").select("form", "id").rows()) == {
        (str(each.form_id), key) for key, each in current.items()
    }
    links = {(str(link.pupil), str(link.contact), link.relationship) for link in school.links}
    told = extracted.records("student_contacts").select("student", "related_id", "relationship").rows()
    assert set(told) == {link for link in links if link[0] in current}
    back = extracted.records("contact_students").select("related_id", "contact", "relationship").rows()
    assert set(back) == links
    asked = {int(contact) for pupil, contact, _ in links if pupil in current}
    comms = [comm for comm in school.comms if comm.person_type == "Contact" and comm.person in asked]
    phones = sorted(comm.value for comm in comms if comm.kind in "TM")
    assert sorted(extracted.records("contact_phones")["phone"]) == phones


def test_the_limit_is_kept_and_used(extracted: Extracted) -> None:
    """What is more than the burst takes 5 seconds each; one request of the burst the engine keeps back."""
    counts, tokens = extracted.sim.limits.counts, extracted.sim.tokens.count
    assert counts.refused == 0
    spent = counts.total - tokens
    assert spent > 700
    assert extracted.seconds >= (spent - 500) * 5
    enrolments = [times for path, times in counts.by_path.items() if path.endswith("/enrolment")]
    assert enrolments == [1] * PUPILS
