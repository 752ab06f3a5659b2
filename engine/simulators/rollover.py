"""The first of September: everybody goes up a year, the oldest leave, and the new Year 7 comes. Next: `life`."""

from __future__ import annotations

from datetime import date
from random import Random

from engine.simulators import pool
from engine.simulators.event import Ids, take_off_roll
from engine.simulators.family import draw_family
from engine.simulators.person import Group
from engine.simulators.school import FORM_SIZE
from engine.simulators.world import World


def is_new_year(day: date) -> bool:
    """Whether a school year begins on a day."""
    return (day.month, day.day) == (9, 1)


def begin_year(world: World, random: Random) -> Ids:
    """Bring the school into its next year; the size stays about the same."""
    size = len(world.on_roll)
    for group in world.sets():
        world.close_group(group)
    for pupil in list(world.on_roll):
        _go_up(world, pupil)
    world.gone = [pupil for pupil in world.gone if _grow_older(world, pupil)]
    newcomers = [pupil.id for pupil in world.pupils.values() if pupil.status == "PreAdmission"]
    for pupil in newcomers:
        world.on_roll.append(pupil)
        world.alter(world.pupils, pupil, status="OnRoll", entry=world.day)
        world.show(pupil)
    while len(world.on_roll) < size:
        newcomers.append(_draw_one(world, random, "OnRoll"))
    for pupil in newcomers:
        world.place(pupil, random)
    for _ in range(max(1, size // 100)):
        _draw_one(world, random, "PreAdmission")
    _form_sets(world, random)
    return tuple(newcomers)


def _go_up(world: World, pupil: int) -> None:
    found = world.pupils[pupil]
    if found.year == 13:
        take_off_roll(world, pupil)
        return
    old, index = found.year, found.form_id % 1000
    world.quit(pupil, 20 + old)
    world.quit(pupil, found.form_id)
    world.alter(world.pupils, pupil, year=old + 1)
    world.join(pupil, 21 + old)
    form = (old + 1) * 1000 + index
    if form not in world.groups:
        code = f"{old + 1}{found.form.removeprefix(str(old))}"
        world.open_group(Group(form, "RegGrp", code, code), Random(f"{world.day}:{form}"))
    world.join(pupil, form)


def _grow_older(world: World, pupil: int) -> bool:
    """Whether one who left could still come back."""
    world.alter(world.pupils, pupil, year=min(13, world.pupils[pupil].year + 1))
    return world.pupils[pupil].year < 13


def _draw_one(world: World, random: Random, status: str) -> int:
    register = world.register(random)
    draw_family(register, 100, 1, status)
    pupil = register.pupils[0]
    if status == "OnRoll":
        pupil.born, pupil.year, pupil.entry = f"{world.day.year - 12}-{random.randrange(9, 13):02}-15", 7, world.day
    world.take_in(register)
    return pupil.id


def _form_sets(world: World, random: Random) -> None:
    """A set for each form of Year 11, as a school has them when it is drawn."""
    for index, form in enumerate(world.forms(11)):
        pupils = world.groups[form].pupils
        if pupils:
            code, subject = pool.SUBJECTS[index % 5]
            name = f"{world.groups[form].code}/{code}"
            group = Group(world.next_group, "TeachingGrp", name, name, (code, subject))
            world.next_group += 1
            world.open_group(group, random)
            for pupil in pupils[:FORM_SIZE]:
                world.join(pupil, group.id)
