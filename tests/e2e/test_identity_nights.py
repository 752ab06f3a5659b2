"""Students whose ids change at the source, night after night: nobody is in Haplo twice, and all links stay."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from nights import CASE, FIRST, changes, held
from project import SCHOOL, Project, a_project
from test_settled_nights import ALL, answer, group

from engine.simulators.replay import ReplaySimulator, read_index
from engine.state import Sent, State

pytestmark = pytest.mark.e2e
Records = list[dict[str, Any]]
STATUS, CHILD, RESPONSIBLE = (f"school:attribute:{name}" for name in ("status", "child", "responsible-for"))
MEMBER = "school:attribute:student"


def student(key: str, upn: str | None, name: str = "Wren") -> dict[str, Any]:
    return {
        "Id": key,
        "UPN": upn,
        "Forename": name,
        "Surname": "Oakapple",
        "YearGroup": "Year 7",
        "StudentStatus": "OnRoll",
    }


class School:
    """A school of students, one contact who has them all in care, and one group in which they all are."""

    def __init__(self, project: Project, answers: Path) -> None:
        self.project, self.answers, self.number = project, answers, -1

    def has(self, *students: dict[str, Any]) -> None:
        """Let the source have these."""
        keys = [each["Id"] for each in students]
        links = [
            {
                "Id": f"C.{key}",
                "StudentId": key,
                "ContactId": "C",
                "Relationship": "Mother",
                "ParResp": 1,
                "Priority": 1,
            }
            for key in keys
        ]
        contact = {"Id": "C", "Forename": "Ada", "Surname": "Oakapple"}
        members = [{"Id": f"G.{key}", "GroupId": "G", "StudentId": key, "StartDate": None} for key in keys]
        answer(
            self.answers,
            "simsnet",
            Students={"Students": list(students)},
            Contacts={"Contacts": [contact]},
            StudentContacts={"StudentContacts": links},
            PersonComms={"PersonComms": []},
            Staff={"Staff": []},
            Groups={"Group": [group("G")], "StaffMembers": [], "StudentMembers": members},
        )
        assert isinstance(self.project.xporter, ReplaySimulator)
        self.project.xporter.entries = read_index(self.answers)

    def night(self, *students: dict[str, Any], options: tuple[str, ...] = ()) -> None:
        """Let a night pass in which the source has these."""
        self.has(*students)
        self.number += 1
        day = FIRST + timedelta(days=self.number)
        self.project.haplo.move_to(day)
        self.project.run("--yes", "--fresh", "--today", str(day), *options).well()

    def changes(self, entity: str) -> dict[str, int]:
        return {name: count for name, count in changes(self.project, entity).items() if name not in ("rows", "before")}

    def status(self) -> dict[str, str]:
        """Return the status of every student in Haplo, by the key in its code."""
        start = f"{SCHOOL}:student:"
        return {code.removeprefix(start): values[STATUS][0] for code, values in self._of(start).items()}

    def links(self) -> tuple[list[str], list[str]]:
        """Return the keys of those for whom the contact cares, and of those whose membership points to them."""
        (contact,) = self._of(f"{SCHOOL}:guardian:").values()
        assert contact[CHILD] == contact[RESPONSIBLE]
        members = [
            code for values in self._of(f"{SCHOOL}:group_membership:").values() for code in values.get(MEMBER, [])
        ]
        return tuple(sorted(code.split(":")[-1] for code in codes) for codes in (contact[CHILD], members))  # type: ignore[return-value]

    def _of(self, start: str) -> dict[str, dict[str, list[Any]]]:
        return {code: values for code, values in held(self.project).items() if code.startswith(start)}


@pytest.fixture
def school(tmp_path: Path) -> Iterator[School]:
    answers = tmp_path / "answers"
    answer(answers, "", Staff={"Staff": []})
    with a_project(tmp_path, source=ReplaySimulator(folder=answers), haplo={"application": CASE}) as project:
        project.edit(
            lambda each: each.update(entities=["group", "student", "guardian", "group_membership"], guards=ALL)
        )
        project.edit(lambda each: each["deliver"].update(kind="batch", mode="live"))
        project.environ["WATERS_EDGE_HAPLO"] = project.haplo.config["batch_api_key"]
        yield School(project, answers)


def test_who_has_another_id_tonight_stays_the_same_in_haplo_with_all_links(school: School) -> None:
    two = student("12", "B1")
    school.night(student("11", "A1"), two)
    assert (school.status(), school.links()) == ({"11": "current", "12": "current"}, (["11", "12"], ["11", "12"]))
    renamed = student("91", "a1 ")
    school.night(renamed, two, options=("--dry-run",))
    school.night(renamed, two)
    assert school.changes("student") == {"unchanged": 2}, "a dry run moves nothing, and nobody has changed"
    assert "gone" not in school.changes("guardian")
    found = "student known under another key: found again by a natural key, and sent as the same: 1 rows"
    assert found in school.project.report()["notes"]
    assert school.links() == (["11", "12"], ["11", "12"])
    school.night(renamed, two, student("13", None), options=("--only", "student"))
    school.night(student("91", None, name="Robin"), two, student("13", None))
    assert school.changes("student") == {"changed": 1, "unchanged": 2, "send": 1}
    assert school.status() == {"11": "current", "12": "current", "13": "current"}
    assert school.links() == (["11", "12", "13"], ["11", "12", "13"])


def test_references_of_a_run_of_one_entity_lead_to_who_was_sent(school: School) -> None:
    school.night(student("11", "A1"))
    school.night(student("91", "A1"))
    school.night(student("91", "A1"), options=("--only", "guardian", "--full"))
    assert school.changes("guardian") == {"unchanged": 1, "send": 1}
    assert school.project.books("guardian")["told"] == {}
    assert school.links()[0] == ["11"]
    kept = school.project.folder / ".haplomap" / SCHOOL / "sent"
    names = {path.name: sorted(file.name.partition(".")[2] for file in path.iterdir()) for path in kept.iterdir()}
    assert names.pop("student") == ["identities.parquet", "parquet"], "one of each, that of the last night"
    assert set(map(tuple, names.values())) == {("parquet",)}, "and none where no mapping asks for it"


def test_who_was_known_twice_is_merged_and_the_one_that_was_sent_first_stays(school: School) -> None:
    school.night(student("11", "A1"))
    school.night(student("11", "A1"), student("13", None))
    school.has(student("13", "A1"))
    diff = school.project.call("diff", SCHOOL, "student", "--show-personal", "--today", str(FIRST)).well().out
    assert "merged" in diff.splitlines()[0]
    assert "  merged    student 13  source_id: 13 → 11" in diff
    school.night(student("13", "A1"))
    assert school.changes("student") == {"unchanged": 1, "merged": 1, "remove": 1}
    note = "student known twice: merged with the one that was sent first: 1 rows"
    assert note in school.project.report()["notes"]
    assert note in school.project.call("runs", "show", school.project.latest.name).well().out
    assert school.status() == {"11": "current", "13": "past"}
    assert school.links() == (["11"], ["11"])


def test_a_run_that_died_before_it_had_put_down_what_was_scheduled_has_learnt_it_too(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    school.night(student("11", "A1"))
    with monkeypatch.context() as patch:
        patch.setattr(State, "put_sent", _dies_at_students)
        with pytest.raises(DeathError):
            school.night(student("91", None), student("11", "A1"))
    school.night(student("92", "A1"), student("91", None))
    assert school.changes("student") == {"unchanged": 2}
    assert school.status() == {"11": "current", "91": "current"}


class DeathError(BaseException):
    """The process is gone."""


_put_sent = State.put_sent


def _dies_at_students(state: State, school: str, sent: Sent) -> None:
    if sent.entity == "student":
        raise DeathError
    _put_sent(state, school, sent)
