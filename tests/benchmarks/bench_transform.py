"""500,000 records become sorted JSON by a mapping, and by one statement written by hand; then they are compared.

    python tests/benchmarks/bench_transform.py [RECORDS]

By hand. 25 fields, with a join, four lookups, dates, numbers and two rules. The floor is one statement of DuckDB's
that reads the same Parquet files and writes one sorted JSON file: no books, no states, no quarantine, no parts, no
digests. Each runs in a process of its own. Prints CPU seconds (user and system) and wall seconds, and their ratios.
Ends with 1 when a limit is broken, as that of the ratio is: tests/README.md says by what.
"""

from __future__ import annotations

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

RECORDS, ROUNDS = 500_000, 3
MOST_RATIO, MOST_COMPARING = 1.3, 3.0
PLAIN = [f"t{number}" for number in range(12)]
"""Fields that are copied as they are."""
DATES, NUMBERS, CODES = ("born", "came", "ended"), ("rank", "size", "age"), ("c0", "c1", "c2", "c3")
LOOKUPS = {code: {str(each): f"{code} means {each}" for each in range(40)} for code in CODES}
SQL_LOOKUPS = {
    code: "MAP {" + ", ".join(f"'{key}': '{value}'" for key, value in table.items()) + "}"
    for code, table in LOOKUPS.items()
}


def make(folder: Path, records: int) -> None:
    """Write the records as they are landed: all of them text."""
    import duckdb

    fields = {
        "Id": "(i * 7919 % 1000000007)::VARCHAR",
        **{name: f"'text ' || (i * {at + 3} % 9973)" for at, name in enumerate(PLAIN)},
        **{
            name: f"strftime(DATE '2001-01-01' + (i * {at + 1} % 6000)::INT, '%d/%m/%Y')"
            for at, name in enumerate(DATES)
        },
        **{name: f"(i * {at + 5} % 997)::VARCHAR" for at, name in enumerate(NUMBERS)},
        **{name: f"(i * {at + 1} % 40)::VARCHAR" for at, name in enumerate(CODES)},
        "House": "(i % 500)::VARCHAR",
    }
    chosen = ", ".join(f'{sql} AS "{name}"' for name, sql in fields.items())
    form = "(FORMAT parquet, ROW_GROUP_SIZE 20480)"
    duckdb.execute(
        f"COPY (SELECT 1 AS _page, i AS _row, {chosen} FROM range({records}) t(i)) TO '{folder}/things.parquet' {form}"
    )
    houses = 'SELECT 1 AS _page, i AS _row, i::VARCHAR AS "Id", \'House \' || i AS "Name" FROM range(500) t(i)'
    duckdb.execute(f"COPY ({houses}) TO '{folder}/houses.parquet' {form}")


def trial() -> Any:
    """Return the documents: a source, a schema, four lookups and a mapping."""
    from tests.unit.spec.trial import Trial

    text = dict.fromkeys(("Id", *PLAIN, *CODES, "House"), "text")
    things = {**text, **dict.fromkeys(DATES, "date"), **dict.fromkeys(NUMBERS, "integer")}
    target = [f"{name}: {{type: text}}" for name in (*PLAIN, *CODES, "house")]
    target += [f"{name}: {{type: date}}" for name in DATES] + [f"{name}: {{type: integer}}" for name in NUMBERS]
    target += ["pair: {type: text}"]
    mapping = [
        "join: {home: {set: houses, by: {Id: House}, keep: first, order: [Id]}}",
        "where:",
        "  - {rule: old-enough, sql: 'age >= 10'}",
        "  - {rule: ranked, field: rank, present: true}",
        "fields:",
        "  id: Id",
        "  house: home.Name",
        "  pair: {sql: \"t0 || ' ' || t1\"}",
        *(f"  {name}: {name}" for name in (*PLAIN, *DATES, *NUMBERS)),
        *(f"  {name}: {{from: {name}, lookup: {name}}}" for name in CODES),
    ]
    lookups = [
        f"lookup: {code}\nvalues:\n" + "".join(f"  '{key}': {value}\n" for key, value in table.items())
        for code, table in LOOKUPS.items()
    ]
    sets = {"things": things, "houses": {"Id": "text", "Name": "text"}}
    formats = "{date: '%d/%m/%Y'}"
    return Trial(sets, "\n".join(target), "\n".join(mapping) + "\n", formats=formats, lookups=lookups)


