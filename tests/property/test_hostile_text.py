"""Any text goes through emit and interpret unchanged, or is refused by name, whatever the form of the data files."""

from __future__ import annotations

import json
import tempfile
from datetime import date
from pathlib import Path

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.errors import TransformError
from engine.haplo.application import Application
from engine.haplo.interpret import interpret
from engine.haplo.target import derived_application
from engine.spec.binding import Binding
from engine.spec.schema import Schema
from engine.stages.emit import emit

TODAY = date(2026, 1, 1)
SCHEMA = Schema.model_validate(
    {"schema": "pet", "fields": {"source_id": {"type": "text"}, "text": {"type": "text"}, "last": {"type": "text"}}}
)
NAMES = {"dc:attribute:title": {"person_name": {"last": "last"}}, "x:text": "text"}
NOT_IN_TSV = frozenset("\t\r\n")
NOT_IN_XML = frozenset(map(chr, (*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF)))
REFUSED: dict[str, frozenset[str]] = {"json": frozenset(), "tsv": NOT_IN_TSV, "xml": NOT_IN_XML}
WORDS = ["0123", "7E1", "NO", "null", "1_000", "12:30", "", " ", "'", '"', "\\", "\\n", "%5F", "{}", "],["]
MARKS = ["\t", "\r\n", "\n", "]]>", "<!--", "&amp;", "&#10;", "\x00", "\x01", "\x85", "\x7f"]
SCRIPTS = ["\u202egnirts", "👩\u200d👧 🇬🇧", "\ufeff", "\u2028", "Zoe\u0308", "שלום"]
HOSTILE = st.sampled_from([*WORDS, *MARKS, *SCRIPTS])
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
TEXTS = st.lists(st.lists(HOSTILE | TEXT, max_size=4).map("".join), min_size=1, max_size=6)


@pytest.mark.parametrize("form", REFUSED)
@given(texts=TEXTS)
@example(texts=["0123", "7E1", "NO", '"', "\ufeff", "", " "])
@example(texts=["a\tb"])
@example(texts=["a\x01b"])
@settings(deadline=None, max_examples=40)
def test_text_comes_through_or_is_refused(form: str, texts: list[str]) -> None:
    bound = {"binding": "pet", "model": "haplo:person", "destination": "profile", "format": form, "names": NAMES}
    binding = Binding.model_validate(bound)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write_rows(folder / "rows.parquet", texts)
        carried = not REFUSED[form] & set("".join(texts))
        schemas, out = {"pet": SCHEMA}, folder / "out"
        if not carried:
            with pytest.raises(TransformError) as refused:
                emit(SCHEMA, schemas, binding, "s", folder / "rows.parquet", (), out)
            assert (refused.value.code, "'text'" in refused.value.what) == ("not-carried", True)
            return
        emitted = emit(SCHEMA, schemas, binding, "s", folder / "rows.parquet", (), out)
        control = json.loads(emitted.control.read_bytes())
        files = {part.name: part.path for part in emitted.parts}
        application = Application.from_case(derived_application([binding], schemas))
        outcome = interpret(control, files, application, today=TODAY)
    assert (outcome.errors, outcome.exception, outcome.complete) == ([], None, len(texts))
    found = [(entry["values"].get("x:text") or [""])[0] for entry in outcome.committed]
    assert found == texts


def _write_rows(path: Path, texts: list[str]) -> None:
    with duckdb.connect() as database:
        database.execute("CREATE TABLE rows (source_id VARCHAR, text VARCHAR, last VARCHAR, _withheld VARCHAR[])")
        database.executemany(
            "INSERT INTO rows VALUES (?, ?, 'Last', [])", [[f"{at:03}", text] for at, text in enumerate(texts)]
        )
        database.execute(f"COPY rows TO '{path}' (FORMAT parquet)")
