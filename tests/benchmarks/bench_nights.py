"""What a night costs on which little has changed, beside the first, full one. By hand.

    python tests/benchmarks/bench_nights.py [PUPILS]

The school goes live to a simulated Haplo; each day 1% of its pupils change. The second night sends again what points to
rows that were new on the first. Prints three ratios of the third night to the first: requests to the source, which has
change sets; rows sent to Haplo; CPU seconds (user and system) of the haplomap process. Ends with 1 when a limit is
broken. Of 10,000 pupils two are: tests/README.md says why.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import urllib.request
from datetime import date, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
import yaml
from bench_run import SECRETS, measured, project, started

FIRST = date(2026, 9, 1)
LIMITS = {"requests": 1 / 10, "rows sent": 1 / 10, "CPU": 1 / 3}


def asked(source: dict[str, str]) -> int:
    """Return how many reads the source was asked for so far."""
    with urllib.request.urlopen(f"{source['base_url']}/__control__/requests") as answer:
        return sum("/School/" in request["path"] for request in json.load(answer))


def deliver_live(folder: Path) -> None:
    """Have the school deliver live by the batch API."""
    file = folder / "schools" / "waters-edge.yaml"
    school = yaml.safe_load(file.read_text())
    school["deliver"].update(kind="batch", mode="live")
    file.write_text(yaml.safe_dump(school, sort_keys=False))


def night(folder: Path, number: int, environ: dict[str, str], source: dict[str, str]) -> dict[str, float]:
    """Run the school on a day, counted from the first; return what it cost."""
    day = FIRST + timedelta(days=number)
    moved = urllib.request.Request(f"{source['base_url']}/__control__/today", str(day).encode(), method="PUT")
    urllib.request.urlopen(moved).close()
    before = asked(source)
    command = [sys.executable, "-m", "engine", "run", "waters-edge", "--project", str(folder), "--yes"]
    wall, cpu, memory = measured([*command, "--today", str(day)], environ)
    run = max((folder / ".haplomap" / "waters-edge").glob("[0-9]*"))
    changes: dict[str, Any] = json.loads((run / "report.json").read_text())["changes"]
    sent = sum(each["send"] + each["remove"] for each in changes.values())
    print(
        f"{day}: {asked(source) - before} requests, {sent:,} rows sent, {cpu:.1f} s CPU ({wall:.1f} s, {memory:.0f} MB)"
    )
    return {"requests": asked(source) - before, "rows sent": sent, "CPU": cpu}


def main(pupils: int) -> int:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "project"
        source_process, source = started("xporter", "--pupils", str(pupils), "--today", str(FIRST), "--changes", "1%")
        haplo_process, haplo = started("haplo")
        try:
            project(folder, source, haplo)
            deliver_live(folder)
            environ = {**os.environ, **SECRETS, "WATERS_EDGE_HAPLO": haplo["batch_api_key"]}
            first, _, third = (night(folder, number, environ, source) for number in range(3))
        finally:
            source_process.terminate()
            haplo_process.terminate()
    broken = 0
    for name, limit in LIMITS.items():
        ratio = third[name] / first[name]
        broken += ratio >= limit
        print(f"{name}: {ratio:.3f} of a full night (limit {limit:.3f})")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000))
