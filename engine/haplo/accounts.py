"""Bindings of the model `haplo:user-sync`: what an account needs, and what an account cannot be given.

An account is written whole each time, so there is nothing to clear in it; its profile is an object that stays.
Stands on `errors`, `kinds` and `spec`. Next: `fit`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from engine.haplo.application import EMAIL, TYPE
from engine.kinds.types import TargetField
from engine.spec.binding import Binding, BoundName
from engine.spec.schema import Schema

USER_NAMES: Final = ("username", "title", "nameFirst", "nameLast", "email", "groups")
NEEDED: Final = ("username", "nameFirst", "nameLast", "email")
USERNAME: Final = "user/username"
DESTINATIONS: Final = ("user", "profile", "user:tags")

Told = tuple[str, str]
"""The code of a finding, and what is wrong."""


def without_accounts(kinds: Mapping[str, str]) -> dict[str, str]:
    """Return a profile's attributes without those that Haplo takes from the account."""
    return {name: kind for name, kind in kinds.items() if name not in (TYPE, EMAIL)}


def account_problems(binding: Binding) -> Iterator[Told]:
    """Tell what a binding as a whole lacks, or has too much of."""
    if not binding.of_accounts:
        if binding.upsert == "username":
            yield "bad-value", "finds its rows by user name, which only accounts have (model: haplo:user-sync)"
        return
    if binding.upsert == "code":
        yield "bad-value", "finds accounts by a code; an account is found by its user name (upsert: username)"
    if binding.type is not None:
        yield "bad-value", "gives a type, and the type of a profile is not an import's to set"
    bound = {"/".join(binding.place_of(name)) for name in binding.names}
    for name in NEEDED:
        if f"user/{name}" not in bound:
            yield "missing-key", f"makes accounts without 'user/{name}', which Haplo refuses"


def name_problems(name: str, bound: BoundName, binding: Binding, schema: Schema) -> Iterator[Told]:
    """Tell what is wrong with one name, as far as its destination says."""
    destination, inner = binding.place_of(name)
    if not binding.of_accounts:
        if destination != binding.destination:
            yield "bad-value", f"is of the destination '{destination}', and {binding.model} has '{binding.destination}'"
        return
    if destination not in DESTINATIONS:
        yield "bad-value", f"is of the destination '{destination}'; accounts have {', '.join(DESTINATIONS)}"
    elif destination == "profile":
        if inner in (TYPE, EMAIL):
            yield "attribute", "is taken from the account, and cannot be set in its profile"
    else:
        yield from _plain_text(bound)
        if destination == "user":
            yield from _of_user(inner, bound, schema.fields.get(bound.from_ or ""))


def _plain_text(bound: BoundName) -> Iterator[Told]:
    """What is no object holds texts, and is written anew each time."""
    if bound.person_name is not None or bound.postal_address is not None:
        yield "bad-type", "is text, and is given a structure"
    if bound.list_ is not None:
        yield "bad-type", "is text, and is given an entry of a list; write map:"
    if bound.clear:
        yield "bad-value", "need not be cleared: an account is written whole each time"
    if bound.qualifier is not None:
        yield "bad-value", "has a qualifier, which only attributes of objects have"


def _of_user(inner: str, bound: BoundName, origin: TargetField | None) -> Iterator[Told]:
    if inner not in USER_NAMES:
        yield "attribute", f"is not known: an account has {', '.join(USER_NAMES)}"
    elif inner == "username" and bound.from_ is None:
        yield "bad-value", "must come from a field: it tells accounts apart"
    elif inner != "groups" and origin is not None and origin.type == "list" and not bound.first:
        yield "bad-type", f"holds one value, and '{bound.from_}' is a list; add first: true"
    elif inner == "username" and origin is not None and origin.type == "record":
        yield "bad-type", "must come from a plain field: Haplo looks for it at the top of a record"
    if origin is not None and origin.ref is not None:
        yield "bad-type", f"is text, and '{bound.from_}' is a reference"
