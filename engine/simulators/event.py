"""What happens at a school from one day to the next; each event draws for itself whom it strikes.

An event gives the ids it is about, those of pupils first where there are any. Next: `rollover`, `life`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

from engine.simulators import pool
from engine.simulators.family import draw_address, draw_contact, draw_family, draw_pupil
from engine.simulators.person import Comm, Contact, Group, Pupil, Staff
from engine.simulators.world import NotPossible, World

Ids = tuple[int, ...]
_PLACES = {"home_email": ("E", "H"), "mobile": ("M", "M"), "home_phone": ("T", "H"), "email": ("E", "W")}


def move_home(world: World, random: Random) -> Ids:
    """A household moves: the pupil, and those of the family who live at the same address."""
    pupil = _pick(world, random)
    old, new = pupil.address, draw_address(random)
    for child in (pupil.id, *pupil.siblings):
        if world.pupils[child].address == old:
            world.alter(world.pupils, child, address=new)
    for contact in world.parents_of(pupil.id):
        if world.contacts[contact].address == old:
            world.alter(world.contacts, contact, address=new)
    return (pupil.id,)


def change_phone(world: World, random: Random) -> Ids:
    """A contact has another telephone, or none any more."""
    contact = _pick_contact(world, random)
    new = pool.mobile(random) if random.random() < 0.9 else None
    _set_contact(world, contact, "mobile", new)
    return (contact.id,)


def change_mail(world: World, random: Random) -> Ids:
    """A contact has another e-mail address, or none any more."""
    contact = _pick_contact(world, random)
    new = pool.mail(contact.forename, contact.surname, contact.id, random.randrange(100, 1000))
    _set_contact(world, contact, "home_email", new if random.random() < 0.9 else None)
    return (contact.id,)


def change_pupil_mail(world: World, random: Random) -> Ids:
    """A pupil has another e-mail address."""
    pupil = _pick(world, random)
    new = pool.mail(pupil.forename, pupil.surname, pupil.id, random.randrange(100, 1000))
    world.set_reach("Student", pupil.id, "E", "W", pupil.email, new)
    world.alter(world.pupils, pupil.id, email=new)
    return (pupil.id,)


def rename(world: World, random: Random) -> Ids:
    """A pupil or a contact has another surname."""
    surname = random.choice(pool.SURNAMES)
    if random.random() < 0.5:
        pupil = _pick(world, random)
        world.alter(world.pupils, pupil.id, surname=surname)
        return (pupil.id,)
    contact = _pick_contact(world, random)
    world.alter(world.contacts, contact.id, surname=surname)
    return (contact.id,)


def change_form(world: World, random: Random) -> Ids:
    """A pupil goes to another registration group of the year; a second one opens where there is none."""
    pupil = _pick(world, random)
    others = [form for form in world.forms(pupil.year) if form != pupil.form_id]
    form = random.choice(others) if others else world.open_form(pupil.year, random)
    world.quit(pupil.id, pupil.form_id)
    world.join(pupil.id, form)
    return pupil.id, form


def change_house(world: World, random: Random) -> Ids:
    """A pupil goes to another house."""
    pupil = _pick(world, random)
    house = random.choice([41 + number for number in range(4) if number != pupil.house])
    if pupil.house is not None:
        world.quit(pupil.id, 41 + pupil.house)
    world.join(pupil.id, house)
    return pupil.id, house


def change_set(world: World, random: Random) -> Ids:
    """A pupil joins a teaching group, or gives it up."""
    pupil, sets = _pick(world, random), world.sets()
    own = [group for group in sets if group in pupil.groups]
    others = [group for group in sets if group not in pupil.groups]
    if own and (not others or random.random() < 0.5):
        group = random.choice(own)
        world.quit(pupil.id, group)
    elif others:
        group = random.choice(others)
        world.join(pupil.id, group)
    else:
        raise NotPossible
    return pupil.id, group


def arrive(world: World, random: Random) -> Ids:
    """A new pupil: of a new family, or a brother or sister of one who is there."""
    register = world.register(random)
    if random.random() < 0.3:
        return _sibling_arrives(world, random)
    draw_family(register, 100, 1)
    world.take_in(register)
    pupil = register.pupils[0].id
    world.alter(world.pupils, pupil, entry=world.day)
    world.place(pupil, random)
    return pupil, *world.parents_of(pupil)


def _sibling_arrives(world: World, random: Random) -> Ids:
    """The family is there already; now and then the office enters a parent a second time."""
    elder = _pick(world, random)
    register = world.register(random)
    child = draw_pupil(register, elder.surname, elder.address, "OnRoll")
    family = [elder.id, *elder.siblings]
    register.pupils.append(replace(child, entry=world.day, siblings=family))
    twice = random.random() < 0.4
    links = [world.links[elder.id, contact] for contact in world.parents_of(elder.id)]
    copied: list[tuple[int, int]] = []
    for link in links:
        parent = world.contacts[link.contact]
        if twice and not copied:
            drawn = draw_contact(register, parent.surname, parent.address, "OnRoll", woman=True)
            copy = replace(parent, id=drawn.id)
            register.contacts.append(copy)
            copied.append((parent.id, copy.id))
            link = replace(link, contact=copy.id)
        register.links.append(replace(link, pupil=child.id))
    world.take_in(register)
    world.copies += copied
    for other in family:
        world.alter(world.pupils, other, siblings=[*world.pupils[other].siblings, child.id])
    world.place(child.id, random)
    return child.id, *world.parents_of(child.id)


def leave(world: World, random: Random) -> Ids:
    """A pupil leaves the school."""
    if len(world.on_roll) < 2:
        raise NotPossible
    pupil = _pick(world, random)
    take_off_roll(world, pupil.id)
    world.gone.append(pupil.id)
    return (pupil.id,)


def take_off_roll(world: World, pupil: int) -> None:
    """Make a leaver of a pupil, out of all groups; contacts who have nobody else here go out of sight."""
    for group in world.pupils[pupil].groups:
        world.quit(pupil, group)
    world.on_roll.remove(pupil)
    world.alter(world.pupils, pupil, status="Leaver", left=world.day)
    world.show(pupil)


def come_back(world: World, random: Random) -> Ids:
    """One who left is there again, with the same id."""
    if not world.gone:
        raise NotPossible
    pupil = world.gone.pop(random.randrange(len(world.gone)))
    world.on_roll.append(pupil)
    world.alter(world.pupils, pupil, status="OnRoll", left=None)
    world.show(pupil)
    world.place(pupil, random)
    return (pupil,)


def merge_contacts(world: World, random: Random) -> Ids:
    """Two records of a contact become one: one id goes, its relationships point to the other."""
    kept, lost = _pick_copies(world, random)
    for child in list(world.children[lost]):
        link = world.links[child, lost]
        world.unlink(child, lost)
        if (child, kept) not in world.links:
            world.link(replace(link, contact=kept))
    del world.children[lost]
    world.remove_contact(lost)
    world.show_contact(kept)
    return kept, lost


def _pick_copies(world: World, random: Random) -> tuple[int, int]:
    while world.copies:
        kept, lost = world.copies.pop(0)
        if kept in world.contacts and lost in world.contacts:
            return kept, lost
    one, other = _pick_contact(world, random).id, _pick_contact(world, random).id
    if one == other:
        raise NotPossible
    return min(one, other), max(one, other)


def staff_arrive(world: World, random: Random) -> Ids:
    """A new member of staff."""
    number = max(world.staff) - 1
    woman = random.random() < 0.6
    forename, surname = random.choice(pool.GIRLS if woman else pool.BOYS), random.choice(pool.SURNAMES)
    teacher = random.random() < 0.75
    member = Staff(
        id=number + 2,
        title=random.choice(("Mrs", "Ms") if woman else ("Mr", "Dr")),
        forename=forename,
        surname=surname,
        code=f"{forename[0]}{surname[0]}{number}".upper() if teacher else None,
        teacher=teacher,
        born=world.day.replace(year=1960 + random.randrange(40), day=1),
        start=world.day,
        address=draw_address(random),
        email=pool.mail(forename, surname, number, host="example.com"),
        changed=world.day,
    )
    world.staff[member.id] = member
    world.add_comm(Comm("Staff", member.id, "E", "W", str(member.email)))
    return (member.id,)


def staff_leave(world: World, random: Random) -> Ids:
    """A member of staff leaves, the head never; a colleague takes over the groups."""
    member = _pick_staff(world, random)
    colleagues = [id_ for id_ in world.teachers() if id_ != member.id]
    if len(colleagues) < 2:
        raise NotPossible
    for group in member.groups:
        world.stop_teaching(member.id, group)
        colleague = random.choice(colleagues)
        if colleague not in world.groups[group].staff:
            world.teach(colleague, group)
    world.alter(world.staff, member.id, status="Previous", end=world.day)
    world.hide_staff(member.id)
    return (member.id,)


def staff_change(world: World, random: Random) -> Ids:
    """A member of staff has another name, e-mail address or telephone."""
    member = _pick_staff(world, random)
    what = random.randrange(3)
    if what == 0:
        world.alter(world.staff, member.id, surname=random.choice(pool.SURNAMES))
        return (member.id,)
    mail = pool.mail(member.forename, member.surname, random.randrange(100, 1000), host="example.com")
    field, new = ("email", mail) if what == 1 else ("home_phone", pool.landline(random))
    world.set_reach("Staff", member.id, *_PLACES[field], getattr(member, field), new)
    world.alter(world.staff, member.id, **{field: new})
    return (member.id,)


def change_teacher(world: World, random: Random) -> Ids:
    """A group gets another teacher."""
    taught = [group.id for group in world.groups.values() if group.staff]
    if not taught:
        raise NotPossible
    group, teacher = random.choice(taught), random.choice(world.teachers())
    if teacher in world.groups[group].staff:
        raise NotPossible
    world.stop_teaching(world.groups[group].staff[0], group)
    world.teach(teacher, group)
    return group, teacher


def open_group(world: World, random: Random) -> Ids:
    """A new teaching group of pupils of one year."""
    year = _pick(world, random).year
    code, subject = random.choice(pool.SUBJECTS)
    number = world.next_group
    world.next_group += 1
    name = f"{year}X{number % 100_000}/{code}"
    world.open_group(Group(number, "TeachingGrp", name, name, (code, subject)), random)
    pupils = world.groups[20 + year].pupils
    for pupil in random.sample(pupils, min(len(pupils), 5 + random.randrange(8))):
        world.join(pupil, number)
    return (number,)


def close_group(world: World, random: Random) -> Ids:
    """A teaching group ends; one at least is left."""
    sets = world.sets()
    if len(sets) < 2:
        raise NotPossible
    group = random.choice(sets)
    world.close_group(group)
    return (group,)


Happen = Callable[[World, Random], Ids]
EVENTS: dict[str, tuple[float, Happen]] = {
    "move": (14, move_home),
    "phone": (18, change_phone),
    "mail": (14, change_mail),
    "pupil-mail": (4, change_pupil_mail),
    "name": (6, rename),
    "form": (10, change_form),
    "house": (4, change_house),
    "set": (8, change_set),
    "join": (5, arrive),
    "leave": (6, leave),
    "return": (1, come_back),
    "merge": (2, merge_contacts),
    "staff-join": (1, staff_arrive),
    "staff-leave": (1, staff_leave),
    "staff-change": (3, staff_change),
    "teacher": (1, change_teacher),
    "group-open": (1, open_group),
    "group-close": (1, close_group),
}
"""Events by name, each with its share of all that happens."""


def _pick(world: World, random: Random) -> Pupil:
    pupil = random.choice(world.on_roll)
    if pupil in world.left_alone:  # bears an unreadable value, which is to stay
        raise NotPossible
    return world.pupils[pupil]


def _pick_contact(world: World, random: Random) -> Contact:
    parents = world.parents_of(random.choice(world.on_roll))
    if not parents:
        raise NotPossible
    return world.contacts[random.choice(parents)]


def _pick_staff(world: World, random: Random) -> Staff:
    present = [member for member in world.staff.values() if member.status == "Current"]
    if len(present) < 2:
        raise NotPossible
    return random.choice(present[1:])


def _set_contact(world: World, contact: Contact, field: str, new: str | None) -> None:
    old = getattr(contact, field)
    if old == new:
        raise NotPossible
    changes: dict[str, Any] = {field: new}
    world.set_reach("Contact", contact.id, *_PLACES[field], old, new)
    world.alter(world.contacts, contact.id, **changes)
