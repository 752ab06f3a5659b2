"""Night after night, live: only what changed is sent, who is gone is told, and what is too much stops the run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from nights import FIRST, a_term, changes, due, held, night
from project import ENTITIES, Project

from engine.simulators.life import Rates

pytestmark = pytest.mark.e2e
BUSY = {"pupils": 60, "seed": 5, "rates": Rates(0.1)}
STUDENT = "waters-edge:student:"


@pytest.fixture
def term(tmp_path: Path) -> Iterator[Project]:
    """A school to which much happens, after its first night."""
    with a_term(tmp_path, **BUSY) as project:
        night(project, 0).well()
        yield project


def batches(project: Project) -> list[str]:
    """The comments of all scheduled batches."""
    return [batch["comment"] for batch in project.scheduled()]


def test_after_every_night_haplo_holds_what_a_full_import_would_give(term: Project, tmp_path: Path) -> None:
    for number in range(1, 5):
        night(term, number).well()
        objects, wanted = held(term), due(term, tmp_path / f"full-{number}")
        different = [code for code in wanted if objects.get(code) != wanted[code]]
        assert different == []
        for code in objects.keys() - wanted.keys():
            gone = objects[code]
            assert "school:attribute:group" not in gone
            if code.startswith(STUDENT):
                assert gone["school:attribute:status"] == ["past"]
    sums = [changes(term, entity) for entity in ENTITIES]
    assert sum(each.get("send", 0) for each in sums) < sum(each["rows"] for each in sums) / 2


def test_what_a_run_would_send_is_seen_before_it_is_sent(term: Project) -> None:
    night(term, 1).well()
    sent = len(term.scheduled())
    term.xporter.move_to(FIRST.replace(day=4))
    looked = term.call("diff", "waters-edge", "--today", "2026-09-04", "--format", "json").well()
    seen = {each["entity"]: each for each in json.loads(looked.out)["entities"]}
    assert len(term.scheduled()) == sent
    asked = len(term.xporter.requests)
    night(term, 3).well()
    assert len(term.xporter.requests) == asked, "the run goes on with what was seen"
    for entity in ENTITIES:
        counts = {name: count for name, count in seen[entity].items() if isinstance(count, int) and count}
        assert changes(term, entity) == counts


def test_a_difference_is_masked_unless_one_asks(term: Project) -> None:
    night(term, 3, "--no-deliver").well()
    names = {row["family_name"] for row in term.rows("student").values()}
    arguments = ("diff", "waters-edge", "student", "--today", "2026-09-04", "--limit", "99")
    masked = term.call(*arguments).well().out
    assert "changed" in masked
    assert "•••" in masked
    assert not [name for name in names if name in masked]
    shown = json.loads(term.call(*arguments, "--show-personal", "--format", "json").well().out)
    assert {row["key"] for row in shown["rows"]} & set(term.rows("student"))


@pytest.mark.parametrize(
    ("kind", "accept"), [("empty", "rows:student"), ("tenth", "removed:student"), ("other-school", "removed:student")]
)
def test_a_bad_night_at_the_source_stops_the_run_before_anything_is_sent(kind: str, accept: str, term: Project) -> None:
    before, sent = held(term), batches(term)
    term.xporter.calendar.nights = {FIRST.replace(day=2): kind}
    term.xporter.move_to(FIRST.replace(day=2))
    looked = term.call("diff", "waters-edge", "--today", "2026-09-02").well()
    assert f"(--accept {accept})" in looked.out
    stopped = night(term, 1)
    assert (stopped.code, stopped.codes) == (5, ["guard"])
    assert f"--accept {accept}" in stopped.err
    assert "such as source_id •••" in stopped.err
    assert (held(term), batches(term)) == (before, sent)
    [record] = json.loads(term.call("runs", "waters-edge", "--limit", "1", "--format", "json").well().out)
    assert record["outcome"] == "refused"
    term.xporter.calendar.nights = {}
    night(term, 2).well()
    assert changes(term, "student").get("rescoped") is None


def test_a_guard_that_is_accepted_lets_the_same_run_go_on(term: Project) -> None:
    term.xporter.calendar.nights = {FIRST.replace(day=2): "tenth"}
    stopped = night(term, 1)
    asked = len(term.xporter.requests)
    words = [word for line in stopped.err.splitlines() if "--accept" in line for word in line.split("'")]
    [command] = [word.split()[2:] for word in words if word.startswith("haplomap run")]
    night(term, 1, *command[1:]).well()
    assert len(term.xporter.requests) == asked, "what was read is not read again"
    assert any("(accepted)" in guard for guard in term.report()["guards"])
    objects = held(term)
    past = [code for code in objects if code.startswith(STUDENT) and "past" in objects[code]["school:attribute:status"]]
    assert len(past) == changes(term, "student")["gone"] > 40


def test_losses_that_we_caused_are_told_apart_and_need_a_word(term: Project) -> None:
    years = [row["year_group"] for row in term.rows("student").values()]
    out = sum(year != "Year 7" for year in years)
    term.edit(lambda school: school["settings"].update(students={"year_groups": ["Year 7"]}))
    stopped = night(term, 0, "--fresh")
    assert stopped.codes == ["guard"]
    assert (
        f"student: {out} of {len(years)} rows are lost because a mapping, a setting or what is asked for" in stopped.err
    )
    assert "--accept rescoped:student" in stopped.err
    assert changes(term, "student")["rescoped"] == out


def test_a_trial_moves_nothing_and_part_of_a_run_removes_nothing(term: Project) -> None:
    term.xporter.calendar.nights = {FIRST.replace(day=2): "half"}
    stands = {path.name: path.stat().st_mtime_ns for path in term.home.glob("sent/*/*")}
    night(term, 1, "--dry-run", "--accept", "removed:student", "--fresh")
    night(term, 1, "--no-deliver", "--fresh")
    assert {path.name: path.stat().st_mtime_ns for path in term.home.glob("sent/*/*")} == stands
    night(term, 1, "--only", "student", "--fresh").well()
    found = changes(term, "student")
    assert found["kept"] > 20
    assert "gone" not in found
    assert not [code for code, values in held(term).items() if values.get("school:attribute:status") == ["past"]]


def test_who_is_gone_stays_as_it_was_where_the_school_wants_it_so(term: Project) -> None:
    term.edit(lambda school: school.update(settings={"students": {"leavers_stay": True}}))
    before = held(term)
    night(term, 6).well()
    student, guardian = changes(term, "student"), changes(term, "guardian")
    assert student["kept"] > 0
    assert not {"gone", "rescoped", "remove"} & student.keys()
    assert guardian["remove"] == guardian["gone"] > 0
    left = {code for code in before if code.startswith(STUDENT)} - {STUDENT + key for key in term.rows("student")}
    assert len(left) == student["kept"]
    objects = held(term)
    assert all(objects[code] == before[code] for code in left)


def test_a_batch_whose_record_was_lost_is_found_out_by_the_next_run(term: Project) -> None:
    term.xporter.move_to(FIRST.replace(day=4))
    night(term, 3).well()
    wanted, count = held(term), len(term.scheduled())
    forget_moves(term.latest / "journal.jsonl")
    night(term, 3, "--fresh").well()
    assert len(term.scheduled()) == count
    notes = json.loads((term.latest / "report.json").read_text())["notes"]
    assert [note for note in notes if "had asked Haplo" in note]
    assert not [note for note in notes if "is not known" in note]  # it was, when that was said
    assert {name: changes(term, name).get("send", 0) for name in ("student", "guardian")} == {
        "student": 0,
        "guardian": 0,
    }
    assert held(term) == wanted


def forget_moves(journal: Path) -> None:
    """Have a journal as it is when a process dies after Haplo's answers, before they were put down."""
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    kept: list[Any] = [
        {**line, "state": "begun"} if line["key"].endswith(":schedule") else line
        for line in lines
        if not line["key"].startswith("moved:") and line["key"] != "end"
    ]
    journal.write_text("".join(json.dumps(line) + "\n" for line in kept))


def test_who_is_gone_and_comes_back_is_current_again(tmp_path: Path) -> None:
    with a_term(tmp_path, **{**BUSY, "pupils": 200}) as project:
        night(project, 0).well()
        everybody = held(project)
        project.xporter.calendar.nights = {FIRST.replace(day=2): "half"}
        accept = [f"--accept={guard}:{entity}" for entity in ENTITIES for guard in ("removed", "changed", "rows")]
        night(project, 1, *accept).well()
        half = held(project)
        project.xporter.calendar.nights = {}
        project.xporter.move_to(FIRST)
        night(project, 0, *accept, "--fresh").well()
        night(project, 0, *accept, "--fresh").well()
        assert half != everybody
        objects = held(project)  # those who came on the second day only are there too, and gone
        assert {code: objects[code] for code in everybody} == everybody
