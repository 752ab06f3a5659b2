"""The made-up school: its size, its stability, and each of its awkward ones."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import date

import pytest

from engine.simulators.oddity import OVERLONG, UNKNOWN_CODE, UNREADABLE_DATE
from engine.simulators.person import Pupil
from engine.simulators.school import School, build_school
from engine.simulators.wire import set_makers

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def school() -> School:
    return build_school(60, seed=3)


def on_roll(school: School) -> list[Pupil]:
    return [pupil for pupil in school.pupils if pupil.status == "OnRoll"]


def test_as_many_pupils_are_on_roll_as_asked_for() -> None:
    for count in (1, 7, 60, 333):
        assert len(on_roll(build_school(count))) == count


def test_a_school_has_between_six_and_seven_records_a_pupil() -> None:
    assert 6000 < build_school(1000).record_count() < 7200


def test_the_same_seed_gives_the_same_school_and_another_seed_another() -> None:
    assert build_school(50, seed=5) == build_school(50, seed=5)
    assert build_school(50, seed=5).pupils != build_school(50, seed=6).pupils


def test_a_larger_school_begins_with_the_pupils_of_a_smaller_one() -> None:
    small, large = on_roll(build_school(50)), on_roll(build_school(90))
    assert [(p.id, p.surname) for p in small[:45]] == [(p.id, p.surname) for p in large[:45]]


def test_ids_are_unique_in_a_set_and_overlap_between_sets(school: School) -> None:
    for records in (school.pupils, school.contacts, school.staff, school.groups):
        assert max(Counter(record.id for record in records).values()) == 1
    assert {p.id for p in school.pupils} & {c.id for c in school.contacts}


def test_everything_points_at_something(school: School) -> None:
    pupils = {p.id for p in school.pupils}
    contacts = {c.id for c in school.contacts}
    staff = {m.id for m in school.staff}
    assert all(link.pupil in pupils and link.contact in contacts for link in school.links)
    assert all(set(group.pupils) <= pupils and set(group.staff) <= staff for group in school.groups)
    known = {"Student": pupils, "Contact": contacts, "Staff": staff}
    assert all(comm.person in known[comm.person_type] for comm in school.comms)


def test_awkward_names_and_notes(school: School) -> None:
    surnames = {pupil.surname for pupil in school.pupils}
    assert "O'Neill" in surnames
    assert "Łuczak-Nuñez" in surnames
    assert "הלוי" in surnames
    assert any("🎺" in (pupil.note or "") for pupil in school.pupils)
    assert any(pupil.admission == "000042" for pupil in school.pupils)


def test_awkward_birthdays(school: School) -> None:
    assert any(pupil.born is None for pupil in school.pupils)
    leap = [pupil.born for pupil in school.pupils if (pupil.born or "").endswith("02-29")]
    assert leap
    assert all(date.fromisoformat(day) for day in leap if day)


def test_siblings_twins_and_pupils_without_contacts(school: School) -> None:
    by_id = {pupil.id: pupil for pupil in school.pupils}
    linked = {link.pupil for link in school.links}
    assert any(pupil.id not in linked for pupil in on_roll(school))
    pairs = [(pupil, by_id[other]) for pupil in school.pupils for other in pupil.siblings]
    assert any(one.born == other.born for one, other in pairs)
    assert any(one.born != other.born for one, other in pairs)


def test_parents_in_two_homes_and_of_two_families(school: School) -> None:
    homes = {contact.id: contact.address.lines() for contact in school.contacts}
    pupils = {pupil.id: pupil for pupil in school.pupils}
    parents: dict[int, set[str]] = {}
    children: dict[int, set[str]] = {}
    for link in school.links:
        parents.setdefault(link.pupil, set()).add(str(homes[link.contact]))
        children.setdefault(link.contact, set()).add(str(pupils[link.pupil].address.lines()))
    assert max(map(len, parents.values())) > 1
    assert max(map(len, children.values())) > 1


def test_contacts_with_nothing_and_with_many_numbers(school: School) -> None:
    counts = Counter(comm.person for comm in school.comms if comm.person_type == "Contact")
    assert max(counts.values()) >= 6
    assert any(counts[contact.id] == 0 for contact in school.contacts)


def test_a_member_of_staff_is_a_parent_and_one_has_no_mail(school: School) -> None:
    names = {(contact.forename, contact.surname, contact.home_email) for contact in school.contacts}
    assert any((m.forename, m.surname, m.home_email) in names for m in school.staff)
    assert any(member.email is None for member in school.staff)


def test_groups_with_a_backslash_with_staff_only_and_with_nobody(school: School) -> None:
    groups = {group.code: group for group in school.groups}
    assert groups["7A\\Hi"].pupils
    assert groups["Choir"].staff
    assert not groups["Choir"].pupils
    assert not groups["8Z/Empty"].staff
    assert not groups["8Z/Empty"].pupils
    assert groups["7"].name == "Year  7"


def test_phones_and_mail_come_from_ranges_kept_for_fiction(school: School) -> None:
    text = json.dumps({name: [row.values for row in make()] for name, make in set_makers(school).items()})
    for phone in re.findall(r'"(?:\+44 |0)[0-9 ]{8,}"', text):
        assert re.fullmatch(r'"(01632 ?960\d{3}|(07700|\+44 7700) ?900\d{3})"', phone)
    assert set(re.findall(r"@([a-z.]+)", text)) == {"example.org", "example.com"}


def test_nothing_is_unreadable_unless_asked_for(school: School) -> None:
    assert school.messy == []
    assert {pupil.gender for pupil in school.pupils} == {"M", "F"}
    assert all(date.fromisoformat(pupil.born) for pupil in school.pupils if pupil.born)


def test_mess_is_planted_as_often_as_asked_for_and_told() -> None:
    school = build_school(60, mess=7)
    bad = [
        pupil.id
        for pupil in school.pupils
        if pupil.born == UNREADABLE_DATE or pupil.gender == UNKNOWN_CODE or pupil.forename == OVERLONG.strip()
    ]
    assert sorted(bad) == sorted(id_ for id_, _ in school.messy)
    assert len(set(bad)) == 7
    with pytest.raises(ValueError, match="only 5 pupils"):
        build_school(5, mess=6)
