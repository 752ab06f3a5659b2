"""How an entity becomes a Haplo destination: model, type, and one line per name. Next: `haplo/compile`.

`names` maps a Haplo attribute to the entity's fields. `clear: true` lets a value that the source no longer has
take away the one in Haplo; without it Haplo keeps what it has. A model with several destinations has names such
as `user/username`. `removed` is a branch of its own: what is written to an object whose row is gone at the source.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field, model_validator

from engine.kinds.value import Constant
from engine.kinds.word import Name, Word, problem

USER_SYNC: Final = "haplo:user-sync"
OBJECTS: Final = ("object", "profile")
"""The destinations that are objects; others are dictionaries of their own names."""


def _plain_field(value: Any) -> Any:
    return {"from": value} if isinstance(value, str) else value


class PersonName(Word):
    """The parts of a person's name, from fields of the entity. Haplo needs `last`."""

    title: Annotated[Name | None, Field(description="the field of the title")] = None
    first: Annotated[Name | None, Field(description="the field of the first name")] = None
    middle: Annotated[Name | None, Field(description="the field of the middle names")] = None
    last: Annotated[Name, Field(description="the field of the family name")]
    suffix: Annotated[Name | None, Field(description="the field of what follows the name")] = None


class PostalAddress(Word):
    """The parts of an address, from fields of the entity. Haplo needs a two letter `country`."""

    street1: Annotated[Name | None, Field(description="the field of the first line")] = None
    street2: Annotated[Name | None, Field(description="the field of the second line")] = None
    city: Annotated[Name | None, Field(description="the field of the town")] = None
    county: Annotated[Name | None, Field(description="the field of the county")] = None
    postcode: Annotated[Name | None, Field(description="the field of the postcode")] = None
    country: Annotated[Name, Field(description="the field of the two letter code of the country")]


class BoundName(Word):
    """One Haplo name. A plain field name is short for `{from: field}`."""

    from_: Annotated[Name | None, Field(description="the field of the entity", alias="from")] = None
    value: Annotated[Constant, Field(description="a constant")] = None
    part: Annotated[Name | None, Field(description="of a list of records: the part that is sent")] = None
    first: Annotated[bool, Field(description="of a list: only its first value is sent")] = False
    person_name: Annotated[PersonName | None, Field(description="the fields of a person's name")] = None
    postal_address: Annotated[PostalAddress | None, Field(description="the fields of an address")] = None
    qualifier: Annotated[str | None, Field(description="the qualifier under which the value stands")] = None
    map: Annotated[dict[str, str] | None, Field(description="what each value becomes in Haplo")] = None
    list_: Annotated[
        dict[str, str] | None,
        Field(alias="list", description="what each value is in Haplo: the code of a list entry"),
    ] = None
    clear: Annotated[bool, Field(description="no value takes away the one in Haplo")] = False

    @model_validator(mode="after")
    def _one(self) -> BoundName:
        given = {"from_", "value", "person_name", "postal_address"} & self.model_fields_set
        if len(given) != 1:
            raise problem("one-origin", "a name has exactly one of from, value, person_name, postal_address")
        return self


class Removed(Word):
    """What is written to the object of a row that is gone at the source; all else in it stays as it was.

    An ordinary row writes each of these names again, so that one who was gone and returns is as if never gone.
    """

    set_: Annotated[
        dict[str, Constant],
        Field(alias="set", description="names and their values, each as the field of the name would have it"),
    ] = {}
    clear: Annotated[list[str], Field(description="names whose values are taken away")] = []
    unless: Annotated[
        str | None,
        Field(description="a setting, as `group.name`; where it is true, Haplo is not told, and all stays as it is"),
    ] = None

    @model_validator(mode="after")
    def _says_something(self) -> Removed:
        if not self.set_ and not self.clear:
            raise problem("missing-key", "'removed' says neither what to set nor what to clear")
        return self


Bound = Annotated[BoundName, BeforeValidator(_plain_field, json_schema_input_type=str | BoundName)]


class Binding(Word):
    """One entity in Haplo."""

    binding: Annotated[Name, Field(description="the entity")]
    model: Annotated[str, Field(description="the Haplo model: `haplo:person`, `TYPE:<code>` or `haplo:user-sync`")]
    destination: Annotated[str, Field(description="`profile` for people, `object` for a type's own model")]
    type: Annotated[str | None, Field(description="the code of the sub-type that a row becomes")] = None
    upsert: Annotated[
        Literal["code", "username"] | None,
        Field(description="how rows are found again: objects by their code, user accounts by `user/username`"),
    ] = None
    format: Annotated[
        Literal["json", "tsv", "xml"],
        Field(description="the form of the data files; `tsv` and `xml` hold single values only, and no lists"),
    ] = "json"
    names: Annotated[
        dict[str, Bound],
        Field(description="Haplo's names; one of another destination than `destination` is `destination/name`"),
    ]
    removed: Annotated[
        Removed | None, Field(description="what is written when a row is gone at the source; else nothing is")
    ] = None

    @property
    def of_accounts(self) -> bool:
        """Whether rows are user accounts, which Haplo takes through an API of its own."""
        return self.model == USER_SYNC

    def place_of(self, name: str) -> tuple[str, str]:
        """Return the destination and the name in it that a key of `names` stands for."""
        destination, slash, inner = name.partition("/")
        return (destination, inner) if slash else (self.destination, name)

    def attribute_of(self, name: str) -> str:
        """Return a key of `names` as the application knows it: an attribute's code, or `user/username`."""
        destination, inner = self.place_of(name)
        return inner if destination in OBJECTS else f"{destination}/{inner}"


class AttributeSpec(Word):
    """An attribute of an application."""

    type: Annotated[str, Field(description="its data type in Haplo; `ref` links to objects")] = "text"
    title: Annotated[str, Field(description="its name for people")] = ""
    links_to: Annotated[list[str], Field(description="the types that a `ref` may point to")] = []
    qualifiers: Annotated[list[str], Field(description="the qualifiers that its values may have")] = []
    alias_of: Annotated[str | None, Field(description="the attribute behind it, whose code is the one to use")] = None


class TypeSpec(Word):
    """A type of an application; `attributes` are its own, beside those of its parent."""

    title: Annotated[str, Field(description="its name for people")] = ""
    parent: Annotated[str | None, Field(description="the type whose attributes it has too")] = None
    attributes: Annotated[list[str], Field(description="codes of its own attributes")] = []
    hides: Annotated[list[str], Field(description="attributes of its parent that it does not have")] = []
    annotations: Annotated[list[str], Field(description="annotations of the type")] = []
    behaviour: Annotated[list[str], Field(description="what it is in Haplo: `classification`, `physical`")] = []


class Application(Word):
    """What the receiving Haplo application has, as far as we send to it."""

    application: Annotated[Name, Field(description="its name")]
    title: Annotated[str, Field(description="its name for people")] = ""
    requirements: Annotated[
        list[str],
        Field(description="files of `requirements.schema` texts beside this document; what it says itself goes first"),
    ] = []
    attributes: Annotated[dict[str, AttributeSpec], Field(description="attributes by code")] = {}
    types: Annotated[dict[str, TypeSpec], Field(description="types by code")] = {}
    qualifiers: Annotated[list[str], Field(description="codes of the qualifiers that there are")] = []
    auto_models: Annotated[list[str], Field(description="types selected for a model of their own")] = []
    objects: Annotated[dict[str, dict[str, Any]], Field(description="entries of lists: code to type and title")] = {}
    user_tags: Annotated[
        dict[str, str], Field(description="tags that user accounts may have: name to the type of its values")
    ] = {}
