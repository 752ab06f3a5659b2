"""Lookup tables written in CSV. A home of Polars, imported only where a project has such a table.

Next: `spec/check`.
"""

from __future__ import annotations

from pathlib import Path

from engine.spec.lookup import Csv


class CsvProblem(ValueError):
    """What is wrong with a CSV file, in one line; `code` is the problem's."""

    def __init__(self, code: str, what: str, candidates: list[str]) -> None:
        super().__init__(what)
        self.code, self.what, self.candidates = code, what, candidates


def read_csv(csv: Csv, folder: Path) -> dict[str, str]:
    """Return a CSV file's two columns as a map; every value is text, blank codes are left out."""
    import polars as pl

    file = folder / csv.file
    try:
        frame = pl.read_csv(file, infer_schema=False)
    except FileNotFoundError:
        raise CsvProblem("file-missing", f"there is no file {csv.file} beside this document", []) from None
    except (OSError, pl.exceptions.PolarsError):
        raise CsvProblem("csv-unreadable", f"{csv.file} cannot be read as CSV in UTF-8", []) from None
    for column in (csv.from_, csv.to):
        if column not in frame.columns:
            raise CsvProblem("unknown-column", f"{csv.file} has no column '{column}'", frame.columns)
    codes = frame.select(pl.col(csv.from_).alias("code"), pl.col(csv.to).alias("value")).drop_nulls()
    if codes["code"].n_unique() < codes.height:
        raise CsvProblem("duplicate-code", f"{csv.file} has a code twice in column '{csv.from_}'", [])
    return dict(codes.iter_rows())
