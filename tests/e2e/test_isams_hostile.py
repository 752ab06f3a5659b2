"""Answers of XML that nobody should send: the whole command ends with a clear error, and Haplo is given nothing.

Where an answer is refused, it is so whoever sends it and whatever follows it; what memory that takes is measured in
processes of their own, and in `tests/unit/stages/test_xml_fast.py`.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml
from project import ROOT, Ended, call_here

from engine.simulators.haplo import HaploSimulator
from engine.simulators.isams import SIMULATOR
from engine.simulators.message import Answer, Part, Request

pytestmark = pytest.mark.e2e
WRITTEN = "Zebedee-Quux"
"""A value in every answer, which must be seen nowhere."""
ENTITIES = ["student", "guardian", "staff", "group", "group_membership"]
"""What the Batch API alone feeds."""
CODED = re.compile(r"^error: .+ \[([a-z-]+)\]$", re.MULTILINE)


class HostileSimulator(SIMULATOR):
    """The school, but for what one key is answered, if anything is said of that."""

    instead: tuple[Part, ...] = ()
    asked = 0

    def _read(self, request: Request, endpoint: str) -> Answer:
        if self.instead and b"Pupil_GetCurrentPupils" in request.body:
            self.asked += 1
            return Answer(200, self.instead, "text/xml")
        return super()._read(request, endpoint)


@dataclass
class School:
    """The example's project between its two simulators."""

    folder: Path
    source: HostileSimulator
    haplo: HaploSimulator
    environ: dict[str, str] = field(default_factory=dict)

    @property
    def command(self) -> list[str]:
        return ["run", "brook-hall", "--project", str(self.folder)]

    def run(self, *parts: Part) -> Ended:
        """Run it, the pupils' key being answered so."""
        self.source.instead, self.source.asked = parts, 0
        return call_here(*self.command, environ=self.environ)


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[School]:
    with HostileSimulator(pupils=30) as source, HaploSimulator() as haplo:
        yield made(tmp_path_factory.mktemp("hostile") / "project", source, haplo)


def made(folder: Path, source: HostileSimulator, haplo: HaploSimulator) -> School:
    shutil.copytree(ROOT / "examples" / "isams", folder)
    file = folder / "schools" / "brook-hall.yaml"
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    content["config"]["host"] = source.url
    content["deliver"]["url"] = haplo.url
    content["entities"] = ENTITIES
    for name in ("client_id", "client_secret"):
        del content["config"][name]
    content.pop("runs", None)
    file.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    contract = yaml.safe_load((ROOT / "mappings" / "isams" / "source.yaml").read_text(encoding="utf-8"))
    contract["apis"]["batch"] |= {"retry": {"attempts": 3, "wait": "1ms"}, "longest_answer": "20MB"}
    own = folder / "mappings" / "isams" / "source.yaml"
    own.parent.mkdir(parents=True)
    own.write_text(yaml.safe_dump(contract, sort_keys=False), encoding="utf-8")
    names = {name: each["key"]["env"] for name, each in content["config"]["keys"].items()}
    environ = {variable: source.config["keys"][name.replace("_", "-")] for name, variable in names.items()}
    return School(folder, source, haplo, {**environ, "BROOK_HALL_HAPLO": haplo.config["api_key"]})


def document(inner: str, before: str = "") -> bytes:
    """Two pupils, and this in a third."""
    pupils = "".join(f'<Pupil Id="{each}"><Forename>{WRITTEN}</Forename></Pupil>' for each in (1, 2))
    third = f'<Pupil Id="3">{inner}</Pupil>'
    return (
        f"{before}<iSAMS><PupilManager><CurrentPupils>{pupils}{third}</CurrentPupils></PupilManager></iSAMS>".encode()
    )


def entities(*lines: str) -> str:
    return f"<!DOCTYPE iSAMS [{''.join(f'<!ENTITY {line}>' for line in lines)}]>"


