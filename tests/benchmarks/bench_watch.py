"""How long `haplomap check --watch` takes for a save: all shipped documents in view, one of them saved. By hand.

    python tests/benchmarks/bench_watch.py

Prints, for a document of each kind, the middle of several saves in milliseconds, and beside it a floor measured in the
same run: reading that document alone. Ends with 1 when a save takes more than the limit.
"""

from __future__ import annotations

import os
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from engine.run.watching import EVERY, Watched  # noqa: E402
from engine.spec.load import load_file  # noqa: E402

MOST, ROUNDS = 0.3, 7
SAVED = (
    "mappings/xporter/student.yaml",
    "mappings/isams/guardian.yaml",
    "schemas/haplo/student.yaml",
    "schemas/student.yaml",
    "schools/waters-edge.yaml",
    "mappings/xporter/endpoints/students.yaml",
    "schemas/settings.yaml",
)


def seconds(watched: Watched, file: Path) -> float:
    """Return how long one save takes: seeing it, and looking at the project; half the time between looks beside."""
    with file.open("a", encoding="utf-8") as stream:
        stream.write("# saved\n")
    begun = time.perf_counter()
    assert watched.changed()
    look = watched.look()
    assert look.problems == []
    return time.perf_counter() - begun + EVERY / 2


def floor(file: Path) -> float:
    begun = time.perf_counter()
    load_file(file, file)
    return time.perf_counter() - begun


def main() -> int:
    with tempfile.TemporaryDirectory() as name:
        root, slow = Path(name), []
        for folder in ("mappings", "schemas"):
            shutil.copytree(ROOT / folder, root / folder)
        for folder in ("schools", "applications"):
            shutil.copytree(ROOT / "examples" / "demo" / folder, root / folder)
        os.chdir(root)
        watched = Watched(root)
        watched.changed()
        print(f"{len(watched.look().project.documents)} documents; a save may take {MOST * 1000:.0f} ms")
        for saved in SAVED:
            took = statistics.median(seconds(watched, root / saved) for _ in range(ROUNDS))
            least = statistics.median(floor(root / saved) for _ in range(ROUNDS))
            print(f"{saved:45} {took * 1000:6.0f} ms   reading it alone {least * 1000:6.1f} ms")
            slow += [saved] if took > MOST else []
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
