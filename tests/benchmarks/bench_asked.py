"""What it saves to ask for mapped fields only: all record sets of a school, with and without `fields_asked`.

Run by hand: `python tests/benchmarks/bench_asked.py`. The floor is the same read of whole records, by the same code,
from the same simulator in a process of its own; both are done in turn, and the ratio is between medians. The simulator
holds rendered rows of either form before it is timed; a real service would also save the reading of what nobody wants.
Ends with 1 when more than MOST_BYTES of the bytes of whole records come.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from engine.clock import Clock
from engine.journal import Journal
from engine.run.choosing import with_keys
from engine.run.plan import make_plan
from engine.secret import Secret
from engine.spec.project import open_project
from engine.spec.source import Source
from engine.stages.extract import extract
from engine.stages.land import land
from engine.stages.want import Want

ROOT = Path(__file__).parents[2]
PUPILS, ROUNDS, MOST_BYTES = 3_000, 3, 0.8


def read(source: Source, config: dict[str, str], wants: list[Want]) -> tuple[int, float]:
    """Read and land everything; return how many bytes came and how long it took."""
    with tempfile.TemporaryDirectory() as name, Journal(Path(name) / "journal.jsonl") as journal:
        folder, began = Path(name), time.monotonic()
        given = {**config, "school_secret": Secret(config["secret"]), "management_secret": ""}
        answers = extract(source, given, wants, folder, journal, Clock(), lambda event: None)
        for want in wants:
            for set_name, fields in want.sets.items():
                own = [answer for answer in answers if set_name in answer.sets]
                land(source, set_name, fields, own, folder / "sets")
        return sum(answer.size for answer in answers), time.monotonic() - began


def main() -> int:
    plan = make_plan(open_project(ROOT / "examples" / "demo"), "waters-edge")
    wants = [with_keys(plan.source, want) for want in plan.wants()]
    whole = {name: api.model_copy(update={"fields_asked": None}) for name, api in plan.source.apis.items()}
    sources = {"mapped fields": plan.source, "whole records": plan.source.model_copy(update={"apis": whole})}
    command = [sys.executable, "-m", "engine.simulators", "xporter", "--pupils", str(PUPILS), "--with-parent"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            config = json.loads(process.stdout.readline())["config"]
            for source in sources.values():
                read(source, config, wants)  # so that the simulator has rendered its rows
            rounds = [{name: read(source, config, wants) for name, source in sources.items()} for _ in range(ROUNDS)]
        finally:
            process.stdin.close()
    came = {name: rounds[0][name][0] for name in sources}
    took = {name: statistics.median(each[name][1] for each in rounds) for name in sources}
    for name in sources:
        print(f"{name}: {came[name] / 1e6:,.1f} MB, {took[name]:.2f} s")
    bytes_ratio, time_ratio = (each["mapped fields"] / each["whole records"] for each in (came, took))
    print(f"ratio: {bytes_ratio:.2f} of the bytes (limit {MOST_BYTES}), {time_ratio:.2f} of the time")
    return int(bytes_ratio > MOST_BYTES)


if __name__ == "__main__":
    sys.exit(main())
