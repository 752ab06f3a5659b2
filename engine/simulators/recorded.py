"""A recording that `haplomap record` made, answering as a source would: by path, and by what matters of the rest.

Its `recording.json` says of each request the end of its path (`*` is any one part of it), its parameters, those that
tell it `by` from others of the path, and the methods that its body `asks` for. Any secret is good. Next: `replay`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from engine.simulators.message import JSON, Answer, Request, json_answer, text_answer

MANIFEST = "recording.json"
XML = "text/xml; charset=utf-8"
_SHOWN = 12


@dataclass(frozen=True)
class Recorded:
    """One request of a recording, and its answer; None where nothing was there."""

    method: str
    path: str
    body: bytes | None
    kind: str
    params: dict[str, str] = field(default_factory=dict)
    by: list[str] = field(default_factory=list)
    page: int = 1
    asks: dict[str, dict[str, str]] = field(default_factory=dict)

    def fits(self, request: Request) -> bool:
        """Whether a request is of this path, and the same in what tells it from others."""
        same = request.method == self.method and _ends(request.path, self.path)
        return same and all(self._fits(request, name) for name in self.by)

    def _fits(self, request: Request, name: str) -> bool:
        given, own = request.parameter(name), self.params.get(name)
        return own == "*" or given == own or (given is None and self.page == 1)

    def likeness(self, request: Request) -> int:
        """How much of it is as in a request, to choose by among those that fit."""
        equal = sum(request.parameter(name) == value for name, value in self.params.items())
        return equal + 100 * len(self.by)

    def has(self, method: str, text: str) -> bool:
        """Whether it asked for a method with the filters that a body has."""
        return method in self.asks and all(value in text for value in self.asks[method].values())


class Recording:
    """Answers requests by a recording."""

    def __init__(self, folder: Path) -> None:
        facts = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        self.urls: list[str] = facts["urls"]
        self.beside: list[dict[str, Any]] = facts["beside"]
        self.answers = [_read(folder, each) for each in facts["answers"]]

    def answer(self, request: Request) -> Answer:
        """The answer to a request; a 404 that says what there is, where there is none."""
        fitting = [each for each in self.answers if each.fits(request)]
        found = self._asked(fitting, request) if any(each.asks for each in fitting) else fitting
        if found:
            best = max(found, key=lambda each: each.likeness(request))
            if best.body is None:
                return text_answer("replay: nothing was there when it was recorded", 404)
            return Answer(200, (best.body,), best.kind)
        for other in self.beside:
            if request.method == other["method"] and _ends(request.path, other["path"]) and not self._known(request):
                return json_answer(other["answer"])
        return text_answer(f"replay: no recorded answer to {request.method} {request.path} so; {self._there()}", 404)

    def _asked(self, fitting: list[Recorded], request: Request) -> list[Recorded]:
        """Those that brought all that a body asks for; where only several did, one made of them."""
        text = request.body.decode("utf-8", "replace")
        methods = {name for each in fitting for name in each.asks if re.search(rf"\b{re.escape(name)}\b", text)}
        whole = [each for each in fitting if methods and all(each.has(name, text) for name in methods)]
        if whole or not methods:
            return whole
        bringing = [next((each for each in fitting if each.has(name, text)), None) for name in sorted(methods)]
        parts = [each for each in bringing if each is not None]
        return [_together(parts)] if len(parts) == len(methods) else []

    def _known(self, request: Request) -> bool:
        return any(each.method == request.method and _ends(request.path, each.path) for each in self.answers)

    def _there(self) -> str:
        known = list(dict.fromkeys(f"{each.method} {each.path}{_said(each.by)}" for each in self.answers))
        more = f", and {len(known) - _SHOWN} more" if len(known) > _SHOWN else ""
        return f"recorded are {', '.join(known[:_SHOWN])}{more}"


def _read(folder: Path, facts: dict[str, Any]) -> Recorded:
    body = None
    if facts["file"]:
        file = folder / facts["file"]
        if not file.resolve().is_relative_to(folder.resolve()) or not file.is_file():
            raise ValueError(f"{folder / MANIFEST}: {facts['file']!r} is not a file of the folder")
        body = file.read_bytes()
    known = {name: facts[name] for name in ("params", "by", "page", "asks") if name in facts}
    kind = XML if facts["file"].endswith(".xml") else JSON
    return Recorded(facts["method"], facts["path"], body, kind, **known)


def _together(parts: list[Recorded]) -> Recorded:
    """One answer of XML with what stands in several, each taken once."""
    first, *others = {id(each): each for each in parts}.values()
    root = ElementTree.fromstring(first.body or b"")  # noqa: S314 (we wrote it)
    for other in others:
        root.extend(ElementTree.fromstring(other.body or b""))  # noqa: S314
    return Recorded(first.method, first.path, ElementTree.tostring(root, "utf-8", xml_declaration=True), XML)


def _ends(path: str, with_: str) -> bool:
    """Whether a path ends with another, as every one does with ''; `*` stands for any one part."""
    if not with_:
        return True
    pattern = re.escape(with_.strip("/")).replace(r"\*", "[^/]+")
    return re.search(rf"(^|/){pattern}$", path.strip("/"), re.IGNORECASE) is not None


def _said(by: list[str]) -> str:
    return f" (by {', '.join(by)})" if by else ""
