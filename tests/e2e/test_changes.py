"""Nights that read only what changed, against simulated change sets: what comes is what a read in full gives."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from project import ROOT, SCHOOL, Project, a_project
from reads import BEGAN, Nights, Read, SetClock

from engine.errors import ChangesRefused
from engine.simulators.life import Rates

pytestmark = pytest.mark.e2e
DAY = date(2026, 3, 2)


@pytest.fixture
def nights(tmp_path: Path) -> Iterator[Nights]:
    with a_project(tmp_path, pupils=80, today=DAY, rates=Rates.parse("5%")) as project:
        project.small_pages(20)
        yield Nights(project)


def main(project: Project, change: Any) -> None:
    """Change the api of the source document."""
    project.change("mappings/xporter/source.yaml", lambda source: change(source["apis"]["main"]))


def test_the_first_night_is_in_full_the_second_costs_what_changed(nights: Nights) -> None:
    first = nights.read()
    assert (first.ways(), first.told("in full")) == ({"full"}, [])
    nights.pass_days()
    second = nights.read()
    assert second.ways() == {"changes"}
    assert second.requests <= len({mirror.token for mirror in nights.mirrors().values()}) == 7
    assert second.requests * 2 < first.requests
    came = sum(sum(line.changes.values()) for line in second.lines.values())
    assert 0 < came < sum(line.rows for line in first.lines.values()) / 10
    assert all(read.complete for read in second.sets.values())
    assert nights.same_as_in_full(second)


def test_ten_days_of_changes_are_the_school_of_the_tenth_day(nights: Nights) -> None:
    nights.read()
    total: dict[str, int] = {}
    for _ in range(10):
        nights.pass_days()
        read = nights.read()
        for line in read.lines.values():
            if line.read == "changes":
                for what, count in line.changes.items():
                    total[what] = total.get(what, 0) + count
        assert nights.same_as_in_full(read)
    assert all(total[what] > 0 for what in ("new", "changed", "deleted"))


def test_after_seven_days_everything_is_read_anew(nights: Nights) -> None:
    nights.read()
    ways = []
    for _ in range(8):
        nights.pass_days()
        read = nights.read()
        ways.append(read.ways() == {"full"})
    assert ways == [False] * 6 + [True, False]
    nights.pass_days(6)
    assert nights.read().told("that is done every 7d")


def test_a_token_that_is_refused_is_told_and_everything_is_read(nights: Nights) -> None:
    nights.read()
    nights.pass_days()
    nights.project.xporter.change_sets.expire_all()
    read = nights.read()
    assert read.ways() == {"full"}
    assert len(read.told("Xporter does not take the token of the last read")) == 7
    assert nights.same_as_in_full(read)
    nights.pass_days()
    assert nights.read().ways() == {"changes"}


def test_a_source_that_gives_no_change_sets_is_read_in_full_each_night(tmp_path: Path) -> None:
    with a_project(tmp_path, today=DAY, change_sets="off") as project:
        nights = Nights(project, only=("staff",))
        assert nights.read().ways() == {"full"}
        nights.pass_days()
        read = nights.read()
        assert read.ways() == {"full"}
        assert nights.same_as_in_full(read)


def test_what_refuses_even_a_plain_read_ends_the_run(nights: Nights) -> None:
    rule = {"when": {"json": "$.meta", "present": True}, "means": "restart", "say": "no"}
    main(nights.project, lambda api: api["errors"].insert(0, rule))
    with pytest.raises(ChangesRefused):
        nights.read()


def parameters(project: Project) -> None:
    def change(file: dict[str, Any]) -> None:
        file["endpoints"]["students"]["params"] = {"studentStatus": "OnRoll"}

    project.change("mappings/xporter/endpoints/students.yaml", change)


def options(project: Project) -> None:
    def change(file: dict[str, Any]) -> None:
        file["endpoints"]["students"]["sets"]["students"]["fields"]["Forename"]["option"] = "includeXids"

    project.change("mappings/xporter/endpoints/students.yaml", change)


def places(project: Project) -> None:
    def change(file: dict[str, Any]) -> None:
        file["endpoints"]["students"]["sets"]["students"]["fields"]["Forename"]["at"] = ["LegalForename", "Forename"]

    project.change("mappings/xporter/endpoints/students.yaml", change)


def fields(project: Project) -> None:
    project.edit(
        lambda school: school.update(override={"student": {"fields": {"given_name": {"from": "ModeOfTravel"}}}})
    )


def fewer_fields(project: Project) -> None:
    project.edit(lambda school: school.update(override={"student": {"remove": ["unique_learner_number"]}}))


def scopes(project: Project) -> None:
    project.xporter.scopes = project.xporter.scopes - {"Address", "StudentDemographic"}


def missing(project: Project) -> None:
    [file] = (project.home / "mirror" / "students").iterdir()
    file.unlink()


def damaged(project: Project) -> None:
    [file] = (project.home / "mirror" / "students").iterdir()
    data = bytearray(file.read_bytes())
    file.unlink()
    file.write_bytes(data[: len(data) // 2])


def rotten(project: Project) -> None:
    """Another whole file of Parquet in its place."""
    [file] = (project.home / "mirror" / "students").iterdir()
    [other] = (project.home / "mirror" / "contacts").iterdir()
    file.unlink()
    shutil.copyfile(other, file)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (parameters, "its parameters changed"),
        (options, "other options are asked for"),
        (places, "the source document changed"),
        (fields, "students.ModeOfTravel was not read before"),
        (fewer_fields, "other fields are asked for"),
        (scopes, "other fields come than before: students."),
        (missing, "the copy of students is missing or damaged"),
        (damaged, "the copy of students is missing or damaged"),
        (rotten, "the copy of students is missing or damaged"),
    ],
)
def test_changes_are_not_asked_for_where_they_would_not_fit(nights: Nights, change: Any, why: str) -> None:
    nights.read()
    nights.pass_days()
    change(nights.project)
    read = nights.read()
    assert read.told(f"students: read in full: {why}")
    assert read.lines["students"].read == "full"
    assert read.lines["staff"].read == "changes"
    assert nights.same_as_in_full(read)
    nights.pass_days()
    assert nights.read().lines["students"].read == "changes"


def test_another_school_is_read_in_full(nights: Nights) -> None:
    nights.read()
    other = {"relying_party": "other.example.org"}
    nights.project.xporter.credentials = nights.project.xporter.credentials.__class__(
        **{**nights.project.xporter.credentials.__dict__, **other}
    )
    nights.project.xporter.tokens.credentials = nights.project.xporter.credentials
    nights.project.edit(lambda school: school["config"].update(other))
    read = nights.read()
    assert read.ways() == {"full"}
    assert len(read.told("the address, or the school's config, changed")) == 7


def test_without_the_next_token_everything_is_read_and_the_next_night_too(nights: Nights) -> None:
    nights.read()
    assert None not in {mirror.token for mirror in nights.mirrors().values()}
    main(nights.project, lambda api: api["changes"].update(next="$.__changedRows__[0].NoSuchThing"))
    read = nights.read()
    assert read.ways() == {"full"}
    assert len(read.told("the answers gave no token; the next read is in full")) == 7
    assert {mirror.token for mirror in nights.mirrors().values()} == {None}
    assert len(nights.read().told("the last read gave no token")) == 7


def test_a_change_set_that_does_not_say_how_to_go_on_is_none(nights: Nights, monkeypatch: pytest.MonkeyPatch) -> None:
    nights.read()
    nights.pass_days()
    monkeypatch.setattr(nights.project.xporter, "_changed_rows", lambda *_: {})
    read = nights.read()
    assert read.ways() == {"full"}
    assert read.told("staff: read in full: the answers gave no token")
    assert nights.same_as_in_full(read)


def test_a_count_that_contradicts_what_was_merged_is_told_and_everything_is_read(nights: Nights) -> None:
    # the page's size stands for a total of all records, which this source does not state
    main(nights.project, lambda api: api["changes"].update(total="$.__pagination__[0].PageSize"))
    nights.read()
    nights.pass_days()
    read = nights.read()
    rows = read.lines["staff"].rows
    assert rows != 20
    assert read.told(f"staff: read in full: staff: there are {rows} records, and the source says 20")
    assert nights.same_as_in_full(read)


def test_another_system_behind_the_source_is_read_in_full_and_nothing_counts_as_gone(nights: Nights) -> None:
    nights.read()
    assert {line.system for line in nights.read().lines.values()} == {"simsnet"}
    main(nights.project, lambda api: api.update(system="$.meta[0].Version"))
    read = nights.read()
    assert read.ways() == {"full"}
    assert read.told("read in full: its data are from '4' now, and were from 'simsnet'")
    assert not any(each.complete for each in read.sets.values())
    again = nights.read()
    assert again.ways() == {"changes"}
    assert all(each.complete for each in again.sets.values())


def test_the_time_of_the_data_is_in_the_schools_time(nights: Nights) -> None:
    nights.project.edit(lambda school: school.update(time_zone="Asia/Tokyo"))
    read = nights.read()
    [line] = [line for line in read.lines.values() if line.set == "students"]
    assert line.data_time == "2026-03-01T17:14:47.085000+00:00"  # 02:14:47.085 on the 2nd, nine hours ahead
    assert line.age_hours == 9.8  # at 03:00 UTC on the 2nd
    mirror = nights.mirrors()["students"]
    assert mirror.data_time is not None
    assert mirror.data_time.isoformat() == line.data_time
    assert read.sets["students"].data_time == mirror.data_time


def test_wished_in_full_all_is_read_in_full(nights: Nights) -> None:
    nights.read()
    read = nights.read(full=True)
    assert read.ways() == {"full"}
    assert len(read.told("everything was asked for (--full)")) == 7


def test_a_set_without_a_key_is_read_in_full_and_says_so(nights: Nights) -> None:
    def change(file: dict[str, Any]) -> None:
        del file["endpoints"]["person_comms"]["sets"]["person_comms"]["key"]

    nights.project.change("mappings/xporter/endpoints/school.yaml", change)
    nights.read()
    read = nights.read()
    assert read.lines["person_comms"].read == "full"
    assert read.told("person_comms: read in full: person_comms has no key")
    asked = [each.query for each in nights.project.xporter.requests if "PersonComms" in each.path]
    assert not any("changedRows" in query for query in asked)


def test_less_is_wanted_and_the_copy_keeps_what_it_has(nights: Nights) -> None:
    nights.read()
    nights.pass_days()
    some = Nights(nights.project, nights.clock, ("staff",))
    assert some.read().lines["staff"].read == "changes"
    nights.pass_days()
    read = nights.read()
    assert read.ways() == {"changes"}
    assert nights.same_as_in_full(read)


# What was read a short time ago


def test_what_is_young_enough_is_not_asked_for_again(nights: Nights) -> None:
    nights.read()
    nights.clock.time += timedelta(hours=2)
    before = len(nights.project.xporter.requests)
    read = nights.read(reuse=timedelta(hours=20))
    assert len(nights.project.xporter.requests) == before
    assert read.ways() == {"reuse"}
    assert not any(each.complete for each in read.sets.values())
    assert read.told("students: not asked again: read 2 hours ago")
    assert nights.same_as_in_full(read)
    nights.clock.time += timedelta(hours=19)
    assert nights.read(reuse=timedelta(hours=20)).ways() == {"changes"}


def test_what_lacks_a_field_is_asked_for_however_young(nights: Nights) -> None:
    nights.read()
    fields(nights.project)
    read = nights.read(reuse=timedelta(hours=20))
    assert read.lines["students"].read == "full"
    assert read.lines["staff"].read == "reuse"


# A source that knows dates only


def test_changes_since_a_date_are_merged_and_deletions_wait_for_a_read_in_full(nights: Nights) -> None:
    since = {"kind": "since", "param": "updatedSince", "overlap": "1d", "full_every": "3d"}
    main(nights.project, lambda api: (api.update(changes=since), api.pop("deleted")))
    first = nights.read()
    assert "updatedSince" not in nights.project.xporter.requests[-1].query
    seen = []
    for _ in range(3):
        nights.pass_days()
        read = nights.read()
        seen.append((read.ways(), {each.complete for each in read.sets.values()}))
    assert seen == [({"changes"}, {False}), ({"changes"}, {False}), ({"full"}, {True})]
    asked = [each.query.get("updatedSince") for each in nights.project.xporter.requests if "Students" in each.path]
    assert [each for each in dict.fromkeys(asked) if each] == ["2026-03-01", "2026-03-02"]
    assert nights.same_as_in_full(read)
    assert first.requests > 0


# Killed at every boundary


def killed(nights: Nights, folder: Path, step: int) -> dict[str, Any] | None:
    """Read in a process that kills itself before a step; return what it says if it lives."""
    told = {
        "project": str(nights.project.folder),
        "environ": nights.project.environ,
        "now": nights.clock.now().isoformat(),
        "only": nights.only,
        "folder": str(folder),
        "step": step,
    }
    nights.project.environ["PYTHONPATH"] = str(ROOT / "tests" / "e2e")
    ended = nights.project.python(str(ROOT / "tests" / "e2e" / "reads.py"), json.dumps(told))
    assert ended.code in (0, -9), ended.err
    return json.loads(ended.out) if ended.code == 0 else None


def test_killed_before_any_step_files_and_token_are_of_one_night(tmp_path: Path) -> None:
    with a_project(tmp_path, pupils=40, today=DAY, rates=Rates.parse("20%")) as project:
        nights = Nights(project, SetClock(BEGAN), ("group",))
        nights.read()
        old = nights.mirrors()
        nights.pass_days()
        kept = tmp_path / "kept"
        shutil.copytree(project.folder, kept)
        step, news = 0, 0
        while True:
            step += 1
            shutil.rmtree(project.folder)
            shutil.copytree(kept, project.folder)
            folder = nights.home / "20260303-030000"
            folder.mkdir()
            lived = killed(nights, folder, step)
            found = nights.mirrors()
            assert len({(each.token, each.run) for each in found.values()}) == 1
            assert all((nights.home / each.file).is_file() for each in found.values())
            news += found != old
            if lived is not None:
                assert lived["ways"] == ["changes"]
                break
            read = nights.read(folder)
            assert read.ways() == {"changes"}
            check(nights, read)
        assert step > 12
        assert 0 < news < step


def check(nights: Nights, read: Read) -> None:
    """The mirrors are those of the night that was killed and gone on with, and nothing else is left."""
    assert nights.same_as_in_full(read)
    for name, mirror in nights.mirrors().items():
        assert mirror.run == read.folder.name
        assert [each.name for each in (nights.home / "mirror" / name).iterdir()] == [f"{mirror.run}.parquet"]
        assert mirror.rows == read.sets[name].rows
    assert SCHOOL in str(nights.home)
