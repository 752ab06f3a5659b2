"""User accounts after a user sync: made, changed, and blocked where the files do not name them. Next: `user_sync`.

What the reference leaves open is decided here: the attributes of a profile that the files do not set stay, its title
and e-mail address follow the account, and a user whose record has a fault is named all the same, so not blocked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from engine.simulators.objects import Objects, User, Values

_SINGLE = ("username", "email", "nameFirst", "nameLast", "title")
_NAMED = (re.compile(r" \(record \d+, user (.*)\)\Z", re.DOTALL), re.compile(r"\A\((.*?)\) Error: ", re.DOTALL))
_TITLE, _TYPE, _EMAIL = "dc:attribute:title", "dc:attribute:type", "std:attribute:email"


def apply_accounts(objects: Objects, entries: Iterable[dict[str, Any]], messages: Iterable[str]) -> dict[str, int]:
    """Save the accounts that an import has put down and block those that it does not name; gives counts."""
    counts = {"created": 0, "updated": 0, "unchanged": 0, "blocked": 0}
    records: dict[int, dict[str, Values]] = {}
    for entry in entries:
        records.setdefault(entry["record"], {})[entry["destination"]] = entry["values"]
    named = {_find_name(message).lower() for message in messages}
    for given in records.values():
        named.add(str(given["user"]["username"][0]).lower())
        counts[_save(objects, given)] += 1
    for user in objects.users():
        if user["username"].lower() not in named and not user["blocked"]:
            objects.save_user(user | {"blocked": True})
            counts["blocked"] += 1
    return counts


def _find_name(message: str) -> str:
    """The user that a message of a user sync is about, or nothing."""
    return next((found[1] for pattern in _NAMED if (found := pattern.search(message))), "")


def _save(objects: Objects, given: dict[str, Values]) -> str:
    """Save one account and its profile; says what that came to."""
    account = given["user"]
    before = objects.user(str(account["username"][0]))
    user: User = {name: account[name][0] if account.get(name) else None for name in _SINGLE}
    user |= {"groups": account.get("groups", []), "tags": given.get("user:tags", {}), "blocked": False}
    user["ref"] = before["ref"] if before and before["ref"] else objects.new_ref()
    if before is not None:
        user["username"] = before["username"]
    kept = objects.load(user["ref"])
    profile = _profile(kept or {}, given.get("profile", {}), user)
    if profile == kept and user == before:
        return "unchanged"
    objects.save(user["ref"], profile)
    objects.save_user(user)
    return "created" if before is None else "updated"


def _profile(kept: Values, given: Values, user: User) -> Values:
    name = {"title": user["title"], "first": user["nameFirst"], "last": user["nameLast"]}
    title = {"type": "person-name", **{part: text for part, text in name.items() if text}}
    own: Values = {_TITLE: [title], _EMAIL: [{"type": "email-address", "text": user["email"]}]}
    return {_TYPE: [{"type": "object-type", "code": "std:type:person"}], **kept, **own, **given}