LAUGHS = entities('a "ha"', *(f'{chr(98 + n)} "{f"&{chr(97 + n)};" * 10}"' for n in range(9)))
GOOD = document("<Forename>Ada</Forename>")
FORENAME = "<Forename>{}</Forename>".format
CHUNK = b"a" * 262_144
HOSTILE: dict[str, tuple[tuple[Part, ...], str, int]] = {
    "a file": ((document(FORENAME("&x;"), entities('x SYSTEM "file:///etc/passwd"')),), "has a DOCTYPE", 1),
    "the network": ((document(FORENAME("&x;"), entities('x SYSTEM "HOST/x"')),), "has a DOCTYPE", 1),
    "a DTD": ((document("", '<!DOCTYPE iSAMS SYSTEM "HOST/x.dtd">'),), "has a DOCTYPE", 1),
    "laughs": ((document(FORENAME("&j;"), LAUGHS),), "has a DOCTYPE", 1),
    "blow-up": ((document(FORENAME("&x;" * 9999), entities(f'x "{"y" * 9999}"')),), "has a DOCTYPE", 1),
    "an entity": ((document(FORENAME("&x;")),), "is not well-formed XML (line 1, column", 3),
    "cut short": ((GOOD[:150],), "is XML that is cut short", 3),
    "cut between": ((GOOD[: GOOD.index(b"</CurrentPupils>")],), "is XML that is cut short", 3),
    "two roots": ((GOOD + GOOD,), "is not well-formed XML", 3),
    "bytes": ((GOOD.replace(b"Ada", b"Zo\xc3\xab \xeb"),), "is not in UTF-8", 1),
    "nothing": ((b" ",), "is empty", 3),
    "NUL": ((GOOD.replace(b"Ada", b"A\x00da"),), "is not well-formed XML", 3),
    "a page": ((b"<!DOCTYPE html><html><body>Zebedee-Quux</body></html>",), "is a page of HTML", 3),
    "another root": ((GOOD.replace(b"iSAMS>", b"School>"),), "is not a document 'iSAMS'", 1),
    "JSON": ((b'{"iSAMS": "Zebedee-Quux"}',), "is not XML", 1),
    "deep": ((document("<a>" * 5000 + "</a>" * 5000),), "has elements too deep in each other", 1),
    "an attribute": ((document("")[:-60], b'<Pupil Id="', *[CHUNK] * 45), "has more than 10,000,000 bytes of text", 1),
    "an element": ((GOOD[:150], *[CHUNK] * 60), "has more than 10,000,000 bytes of text without a tag", 1),
    "tiny elements": (
        (GOOD[:50], b"<Pupil>", b"<a/>" * 2_000_000),
        "has a record that would take more than 100,000,000 bytes",
        1,
    ),
    "10 GB": ((GOOD[:150], *[memoryview(CHUNK)] * 40_000), "the answer is longer than 20,000,000 bytes", 1),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_is_delivered_of_an_answer_that_cannot_be_read(name: str, school: School) -> None:
    parts, what, times = HOSTILE[name]
    asked, batches = len(school.source.requests), school.haplo.store.describe()
    ended = school.run(*(bytes(each).replace(b"HOST", school.source.url.encode()) for each in parts[:1]), *parts[1:])
    assert ended.code == 1
    assert CODED.findall(ended.err) == ["answer-unreadable"], ended.err
    assert f"error: endpoint 'batch' students page 1: {'' if '10 GB' in name else 'the answer '}{what}" in ended.err
    assert school.source.asked == times
    assert len(school.source.requests) - asked == times, "nothing else is asked, no entity and no other key"
    assert school.haplo.store.describe() == batches
    told = ended.out + ended.err + "".join(told_of(school.folder))
    assert not any(each in told for each in (WRITTEN, "ha" * 50, "root:x:0", *school.source.config["keys"].values()))


def told_of(folder: Path) -> Iterator[str]:
    """What the latest run left that people read."""
    latest = sorted(folder.glob(".haplomap/brook-hall/[0-9]*"))[-1]
    yield from (file.read_text(encoding="utf-8") for file in (latest / "report.json", latest / "journal.jsonl"))
    assert list(latest.rglob("*.part")) == []
    assert list(latest.glob("answers/batch/students/*")) == [], "nothing of the answer is kept"
    assert not (latest / "files").exists()


def test_the_same_school_is_delivered_when_its_answers_are_good(school: School) -> None:
    before = len(school.haplo.store.describe())
    ended = school.run()
    assert ended.code == 0, ended.err
    assert len(school.haplo.store.describe()) == before + len(ENTITIES)
    assert [each.key for each in school.source.batch.reads[-6:]] == [
        "students",
        "contacts",
        "staff",
        "structure",
        "teaching",
        "set-lists",
    ]


def test_the_command_needs_little_memory_for_it(school: School) -> None:
    """In a process of its own: a record without end, up to the most that an answer may hold.

    The system is asked for the peak of the program itself; what `resource` says holds that of the process it came from.
    """
    code = (
        "import re, sys; from engine.cli.main import main\n"
        "try: main(sys.argv[1:])\n"
        "finally: print(int(re.search(r'VmHWM:\\s*(\\d+) kB', open('/proc/self/status').read())[1]) // 1024)"
    )
    school.source.instead = HOSTILE["tiny elements"][0]
    done = subprocess.run(
        [sys.executable, "-c", code, *school.command],
        env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", **school.environ},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=90,
    )
    assert "answer-unreadable" in done.stderr
    assert int(done.stdout.split()[-1]) < 400