def ours(folder: Path, records: int) -> None:
    """Make rows by the mapping, and files of them."""
    from engine.spec.binding import Binding
    from engine.stages.emit import emit
    from engine.stages.transform import Circumstances, SetRead, transform

    documents = trial()
    sets = {
        name: SetRead(folder / f"{name}.parquet", rows, frozenset(documents.sets[name]))
        for name, rows in (("things", records), ("houses", 500))
    }
    night = Circumstances(date(2026, 9, 1), "hill", "Europe/London", {})
    world, run = documents.world(), folder / "run"
    books = transform(documents.document(), world, sets, night, run)
    names = {f"x:{name}": name for name in world.schema.fields}
    binding = Binding.model_validate(
        {"binding": "thing", "model": "TYPE:x:type:t", "destination": "object", "names": names}
    )
    emitted = emit(world.schema, {}, binding, "hill", run / "rows" / "thing.parquet", (), run / "files")
    assert emitted.rows == books.emitted > 0.9 * records, books
    assert not books.quarantined, books


def by_hand(folder: Path, records: int) -> None:
    """Write the same as one statement."""
    import duckdb

    dates = ", ".join(f"strftime(try_strptime({name}, '%d/%m/%Y')::DATE, '%Y-%m-%d') AS {name}" for name in DATES)
    numbers = ", ".join(f"try_cast({name} AS BIGINT) AS {name}" for name in NUMBERS)
    codes = ", ".join(f"{SQL_LOOKUPS[name]}[{name}] AS {name}" for name in CODES)
    with duckdb.connect(config={"threads": 2}) as database:
        database.execute(
            f'COPY (SELECT t."Id" AS id, h."Name" AS house, t0 || \' \' || t1 AS pair, {", ".join(PLAIN)},'
            f" {dates}, {numbers},"
            f" {codes} FROM '{folder}/things.parquet' t LEFT JOIN '{folder}/houses.parquet' h ON h.\"Id\" = t.\"House\""
            ' WHERE try_cast(t.age AS BIGINT) >= 10 AND t.rank IS NOT NULL ORDER BY t."Id")'
            f" TO '{folder}/by_hand.json' (FORMAT json, ARRAY true)"
        )


def comparing(folder: Path, records: int) -> None:
    """Compare the rows with themselves as they were sent: read twice, hashed once, none in doubt but the changed."""
    from engine.stages.before import Pair, write_next
    from engine.stages.compare import Terms, compare

    schema, run = trial().world().schema, folder / "run"
    told = [name for name in schema.fields if name != schema.key]
    sent = folder / "sent" / "thing" / "1.parquet"
    if not sent.exists():
        first = Pair(schema, told, run, None)
        compare(first, Terms())
        sent.parent.mkdir(parents=True)
        write_next(first, {})
        (run / "next" / "thing.parquet").replace(sent)
    began = time.perf_counter()
    used = time.process_time()
    found = compare(Pair(schema, told, run, sent), Terms())
    print(time.process_time() - used, time.perf_counter() - began)
    assert found.unchanged == found.rows > 0.9 * records, found


def measured(what: str, folder: Path, records: int) -> tuple[float, float, str]:
    """Run a part in a process of its own; return its CPU and wall seconds, and what it printed."""
    began = time.perf_counter()
    command = [sys.executable, __file__, what, str(folder), str(records)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        out = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, what
    return usage.ru_utime + usage.ru_stime, time.perf_counter() - began, out


def main(records: int) -> int:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        measured("make", folder, records)
        times: dict[str, list[tuple[float, float]]] = {"ours": [], "by_hand": []}
        for _ in range(ROUNDS):
            for name, taken in times.items():
                taken.append(measured(name, folder, records)[:2])
        compared = [tuple(map(float, measured("comparing", folder, records)[2].split())) for _ in range(ROUNDS)]
    cpu, wall = (
        {name: statistics.median(each[at] for each in taken) for name, taken in times.items()} for at in (0, 1)
    )
    for name in times:
        print(f"{name:8} {cpu[name]:6.2f} s CPU   {wall[name]:6.2f} s")
    ratio = cpu["ours"] / cpu["by_hand"]
    print(f"ratio    {ratio:6.2f} of CPU   {wall['ours'] / wall['by_hand']:6.2f} (may be {MOST_RATIO})")
    used, taken = (statistics.median(each[at] for each in compared) for at in (0, 1))
    print(f"comparing {used:.2f} s CPU, {taken:.2f} s (may be {MOST_COMPARING} s)")
    return 0 if ratio <= MOST_RATIO and taken <= MOST_COMPARING else 1


if __name__ == "__main__":
    if len(sys.argv) > 2:
        {"make": make, "ours": ours, "by_hand": by_hand, "comparing": comparing}[sys.argv[1]](
            Path(sys.argv[2]), int(sys.argv[3])
        )
        sys.exit(0)
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else RECORDS))
