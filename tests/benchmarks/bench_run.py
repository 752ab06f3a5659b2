"""A whole run of a large school against the simulators, and the commands that must be quick. By hand.

    python tests/benchmarks/bench_run.py [PUPILS]

Prints CPU seconds (user and system) and peak memory of the haplomap process, beside a floor measured in the same
run: the same answers fetched with httpx to disk, read by DuckDB as they are, and written as JSON once.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

SECRETS = {"WATERS_EDGE_XPORTER": "demo-school-secret"}


def started(name: str, *arguments: str) -> tuple[subprocess.Popen[str], dict[str, str]]:
    command = [sys.executable, "-m", "engine.simulators", name, "--with-parent", *arguments]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, json.loads(process.stdout.readline())["config"]


def measured(command: list[str], environ: dict[str, str]) -> tuple[float, float, float]:
    """Run a command; return wall seconds, CPU seconds and peak memory in MB."""
    began = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, command
    return time.perf_counter() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


FLOOR = """
import json, pathlib, sys
import duckdb, httpx
folder, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
answers = sorted(folder.glob('*/*.json'))
for file in answers:
    (out / (file.parent.name + file.name)).write_bytes(file.read_bytes())
names = {'students': 'Students', 'contacts': 'Contacts', 'student_contacts': 'StudentContacts',
         'person_comms': 'PersonComms', 'staff': 'Staff', 'groups': 'StudentMembers'}
for endpoint, records in names.items():
    files = [str(out / (f.parent.name + f.name)) for f in answers if f.parent.name == endpoint]
    first = json.loads(pathlib.Path(files[0]).read_bytes())[records][0]
    columns = ', '.join(f'"{key}" VARCHAR' for key in first)
    duckdb.execute(f'''COPY (SELECT unnest("{records}", max_depth:=2) FROM read_json({files}, format='unstructured',
        auto_detect=false, records=true, columns={{'{records}': 'STRUCT({columns})[]'}}))
        TO '{out / endpoint}.out.json' (FORMAT json, ARRAY true)''')
"""


def project(folder: Path, source: dict[str, str], haplo: dict[str, str]) -> None:
    shutil.copytree(ROOT / "examples" / "demo", folder)
    file = folder / "schools" / "waters-edge.yaml"
    text = file.read_text().replace("http://127.0.0.1:8801", source["base_url"])
    file.write_text(text.replace("http://127.0.0.1:8802", haplo["base_url"]))


def main(pupils: int) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "project"
        source_process, source = started("xporter", "--pupils", str(pupils), "--seed", "1")
        haplo_process, haplo = started("haplo", "--seed", "1")
        project(folder, source, haplo)
        environ = {**os.environ, **SECRETS, "WATERS_EDGE_HAPLO": haplo["api_key"]}
        engine = [sys.executable, "-m", "engine"]
        for number in range(1, 4):
            wall, cpu, memory = measured([*engine, "run", "waters-edge", "--full", "--project", str(folder)], environ)
            run = sorted((folder / ".haplomap" / "waters-edge").glob("[0-9]*"))[-1]
            (Path(temporary) / f"floor{number}").mkdir()
            arguments = [str(run / "answers"), str(Path(temporary) / f"floor{number}")]
            _, floor, _ = measured([sys.executable, "-c", FLOOR, *arguments], environ)
            records = sum(line["rows"] for line in json.loads((run / "report.json").read_text())["sets"])
            print(
                f"run {number}: {pupils:,} pupils, {records:,} records: {wall:.1f} s wall, {cpu:.1f} s CPU (limit 20), "
                f"{memory:.0f} MB (limit 500); {cpu / floor:.1f} times the floor of {floor:.2f} s CPU"
            )
        source_process.terminate()
        haplo_process.terminate()
        for name, command, limit in (
            ("haplomap --help", [*engine, "--help"], 0.3),
            ("haplomap check", [*engine, "check", "--project", str(folder)], 1.5),
        ):
            times = [measured(command, environ)[1] for _ in range(5)]
            print(f"{name}: {statistics.median(times):.2f} s CPU, the median of 5 (limit {limit})")


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
