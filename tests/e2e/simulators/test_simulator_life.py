"""The made-up school through time: each day follows from the seed, nothing dangles, ids are never used again."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Any

import pytest

from engine.simulators.event import EVENTS
from engine.simulators.life import Life, Rates
from engine.simulators.memo import Memo
from engine.simulators.person import Pupil
from engine.simulators.school import School, build_school
from engine.simulators.wire import set_makers

pytestmark = pytest.mark.e2e

START = date(2026, 3, 2)
BUSY = Rates(0.05)


def day(number: int) -> date:
    return START + timedelta(days=number)


def on_roll(school: School) -> dict[int, Pupil]:
    return {pupil.id: pupil for pupil in school.pupils if pupil.status == "OnRoll"}


def rows(school: School, memo: Memo | None = None) -> dict[str, list[tuple[Any, ...]]]:
    return {name: [tuple(row) for row in make()] for name, make in set_makers(school, memo).items()}


def lived(weights: str, days: int = 20, pupils: int = 100, changes: str = "5%") -> tuple[School, School, Life]:
    """A school before and after some days in which nothing else happens."""
    others = ",".join(f"{name}=0" for name in EVENTS)
    life = Life(pupils, 3, START, 0, Rates.parse(changes, f"{others},{weights}"))
    return life.at(START), life.at(day(days)), life


def check_integrity(school: School) -> None:
    pupils = {pupil.id: pupil for pupil in school.pupils}
    staff = {member.id: member for member in school.staff}
    groups = {group.id: group for group in school.groups}
    contacts = {contact.id for contact in school.contacts}
    assert [len(pupils), len(staff), len(groups), len(contacts)] == [
        len(records) for records in (school.pupils, school.staff, school.groups, school.contacts)
    ]
    assert {link.contact for link in school.links} == contacts
    assert {link.pupil for link in school.links} <= set(pupils)
    assert len({(link.pupil, link.contact) for link in school.links}) == len(school.links)
    in_groups = {(group.id, pupil) for group in school.groups for pupil in group.pupils}
    assert in_groups == {(group, pupil.id) for pupil in school.pupils for group in pupil.groups}
    assert len(in_groups) == sum(len(group.pupils) for group in school.groups)
    taught = {(group.id, member) for group in school.groups for member in group.staff}
    assert taught == {(group, member.id) for member in school.staff for group in member.groups}
    assert all(staff[member].status == "Current" for _, member in taught)
    assert {pupil for _, pupil in in_groups} == set(on_roll(school))
    for pupil in on_roll(school).values():
        assert groups[pupil.form_id].code == pupil.form
        assert (20 + pupil.year, pupil.id) in in_groups
    for pupil in school.pupils:
        assert all(pupil.id in pupils[other].siblings for other in pupil.siblings)
    there: dict[str, Any] = {"Student": pupils, "Contact": contacts, "Staff": staff}
    assert all(comm.person in there[comm.person_type] for comm in school.comms)
    assert len({comm.number for comm in school.comms}) == len(school.comms)


def check_reach(school: School) -> None:
    """Whoever has a phone or e-mail of their own has it once among the phones and e-mails."""
    found = Counter((c.person_type, c.person, c.kind, c.location, c.value, c.hidden) for c in school.comms)
    for contact in school.contacts:
        own = {("E", "H"): contact.home_email, ("M", "M"): contact.mobile, ("T", "H"): contact.home_phone}
        for (kind, place), value in own.items():
            assert not value or found["Contact", contact.id, kind, place, value, contact.hidden] == 1
    for pupil in on_roll(school).values():
        assert not pupil.email or found["Student", pupil.id, "E", "W", pupil.email, ""] == 1
    for member in school.staff:
        hidden = "" if member.status == "Current" else "includeprevious"
        assert not member.email or found["Staff", member.id, "E", "W", member.email, hidden] == 1


@pytest.mark.parametrize("mess", [0, 6])
def test_the_first_day_is_the_school_as_it_is_drawn(mess: int) -> None:
    drawn, first = build_school(80, 4, START, mess), Life(80, 4, START, mess).at(START)
    assert rows(first) == rows(drawn)
    assert first.messy == drawn.messy


def test_a_day_is_the_same_however_one_gets_there() -> None:
    stepping, memo, seen = Life(80, 4, START, 0, BUSY), Memo(), {}
    for number in range(41):
        seen[number] = rows(stepping.at(day(number)), memo)
    for number in (40, 13, 27, 1):  # each another way: a jump, back, forward, back again
        assert rows(Life(80, 4, START, 0, BUSY).at(day(number))) == seen[number]
        assert rows(stepping.at(day(number)), memo) == seen[number]
    assert rows(Life(80, 5, START, 0, BUSY).at(day(13))) != seen[13]


@pytest.mark.parametrize("seed", range(1, 7))
@pytest.mark.parametrize("pupils", [6, 120])
def test_nothing_dangles_on_any_of_sixty_days(seed: int, pupils: int) -> None:
    life = Life(pupils, seed, START, 0, BUSY)
    for number in range(61):
        check_integrity(life.at(day(number)))
        check_reach(life.at(day(number)))


def test_an_id_is_never_used_again() -> None:
    life = Life(150, 2, START, 0, Rates(0.1))
    names = ("pupils", "contacts", "staff", "groups")
    there: dict[str, set[int]] = {name: set() for name in names}
    gone: dict[str, set[int]] = {name: set() for name in names}
    for number in range(61):
        for name in names:
            now = {record.id for record in getattr(life.at(day(number)), name)}
            assert not now & gone[name]
            gone[name] |= there[name] - now
            there[name] = now
    assert gone["contacts"]
    assert gone["groups"]


def test_as_much_happens_as_was_asked_for() -> None:
    life = Life(400, 1, START, 0, Rates(0.02))
    happened = life.happenings(day(60))
    counts = Counter(each.event for each in happened)
    assert 430 <= len(happened) <= 510  # eight a day
    assert 8 <= counts["join"] <= 45  # a twentieth of them
    assert 10 <= counts["leave"] <= 50
    size = len(on_roll(life.at(day(60))))
    assert size == 400 + counts["join"] + counts["return"] - counts["leave"]
    assert set(counts) == set(EVENTS)


def test_nothing_happens_where_nothing_is_asked_for() -> None:
    life = Life(60, 1, START, 0, Rates(0))
    assert rows(life.at(day(30))) == rows(life.at(START))
    assert life.happenings(day(30)) == []


def test_leavers_are_hidden_with_their_contacts_and_come_back_with_their_id() -> None:
    before, after, _ = lived("leave=1", days=5)
    left = on_roll(before).keys() - on_roll(after).keys()
    assert 20 <= len(left) <= 25  # a twentieth of those who are left, each day
    by_id = {pupil.id: pupil for pupil in after.pupils}
    assert {by_id[pupil].status for pupil in left} == {"Leaver"}
    shown = {link.pupil for link in after.links if not link.hidden}
    assert not shown & left
    seen = {contact.id for contact in after.contacts if not contact.hidden}
    assert seen == {link.contact for link in after.links if not link.hidden}
    _, later, life = lived("leave=1,return=1", days=5)
    returned = {each.ids[0] for each in life.happenings(day(5)) if each.event == "return"}
    assert returned & on_roll(later).keys()
    assert returned <= on_roll(before).keys()


def test_newcomers_have_groups_and_mostly_contacts_and_some_join_their_family() -> None:
    before, after, _ = lived("join=1", days=10)
    new = [pupil for key, pupil in on_roll(after).items() if key not in on_roll(before)]
    assert 60 <= len(new) <= 65  # a twentieth more each day
    assert all(len(pupil.groups) >= 2 and pupil.entry > START for pupil in new)
    linked = {link.pupil for link in after.links}
    assert sum(pupil.id in linked for pupil in new) > 40
    assert any(pupil.siblings for pupil in new)


def test_of_two_merged_contacts_one_goes_and_the_other_has_the_relationships() -> None:
    before, after, life = lived("merge=1", days=1)
    kept, lost = life.happenings(day(1))[0].ids
    assert lost not in {contact.id for contact in after.contacts}
    assert not [comm for comm in after.comms if (comm.person_type, comm.person) == ("Contact", lost)]
    both = {link.pupil for link in before.links if link.contact in (kept, lost)}
    assert both <= {link.pupil for link in after.links if link.contact == kept}


@pytest.mark.parametrize(
    ("event", "name", "field"),
    [
        ("move", "pupils", "address"),
        ("phone", "contacts", "mobile"),
        ("mail", "contacts", "home_email"),
        ("pupil-mail", "pupils", "email"),
        ("name", "pupils", "surname"),
        ("form", "pupils", "form_id"),
        ("house", "pupils", "house"),
        ("set", "pupils", "groups"),
        ("staff-change", "staff", "surname"),
        ("teacher", "groups", "staff"),
    ],
)
def test_an_event_changes_what_it_says_and_dates_the_record(event: str, name: str, field: str) -> None:
    before, after, _ = lived(f"{event}=1")
    old = {record.id: record for record in getattr(before, name)}
    changed = [record for record in getattr(after, name) if getattr(record, field) != getattr(old[record.id], field)]
    assert changed
    assert all(record.changed is not None and record.changed > START for record in changed)


def test_groups_open_and_close_and_staff_come_and_go() -> None:
    before, after, _ = lived("group-open=1,group-close=1,staff-join=1,staff-leave=1")
    groups, now = {group.id for group in before.groups}, {group.id for group in after.groups}
    assert now - groups
    assert groups - now
    assert {member.id for member in before.staff} < {member.id for member in after.staff}
    status = {member.id: member.status for member in after.staff}
    assert [
        id_ for id_ in (member.id for member in before.staff if member.status == "Current") if status[id_] != "Current"
    ]
    assert after.staff[0].status == "Current"


def test_a_row_that_did_not_change_is_not_made_again() -> None:
    life, memo = Life(300, 1, START), Memo()
    first = {name: make() for name, make in set_makers(life.at(START), memo).items()}
    second = {name: make() for name, make in set_makers(life.at(day(1)), memo).items()}
    for name in ("Students", "Contacts", "PersonComms", "StudentMembers"):
        same = {id(row) for row in first[name]} & {id(row) for row in second[name]}
        assert len(same) > 0.95 * len(first[name])
    assert rows(life.at(day(1))) != rows(life.at(START))


def test_on_the_first_of_september_everybody_goes_up_a_year() -> None:
    life = Life(150, 1, date(2026, 8, 25), 0, Rates(0))
    before, after = life.at(date(2026, 8, 31)), life.at(date(2026, 9, 1))
    check_integrity(after)
    old, new = on_roll(before), on_roll(after)
    for pupil in old.values():
        assert pupil.id not in new if pupil.year == 13 else new[pupil.id].year == pupil.year + 1
    assert {new[key].year for key in new.keys() - old.keys()} == {7}
    assert len(new) == 150
    check_integrity(life.at(date(2028, 10, 1)))


def test_pupils_with_an_unreadable_value_keep_it() -> None:
    life = Life(60, 1, START, 9, Rates(0.2))
    bad = dict(life.at(START).messy)
    before, after = on_roll(life.at(START)), on_roll(life.at(day(40)))
    for key in bad:
        assert (before[key].born, before[key].gender, before[key].forename) == (
            after[key].born,
            after[key].gender,
            after[key].forename,
        )


@pytest.mark.parametrize(
    ("changes", "events", "text"),
    [
        ("150%", "", "between 0% and 100%"),
        ("1%", "jion=2", "no event 'jion'"),
        ("1%", "join=-1", "a number from 0"),
        ("1%", "join", "a number from 0"),
        ("1%", "join=x", "written as"),
        ("much", "", "such as 1%"),
    ],
)
def test_rates_that_cannot_be_are_refused(changes: str, events: str, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        Rates.parse(changes, events)


def test_rates_are_written_as_a_share() -> None:
    assert Rates.parse("1%").changes == Rates.parse("0.01").changes == 0.01
    assert Rates.parse("2%", "join=20,leave=0").weights == {"join": 20, "leave": 0}
