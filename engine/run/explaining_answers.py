"""Which answer a landed record stands in: the file that came, the page, and the record's number in it.

What came out of a mirror is followed to the run that read it, as long as that run's folder stands. A home of DuckDB.
Next: `run/explaining_tree`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import StorageError
from engine.journal import read_entries
from engine.kinds.types import parquet, quote
from engine.spec.source import Source
from engine.sql import connect, reworded
from engine.stages.transform import PAGE


@dataclass(frozen=True)
class Stands:
    """Where a record stands: the run that read it, the page of its endpoint, its number there, from 1, and the file.

    Without a file the answer is not here any more, or never was in this run: `why` says so.
    """

    run: str
    page: int
    number: int
    file: Path | None = None
    why: str = ""


class Answers:
    """The answers of a school's runs."""

    def __init__(self, home: Path, source: Source) -> None:
        self._home, self._source = home, source
        self._journals: dict[Path, dict[str, dict[str, Any]]] = {}

    def of(self, folder: Path, set_name: str, row: int) -> Stands:
        """Return where a record of a run stands, by the number that statements give it."""
        page, number = divmod(row, PAGE)
        return self._of(folder, set_name, page, number)

    def _of(self, folder: Path, set_name: str, page: int, number: int) -> Stands:
        endpoint = self._source.find(set_name)[0]
        way = self._entries(folder).get(f"way:{endpoint}", {})
        first = self._first_page(folder, endpoint)
        reused = way.get("mode") == "reuse"
        if page >= first and not reused:
            return self._here(folder, endpoint, page, number)
        base = way.get("base", {}).get(set_name)
        if base is None:
            return Stands(folder.name, page, number, why="it came out of a mirror that is not known any more")
        earlier = self._home / Path(base).stem
        if not (earlier / "sets" / f"{set_name}.parquet").is_file():
            return Stands(earlier.name, page, number, why="it was read by an earlier run, whose folder is gone")
        if reused:
            return self._of(earlier, set_name, page, number)
        found = self._same(folder, earlier, set_name, page, number)
        if found is None:
            return Stands(earlier.name, page, number, why="it was read by an earlier run, and is not found there")
        return self._of(earlier, set_name, *found)

    def _here(self, folder: Path, endpoint: str, page: int, number: int) -> Stands:
        files = self._entries(folder).get(f"pages:{endpoint}", {}).get("files", {})
        name = files.get(str(page))
        names = [name] if name else [f"answers/{endpoint}/{page:06d}.{form}" for form in ("json", "xml")]
        file = next((folder / each for each in names if (folder / each).is_file()), None)
        return Stands(folder.name, page, number, file, "" if file else "its answer is not in the run's folder any more")

    def _same(self, folder: Path, earlier: Path, set_name: str, page: int, number: int) -> tuple[int, int] | None:
        """Return page and row of the same record in an earlier run, by its key."""
        keys = self._source.find(set_name)[2].key or []
        if not keys:
            return None
        here, there = (parquet(each / "sets" / f"{set_name}.parquet") for each in (folder, earlier))
        named = ", ".join(map(quote, keys))
        chosen = f"SELECT {named} FROM {here} WHERE _page = ? AND _row = ?"
        with connect(folder, earlier) as database, reworded("looking for a record in an earlier run", StorageError):
            found = database.execute(
                f"SELECT _page, _row FROM {there} WHERE ({named}) IN ({chosen}) ORDER BY _page DESC LIMIT 1",
                [page, number],
            ).fetchone()
        return None if found is None else (int(found[0]), int(found[1]))

    def _first_page(self, folder: Path, endpoint: str) -> int:
        if f"pages:{endpoint}" in self._entries(folder):
            return 1
        return self._source.pages_of(self._source.endpoints[endpoint]).first_page()

    def _entries(self, folder: Path) -> dict[str, dict[str, Any]]:
        if folder not in self._journals:
            self._journals[folder] = read_entries(folder / "journal.jsonl")
        return self._journals[folder]
