"""The body of a Batch request: which methods to run, and their filters. Next: `method`, `batch`.

What is unknown in it is passed over. Names count without their case, and two modules have another name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.etree import ElementTree

from engine.simulators.isams.method import ALIASES, Method
from engine.simulators.isams.refusal import BAD_ROOT, fresh

_DECLARATION = re.compile(rb"^\s*<\?xml[^>]*\?>")


@dataclass(frozen=True)
class Filters:
    """What a body says: methods as they are written, none for all of the key, and attributes by module and element."""

    methods: tuple[str, ...] = ()
    attributes: Mapping[tuple[str, str], Mapping[str, str]] = field(default_factory=dict)

    def of(self, method: Method) -> Mapping[str, str]:
        """The attributes of a method's filter, by names in lower case."""
        return self.attributes.get((method.module.lower(), method.element.lower()), {})


def canonical(body: bytes) -> bytes:
    """A body without its declaration and without white space, as the cache tells it by."""
    return b"".join(_DECLARATION.sub(b"", body.removeprefix(b"\xef\xbb\xbf")).split())


def read_filters(body: bytes) -> Filters:
    """Read a body; an empty one asks for everything."""
    if not body.strip():
        return Filters()
    try:
        root = ElementTree.fromstring(body)  # noqa: S314 (on loopback, from our own tests)
    except ElementTree.ParseError:
        raise fresh(BAD_ROOT) from None
    methods: list[str] = []
    attributes: dict[tuple[str, str], dict[str, str]] = {}
    for module in root:
        if module.tag.lower() == "methodstorun":
            methods += [(method.text or "").strip() for method in module if (method.text or "").strip()]
            continue
        name = module.tag.lower()
        for element in module:
            found = attributes.setdefault((ALIASES.get(name, name), element.tag.lower()), {})
            found |= {key.lower(): value for key, value in element.attrib.items()}
    return Filters(tuple(methods), attributes)
