"""Problems as programs read them. The shape of SARIF is written down here from the standard (2.1.0, errata 01)."""

from __future__ import annotations

import json
import re
from pathlib import Path

from jsonschema import Draft202012Validator

from engine.cli.problem_forms import as_github, as_sarif, help_texts
from engine.errors import Place, Problem

PROBLEMS = [
    Problem("unknown-key", "unknown key 'a,b: 100%'", Place(Path("my files/é.yaml"), 3, 5, 4), "one\ntwo", "try\r\nit"),
    Problem("set-deprecated", "going away", Place(Path("/else/where.yaml"), 1, 1), level="warning"),
    Problem("assumed", "taken for true", level="note"),
    Problem("unknown-key", "again"),
]


def a(**properties: object) -> dict[str, object]:
    """Return the shape of an object that has all of these and nothing else."""
    return {"type": "object", "properties": properties, "required": [*properties], "additionalProperties": False}


def some(of: object) -> dict[str, object]:
    return {"type": "array", "items": of}


TEXT, COUNT = {"type": "string", "minLength": 1}, {"type": "integer", "minimum": 1}
RULE = a(id=TEXT, shortDescription=a(text=TEXT), help=a(text=TEXT, markdown=TEXT))
REGION = a(startLine=COUNT, startColumn=COUNT, endColumn=COUNT)
URI = {"type": "string", "pattern": r"^(file:///)?([A-Za-z0-9._~/-]|%[0-9A-F]{2})+$"}
LOCATION = a(physicalLocation=a(artifactLocation=a(uri=URI), region=REGION))
RESULT = a(
    ruleId=TEXT,
    ruleIndex={"type": "integer", "minimum": 0},
    level={"enum": ["none", "note", "warning", "error"]},
    message=a(text=TEXT),
    locations={**some(LOCATION), "minItems": 1},
)
RESULT["required"] = ["message"]
RUN = a(
    tool=a(driver=a(name=TEXT, version=TEXT, rules={**some(RULE), "uniqueItems": True})),
    columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
    results=some(RESULT),
)
LOG = a(**{"$schema": TEXT, "version": {"const": "2.1.0"}, "runs": some(RUN)})


def test_sarif_has_its_shape_with_and_without_problems() -> None:
    for problems in (PROBLEMS, []):
        Draft202012Validator(LOG).validate(json.loads(as_sarif(problems)))


def test_sarif_says_what_where_and_by_which_rule() -> None:
    run = json.loads(as_sarif(PROBLEMS))["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["assumed", "set-deprecated", "unknown-key"]
    assert [rules[result["ruleIndex"]]["id"] for result in run["results"]] == [problem.code for problem in PROBLEMS]
    first, second, third, _ = run["results"]
    assert first["message"]["text"] == "unknown key 'a,b: 100%'\nwhy: one\ntwo\nfix: try\r\nit"
    where = first["locations"][0]["physicalLocation"]
    assert where["artifactLocation"]["uri"] == "my%20files/%C3%A9.yaml"
    assert where["region"] == {"startLine": 3, "startColumn": 5, "endColumn": 9}
    assert second["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "file:///else/where.yaml"
    assert [first["level"], second["level"], third["level"]] == ["error", "warning", "note"]
    assert "locations" not in third


def test_the_help_of_a_rule_is_the_example_of_the_reference() -> None:
    rules = {rule["id"]: rule for rule in json.loads(as_sarif(PROBLEMS))["runs"][0]["tool"]["driver"]["rules"]}
    reference = (Path(__file__).parents[3] / "schemas" / "problems.md").read_text(encoding="utf-8")
    written = set(re.findall(r"^### (.*)$", reference, re.MULTILINE))
    assert set(help_texts()) == written
    example = rules["unknown-key"]["help"]["text"].removeprefix("For example:\n\n")
    assert example.startswith("mappings/")
    assert f"### unknown-key\n\n```text\n{example}\n```\n" in reference


def test_annotations_of_a_workflow_are_one_line_each_whatever_they_say() -> None:
    assert as_github(PROBLEMS).splitlines() == [
        "::error file=my files/é.yaml,line=3,endLine=3,col=5,endColumn=9,title=unknown-key"
        "::unknown key 'a,b: 100%25'%0Awhy: one%0Atwo%0Afix: try%0D%0Ait",
        "::warning file=/else/where.yaml,line=1,endLine=1,col=1,endColumn=2,title=set-deprecated::going away",
        "::notice title=assumed::taken for true",
        "::error title=unknown-key::again",
    ]
    odd = Problem("code", "x", Place(Path("C:/a,b%.yaml"), 1, 1))
    assert as_github([odd]).startswith("::error file=C%3A/a%2Cb%25.yaml,line=1,")
