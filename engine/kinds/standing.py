"""How a school stands with a source, and how old the source's data are, asked for without the data themselves.

Words only; `run/consent` and `run/asking` ask. Next: `kinds/answer`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from engine.kinds.select import PathText
from engine.kinds.word import Duration, TemplateText, Word


def _one_or_more(value: object) -> object:
    return [value] if isinstance(value, str) else value


Paths = Annotated[list[PathText], BeforeValidator(_one_or_more, json_schema_input_type=str | list[str])]


class StandingList(Word):
    """One of the lists in which a source keeps its schools, and what it means to be in it."""

    at: Annotated[PathText, Field(description="where the schools' names stand, such as $.Revoked[*].id")]
    means: Annotated[
        Literal["authorised", "paused", "pending", "revoked"],
        Field(
            description="authorised: data may be read; paused: not for now; pending: the school has not agreed yet; "
            "revoked: it has taken its consent back"
        ),
    ]
    say: Annotated[str, Field(description="what a person is told; our own words")] = ""
    fix: Annotated[str, Field(description="what the person should do")] = ""


class Standing(Word):
    """Where a source tells how a school stands; asked where the api's auth has what it is asked for by."""

    get: Annotated[TemplateText, Field(description="the path, below the base URL")]
    params: Annotated[dict[str, TemplateText], Field(description="its parameters")] = {}
    school: Annotated[TemplateText, Field(description="the name by which the source knows the school")]
    lists: Annotated[list[StandingList], Field(min_length=1, description="the lists; the first with the school counts")]
    note: Annotated[str, Field(description="for the reader")] = ""


class Status(Word):
    """Where a source says how its data are, without giving them; `haplomap plan --ask` asks."""

    get: Annotated[
        TemplateText | None,
        Field(description="the path, below the base URL; without one every endpoint in use is asked at its own"),
    ] = None
    params: Annotated[dict[str, TemplateText], Field(description="its parameters")] = {}
    records: Annotated[PathText, Field(description="the path of the list of what is told")]
    facts: Annotated[
        dict[str, Paths],
        Field(min_length=1, description="what is shown, by a name of ours; of several paths the first"),
    ]
    note: Annotated[str, Field(description="for the reader")] = ""
    assumed: Annotated[str | None, Field(description="why this is not known for certain")] = None


class Wait(Word):
    """How long an answer is waited for whose data are still being prepared (an error rule that says `not_ready`)."""

    poll: Annotated[Duration, Field(description="the wait before the same is asked again")] = "60s"
    up_to: Annotated[Duration, Field(description="how long one answer is waited for in all")] = "30m"
