"""The school file: which source, which entities, which settings, where to deliver. Next: `spec/load`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from engine.kinds.value import Nested
from engine.kinds.word import Name, Word
from engine.spec.settings import SettingValue

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]*$")]
Prefix = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9_-]+$")]


class EnvSecret(Word):
    """A secret in an environment variable."""

    env: str


class FileSecret(Word):
    """A secret in a file of its own."""

    file: str


SecretRef = EnvSecret | FileSecret
ConfigValue = str | int | SecretRef


class Override(Word):
    """What this school maps otherwise than everybody else."""

    fields: dict[Name, Nested] = {}
    remove: Annotated[list[Name], Field(description="target fields that this school does not send")] = []


class Deliver(Word):
    """Where the files go. `standard`: the control file is kept in the application; `batch`: it is sent first."""

    kind: Literal["standard", "batch"]
    url: str
    api_key: SecretRef
    key_header: Annotated[Literal["basic", "x-oneis-key"], Field(description="how the key is sent")] = "basic"
    mode: Literal["dry-run", "live"] = "dry-run"
    kinds: Annotated[
        dict[Name, str],
        Field(description="standard: the kind of each entity, where it is not the entity's name"),
    ] = {}


class Drift(Word):
    """What a run does when a source has changed what it sends: told always, a failure where so wished."""

    missing_field: Literal["tell", "fail"] = "tell"
    unknown_field: Literal["tell", "fail"] = "tell"
    unknown_code: Literal["tell", "fail"] = "tell"


class School(Word):
    """One school."""

    school: Slug
    title: str = ""
    source: Name
    time_zone: str = "Europe/London"
    prefix: Annotated[Prefix | None, Field(description="begins every Haplo code; the school's name if left out")] = None
    application: Annotated[Name | None, Field(description="the Haplo application that receives the data")] = None
    config: dict[Name, ConfigValue] = {}
    entities: Annotated[list[Name], Field(min_length=1)]
    settings: dict[Name, dict[Name, SettingValue]] = {}
    override: dict[Name, Override] = {}
    connections: Annotated[int | None, Field(gt=0, le=64, description="requests under way at one time")] = None
    drift: Drift = Drift()
    deliver: Deliver | None = None

    @property
    def code_prefix(self) -> str:
        return self.prefix or self.school


def as_plain(value: Any) -> Any:
    """Return a part of a document as plain data, under its YAML names."""
    return value.model_dump(by_alias=True, exclude_unset=True) if isinstance(value, Word) else value
