"""HTML pages out of the templates in `pages/`: the second home of Jinja2, for templates of our own.

Whatever is filled in is escaped, whoever wrote it. A page is part of a site, with the stylesheet and the script beside
it, or a file of its own that has its style inside (`single`). Next: `review/site`.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any, Final

_FOLDER: Final = Path(__file__).parent / "pages"
STYLE: Final = "style.css"
SCRIPT: Final = "site.js"


def asset(name: str) -> str:
    """Return the text of the stylesheet, or of the script."""
    return (_FOLDER / name).read_text(encoding="utf-8")


def render(template: str, root: str, **names: Any) -> str:
    """Return a page of a site; `root` leads from it to the site's first page, such as `../`."""
    return str(_environment().get_template(template).render(root=root, style=None, to=lambda url: root + url, **names))


def single(template: str, **names: Any) -> str:
    """Return a page that is one file: its style stands in it, and it needs no script."""
    return str(_environment().get_template(template).render(root="", style=asset(STYLE), to=str, **names))


def breaks(text: str) -> Any:
    """Return a name that may go on in the next line after each of its parts."""
    from markupsafe import Markup, escape

    return Markup(re.sub(r"([_.:/])(?=\w)", r"\1<wbr>", str(escape(text))))  # noqa: S704  # what is marked is escaped


def first_sentence(text: str) -> str:
    """Return the beginning of a text, as far as its first full stop."""
    return re.split(r"(?<=[.!?])\s", text.strip(), maxsplit=1)[0]


@cache
def _environment() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["breaks"] = breaks
    environment.globals["first_sentence"] = first_sentence
    return environment
