"""100,000 students through the local dry run: interpreted as Haplo would, in a process of its own. By hand.

    python tests/benchmarks/bench_interpret.py [ROWS]

DuckDB makes the rows, the shipped schema and binding say what becomes of them, the real emitter writes the files.
Prints CPU seconds and peak memory of the process that interprets them, beside a floor measured in the same run: a
process that only reads the same files as JSON. Ends with 1 when a limit is broken.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

ROWS, ROUNDS = 100_000, 3
MOST_CPU, MOST_MEMORY = 30.0, 400.0
"""Seconds and MB for 100,000 rows; seconds grow with the rows."""
GROUPS, PREFIX = 400, "bench"

WORDS = "['Ada','Bea','Cem','Dov','Eve','Finn','Gus','Hana','Ines','Jón','Kit','Lena','Młoda','Nia','O''Neill','Zoë']"
FIELDS = {
    "source_id": "'P' || i",
    "given_name": f"{WORDS}[1 + i % 16]",
    "middle_names": f"CASE WHEN i % 3 = 0 THEN {WORDS}[1 + i // 16 % 16] END",
    "family_name": f"{WORDS}[1 + i // 7 % 16] || '-' || i % 9973",
    "legal_given_name": f"{WORDS}[1 + i % 16]",
    "legal_family_name": f"{WORDS}[1 + i // 7 % 16] || '-' || i % 9973",
    "gender": "['female','male','other','unknown'][1 + i % 4]",
    "date_of_birth": "DATE '2008-01-01' + (i % 3000)::INTEGER",
    "admission_number": "lpad(i::VARCHAR, 6, '0')",
    "upn": "'A' || lpad((i * 7919 % 1000000000000)::VARCHAR, 12, '0')",
    "unique_learner_number": "CASE WHEN i % 2 = 0 THEN lpad((i * 104729 % 10000000000)::VARCHAR, 10, '0') END",
    "enrolment_status": "CASE WHEN i % 50 = 0 THEN 'past' ELSE 'current' END",
    "year_group": "'Year ' || 7 + i % 7",
    "national_curriculum_year": "(7 + i % 7)::VARCHAR",
    "registration_group": "7 + i % 7 || ['A','B','C','D'][1 + i // 7 % 4]",
    "house": "['Red','Green','Blue'][1 + i % 3]",
    "boarding_house": "CASE WHEN i % 10 = 0 THEN 'Mill' END",
    "boarder": "i % 10 = 0",
    "groups": f"['G' || i % {GROUPS}, 'G' || i * 31 % {GROUPS}, 'G' || i * 17 % {GROUPS}]",
    "entry_date": "DATE '2019-09-01' + (i % 1500)::INTEGER",
    "leaving_date": "CASE WHEN i % 50 = 0 THEN DATE '2025-07-18' END",
    "emails": "['p' || i || '@school.example'] || CASE WHEN i % 4 = 0 THEN ['h' || i || '@mail.example'] ELSE [] END",
    "phones": "CASE WHEN i % 3 > 0 THEN ['01632 9' || lpad((i % 100000)::VARCHAR, 5, '0')] ELSE [] END",
    "address_line_1": "i % 300 || ' Mill Lane'",
    "address_line_2": "CASE WHEN i % 5 = 0 THEN 'Hill End' END",
    "town": "['Ely','Wells','Ripon'][1 + i % 3]",
    "county": "CASE WHEN i % 2 = 0 THEN 'Nowhereshire' END",
    "postcode": "'ZZ' || i % 90 + 10 || ' ' || i % 10 || 'AB'",
    "country": "'GB'",
    "special_needs": "CASE WHEN i % 8 = 0 THEN 'K' END",
    "english_additional": "CASE WHEN i % 6 > 0 THEN i % 6 = 1 END",
    "free_school_meals": "CASE WHEN i % 5 > 0 THEN i % 5 = 1 END",
    "pupil_premium": "CASE WHEN i % 5 > 0 THEN i % 5 = 1 END",
    "service_child": "CASE WHEN i % 9 > 0 THEN i % 9 = 1 END",
}
FLOOR = """
import json, sys
from pathlib import Path
print(sum(len(json.loads(file.read_bytes())) for file in sorted(Path(sys.argv[1]).glob('student-[0-9]*.json'))))
"""


def make(folder: Path, rows: int) -> None:
    """Make rows, emit them, and put the application beside them, with the groups that they belong to."""
    import duckdb

    from engine.haplo.target import application_case, data_types
    from engine.spec.project import open_project
    from engine.stages.emit import emit

    project = open_project(ROOT / "examples" / "demo")
    schema, binding, application = project.schema("student"), project.binding("student"), project.application("school")
    assert set(FIELDS) == set(schema.fields), "the schema has changed: give its fields here too"
    chosen = ", ".join(f'{made} AS "{name}"' for name, made in FIELDS.items())
    parquet = folder / "student.parquet"
    made = f"SELECT {chosen}, []::VARCHAR[] AS _withheld FROM range(1, {rows} + 1) t(i)"
    duckdb.execute(f"COPY ({made}) TO '{parquet}' (FORMAT parquet)")
    types = data_types(application, binding.model)
    emitted = emit(schema, project.schemas(), binding, PREFIX, parquet, (), folder / "files", data_types=types)
    assert emitted.rows == rows
    case = application_case(application)
    case["objects"] += [
        {"ref": f"group{number}", "type": "school:type:group", "behaviour": f"{PREFIX}:group:G{number}"}
        for number in range(GROUPS)
    ]
    (folder / "application.json").write_text(json.dumps(case), encoding="utf-8")


def interpret_files(folder: Path) -> None:
    """Interpret what was emitted, and print what came of it."""
    from engine.haplo.application import Application
    from engine.haplo.interpret import interpret

    application = Application.from_case(json.loads((folder / "application.json").read_bytes()))
    control = json.loads((folder / "files" / "student.control.json").read_bytes())
    parts = {file.stem: file for file in sorted((folder / "files").glob("student-[0-9]*.json"))}
    outcome = interpret(control, parts, application, keep_committed=False, today=date(2026, 3, 2))
    stop = outcome.exception
    told = {summary: times for (_, summary), times in outcome.counts.items()}
    facts: dict[str, Any] = {"records": outcome.records, "complete": outcome.complete, "created": outcome.created}
    print(json.dumps({**facts, "stopped": None if stop is None else stop.why, "told": told}))


def measured(*command: str) -> tuple[str, float, float, float]:
    """Run Python; return what it printed, wall seconds, CPU seconds and peak memory in MB."""
    began = time.perf_counter()
    with subprocess.Popen([sys.executable, *command], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        out = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, command
    return out, time.perf_counter() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main(rows: int) -> int:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        measured(__file__, "--make", temporary, str(rows))  # apart, since a child's peak begins with its parent's size
        files = list((folder / "files").glob("student-[0-9]*.json"))
        size = sum(file.stat().st_size for file in files) / 1_000_000
        print(f"{rows:,} rows of {len(FIELDS)} fields, {len(files)} parts of {size:.0f} MB in all")
        times, peaks, ratios = [], [], []
        for number in range(1, ROUNDS + 1):
            out, wall, cpu, memory = measured(__file__, "--interpret", temporary)
            count, _, floor, least = measured("-c", FLOOR, str(folder / "files"))
            facts = json.loads(out)
            assert int(count) == facts["records"] == facts["complete"] == facts["created"] == rows, facts
            assert facts["stopped"] is None, facts
            assert facts["told"] == {}, facts
            times.append(cpu)
            peaks.append(memory)
            ratios.append(cpu / floor)
            print(
                f"run {number}: {wall:.1f} s wall, {cpu:.1f} s CPU, {memory:.0f} MB, {rows / cpu:,.0f} records/s; "
                f"{cpu / floor:.1f} times the floor of {floor:.2f} s CPU ({least:.0f} MB)"
            )
    cpu, memory, most = statistics.median(times), max(peaks), MOST_CPU * max(1.0, rows / ROWS)
    print(f"median {cpu:.1f} s CPU (may be {most:.1f}), {rows / cpu:,.0f} records a second")
    print(f"most memory {memory:.0f} MB (may be {MOST_MEMORY:.0f}); ratio to the floor {statistics.median(ratios):.1f}")
    return 0 if cpu <= most and memory <= MOST_MEMORY else 1


if __name__ == "__main__":
    if sys.argv[1:2] == ["--make"]:
        sys.exit(make(Path(sys.argv[2]), int(sys.argv[3])))
    if sys.argv[1:2] == ["--interpret"]:
        sys.exit(interpret_files(Path(sys.argv[2])))
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else ROWS))
