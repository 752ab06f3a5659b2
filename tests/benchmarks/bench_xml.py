"""Records of XML into Parquet: our reader beside libxml2 that keeps nothing, xml2arrow by itself, and lxml. By hand.

    python tests/benchmarks/bench_xml.py [MB] [--memory]

A document of pupils, six attributes and thirty children each (200 MB: 144,000 of them), in processes of their own, in
one run. Prints seconds, CPU seconds and peak memory of each, and what our reader takes beside xml2arrow: the middle of
eleven pairs, as one run tells little. With --memory
a document of five times the size is read too: the peak must not grow. Ends with 1 when a limit is broken.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BARE, MEMORY, GROWTH = 1.5, 300, 1.15
PAIRS = 11
"""Most times the seconds of xml2arrow; most MB; most times the memory for five times the document."""
ATTRIBUTES = ("Id", "PersonId", "PersonGuid", "DivisionId", "AcademicHouseId", "BoardingHouseId")
# fmt: off
CHILDREN = (
    "UPN", "SchoolCode", "SchoolId", "UserCode", "UserName", "Title", "Forename", "Surname", "Middlename",
    "Initials", "Preferredname", "Fullname", "Gender", "DOB", "AcademicHouse", "BoardingHouse", "Form", "NCYear",
    "DivisionName", "EmailAddress", "MobileNumber", "PupilType", "EnrolmentDate", "EnrolmentTerm",
    "EnrolmentSchoolYear", "FamilyId", "Nationalities", "Languages", "Tutor", "Ethnicity",
)
# fmt: on


def write(file: Path, megabytes: int) -> int:
    """Write a document of about this size; return its records."""
    count = 0
    with file.open("w", encoding="utf-8") as out:
        out.write("<iSAMS><PupilManager><CurrentPupils>\n")
        while out.tell() < megabytes * 1_000_000:
            for _ in range(500):
                count += 1
                attributes = "".join(f' {name}="{count * 7 % 90_001}"' for name in ATTRIBUTES)
                children = "".join(
                    f"<{name}>{name[:3]} Zoë &amp; {count + at}</{name}>" if (count + at) % 9 else f"<{name}/>"
                    for at, name in enumerate(CHILDREN)
                )
                out.write(f"<Pupil{attributes}>{children}</Pupil>\n")
        out.write("</CurrentPupils></PupilManager></iSAMS>\n")
    return count


def libxml2(file: Path, out: Path) -> int:
    """Parse, and keep nothing."""
    from lxml import etree

    class Nothing:
        def close(self) -> int:
            return 0

    return int(etree.parse(str(file), etree.XMLParser(target=Nothing())))


def xml2arrow(file: Path, out: Path) -> int:
    """Read with the library by itself: no look at whether the document is whole, empty is missing."""
    import pyarrow.parquet as pq
    import xml2arrow as library

    place = "/iSAMS/PupilManager/CurrentPupils"
    paths = {**{name: f"@{name}" for name in ATTRIBUTES}, **{name: name for name in CHILDREN}}
    fields = [
        {"name": name, "xml_path": f"{place}/Pupil/{path}", "data_type": "Utf8", "nullable": True}
        for name, path in paths.items()
    ]
    config = out.with_suffix(".yaml")
    config.write_text(json.dumps({"tables": [{"name": "p", "xml_path": place, "levels": [], "fields": fields}]}))
    writer, rows = None, 0
    for _, batch in library.XmlToArrowParser(str(config)).parse_batches(str(file), max_rows_per_batch=8192):
        writer = writer or pq.ParquetWriter(out, batch.schema)
        writer.write_batch(batch)
        rows += batch.num_rows
    assert writer is not None
    writer.close()
    return rows


def ours(file: Path, out: Path, *, fast: bool = True) -> int:
    """Read as an extraction does."""
    from engine.spec.source import RecordSet
    from engine.stages.xml_fast import read_sets
    from engine.stages.xml_plan import plan_of

    fields = {**{name: {"at": f"@{name}"} for name in ATTRIBUTES}, **{name: {} for name in CHILDREN}}
    people = RecordSet.model_validate({"records": "PupilManager/CurrentPupils/Pupil", "fields": fields})
    plan = plan_of("p", people, tell_empty=False)  # as long as a source does not say blank: keep
    with file.open("rb") as stream:
        return read_sets(stream, [plan], {"p": out}, fast=fast).sinks["p"].rows


def plain(file: Path, out: Path) -> int:
    """Read with our second reader, a loop over lxml's elements."""
    return ours(file, out, fast=False)


WAYS = {"libxml2": libxml2, "xml2arrow": xml2arrow, "ours": ours, "plain": plain}


def measured(way: str, file: Path, out: Path) -> tuple[float, float, float, int]:
    """Return seconds, CPU seconds, peak memory in MB, and rows of a way, in a process of its own."""
    began = time.monotonic()
    process = subprocess.Popen([sys.executable, __file__, "--way", way, str(file), str(out)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    said = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0, way
    return time.monotonic() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, int(said)


def main(megabytes: int, *, memory: bool) -> int:
    broken, found = 0, {}
    with tempfile.TemporaryDirectory() as folder:
        file, out = Path(folder) / "document.xml", Path(folder) / "out.parquet"
        count = write(file, megabytes)
        print(f"{file.stat().st_size / 1e6:.0f} MB, {count:,} records")
        for way in WAYS:
            found[way] = measured(way, file, out)
            seconds, cpu, peak, rows = found[way]
            assert way == "libxml2" or rows == count, way
            print(f"{way:10} {seconds:6.2f} s, {cpu:6.2f} s CPU, {peak:5.0f} MB")
        pairs = [(measured("ours", file, out)[0], measured("xml2arrow", file, out)[0]) for _ in range(PAIRS)]
        ratios = sorted(ours / theirs for ours, theirs in pairs)
        ratio = ratios[PAIRS // 2]
        print(
            f"ours takes {ratio:.2f} times xml2arrow's time (limit {BARE}; {ratios[0]:.2f} to {ratios[-1]:.2f}), "
            f"{found['ours'][2]:.0f} MB (limit {MEMORY})"
        )
        broken += ratio > BARE or found["ours"][2] > MEMORY
        if memory:
            write(file, 5 * megabytes)
            peak = measured("ours", file, out)[2]
            grown = peak / found["ours"][2]
            print(
                f"five times the document: {peak:.0f} MB, {grown:.2f} times as much (limit {GROWTH}, and {MEMORY} MB)"
            )
            broken += grown > GROWTH or peak > MEMORY
    return 1 if broken else 0


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))
    if sys.argv[1:2] == ["--way"]:
        print(WAYS[sys.argv[2]](Path(sys.argv[3]), Path(sys.argv[4])))
        sys.exit(0)
    numbers = [int(each) for each in sys.argv[1:] if each.isdecimal()]
    sys.exit(main(numbers[0] if numbers else 200, memory="--memory" in sys.argv))
