"""`python -m engine.simulators NAME`: start one simulator, say where it is, serve until told to end.

A module of this folder is a simulator when it has a SIMULATOR: nothing to register. The first line on
standard output is JSON (simulator, url, config); nothing else is ever printed there. Next: `http`.
"""

from __future__ import annotations

import argparse
import errno
import importlib
import json
import os
import pkgutil
import signal
import sys
import threading
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from engine.simulators.http import DEFAULT_TODAY, Simulator

USAGE = "python -m engine.simulators NAME [options]; NAME --help shows the options of one"


def find_simulators() -> dict[str, type[Simulator]]:
    """The simulators of this folder by name."""
    found: dict[str, type[Simulator]] = {}
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        if module.name != "__main__":
            simulator = getattr(importlib.import_module(f"engine.simulators.{module.name}"), "SIMULATOR", None)
            if simulator is not None:
                found[module.name] = simulator
    return found


def build_parser(name: str, simulator: type[Simulator]) -> argparse.ArgumentParser:
    """The options of all simulators and those of this one."""
    parser = argparse.ArgumentParser(prog=f"haplomap simulate {name}", description=simulator.ABOUT)
    add = parser.add_argument
    add("--port", type=int, default=0, help="port on 127.0.0.1 (default: any free one)")
    add("--pupils", type=int, default=200, help="pupils on roll, where the simulator makes a school (200)")
    add("--seed", type=int, default=1, help="everything made up follows from it (1)")
    add(
        "--today",
        type=date.fromisoformat,
        default=DEFAULT_TODAY,
        help=f"the day of the data ({DEFAULT_TODAY})",
    )
    add("--faults", type=Path, metavar="FILE", help="JSON list of faults; engine/simulators/fault.py says how")
    add("--log", type=Path, metavar="FILE", help="add a line of JSON per request to this file")
    add("--state", type=Path, metavar="DIR", help="keep what is uploaded here, where files are taken")
    add("--delay-ms", type=float, default=0, metavar="N", help="wait so long before each answer")
    add("--with-parent", action="store_true", help="end when standard input closes")
    simulator.add_arguments(parser)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; the result is the exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    simulators = find_simulators()
    if arguments and arguments[0] in ("-h", "--help"):
        print(f"usage: {USAGE}\n")
        for name, kind in simulators.items():
            print(f"  {name:<10} {kind.ABOUT}")
        return 0
    if not arguments or arguments[0] not in simulators:
        given = f"no simulator {arguments[0]!r}" if arguments else "which simulator?"
        print(f"error: {given}: one of {', '.join(simulators)}", file=sys.stderr)
        return 2
    name = arguments[0]
    args = build_parser(name, simulators[name]).parse_args(arguments[1:])
    try:
        simulator = simulators[name].from_arguments(args, _common(args)).start()
        simulator.prepare()
    except (OSError, ValueError) as error:
        taken = isinstance(error, OSError) and error.errno == errno.EADDRINUSE
        said = f"port {args.port} is in use: choose another --port, or leave it out" if taken else error
        print(f"error: {said}", file=sys.stderr)
        return 2
    return serve(simulator, with_parent=args.with_parent)


def serve(simulator: Simulator, *, with_parent: bool) -> int:
    """Say where the simulator is and keep it until a signal, a control call or the parent ends it."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: simulator.quit_asked.put(None))
    if with_parent:
        threading.Thread(target=_wait_for_parent, args=(simulator.quit_asked,), daemon=True).start()
    announcement = {"simulator": simulator.NAME, "url": simulator.url, "config": simulator.config}
    print(json.dumps(announcement), flush=True)
    simulator.quit_asked.get()
    simulator.stop()
    return 0


def _common(args: argparse.Namespace) -> dict[str, Any]:
    faults = json.loads(args.faults.read_text(encoding="utf-8")) if args.faults else []
    return {
        "port": args.port,
        "seed": args.seed,
        "today": args.today,
        "faults": faults,
        "log": args.log,
        "delay_ms": args.delay_ms,
    }


def _wait_for_parent(ended: SimpleQueue[None]) -> None:
    while os.read(0, 4096):
        pass
    ended.put(None)


if __name__ == "__main__":
    sys.exit(main())
