"""Templates in the leaf fields that are marked for them. The only home of Jinja2.

Stands on the standard library, Jinja2 (imported when the first real template is read) and `secret`.
A template gives text. Names that are not known are errors; there are no calls, no imports, and
attributes are keys of maps, never those of Python objects. Next: `kinds/word`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache, lru_cache
from typing import Any
from urllib.parse import quote

from engine.secret import Secret

_ALLOWED = frozenset(
    {"Template", "Output", "TemplateData", "Name", "Const", "Getattr", "Getitem", "Filter", "Keyword", "Test"}
    | {"If", "For", "CondExpr", "List", "Tuple", "Dict", "Pair", "Compare", "Operand", "And", "Or", "Not"}
    | {"Add", "Sub", "Neg", "Concat"}
)
_TESTS = frozenset({"defined", "none"})
_WORDS = {
    "Call": "a call",
    "Include": "'include'",
    "Import": "'import'",
    "FromImport": "'import'",
    "Extends": "'extends'",
    "Assign": "'set'",
    "Macro": "'macro'",
}


class TemplateProblem(ValueError):
    """A template cannot be read or filled in; the message holds no values; `line` is from 1."""

    def __init__(self, message: str, line: int = 1) -> None:
        super().__init__(message)
        self.message, self.line = message, line


@dataclass(frozen=True)
class Template:
    """A text with names to fill in; `names` are those it refers to, such as `config.estab`."""

    text: str
    names: frozenset[str] = field(default=frozenset(), compare=False)
    _lines: Mapping[str, int] = field(default_factory=dict, compare=False, repr=False)
    _code: Any = field(default=None, compare=False, repr=False)

    @classmethod
    def parse(cls, text: str, *, escape: bool = False) -> Template:
        """Read a template; a text without '{{' and '{%' is itself. With `escape` what is filled in is fit for XML."""
        if "{{" not in text and "{%" not in text:
            return cls(text)
        lines, code = _compiled(text, escape)
        return cls(text, frozenset(lines), lines, code)

    def line(self, name: str) -> int:
        """Return the line (from 1) of the template in which a name is first used."""
        return self._lines.get(name, 1)

    def render(self, context: Mapping[str, Any], *, reveal: bool = False) -> str:
        """Fill in the names; secrets come out as `***` unless they are to be revealed."""
        if self._code is None:
            return self.text
        from jinja2 import UndefinedError

        roots = {name.partition(".")[0] for name in self.names}
        known = {name: context[name] for name in roots if name in context}
        if reveal:
            known = {name: _revealed(value, name, self.names) for name, value in known.items()}
        try:
            return str(self._code.render(known))
        except TemplateProblem as problem:
            raise TemplateProblem(problem.message, problem.line) from None
        except UndefinedError as error:
            raise self._unknown(str(error)) from None
        except Exception as error:  # a filter may raise anything, and its words may hold a value
            raise TemplateProblem(f"the template cannot be filled in ({type(error).__name__})") from None

    def _unknown(self, last: str) -> TemplateProblem:
        """Say which name was not known; `last` is its last part."""
        for name in sorted(self.names):
            if f".{name}".endswith(f".{last}") or f".{last}." in f".{name}.":
                return TemplateProblem(f"the name '{name}' has no value here", self.line(name))
        return TemplateProblem("a key or an index is not there")


@lru_cache(maxsize=1024)  # the same texts are read again and again, and Jinja2 takes its time
def _compiled(text: str, escape: bool) -> tuple[Mapping[str, int], Any]:
    """Return the names in a template, each with its line, and what fills it in."""
    from jinja2 import TemplateError

    environment = _environment(escape)
    try:
        tree = environment.parse(text)
        lines = _names(tree)
        return lines, environment.from_string(tree)
    except TemplateError as error:
        message = (error.message or "it cannot be read").rstrip(".")
        raise TemplateProblem(f"the template is wrong: {message}", getattr(error, "lineno", None) or 1) from None


def _revealed(value: Any, at: str, used: frozenset[str]) -> Any:
    """Return a value with the secrets revealed that the template refers to, and no others."""
    if isinstance(value, Secret):
        return value.reveal() if any(f"{at}.".startswith(f"{name}.") for name in used) else value
    if isinstance(value, Mapping):
        return {key: _revealed(item, f"{at}.{key}", used) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_revealed(item, at, used) for item in value]
    return value


@cache
def _environment(escape: bool) -> Any:
    from jinja2 import StrictUndefined
    from jinja2.runtime import LoopContext
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Unknown(StrictUndefined):
        """A name without a value: its error is only the name."""

        @property
        def _undefined_message(self) -> str:
            return str(self._undefined_name)

    class Environment(ImmutableSandboxedEnvironment):
        """Looks into maps and lists only."""

        def getattr(self, obj: Any, attribute: str) -> Any:
            return self.getitem(obj, attribute)

        def getitem(self, obj: Any, argument: Any) -> Any:
            if isinstance(obj, StrictUndefined):
                return getattr(obj, str(argument))  # raises: the name before it is not known
            if isinstance(obj, Mapping) and argument in obj:
                return obj[argument]
            if isinstance(obj, list | tuple) and isinstance(argument, int) and -len(obj) <= argument < len(obj):
                return obj[argument]
            if isinstance(obj, LoopContext) and argument in ("index", "first", "last"):
                return getattr(obj, argument)
            return self.undefined(obj=obj, name=argument)

    environment = Environment(
        undefined=Unknown,
        autoescape=escape,
        keep_trailing_newline=True,
        finalize=_written,
        comment_start_string="\0{#",  # '{#' is text, as it is in a text without a template
        comment_end_string="#}\0",
    )
    environment.globals.clear()
    environment.filters.clear()
    environment.filters.update({name: _spared(each) for name, each in _filters().items()})
    environment.tests = {name: test for name, test in environment.tests.items() if name in _TESTS}
    return environment


def _written(value: Any) -> Any:
    """Return how a value is written into the text."""
    if value is None:
        raise TemplateProblem("a template gives null; add `| default('...')`")
    if isinstance(value, bool):
        return "true" if value else "false"
    return value


def _filters() -> dict[str, Callable[..., Any]]:
    from jinja2 import Undefined

    def default(value: Any, other: Any = "") -> Any:
        return other if value is None or isinstance(value, Undefined) else value

    return {
        "upper": lambda value: str(value).upper(),
        "lower": lambda value: str(value).lower(),
        "trim": lambda value: str(value).strip(),
        "replace": lambda value, old, new: str(value).replace(str(old), str(new)),
        "urlencode": lambda value: quote(str(value), safe=""),
        "join": lambda value, by="": str(by).join(str(_written(each)) for each in value),
        "tojson": lambda value: json.dumps(value, ensure_ascii=False, default=str),
        "default": default,
        "days": lambda day, number: day + timedelta(days=int(number)),
        "date": lambda day, form: day.strftime(form),
    }


def _spared(each: Callable[..., Any]) -> Callable[..., Any]:
    """Leave a secret that is not to be revealed as it is."""

    def spared(value: Any, *args: Any, **options: Any) -> Any:
        return value if isinstance(value, Secret) else each(value, *args, **options)

    return spared


def _names(tree: Any) -> dict[str, int]:
    """Return the names a template refers to and their lines; refuse what is not allowed."""
    local: set[str] = set()
    found: dict[str, int] = {}
    for node in _inside(tree):
        kind = type(node).__name__
        if kind not in _ALLOWED or (kind == "Test" and node.name not in _TESTS):
            what = _WORDS.get(kind, f"'{getattr(node, 'name', kind.lower())}'")
            raise TemplateProblem(f"the template is wrong: {what} is not allowed in a template", node.lineno)
        if kind == "For":
            local.add("loop")
        if kind == "Name" and node.ctx == "store":
            local.add(node.name)
    for name, line in _references(tree):
        if any(part.startswith("_") for part in name.split(".")):
            raise TemplateProblem(f"the template is wrong: '{name}' begins with '_'", line)
        if name.partition(".")[0] not in local:
            found.setdefault(name, line)
    return found


def _inside(tree: Any) -> Iterator[Any]:
    yield tree
    for child in tree.iter_child_nodes():
        yield from _inside(child)


def _references(node: Any) -> Iterator[tuple[str, int]]:
    """Yield each chain of names, such as `config.estab`, as far as it is written out."""
    name = _chain(node)
    if name:
        yield name, node.lineno
        return
    if type(node).__name__ == "Getattr" and node.attr.startswith("_"):
        yield node.attr, node.lineno
    for child in node.iter_child_nodes():
        yield from _references(child)


def _chain(node: Any) -> str:
    kind = type(node).__name__
    if kind == "Name":
        return str(node.name)
    if kind == "Getattr":
        before, last = _chain(node.node), node.attr
    elif kind == "Getitem" and type(node.arg).__name__ == "Const" and isinstance(node.arg.value, str):
        before, last = _chain(node.node), node.arg.value
    else:
        return ""
    return f"{before}.{last}" if before else ""
