"""What simulators of living schools share: the options of a life, the school of a day, good or bad, and its nights.

Next: `calendar`, `isams.edition`, `hubmis.server`.
"""

from __future__ import annotations

import argparse
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import date
from typing import Any

from engine.simulators.event import EVENTS
from engine.simulators.http import CONTROL, DEFAULT_TODAY, Route, Simulator
from engine.simulators.life import Life, Rates
from engine.simulators.message import Answer, Request, json_answer, text_answer
from engine.simulators.night import NIGHTS, OTHER_SEED, day_of_data, parse_nights, read_nights, rename_school, thin_out
from engine.simulators.school import School


def add_life_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of a school that lives."""
    add = parser.add_argument
    add("--mess", type=int, default=0, metavar="N", help="pupils with an unreadable date, code or name (0)")
    add(
        "--start",
        type=date.fromisoformat,
        metavar="DAY",
        help=f"the day on which the school is as it was drawn ({DEFAULT_TODAY}, or --today if that is earlier)",
    )
    add("--changes", default="1%", metavar="SHARE", help="of the pupils, to whom something happens in a day (1%%)")
    shares = ", ".join(f"{name}={share:g}" for name, (share, _) in EVENTS.items())
    add("--events", default="", metavar="NAME=WEIGHT,...", help=f"how often each thing happens: {shares}")
    add("--nights", default="", metavar="DAY=KIND,...", help=f"bad nights; kinds: {', '.join(NIGHTS)}")


def read_life_options(args: argparse.Namespace) -> dict[str, Any]:
    """What these options set, with the number of pupils."""
    lived = {"rates": Rates.parse(args.changes, args.events), "nights": parse_nights(args.nights)}
    return {"pupils": args.pupils, "mess": args.mess, "start": args.start, **lived}


class Schools:
    """The school of each day. `nights` may be replaced at any time."""

    def __init__(self, life: Life, nights: Mapping[date, str]) -> None:
        self.life, self.nights = life, dict(nights)
        self._other: Life | None = None

    def kind_of(self, today: date) -> tuple[date, str]:
        """The day that the data of a day are of, and what kind of a bad night that was, if one."""
        data_of = day_of_data(self.nights, today)
        return data_of, self.nights.get(data_of, "")

    def of(self, day: date, kind: str) -> School:
        """The school of a day, as a night of a kind makes it."""
        if kind == "other-school":
            if self._other is None:
                self._other = self.life.elsewhere(self.life.seed + OTHER_SEED)
            return rename_school(self._other.at(day))
        school = self.life.at(day)
        if kind == "empty":
            return replace(school, pupils=[], contacts=[], links=[], comms=[], staff=[], groups=[])
        return thin_out(school, {"half": 2, "tenth": 10}[kind]) if kind else school


class LivingSimulator(Simulator, ABC):
    """A simulator of schools that live: no day is before their first, and over HTTP it shows nights and events."""

    @property
    @abstractmethod
    def schools(self) -> Schools:
        """The school that nights and events are of, day by day."""

    def move_to(self, day: date) -> None:
        if day < self.schools.life.opened:
            raise ValueError(f"the school begins on {self.schools.life.opened}")
        super().move_to(day)

    def control_routes(self) -> list[Route]:
        return [
            ("GET", CONTROL + "nights", self._show_nights),
            ("PUT", CONTROL + "nights", self._set_nights),
            ("GET", CONTROL + "events", self._show_events),
        ]

    def _show_nights(self, request: Request) -> Answer:
        return json_answer({str(day): kind for day, kind in sorted(self.schools.nights.items())})

    def _set_nights(self, request: Request) -> Answer:
        try:
            self.schools.nights = read_nights(request.body)
        except ValueError as error:
            return text_answer(f"nights: {error}", 400)
        return self._show_nights(request)

    def _show_events(self, request: Request) -> Answer:
        found = self.schools.life.happenings(self.today)
        return json_answer([{**asdict(each), "day": str(each.day)} for each in found])
