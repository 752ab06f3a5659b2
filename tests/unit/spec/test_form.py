"""Which files are formatted, which key stands first, and that all shipped documents have their form."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.document import parse
from engine.spec.form import files_of, form_of_file, leading_key

ROOT = Path(__file__).parents[3]


def test_all_shipped_documents_have_their_form() -> None:
    files = list(files_of([ROOT / name for name in ("mappings", "schemas", "examples")], ROOT))
    assert len(files) > 100
    forms = [form_of_file(file) for file in files]
    assert [form.name for form in forms if form.changes or form.problems] == [], (
        "run: haplomap fmt mappings schemas examples"
    )


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("title: A\nschool: a\nsource: x\nentities: [b]\n", "school"),
        ("note: n\nsource: x\nmapping: student\nfrom: a\nfields: {}\n", "mapping"),
        ("school: a\ntitle: A\n", None),
        ("title: A\nvalues: {a: b}\n", None),
        ("titel: A\nschool: a\n", None),
    ],
    ids=["school", "mapping", "first already", "no kind", "unknown key"],
)
def test_the_key_that_says_what_a_document_is_stands_first(text: str, first: str | None) -> None:
    document, _ = parse(text, Path("x.yaml"))
    assert document is not None
    assert leading_key(document) == first


def test_the_files_are_those_of_a_project_or_all_of_a_folder(tmp_path: Path) -> None:
    for name in ("schools/a.yaml", "mappings/x/b.yaml", "other/c.yaml", ".haplomap/schemas/d.yaml", "schools/e.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()

    def found(*paths: str) -> list[str]:
        return [str(file.relative_to(tmp_path)) for file in files_of([tmp_path / path for path in paths], tmp_path)]

    assert found() == ["mappings/x/b.yaml", "schools/a.yaml"]
    assert found("other", "schools/a.yaml", "schools") == ["other/c.yaml", "schools/a.yaml"]
    assert found("schools/e.txt") == ["schools/e.txt"]
    (tmp_path / "schools").rename(tmp_path / "others")
    (tmp_path / "mappings").rename(tmp_path / ".hidden")
    assert found() == ["other/c.yaml", "others/a.yaml"]
