"""Lookup tables written in CSV: two columns of a file with a header, as text.

Next: `spec/check`.
"""

from __future__ import annotations

import csv
from pathlib import Path

from engine.spec.lookup import Csv


class CsvProblem(ValueError):
    """What is wrong with a CSV file, in one line; `code` is the problem's."""

    def __init__(self, code: str, what: str, candidates: list[str] | None = None) -> None:
        super().__init__(what)
        self.code, self.what, self.candidates = code, what, candidates or []


def read_csv(spec: Csv, folder: Path) -> dict[str, str]:
    """Return a CSV file's two columns as a map; rows without a code or a value are left out."""
    try:
        with (folder / spec.file).open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            columns = list(reader.fieldnames or [])
            for column in (spec.from_, spec.to):
                if column not in columns:
                    raise CsvProblem("unknown-column", f"{spec.file} has no column '{column}'", columns)
            pairs = [(row[spec.from_], row[spec.to]) for row in reader if row[spec.from_] and row[spec.to]]
    except FileNotFoundError:
        raise CsvProblem("file-missing", f"there is no file {spec.file} beside this document") from None
    except (OSError, UnicodeDecodeError, csv.Error):
        raise CsvProblem("csv-unreadable", f"{spec.file} cannot be read as CSV in UTF-8") from None
    if len(dict(pairs)) < len(pairs):
        raise CsvProblem("duplicate-code", f"{spec.file} has a code twice in column '{spec.from_}'")
    return dict(pairs)
