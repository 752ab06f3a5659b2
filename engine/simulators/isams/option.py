"""The options of the command: what can be set about an iSAMS. Next: `setting`, `server`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import time
from pathlib import Path

from engine.simulators.isams.rest_school import AREAS
from engine.simulators.isams.setting import CASES, EMPTY, RARE, STATUSES, Setting, parse_cases, parse_path
from engine.simulators.living import add_life_options


def add_options(parser: argparse.ArgumentParser, authorisations: Sequence[str]) -> None:
    """Add the options of this simulator to those of all."""
    add_life_options(parser)
    add = parser.add_argument
    add("--at", type=time.fromisoformat, default=time(2), metavar="TIME", help="the time of the day (02:00)")
    add("--keys", type=Path, metavar="FILE", help="JSON list of keys in place of the seven; `key` says how")
    add("--cache-hours", type=float, default=24, metavar="N", help="how long answers of a key are kept (24)")
    add("--oauth", choices=authorisations, default="optional", help="whether keys need a token too (optional)")
    add("--token-life", type=float, default=3600, metavar="SECONDS", help="how long a token lives (3600)")
    add("--awkward", default="default", metavar="NAME,...", help=_cases_help())
    add("--empty", choices=EMPTY, default="missing", help="what becomes of a collection without records (missing)")
    add("--utf16", action="store_true", help="errors are UTF-16 with a byte-order mark, as they say")
    add("--applicants-path", default="off", metavar="PATH", help="Module/Collection/Record of applicants (off)")
    add("--alumni-path", default="off", metavar="PATH", help="Module/Collection/Record of former pupils (off)")
    default = "/".join(Setting().contact_types_path)
    add("--contact-types-path", default=default, metavar="PATH", help=f"that of contact types, or off ({default})")
    default = ",".join(Setting().contact_type_names)
    add("--contact-type-names", default=default, metavar="NAME,...", help=f"their elements ({default})")
    add("--plain-contacts", default="", metavar="NAME", help="a method that gives contacts without a filter (none)")
    add("--register-name", default="students", metavar="NAME", help="the list of a register in REST (students)")
    add("--permissions", metavar="AREA,...", help=f"areas that the REST client may read: {', '.join(AREAS)} (all)")
    default = ",".join(f"{name}={status}" for name, status in STATUSES.items())
    add("--statuses", default="", metavar="NAME=N,...", help=f"statuses that nobody has seen ({default})")


def _cases_help() -> str:
    told = "; ".join(f"{name}: {what}" for name, what in (CASES | RARE).items())
    return f"awkward cases: default, all, none, or names with + and -. Not by default: {', '.join(RARE)}. {told}"


def read_setting(args: argparse.Namespace) -> Setting:
    """What the options set."""
    pairs = [item.partition("=") for item in args.statuses.split(",") if item]
    return Setting(
        cases=parse_cases(args.awkward),
        empty=args.empty,
        utf16=args.utf16,
        applicants_path=parse_path(args.applicants_path),
        alumni_path=parse_path(args.alumni_path),
        contact_types_path=parse_path(args.contact_types_path),
        contact_type_names=tuple(args.contact_type_names.split(",")),
        plain_contacts=args.plain_contacts,
        register_name=args.register_name,
        statuses={name.strip(): int(status) for name, _, status in pairs},
    )
