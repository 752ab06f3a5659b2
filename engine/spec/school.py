"""The school file: which source, which entities, which settings, where to deliver. Next: `spec/load`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from engine.kinds.guard import Guards
from engine.kinds.value import Nested
from engine.kinds.word import Duration, Name, TemplateText, Word, problem
from engine.spec.settings import SettingValue

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]*$")]
Prefix = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9_-]+$")]


class EnvSecret(Word):
    """A secret in an environment variable."""

    env: Annotated[str, Field(description="the variable")]


class FileSecret(Word):
    """A secret in a file of its own."""

    file: Annotated[str, Field(description="the path of the file")]


SecretRef = EnvSecret | FileSecret


def _no_text(value: Any) -> Any:
    if isinstance(value, str | int):
        raise problem("secret-in-file", "a key is a secret, and secrets do not stand in documents", "write {env: NAME}")
    return value


KeyRef = Annotated[SecretRef, BeforeValidator(_no_text)]


class KeyGiven(Word):
    """One of several keys of a source, by a name of the school's own."""

    key: Annotated[KeyRef, Field(description="where the key is")]
    methods: Annotated[
        list[str] | None, Field(min_length=1, description="what may be asked for with it; anything, if left out")
    ] = None
    secrets: Annotated[dict[Name, KeyRef], Field(description="further secrets that go with it, by name")] = {}


def _only_maps(value: Any) -> Any:
    if not (isinstance(value, dict) and value and all(isinstance(each, dict | KeyGiven) for each in value.values())):
        raise PydanticCustomError("dict_type", "a map of keys")
    return value


Keys = Annotated[dict[Name, KeyGiven], BeforeValidator(_only_maps)]
ConfigValue = str | int | SecretRef | Keys


class Override(Word):
    """What this school maps otherwise than everybody else."""

    fields: Annotated[dict[Name, Nested], Field(description="target fields with the values they get here")] = {}
    remove: Annotated[list[Name], Field(description="target fields that this school does not send")] = []


KeyHeader = Annotated[Literal["basic", "x-oneis-key"], Field(description="how the key is sent")]


Address = Annotated[str, Field(description="the address of the Haplo application; https, unless it is on loopback")]
ApiKey = Annotated[SecretRef, Field(description="where its API key is")]
Mode = Annotated[Literal["dry-run", "live"], Field(description="`dry-run` is Haplo's own: nothing is kept")]


class Deliver(Word):
    """Into Haplo's batch import. `standard`: the control file is kept in the application; `batch`: it is sent first."""

    kind: Literal["standard", "batch"]
    url: Address
    api_key: ApiKey
    key_header: KeyHeader = "basic"
    mode: Mode = "dry-run"
    kinds: Annotated[
        dict[Name, str],
        Field(description="standard: the kind of each entity, where it is not the entity's name"),
    ] = {}
    log: Annotated[
        TemplateText | None,
        Field(description="the path of a batch's log, where the application offers one; `{{ batch }}` is the batch"),
    ] = None


class UserSync(Word):
    """Into Haplo's user sync: one entity, whose rows are user accounts. It knows no dry run: nothing is sent then."""

    kind: Literal["user-sync"]
    url: Address
    api_key: ApiKey
    key_header: KeyHeader = "basic"
    mode: Mode = "dry-run"


class Folder(Word):
    """Into a folder, for somebody to upload by hand; each run has a folder of its own in it, with a README.

    Nothing is remembered of what was left there: each run leaves all rows, rows that are gone are never told, and
    `haplomap diff` calls all rows new.
    """

    kind: Literal["folder"]
    path: Annotated[str, Field(min_length=1, description="seen from the project's folder, if it is not absolute")]


Delivery = Annotated[Deliver | UserSync | Folder, Field(discriminator="kind")]
"""Where the files go."""


class Drift(Word):
    """What a run does when a source has changed what it sends: told always, a failure where so wished."""

    missing_field: Annotated[Literal["tell", "fail"], Field(description="a mapped field that was not sent")] = "tell"
    unknown_field: Annotated[
        Literal["tell", "fail"], Field(description="a field that was sent and that nobody declared")
    ] = "tell"
    unknown_code: Annotated[Literal["tell", "fail"], Field(description="a code that no lookup knows")] = "tell"


class NamedRun(Word):
    """A run of some entities, by a name of its own: `haplomap run SCHOOL --run NAME`."""

    entities: Annotated[list[Name] | None, Field(min_length=1, description="what is made and sent, if not all")] = None
    reuse: Annotated[
        Duration | None, Field(description="record sets that were read so short a time ago are not asked for again")
    ] = None


class School(Word):
    """One school."""

    school: Annotated[Slug, Field(description="the name by which commands name it")]
    title: Annotated[str, Field(description="its name for people")] = ""
    source: Annotated[Name, Field(description="the source system of its data")]
    time_zone: Annotated[str, Field(description="whose day it is when a run begins")] = "Europe/London"
    prefix: Annotated[Prefix | None, Field(description="begins every Haplo code; the school's name if left out")] = None
    application: Annotated[Name | None, Field(description="the Haplo application that receives the data")] = None
    config: Annotated[dict[Name, ConfigValue], Field(description="what the source asks for")] = {}
    entities: Annotated[list[Name], Field(description="what is made and sent", min_length=1)]
    runs: Annotated[dict[Name, NamedRun], Field(description="runs of some entities, by name")] = {}
    settings: Annotated[
        dict[Name, dict[Name, SettingValue]], Field(description="values of settings, by group and name")
    ] = {}
    override: Annotated[dict[Name, Override], Field(description="what is mapped otherwise here, by entity")] = {}
    connections: Annotated[int | None, Field(gt=0, le=64, description="requests under way at one time")] = None
    guards: Annotated[
        Guards, Field(description="what may happen to an entity in one night before a run stops and asks")
    ] = Guards()
    drift: Annotated[Drift, Field(description="what a run does when the source has changed what it sends")] = Drift()
    keep_runs: Annotated[
        Duration, Field(description="how long run folders are kept; the latest complete run's always is")
    ] = "14d"
    keep_records: Annotated[
        Duration, Field(description="how long it is remembered what a run came to; that of runs still needed always is")
    ] = "400d"
    deliver: Annotated[
        Delivery | None, Field(description="where the files go; without it they are only made and checked")
    ] = None

    @property
    def code_prefix(self) -> str:
        return self.prefix or self.school


def as_plain(value: Any) -> Any:
    """Return a part of a document as plain data, under its YAML names."""
    return value.model_dump(by_alias=True, exclude_unset=True) if isinstance(value, Word) else value
