"""What a request asks for, which page of it, and how it is refused. Next: `day`, `xporter`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.simulators.column import Endpoint
from engine.simulators.message import Request

ROW_LIMIT = 100_011


class Refusal(Exception):
    """A request that is answered with an error object; `status` counts only with `httpstatuscodes=true`."""

    def __init__(self, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.text, self.status = text, status


@dataclass(frozen=True)
class Asked:
    """What a request is about, but for its page. `sets` are the secondary sets that it asks for."""

    endpoint: Endpoint
    options: frozenset[str]
    filters: tuple[tuple[str, frozenset[str]], ...]
    since: str
    select: str
    wanted_id: str
    scopes: frozenset[str]
    sets: tuple[str, ...]

    @property
    def signature(self) -> tuple[object, ...]:
        """All of it in an order that does not change."""
        filters = tuple((column, tuple(sorted(values))) for column, values in self.filters)
        names = (tuple(sorted(self.options)), tuple(sorted(self.scopes)))
        return (self.endpoint.name, *names, filters, self.since, self.select, self.wanted_id, self.sets)


@dataclass
class Page:
    """Which rows of so many a request wants."""

    request: Request
    rows: int

    def __post_init__(self) -> None:
        self.number = _whole(self.request, "page", 1)
        self.size = _whole(self.request, "pagesize", ROW_LIMIT)
        self.first = min(self.rows, (self.number - 1) * self.size)
        self.last = min(self.rows, self.number * self.size)
        self.count = max(1, -(-self.rows // self.size))

    @property
    def pagination(self) -> dict[str, Any]:
        """The row of `__pagination__`."""
        following = f"?page={self.number + 1}&pageSize={self.size}" if self.number < self.count else None
        return {
            "PageSize": self.size,
            "PageNumber": self.number,
            "PageCount": self.count,
            "RowCount": self.rows,
            "NextPage": following,
        }


def ask(request: Request, endpoint: Endpoint, wanted_id: str, scopes: frozenset[str]) -> Asked:
    """What a request is about, but for its page."""
    options = _options(request)
    filters = [
        (column, frozenset(value.lower().split(",")))
        for parameter, column in endpoint.filters.items()
        if (value := request.parameter(parameter))
    ]
    return Asked(
        endpoint,
        options=options & endpoint.row_and_column_options,
        filters=tuple(filters),
        since=request.parameter("updatedSince") or "",
        select=request.parameter("select") or "*",
        wanted_id=wanted_id,
        scopes=scopes,
        sets=tuple(name for name in endpoint.sets[1:] if endpoint.set_options.get(name) in options),
    )


def _options(request: Request) -> frozenset[str]:
    """Options in either form: `options=a,b`, or each as a parameter that is true; in lower case."""
    listed = [name.strip().lower() for name in (request.parameter("options") or "").split(",")]
    single = [key.lower() for key, value in request.query if value.lower() in ("true", "1")]
    return frozenset(name for name in (*listed, *single) if name.startswith(("include", "only", "teachers")))


def _whole(request: Request, name: str, default: int) -> int:
    text = request.parameter(name)
    if text is None:
        return default
    if not text.isdecimal() or int(text) < 1:
        raise Refusal(f"{name} must be a whole number from 1")
    return int(text)
