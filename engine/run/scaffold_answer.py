"""Where in an answer the records stand: a list, lists in an envelope, or the one record that it is.

Next: `run/scaffold_paging`.
"""

from __future__ import annotations

from engine.run.scaffold_draft import SetDraft, set_of
from engine.run.scaffold_guess import snake
from engine.run.scaffold_paging import LAST, PAGE, SIZE, TOTAL
from engine.run.scaffold_shape import Shape, lists_of

_ENVELOPES = {"data", "items", "results", "result", "records", "value", "values", "content", "entries", "rows", "list"}
_ABOUT = {"meta", "metadata", "links", "pagination", "paging", "pageinfo", "page_info", "status", "success", "message"}


def records_of(name: str, shape: Shape, *, single: bool, paged: bool, hint: str) -> list[SetDraft]:
    """Return the sets of an answer. `single` says that its path ends in a key, `hint` how the path's last step is
    called.
    """
    found = [] if single else list(lists_of(shape))
    if found and (paged or shape.kind == "list" or _is_envelope(shape, hint)):
        shallow = min(path.count(".") for path, _ in found)
        top = [(path, item) for path, item in found if path.count(".") == shallow]
        if len(top) == 1:
            return [set_of(name, *top[0])]
        return [set_of(f"{name}_{snake(path.rpartition('.')[2])}", path, item) for path, item in top]
    path, record = _one(shape)
    if record.kind == "list" and record.item is not None:
        return [set_of(name, path, record.item)]
    draft = set_of(name, path, record)
    draft.one = True
    return [draft]


def _is_envelope(shape: Shape, hint: str) -> bool:
    """Say whether lists in an object are its point: by their names, or since nothing else stands in it."""
    lists = {snake(name) for name, member in shape.members.items() if member.kind == "list"}
    about = _ABOUT | PAGE | SIZE | LAST | TOTAL
    others = {snake(name) for name, member in shape.members.items() if member.kind != "list"} - about
    return bool(lists & (_ENVELOPES | {hint})) or not others or others <= _ENVELOPES


def _one(shape: Shape) -> tuple[str, Shape]:
    """Return where the one record stands: in an envelope, or at the top."""
    for name, member in shape.members.items():
        rest = {snake(other) for other in shape.members if other != name}
        if snake(name) in _ENVELOPES and member.kind in ("object", "list") and rest <= _ABOUT:
            return f"$.{name}", member
    return "$", shape
