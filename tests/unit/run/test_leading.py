"""From an instruction, or a name, to the lines that people wrote: expected lines are counted in the texts below."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest

from engine.haplo.compile import compile_control
from engine.run.leading import Leading
from engine.spec.project import open_project

ROOT = Path(__file__).resolve().parents[3]
BINDING = """\
binding: pet
model: TYPE:x:type:pet
destination: object
names:
  dc:attribute:title: title
  x:tag: {from: tags, part: word}
  x:size: {from: size,
           part: height}
  x:kind: {value: Pet}
"""
MAPPING = """\
mapping: pet
source: xporter
from: students
fields:
  source_id: Id
  title: Surname
  tags:
    collect: students
    by: {Id: Id}
    fields: {other: Id, word: Forename}
  size: {collect: students, by: {Id: Id}, fields: {height: Id}}
"""
SCHEMA = """\
schema: pet
fields:
  source_id: {required: true}
  title: {}
  tags: {type: list, of: {type: record, fields: {other: {}, word: {}}}}
  size: {type: list, of: {type: record, fields: {height: {}}}}
"""
OVERRIDE = """\
override:
  pet:
    remove: [size, title]
    fields: {tags: {collect: students, by: {Id: Id}, fields: {other: Id, word: Surname}}}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "examples" / "demo" / "schools", tmp_path / "schools")
    for name, text in (("schemas/haplo/pet", BINDING), ("mappings/xporter/pet", MAPPING), ("schemas/pet", SCHEMA)):
        (tmp_path / f"{name}.yaml").parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    school = tmp_path / "schools" / "waters-edge.yaml"
    text = school.read_text(encoding="utf-8").replace("application: school\n", "")
    school.write_text(text, encoding="utf-8")
    return tmp_path


def leading(folder: Path) -> Leading:
    project = open_project(folder)
    return Leading(project, project.school("waters-edge"), "pet")


def at(folder: Path, name: str) -> int:
    """Return which instruction at the top is the one that fills a name."""
    project = open_project(folder)
    control = compile_control(project.schema("pet"), project.schemas(), project.binding("pet"))
    return next(n for n, one in enumerate(control["instructions"]) if f"'name': '{name}'" in str(one))


def places(folder: Path, told: object) -> str:
    return str(told).replace(f"{folder}/", "")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("x:tag", "schemas/haplo/pet.yaml:6:3 (x:tag), mappings/xporter/pet.yaml:10:25 (tags.word)"),
        ("x:size", "schemas/haplo/pet.yaml:7:3 (x:size), mappings/xporter/pet.yaml:11:52 (size.height)"),
        ("x:kind", "schemas/haplo/pet.yaml:9:3 (x:kind)"),
    ],
)
def test_an_instruction_leads_to_its_lines(name: str, expected: str, project: Path) -> None:
    assert places(project, leading(project).origin((at(project, name), "then", 0), ())) == expected


def test_what_finds_the_object_leads_to_the_binding_as_a_whole(project: Path) -> None:
    assert places(project, leading(project).origin((0,), ())) == "schemas/haplo/pet.yaml:1:1 (pet)"


def test_a_name_leads_to_its_lines_whatever_instruction_was_at_work(project: Path) -> None:
    expected = "schemas/haplo/pet.yaml:5:3 (dc:attribute:title), mappings/xporter/pet.yaml:6:3 (title)"
    assert places(project, leading(project).origin(None, ("object/dc:attribute:title",))) == expected
    assert places(project, leading(project).origin((1,), ("object/dc:attribute:title",))) == expected


def test_a_name_that_is_not_bound_leads_to_where_it_would_be(project: Path) -> None:
    assert places(project, leading(project).origin(None, ("object/x:other",))) == "schemas/haplo/pet.yaml:4:1 (names)"


def test_a_message_without_a_place_leads_nowhere(project: Path) -> None:
    assert places(project, leading(project).origin(None, ())) == ""


def test_the_model_is_what_a_control_file_can_be_refused_for(project: Path) -> None:
    back = leading(project)
    told = back.control_origin("Model not implemented: TYPE:x:type:pet")
    assert places(project, told) == "schemas/haplo/pet.yaml:2:1 (model)"
    assert places(project, back.control_origin("Not a control file")) == "schemas/haplo/pet.yaml:1:1 (pet)"


def test_what_a_school_maps_otherwise_leads_to_its_file(project: Path) -> None:
    school = project / "schools" / "waters-edge.yaml"
    lines = len(school.read_text(encoding="utf-8").splitlines())
    with school.open("a", encoding="utf-8") as out:
        out.write(OVERRIDE)
    back, file = leading(project), "schools/waters-edge.yaml"
    [tags] = back.origin((at(project, "x:tag"),), ()).fields
    assert places(project, tags) == f"{file}:{lines + 4}:74 (tags.word)"
    [size] = back.origin((at(project, "x:size"),), ()).fields
    assert places(project, size) == f"{file}:{lines + 3}:14 (size.height)"
    [title] = back.origin(None, ("object/dc:attribute:title",)).fields
    assert places(project, title) == f"{file}:{lines + 3}:20 (title)"


def test_a_row_leads_to_what_the_source_calls_it_now(project: Path) -> None:
    whole, file = open_project(project), project / "identities.parquet"
    rows = "('1', 'source_id:1', FALSE), ('1', 'source_id:9', TRUE), ('1', 'chip:c', FALSE), ('2', 'source_id:2', TRUE)"
    with duckdb.connect() as database:
        database.execute(f"COPY (SELECT * FROM (VALUES {rows}) AS t(key, natural_key, latest)) TO '{file}'")
    known = Leading(whole, whole.school("waters-edge"), "pet", file)
    assert known.own_keys({"1", "2", "3"}) == {"1": "9"}
    assert leading(project).own_keys({"1"}) == {}
