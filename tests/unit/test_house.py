"""The house rules: which way imports point, what the engine names, how long things are, where libraries live."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.document import parse
from engine.spec.json_schema import json_schemas

ROOT = Path(__file__).parents[2]
ENGINE = ROOT / "engine"
FILES = sorted(ENGINE.rglob("*.py"))
NAMES = {file: ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for file in FILES}
LAYERS = ("bottom", "state", "kinds", "spec", "haplo", "stages", "run", "review", "cli")
"""From the bottom up: a layer imports those before it, and itself."""
STEPS = ("extract", "land", "mirror", "transform", "check", "emit", "deliver")
LONG_FUNCTIONS: dict[str, str] = {}
"""Functions of more than 45 lines, each with its reason."""
HOMES = {
    "yaml": r"engine\.document\w*",
    "jinja2": r"engine\.(template|review\.page)",
    "jsonpath_ng": r"engine\.kinds\.select",
    "httpx": r"engine\.(tls|stages\.transport|haplo\.(api|refusal))",
    "sqlalchemy": r"engine\.state\.(table|database|store|lock|budget)",
    "click": r"engine\.(cli\..+|simulators\.__main__)",
    "pydantic": r"engine\.(kinds|spec)(\..+)?",
    "pydantic_core": r"engine\.(kinds|spec)(\..+)?",
}
STATED = ("polars", "duckdb", "lxml", "msgspec")
"""Libraries with several homes: each says so in its docstring."""


def tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def imports(file: Path) -> Iterator[str]:
    """Yield the modules that a file imports, wherever it does; names of `from engine.x import y` as `engine.x.y`."""
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative import"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield whole if whole in NAMES.values() else str(node.module)


def layer(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and (ENGINE / parts[1]).is_dir() else "bottom"


def of(name: str) -> list[Path]:
    return [file for file in FILES if layer(NAMES[file]) == name and NAMES[file] not in ("engine", "engine.__main__")]


def test_every_folder_of_the_engine_is_a_layer() -> None:
    folders = {path.name for path in ENGINE.iterdir() if path.is_dir() and (path / "__init__.py").exists()}
    assert folders == {*LAYERS[1:], "simulators"}


@pytest.mark.parametrize("index", range(len(LAYERS)), ids=LAYERS)
def test_imports_point_one_way_only(index: int) -> None:
    allowed = set(LAYERS[: index + 1])
    wrong = [
        f"{NAMES[file]} imports {module}"
        for file in of(LAYERS[index])
        for module in imports(file)
        if module.startswith("engine.") and layer(module) not in allowed
    ]
    assert wrong == []


def test_no_module_imports_itself_by_way_of_others() -> None:
    graph = {NAMES[file]: {m for m in imports(file) if m in NAMES.values()} for file in FILES}
    done: set[str] = set()

    def visit(name: str, way: tuple[str, ...]) -> None:
        assert name not in way, " > ".join([*way, name])
        if name not in done:
            for other in graph[name]:
                visit(other, (*way, name))
            done.add(name)

    for name in graph:
        visit(name, ())


def test_no_step_of_a_run_imports_another() -> None:
    steps = {f"engine.stages.{name}" for name in STEPS}
    assert steps <= set(NAMES.values())
    wrong = [(NAMES[f], m) for f in FILES if NAMES[f] in steps for m in imports(f) if m in steps - {NAMES[f]}]
    assert wrong == []


def test_the_simulators_stand_apart() -> None:
    inside = [file for file in FILES if layer(NAMES[file]) == "simulators"]
    into = [NAMES[f] for f in FILES if f not in inside for m in imports(f) if m.startswith("engine.simulators")]
    assert into == []
    out = [
        (NAMES[file], module)
        for file in inside
        for module in imports(file)
        if module.startswith("engine.") and layer(module) not in ("simulators", "haplo")
    ]
    assert out == []


def systems() -> list[str]:
    """Return the names of the source systems that are shipped."""
    return sorted(path.name for path in (ROOT / "mappings").iterdir() if path.is_dir())


def test_the_engine_names_no_system_and_nobody_at_a_school() -> None:
    names = "|".join(["isams", "xporter", "hubmis", "groupcall", "wcbs", *map(re.escape, systems())])
    words = re.compile(rf"{names}|\b(pupil|guardian)s?\b", re.IGNORECASE)
    wrong = [
        f"{file.relative_to(ROOT)}:{number}: {line.strip()}"
        for file in FILES
        if layer(NAMES[file]) != "simulators"
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1)
        if words.search(line)
    ]
    assert systems()
    assert wrong == []


def functions() -> dict[str, int]:
    """Return the length in lines of every function."""
    return {
        f"{NAMES[file]}.{node.name}": (node.end_lineno or 0) - node.lineno + 1
        for file in FILES
        for node in ast.walk(tree(file))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def test_functions_are_short() -> None:
    lengths = sorted(functions().values())
    assert lengths[len(lengths) * 9 // 10] <= 30
    long = {name for name, length in functions().items() if length > 45}
    assert long == set(LONG_FUNCTIONS), "shorten it, or give its reason; a reason that is no longer needed goes"


def test_files_are_short() -> None:
    lengths = {NAMES[file]: len(file.read_text(encoding="utf-8").splitlines()) for file in FILES}
    assert {name: length for name, length in lengths.items() if length >= 400} == {}


def test_every_module_says_what_it_is() -> None:
    assert [NAMES[file] for file in FILES if not ast.get_docstring(tree(file))] == []


def test_nothing_prints_but_the_command_of_the_simulators() -> None:
    calls = [
        f"{NAMES[file]}:{node.lineno}"
        for file in FILES
        if NAMES[file] != "engine.simulators.__main__"  # a command of its own, without click
        for node in ast.walk(tree(file))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert calls == []


@pytest.mark.parametrize("library", HOMES)
def test_a_library_has_its_home(library: str) -> None:
    users = {NAMES[file] for file in FILES for module in imports(file) if module.split(".")[0] == library}
    assert users
    assert {name for name in users if not re.fullmatch(HOMES[library], name)} == set()


@pytest.mark.parametrize("library", STATED)
def test_a_home_of_a_heavy_library_says_so(library: str) -> None:
    silent = []
    for file in FILES:
        if library in {module.split(".")[0] for module in _at_run_time(file)}:
            docstring = (ast.get_docstring(tree(file)) or "").lower()
            silent += [] if library in docstring else [NAMES[file]]
    assert silent == []


@pytest.mark.parametrize("library", ["polars", "duckdb", "httpx", "jinja2", "lxml"])
def test_a_heavy_library_is_imported_where_it_is_used(library: str) -> None:
    early = [
        NAMES[file]
        for file in FILES
        if layer(NAMES[file]) != "simulators"
        for node in tree(file).body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for module in ([alias.name for alias in node.names] if isinstance(node, ast.Import) else [str(node.module)])
        if module.split(".")[0] == library
    ]
    assert early == []


def _at_run_time(file: Path) -> Iterator[str]:
    """Yield what a file imports when it runs, types left out."""
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.FunctionDef):
            for inner in ast.walk(node):
                if isinstance(inner, ast.Import):
                    yield from (alias.name for alias in inner.names)
                elif isinstance(inner, ast.ImportFrom):
                    yield str(inner.module)


def test_the_json_schemas_are_current() -> None:
    folder = ROOT / "schemas" / "spec"
    there = {file.name: file.read_text(encoding="utf-8") for file in folder.glob("*.json")}
    assert there == json_schemas(), "run: python -m engine.spec.json_schema"


def shipped() -> list[Path]:
    found = sorted(file for name in ("mappings", "schemas", "examples") for file in (ROOT / name).rglob("*.yaml"))
    others = ("simulators.yaml", "openapi.yaml")  # what `demo` starts, and what another system says of itself
    return [file for file in found if file.name not in others]


@pytest.mark.parametrize("file", shipped(), ids=lambda file: str(file.relative_to(ROOT)))
def test_a_shipped_document_tells_editors_its_schema(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    document, problems = parse(text, file)
    assert document is not None
    assert problems == []
    found = re.match(r"# yaml-language-server: \$schema=(\S+)\n", text)
    assert found, "the first line names no schema"
    schema = (file.parent / found[1]).resolve()
    assert schema.parent == ROOT / "schemas" / "spec"
    first = next(iter(document.data))
    assert schema.stem == ("endpoints" if first == "endpoints_of" else first)
    assert schema.exists()
