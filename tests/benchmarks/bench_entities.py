"""A run of a school with every entity of Xporter on, and what of the school's data it leaves on disk. By hand.

    python tests/benchmarks/bench_entities.py [PUPILS]

Everything that has a mapping is on, with a term of attendance and behaviour; the run is the first one and goes live to
a simulated Haplo. Prints rows by entity, requests, CPU seconds (user and system), wall and peak memory of the haplomap
process. Then holds what was asked for against `haplomap plan --data`, and the files against both: every column of an
answer, which is asked for or comes along by the plan, of a record set and of a mirror, and in every file the values of
columns that nobody asked for. Ends with 1 when a limit is broken, or something is where it should not be.
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
import httpx
import polars as pl
import yaml
from bench_nights import deliver_live
from bench_run import ROOT, SECRETS, measured, project, started

SCHOOL = "waters-edge"
TERM, LAST = date(2025, 9, 1), date(2025, 12, 19)
MOST_CPU = 60.0
SHORTEST = 8
"""Values that are shorter tell no column apart from another; nor do days and moments."""
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T\d:.Z]*")
_QUOTED = re.compile(rf'"(?:[^"\\]|\\.){{{SHORTEST},}}"')
ANY = "(any name that is asked for)"
_PROTOCOL = re.compile(r"meta|__\w+__|\w+_deleted")
"""What an answer says of itself, and the keys of records that dropped out."""
Request = tuple[str, dict[str, str]]
"""A read by its path, and its parameters."""


@dataclass
class Planned:
    """What the plan says is asked for, and of which reads; a read is the path of an endpoint behind the school."""

    reads: dict[str, str]
    """Reads by the names of endpoints."""
    asked: dict[str, set[str]]
    """Names on the wire by read, whichever set they are of: no more than that can be asked for."""
    sets: dict[str, set[str]]
    """Fields by record set, as they stand on disk."""
    columns: set[tuple[str, str, str]]
    """Read, record set and column, as answers name them."""
    along: set[tuple[str, str, str]]
    """The same of what comes along and is not read; of sets without declared fields the column is `ANY`."""


def everything_on(folder: Path) -> None:
    """Have the school send every entity that has a mapping, switched on where a setting switches it."""
    file = folder / "schools" / f"{SCHOOL}.yaml"
    school = yaml.safe_load(file.read_text())
    for path in sorted((ROOT / "mappings" / "xporter").glob("*.yaml")):
        mapping = yaml.safe_load(path.read_text())
        if "mapping" in mapping and mapping["mapping"] not in school["entities"]:
            school["entities"].append(mapping["mapping"])
        if "when" in mapping:
            group, name = mapping["when"].split(".")
            school["settings"].setdefault(group, {})[name] = True
    school["settings"]["students"] = {"support_flags": True}
    school["config"]["history"] = str(TERM)
    file.write_text(yaml.safe_dump(school, sort_keys=False))


def planned(engine: list[str], folder: Path, environ: dict[str, str]) -> Planned:
    """Return what `haplomap plan --data` lists."""
    command = [*engine, "plan", SCHOOL, "--data", "--format", "json", "--project", str(folder)]
    told = json.loads(subprocess.run(command, cwd=ROOT, env=environ, check=True, capture_output=True).stdout)
    assert told["whole_records"] == []
    files = (ROOT / "mappings" / "xporter" / "endpoints").glob("*.yaml")
    declared = {name: each for file in files for name, each in yaml.safe_load(file.read_text())["endpoints"].items()}
    reads = {name: each["get"].rpartition("}}/")[2].rstrip("/") for name, each in declared.items()}
    found = Planned(reads, {}, {}, set(), set())
    for line in told["fields"]:
        found.asked.setdefault(reads[line["endpoint"]], set()).update(line["asked_as"].split(", "))
        found.sets.setdefault(line["set"], set()).add(line["field"])
    for lines, columns in ((told["fields"], found.columns), (told["comes_along"], found.along)):
        for line in lines:
            records = declared[line["endpoint"]]["sets"][line["set"]]["records"].removeprefix("$.")
            columns.update((reads[line["endpoint"]], records, each) for each in line["asked_as"].split(", "))
    return found


def requests_of(source: dict[str, str]) -> list[Request]:
    """Return the reads that the source was asked for so far."""
    log = httpx.get(f"{source['base_url']}/__control__/requests", timeout=60).json()
    return [(each["path"], each["query"]) for each in log if "/School/" in each["path"]]


def read_of(path: str) -> str:
    """Return what a path asks for, behind the school."""
    return path.split("/School/")[1].split("/", 1)[1].rstrip("/")


def wrongly_asked(plan: Planned, requests: list[Request]) -> list[str]:
    """Return the requests whose fields are not those of the plan, and the reads of the plan that were not asked for."""
    wrong = [
        f"asked of {read_of(path)}: {query.get('select', 'whole records')}"
        for path, query in requests
        if set(query.get("select", "*").split(",")) != plan.asked.get(read_of(path))
    ]
    return wrong + [f"{read}: not asked for" for read in plan.asked.keys() - {read_of(path) for path, _ in requests}]


def columns_of(answer: dict[str, list[dict[str, Any]]]) -> Iterator[tuple[str, str, Any]]:
    """Yield record set, column and value of everything in an answer that is not of the protocol."""
    for name, rows in answer.items():
        if not _PROTOCOL.fullmatch(name):
            yield from ((name, column, value) for row in rows for column, value in row.items())


def answered(plan: Planned, home: Path) -> set[tuple[str, str, str]]:
    """Return read, record set and column of all that stands in the answers on disk."""
    found = set()
    for file in home.glob("[0-9]*/answers/**/*.json"):
        read = plan.reads[file.relative_to(home).parts[2]]
        found |= {(read, name, column) for name, column, _ in columns_of(json.loads(file.read_bytes()))}
    return found


def wrongly_kept(plan: Planned, home: Path) -> list[str]:
    """Return the columns of record sets and mirrors on disk that are not those of the plan."""
    files = {file: file.stem for file in home.glob("[0-9]*/sets/*.parquet")}
    files |= {file: file.parent.name for file in home.glob("mirror/*/*.parquet")}
    assert set(files.values()) == set(plan.sets)
    return [
        f"{file.relative_to(home)}: {column}"
        for file, name in files.items()
        for column in (set(pl.read_parquet_schema(file)) - {"_page", "_row"}) ^ plan.sets[name]
    ]


def values(plan: Planned, source: dict[str, str], requests: list[Request]) -> tuple[set[str], dict[str, str]]:
    """Return the values of what was asked for, and those that other columns alone have, with the column of each.

    The simulator is asked for the same records once more, whole.
    """
    wanted: set[str] = set()
    others: dict[str, str] = {}
    login = {"estab": source["estab"], "relyingParty": source["relying_party"], "password": source["secret"]}
    with httpx.Client(base_url=source["base_url"], timeout=120) as client:
        token = client.post(source["sts_url"], json={**login, "thirdpartyid": "XporterOnDemand"}).json()["token"]
        for path, query in requests:
            whole = {name: value for name, value in query.items() if name not in ("select", "changedRows")}
            answer = client.get(path, params=whole, headers={"Authorization": f"Idaas {token}"}).json()
            for name, column, value in columns_of(answer):
                if isinstance(value, str) and len(value) >= SHORTEST and not _MOMENT.fullmatch(value):
                    if column in plan.asked[read_of(path)]:
                        wanted.add(value)
                    else:
                        others[value] = f"{name}.{column}"
    return wanted, {value: column for value, column in others.items() if value not in wanted}


def texts(home: Path) -> set[str]:
    """Return the texts that stand in the files of a folder."""
    found: set[str] = set()
    for file in (path for path in home.rglob("*") if path.is_file() and not path.name.endswith(("-wal", "-shm"))):
        if file.suffix == ".parquet":
            found |= {text for column in pl.read_parquet(file) for text in texts_of(column)}
        elif file.suffix == ".sqlite":
            with closing(sqlite3.connect(file)) as state:
                tables = state.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
                cells = {
                    str(cell) for (name,) in tables for row in state.execute(f"SELECT * FROM {name}") for cell in row
                }
            found |= cells.union(*map(quoted, cells))
        else:
            found |= quoted(file.read_text(encoding="utf-8"))
    return found


def quoted(text: str) -> set[str]:
    """Return the strings of JSON in a text."""
    return {json.loads(each, strict=False) for each in set(_QUOTED.findall(text))}


def texts_of(column: pl.Series) -> set[str]:
    """Return the texts of a column, however deep they are."""
    if isinstance(column.dtype, pl.List):
        return texts_of(column.explode())
    if isinstance(column.dtype, pl.Struct):
        return {text for inner in column.struct.unnest() for text in texts_of(inner)}
    return set(column.drop_nulls().unique()) if column.dtype == pl.String else set()


def cpu_of(process: subprocess.Popen[str]) -> float:
    """Return the CPU seconds of a process so far."""
    times = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return sum(map(int, times)) / os.sysconf("SC_CLK_TCK")


def show(home: Path, requests: list[Request]) -> None:
    """Print the rows of the run by entity, and what was asked for."""
    [file] = home.glob("[0-9]*/report.json")
    report = json.loads(file.read_text())
    for line in report["entities"]:
        print(f"{line['entity']:<18} {line['read']:>8,} read {line['emitted']:>8,} emitted {line['sent']:>8,} sent")
    records = sum(line["rows"] for line in report["sets"])
    print(f"{records:,} records of {len(report['sets'])} record sets in {len(requests)} requests")


def searched(plan: Planned, source: dict[str, str], requests: list[Request], home: Path) -> list[str]:
    """Look for what nobody asked for; print how much was looked at, and return what is wrong."""
    came = answered(plan, home)
    beside = came - plan.columns
    wrong = wrongly_asked(plan, requests) + wrongly_kept(plan, home)
    wrong += [
        f"in the answers of {read}: {name}.{column}"
        for read, name, column in beside - plan.along
        if column not in plan.asked[read] or (read, name, ANY) not in plan.along
    ]
    wanted, others = values(plan, source, requests)
    found = texts(home.parent)
    wrong += [f"on disk: a value of {column}" for column in {others[each] for each in others.keys() & found}]
    wrong += [f"not on disk: {len(wanted - found):,} values that were asked for"] * bool(wanted - found)
    print(f"plan --data: {sum(map(len, plan.sets.values()))} fields of {len(plan.sets)} record sets")
    print(f"on disk: {len(wanted & found):,} of {len(wanted):,} values of what was asked for,")
    print(
        f"  and {len(others.keys() & found):,} of {len(others):,} values of {len(set(others.values()))} other columns"
    )
    counts = Counter(name for _, name, column in beside)
    undeclared = sum(column == ANY for *_, column in plan.along)
    print(f"in answers alone: {len(beside)} columns; by the plan {len(plan.along) - undeclared} may come along,")
    print(f"  and any that was asked for in {undeclared} sets without declared fields:")
    print(f"  {', '.join(f'{name} {count}' for name, count in sorted(counts.items()))}")
    return wrong


def main(pupils: int) -> int:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "project"
        days = ("--today", str(LAST), "--start", str(LAST))
        source_process, source = started("xporter", "--pupils", str(pupils), *days)
        haplo_process, haplo = started("haplo", "--today", str(LAST))
        made = cpu_of(source_process)
        try:
            project(folder, source, haplo)
            deliver_live(folder)
            everything_on(folder)
            environ = {**os.environ, **SECRETS, "WATERS_EDGE_HAPLO": haplo["batch_api_key"]}
            engine = [sys.executable, "-m", "engine"]
            run = [*engine, "run", SCHOOL, "--project", str(folder), "--yes", "--today", str(LAST)]
            wall, cpu, memory = measured(run, environ)
            served = cpu_of(source_process) - made
            home, requests = folder / ".haplomap" / SCHOOL, requests_of(source)
            show(home, requests)
            print(f"{pupils:,} pupils: {cpu:.1f} s CPU (limit {MOST_CPU:.0f}), {wall:.1f} s wall, {memory:.0f} MB")
            print(f"simulator: {made:.1f} s CPU until it was there, {served:.1f} s for its answers")
            wrong = searched(planned(engine, folder, environ), source, requests, home)
        finally:
            source_process.terminate()
            haplo_process.terminate()
    for line in sorted(wrong):
        print(f"wrong: {line}")
    return int(bool(wrong) or cpu > MOST_CPU)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_500))
