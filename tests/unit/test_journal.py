"""The journal: what is recorded stays, what was torn is cut off, what is damaged stops."""

import errno
import os
import stat
import threading

import pytest

from engine import journal as module
from engine.errors import StorageError
from engine.journal import Journal, cannot_write


def test_an_entry_is_there_after_the_file_is_opened_again(tmp_path):
    with Journal(tmp_path / "run" / "journal") as journal:
        assert journal.get("answer:a:1") is None
        journal.record("answer:a:1", bytes=7, note="é\n")
        journal.record("other")
    with Journal(tmp_path / "run" / "journal") as again:
        assert again.get("answer:a:1") == {"bytes": 7, "note": "é\n"}
        assert again.get("other") == {}
        assert list(again.keys("answer:")) == ["answer:a:1"]


def test_the_last_entry_of_a_key_counts(tmp_path):
    with Journal(tmp_path / "j") as journal:
        journal.record("a", n=1)
        journal.record("a", n=2)
        assert journal.get("a") == {"n": 2}
    with Journal(tmp_path / "j") as journal:
        assert journal.get("a") == {"n": 2}


@pytest.mark.parametrize("torn", [b'{"key":"b","n', b"\x00\x00\x00", b"\x00\x00\n", b'{"key":"b"}'])
def test_a_torn_last_line_is_cut_off_and_the_next_one_is_whole(tmp_path, torn):
    path = tmp_path / "j"
    with Journal(path) as journal:
        journal.record("a", n=1)
    with path.open("ab") as file:
        file.write(torn)
    with Journal(path) as journal:
        assert list(journal.keys()) == ["a"]
        journal.record("c")
    assert path.read_bytes() == b'{"key":"a","n":1}\n{"key":"c"}\n'


@pytest.mark.parametrize("tail", [b'{"key":"z"}\n', b'{"key":'])
def test_a_damaged_middle_line_stops_and_says_where(tmp_path, tail):
    path = tmp_path / "j"
    path.write_bytes(b'{"key":"a"}\n{"key":"b"\n' + tail)
    with pytest.raises(StorageError, match=r"j:2: the journal of this run is damaged"):
        Journal(path)


def test_lines_of_many_threads_are_whole(tmp_path):
    with Journal(tmp_path / "j") as journal:
        threads = [
            threading.Thread(target=lambda n=n: [journal.record(f"{n}:{i}", x="y" * 50) for i in range(50)])
            for n in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    with Journal(tmp_path / "j") as journal:
        assert len(list(journal.keys())) == 400


def test_the_file_is_private(tmp_path):
    with Journal(tmp_path / "run" / "j") as journal:
        assert stat.S_IMODE(journal.path.stat().st_mode) == 0o600
        assert stat.S_IMODE(journal.path.parent.stat().st_mode) == 0o700


def test_a_folder_that_cannot_be_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot be written"):
        Journal(tmp_path / "file" / "j")


def test_a_full_disk_is_told_and_leaves_no_half_line(tmp_path, monkeypatch):
    path = tmp_path / "j"
    with Journal(path) as journal:
        journal.record("a")
        real = os.write
        monkeypatch.setattr(module.os, "write", lambda file, data: real(file, data[:5]))
        with pytest.raises(StorageError, match="the disk is full"):
            journal.record("b")
        monkeypatch.undo()
        assert journal.get("b") is None
        journal.record("c")
    assert path.read_bytes() == b'{"key":"a"}\n{"key":"c"}\n'


@pytest.mark.parametrize(
    ("number", "says"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EDQUOT, "the disk is full"),
        (errno.EACCES, "may not be written"),
        (errno.EROFS, "may not be written"),
        (errno.EIO, "cannot be written"),
    ],
)
def test_what_the_system_refuses_is_told_in_words(tmp_path, number, says):
    error = cannot_write(tmp_path / "x", OSError(number, os.strerror(number)))
    assert says in error.what
    assert str(tmp_path / "x") in error.what
