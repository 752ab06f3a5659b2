"""What simulators of living schools share: the options of a life, and the school of a day, good or bad.

Next: `calendar`, `isams.edition`, `hubmis.server`.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from engine.simulators.event import EVENTS
from engine.simulators.http import DEFAULT_TODAY
from engine.simulators.life import Life, Rates
from engine.simulators.night import NIGHTS, OTHER_SEED, day_of_data, parse_nights, rename_school, thin_out
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
