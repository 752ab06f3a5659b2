"""100,000 records of 45 fields over loopback HTTP into Parquet, against a floor written by hand.

Run by hand: `python tests/benchmarks/bench_extract.py`. The floor does the same work and nothing else: httpx
spools the pages to disk, DuckDB reads them with declared columns into Parquet. Both run in this process, in turn,
against a simulator in another; the ratio is between medians of rounds that were run in pairs.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

import duckdb
import httpx

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parents[1] / "e2e"))

from probe import FIELDS, a_source

from engine.clock import Clock
from engine.journal import Journal
from engine.secret import Secret
from engine.simulators.bulk import bulk_columns
from engine.spec.source import Source
from engine.stages.extract import extract
from engine.stages.land import land
from engine.stages.want import Want

RECORDS, FIELD_COUNT, PAGE = 100_000, 45, 1000
MOST_RATIO, MOST_SECONDS = 1.5, 3.0


@contextmanager
def serving(delay_ms: int):
    """Run the simulator in a process of its own and give its config."""
    command = [sys.executable, "-m", "engine.simulators", "xporter", "--rows", str(RECORDS), "--with-parent"]
    command += ["--columns", str(FIELD_COUNT), "--delay-ms", str(delay_ms)]
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield json.loads(process.stdout.readline())["config"]
        finally:
            process.stdin.close()


def floor(config: dict[str, str], folder: Path) -> None:
    """The least that can be done by hand with the same libraries."""
    with httpx.Client(timeout=30) as client:
        asked = {"estab": config["estab"], "relyingParty": config["relying_party"], "password": config["secret"]}
        asked["thirdpartyid"] = "XporterOnDemand"
        token = client.post(config["sts_url"], json=asked).json()["token"]
        url = f"{config['base_url']}/api/v1/School/{config['estab']}/Students/"
        files = []
        for page in range(1, RECORDS // PAGE + 1):
            file = folder / f"{page:06d}.json"
            params = {"page": page, "pageSize": PAGE}
            headers = {"Authorization": f"Idaas {token}"}
            with file.open("wb") as spool, client.stream("GET", url, params=params, headers=headers) as answer:
                for chunk in answer.iter_raw():
                    spool.write(chunk)
            files.append(str(file))
    struct = ", ".join(f'"{name}" VARCHAR' for name in bulk_columns(FIELD_COUNT))
    with duckdb.connect(config={"threads": 2}) as connection:
        connection.execute(
            f"COPY (SELECT unnest(Students, max_depth := 2) FROM read_json({files!r}, auto_detect=false, records=true,"
            f" format='unstructured', columns={{Students: 'STRUCT({struct})[]'}}, maximum_object_size=4000000))"
            f" TO '{folder / 'students.parquet'}' (FORMAT parquet)"
        )


def ours(source: Source) -> Callable[[dict[str, str], Path], None]:
    def run(config: dict[str, str], folder: Path) -> None:
        given = {key: Secret(text) if "secret" in key else text for key, text in config.items()}
        with Journal(folder / "journal.jsonl") as journal:
            wants = [Want("students", {"students": None})]
            answers = extract(source, given, wants, folder, journal, Clock(), lambda event: None)
        facts = land(source, "students", None, answers, folder / "records")
        assert facts.rows == RECORDS

    return run


def all_fields(connections: int) -> Source:
    """Return the probe's source with every field of the simulator's rows."""
    source = a_source(connections=connections, size=PAGE).model_dump(by_alias=True)
    spelt = {"DateofBirth": FIELDS["birth"]}
    fields = {name: spelt.get(name, {}) for name in bulk_columns(FIELD_COUNT)}
    source["endpoints"]["students"]["sets"]["students"]["fields"] = fields
    return Source.model_validate(source)


def timed(run: Callable[[dict[str, str], Path], None], config: dict[str, str]) -> tuple[float, float]:
    with tempfile.TemporaryDirectory() as folder:
        used, began = time.process_time(), time.perf_counter()
        run(config, Path(folder))
        return time.perf_counter() - began, time.process_time() - used


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    with serving(0) as config:
        times: dict[str, list[tuple[float, float]]] = {"floor": [], "ours": []}
        runs = {"floor": floor, "ours": ours(all_fields(1))}
        for number in range(rounds + 1):
            for name, run in runs.items():
                taken = timed(run, config)
                if number:  # the first round warms up
                    times[name].append(taken)
    wall = {name: statistics.median(each[0] for each in taken) for name, taken in times.items()}
    cpu = {name: statistics.median(each[1] for each in taken) for name, taken in times.items()}
    ratio = statistics.median(a[0] / b[0] for a, b in zip(times["ours"], times["floor"], strict=True))
    print(f"{RECORDS:,} records of {FIELD_COUNT} fields, one connection, median of {rounds} rounds")
    for name in times:
        print(f"  {name:6} {wall[name]:6.2f} s   {cpu[name]:5.2f} s of CPU")
    print(f"  ratio  {ratio:6.2f}     (may be {MOST_RATIO})")
    with serving(50) as config:
        slow = statistics.median(timed(ours(all_fields(8)), config)[0] for _ in range(3))
    print(f"50 ms an answer, eight connections: {slow:.2f} s   (may be {MOST_SECONDS} s)")
    print(f"most memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    return 0 if ratio <= MOST_RATIO and slow <= MOST_SECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
