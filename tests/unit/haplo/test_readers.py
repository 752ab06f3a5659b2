"""Bytes into records, from memory and from disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.errors import StorageError
from engine.haplo.outcome import StopError
from engine.haplo.readers import TEXT_LIMIT, open_files


def records(data: bytes | Path, read: str, **options: Any) -> list[Any]:
    opened = open_files({"files": {"DEFAULT": {"read": read, **options}}}, {"data": data})
    return [record for each in opened for record in each()]


def test_json_from_a_path_is_the_same_as_from_bytes(tmp_path: Path) -> None:
    path = tmp_path / "data.json"
    path.write_bytes(b'[{"a":1},{"a":2}]')
    assert records(path, "json") == records(path.read_bytes(), "json") == [{"a": 1}, {"a": 2}]


def test_a_missing_file_is_a_storage_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be read"):
        records(tmp_path / "none.json", "json")


def test_every_json_file_is_parsed_before_the_first_record() -> None:
    with pytest.raises(StopError):
        open_files({"files": {"DEFAULT": {"read": "json"}}}, {"a": b"[1]", "b": b"nope"})


@pytest.mark.parametrize("read", ["json", "tsv-with-name-row"])
def test_text_has_a_limit(tmp_path: Path, read: str) -> None:
    path = tmp_path / "big"
    path.write_bytes(b" " * (TEXT_LIMIT + 1))
    with pytest.raises(StopError, match="too big"):
        records(path, read)


@pytest.mark.parametrize("charset", ["base64", "idna", "utf-7", "nonesuch", "\0"])
def test_charsets_that_java_does_not_have(charset: str) -> None:
    with pytest.raises(StopError, match="Invalid charset"):
        records(b"a\n1", "tsv-with-name-row", charset=charset)


def test_tsv_cells_have_no_quoting_and_lose_nothing() -> None:
    assert records(b'a;b\r\n\r\n"x;y";z\n;', "tsv-with-name-row", separator=";") == [{"a": '"x', "b": 'y"'}, {}]


def test_xml_longer_than_one_piece_keeps_its_records(tmp_path: Path) -> None:
    path = tmp_path / "data.xml"
    path.write_text("<r>" + "<row><v>" + "é" * 70_000 + "</v></row>" * 1 + "<row><v>2</v></row></r>", encoding="utf-8")
    assert records(path, "xml-text-of-children") == [{"v": "é" * 70_000}, {"v": "2"}]


@pytest.mark.parametrize("data", [b"", b"<r>", b"<r><p:x/></r>", b"<r/><r/>", b"<r>&none;</r>"])
def test_xml_that_is_not_well_formed(data: bytes) -> None:
    with pytest.raises(StopError):
        records(data, "xml-attributes")


def test_xml_entities_do_not_grow_without_end() -> None:
    levels = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    bomb = f'<!DOCTYPE r [<!ENTITY e0 "{"x" * 1000}">{levels}]><r>&e9;</r>'
    with pytest.raises(StopError):
        records(bomb.encode(), "xml-text-of-children")


def test_xml_external_entities_are_not_loaded(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hidden")
    data = f'<!DOCTYPE r [<!ENTITY x SYSTEM "file://{secret}">]><r><v>&x;</v></r>'.encode()
    assert records(data, "xml-text-of-children", singleRecord=True) == [{}]
