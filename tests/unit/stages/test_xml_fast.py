"""XML documents become records: what each path finds, in which encodings, and what is refused; by both readers."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow.parquet as pq
import pytest

from engine.spec.source import RecordSet
from engine.stages import xml_tree
from engine.stages.envelope import UnreadableError
from engine.stages.xml_fast import Read, read_sets
from engine.stages.xml_plan import plan_of

BOTH = pytest.mark.parametrize("fast", [True, False], ids=["quick", "plain"])

PEOPLE = {
    "people": {
        "records": "People/Person",
        "fields": {
            "Id": {"at": "@Id"},
            "Name": {},
            "Town": {"at": "Address/Town"},
            "House": {"at": ["@HouseId", "House"]},
        },
    }
}
NESTED = {
    "people": {"records": "People/Person", "fields": {"Id": {"at": "@Id"}, "Pets": {"type": "list", "at": "Pets/Pet"}}},
    "pets": {
        "records": "People/Person/Pets/Pet",
        "fields": {
            "Owner": {"at": "../../@Id"},
            "OwnerName": {"at": "../../Name"},
            "Kind": {"at": "@Kind"},
            "Call": {"at": "."},
        },
    },
}


def sets_of(said: dict[str, Any]) -> dict[str, RecordSet]:
    return {name: RecordSet.model_validate(each) for name, each in said.items()}


def read(stream: BinaryIO, sets: dict[str, RecordSet], folder: Path, *, fast: bool) -> Read:
    plans = [plan_of(name, each) for name, each in sets.items()]
    return read_sets(stream, plans, {name: folder / f"{name}.parquet" for name in sets}, fast=fast)


def records(
    document: str | bytes, said: dict[str, Any], folder: Path, *, fast: bool
) -> dict[str, list[dict[str, Any]]]:
    """Return the records of each set, without their numbers."""
    data = document.encode() if isinstance(document, str) else document
    sets = sets_of(said)
    read(io.BytesIO(data), sets, folder, fast=fast)
    found = {name: pq.read_table(folder / f"{name}.parquet").to_pylist() for name in sets}
    for rows in found.values():
        assert [row.pop("_row") for row in rows] == list(range(1, len(rows) + 1))
    return found


def people(inner: str) -> str:
    return f"<Root><People>{inner}</People></Root>"


def person(**values: str | None) -> dict[str, str | None]:
    return {**dict.fromkeys(("Id", "Name", "Town", "House")), **values}


@BOTH
@pytest.mark.parametrize(
    ("inner", "expected"),
    [
        ('<Person Id="1"><Name>Ada</Name></Person>', [person(Id="1", Name="Ada")]),
        ("<Person/>", [person()]),
        ('<Person Id="1"/><Person Id="2"></Person>', [person(Id="1"), person(Id="2")]),
        ("<Person><Name/></Person>", [person(Name="")]),
        ("<Person><Name></Name></Person>", [person(Name="")]),
        ("<Person><Name>&#x20;</Name></Person>", [person(Name=" ")]),
        ("<Person><Name> Ada \n</Name></Person>", [person(Name=" Ada \n")]),
        ("<Person><Name>A&amp;B &lt;C&gt; &#233;</Name></Person>", [person(Name="A&B <C> é")]),
        ("<Person><Name><![CDATA[<b>&amp;]]></Name></Person>", [person(Name="<b>&amp;")]),
        ("<Person><Name>A<!-- not this -->da</Name></Person>", [person(Name="Ada")]),
        ("<Person><Address><Town>Ely</Town></Address></Person>", [person(Town="Ely")]),
        ("<Person><Address/><Other><Town>Ely</Town></Other></Person>", [person()]),
        ('<Person HouseId="7"><House Legacy="True"/></Person>', [person(House="7")]),
        ('<Person><House Legacy="True">7</House></Person>', [person(House="7")]),
        ('<Person Unknown="1"><Further><Id>5</Id></Further><Name>Ada</Name></Person>', [person(Name="Ada")]),
        ("<Other><Name>No</Name></Other><Person><Name>Ada</Name></Person>", [person(Name="Ada")]),
        ("<Person><Person><Name>In</Name></Person><Name>Out</Name></Person>", [person(Name="Out")]),
        ("", []),
    ],
)
def test_a_path_finds_what_stands_there(inner: str, expected: list[Any], fast: bool, tmp_path: Path) -> None:
    assert records(people(inner), PEOPLE, tmp_path, fast=fast)["people"] == expected


@BOTH
def test_all_blocks_of_a_collection_are_read(fast: bool, tmp_path: Path) -> None:
    block = '<People><Person Id="{}"/></People>'
    document = f"<Root>{block.format(1)}<Else/>{block.format(2)}<People/>{block.format(3)}</Root>"
    found = records(document, PEOPLE, tmp_path, fast=fast)["people"]
    assert [row["Id"] for row in found] == ["1", "2", "3"]


@BOTH
def test_children_are_lists_or_records_that_see_their_parent(fast: bool, tmp_path: Path) -> None:
    document = people(
        '<Person Id="1"><Pets><Pet Kind="cat">Tom</Pet><Pet Kind="dog">Rex</Pet></Pets><Name>Ada</Name></Person>'
        '<Person Id="2"><Pets/></Person><Person Id="3"/>'
    )
    found = records(document, NESTED, tmp_path, fast=fast)
    assert [(row["Id"], row["Pets"]) for row in found["people"]] == [("1", '["Tom", "Rex"]'), ("2", "[]"), ("3", None)]
    assert [(row["Owner"], row["OwnerName"], row["Kind"], row["Call"]) for row in found["pets"]] == [
        ("1", "Ada", "cat", "Tom"),
        ("1", "Ada", "dog", "Rex"),
    ]


NAMESPACED = '<x:Root xmlns:x="urn:x"><People/><x:People><x:Person><x:Name>Zoë</x:Name></x:Person></x:People></x:Root>'


@BOTH
@pytest.mark.parametrize(
    "data",
    [
        '<?xml version="1.0" encoding="utf-8"?>\r\n{}'.format(people("<Person><Name>Zoë</Name></Person>")).encode(),
        b"\xef\xbb\xbf" + people("<Person><Name>Zoë</Name></Person>").encode(),
        ('<?xml version="1.0" encoding="utf-16"?>' + people("<Person><Name>Zo&#235;</Name></Person>")).encode(),
        ('<?xml version="1.0" encoding="utf-16"?>' + people("<Person><Name>Zoë</Name></Person>")).encode("utf-16"),
        people("<Person><Name>Zoë</Name></Person>").encode("utf-16-be"),
        people("<Person><Name>Zoë</Name></Person>").encode("cp1252"),
        ('<?xml version="1.0" encoding="iso-8859-1"?>' + people("<Person><Name>Zoë</Name></Person>")).encode("latin1"),
        NAMESPACED.encode(),
    ],
    ids=["declared", "mark", "said-utf-16", "utf-16", "utf-16-be", "windows-1252", "latin-1", "namespace"],
)
def test_the_bytes_count_and_not_what_they_say_they_are(data: bytes, fast: bool, tmp_path: Path) -> None:
    assert records(data, PEOPLE, tmp_path, fast=fast)["people"] == [person(Name="Zoë")]


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 10}">' for i in range(9))
    + "]><Root><People><Person><Name>&j;</Name></Person></People></Root>"
)
ATTRIBUTES = "".join(f" a{number}=''" for number in range(200_000))
XXE = '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><Root><People><Person><Name>&x;</Name></Person></People></Root>'


@BOTH
@pytest.mark.parametrize(
    ("document", "what", "heals"),
    [
        (XXE, "has a DOCTYPE", False),
        (BOMB, "has a DOCTYPE", False),
        ("<!-- c --><!DOCTYPE html><html><body/></html>", "is a page of HTML", True),
        (people("<Person><Name>&undeclared;</Name></Person>"), "is not well-formed", True),
        (people("<Person><Name>Ada</Name>")[:-20], "is XML that is cut short", True),
        ('<Root><People><Person Id="1', "is XML that is cut short", True),
        (people("<Person><Name>Ada</Nam></Person>"), "is not well-formed", True),
        (people("") + "<Root/>", "is not well-formed", True),
        (people("") + "text", "is not well-formed", True),
        ("", "is empty", True),
        ("  \n", "is empty", True),
        ('{"people": []}', "is not XML", False),
        (people("<Person>" * 1200 + "</Person>" * 1200), "deep", False),
        (people("<Person><Name>a</Name><Name>b</Name></Person>"), "has 'Name' several times", False),
        (
            people("<Person><Name>Zo\u00eb</Name></Person>").encode()[:-17] + b"\xeb</People></Root>",
            "is not in UTF-8",
            False,
        ),
        (people("<Person><Name>a\x01b</Name></Person>"), "is not well-formed", True),
        (people("<Person><Name>a\x00b</Name></Person>"), "is not well-formed", True),
        (people(f"<Person{ATTRIBUTES}/>"), "has a tag of more than 100,000 attributes", False),
        ("<Root>" + "<!--" * 500_000, "is XML that is cut short", True),
        ("<Root>" + "<![CDATA[" * 300_000, "is XML that is cut short", True),
        ("<Root>" + "<? " * 500_000, "is XML that is cut short", True),
    ],
)
def test_what_is_no_good_document_is_refused(
    document: str | bytes, what: str, heals: bool, fast: bool, tmp_path: Path
) -> None:
    with pytest.raises(UnreadableError, match=what) as refused:
        records(document, PEOPLE, tmp_path, fast=fast)
    assert refused.value.heals is heals
    assert list(tmp_path.iterdir()) == [], "nothing of it is kept"


class Endless(io.RawIOBase):
    """Ten thousand million bytes of one element, made as they are read."""

    def __init__(self, head: bytes, filling: bytes, size: int = 10_000_000_000) -> None:
        self._head, self._filling, self.left = head, filling, size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data, self._head = self._head, b""
        data = data or (self._filling * (len(buffer) // len(self._filling) + 1))[: len(buffer)]
        data = data[: len(buffer)]
        buffer[: len(data)] = data
        self.left -= len(data)
        assert self.left > 9_500_000_000, "it is refused long before its end"
        return len(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        raise AssertionError("it is not read again")


@BOTH
@pytest.mark.parametrize(
    ("head", "filling", "what"),
    [
        (b"<Root><People><Person><Name>", b"a", "bytes of text without a tag"),
        (b"<Root><People><Person>", b"<Other>x</Other>", "a record that would take more than"),
        (b'<Root><People><Person Id="', b"a", "bytes of text without a tag"),
        (b"<Root><!-- ", b"a", "bytes of text without a tag"),
    ],
    ids=["text", "record", "attribute", "comment"],
)
def test_an_element_without_end_is_refused(
    head: bytes, filling: bytes, what: str, fast: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(xml_tree, "LARGEST_RECORD", 14_000_000)
    stream = io.BufferedReader(Endless(head, filling), 1 << 18)  # type: ignore[type-var]
    with pytest.raises(UnreadableError, match=what):
        read(stream, sets_of(PEOPLE), tmp_path, fast=fast)


@BOTH
def test_an_element_weighs_what_it_takes_in_memory(fast: bool, tmp_path: Path) -> None:
    """A million of the shortest elements are 4 MB of text, and a tree of 120 MB."""
    stream = Endless(b"<Root><People><Person>", b"<a/>")
    with pytest.raises(UnreadableError, match="a record that would take more than 100,000,000 bytes"):
        read(io.BufferedReader(stream, 1 << 18), sets_of(PEOPLE), tmp_path, fast=fast)  # type: ignore[type-var]
    assert stream.left > 9_996_000_000


@BOTH
def test_parts_of_a_parent_are_let_go_one_by_one(fast: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what is below a parent, and may come after its parts, must be waited for; its attributes are known."""
    monkeypatch.setattr(xml_tree, "LARGEST_RECORD", 8_000_000)
    sets = {"pets": {"records": "Person/Pets/Pet", "fields": {"Owner": {"at": "../../@Id"}, "Call": {"at": "."}}}}
    pets = "".join(f"<Pet>{number}</Pet>" for number in range(50_000))
    document = f'<Root><Person Id="1"><Pets>{pets}</Pets><Name>Ada</Name></Person></Root>'
    found = records(document, sets, tmp_path, fast=fast)["pets"]
    assert (len(found), found[-1]) == (50_000, {"Owner": "1", "Call": "49999"})
    sets["pets"]["fields"]["OwnerName"] = {"at": "../../Name"}  # type: ignore[index]
    with pytest.raises(UnreadableError, match="a record that would take more than"):
        records(document, sets, tmp_path, fast=fast)


def test_what_came_is_seen(tmp_path: Path) -> None:
    document = '<Root><People><Person Id="1" New="x"/><Person Id="2"><Name>Ada</Name></Person></People></Root>'
    found = read(
        io.BytesIO(document.encode()),
        sets_of({**PEOPLE, "things": {"records": "Things/Thing", "fields": {"Id": {}}}}),
        tmp_path,
        fast=True,
    )
    seen = found.sinks["people"].seen()
    assert seen is not None
    assert (seen.records, set(seen.present), set(seen.mixed)) == (2, {"Id", "Name"}, {"Name"})
    assert set(seen.keys) == {"@Id", "@New", "Name"}
    assert found.sinks["things"].seen() is None, "there was no place for them"
    nothing = found.sinks["things"].seen(empty=True)
    assert nothing is not None
    assert nothing.records == 0
