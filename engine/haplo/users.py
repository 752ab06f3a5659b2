"""User accounts: the `haplo:user-sync` model, whose records Haplo takes apart in a way of its own.

The user name is read first, by the one instruction that sets it; a fault in one record does not stop the others.
Stands on `setting` and `saving`. Next: `interpret`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from engine.haplo.batch import Batch, Target
from engine.haplo.control import action_of
from engine.haplo.javascript import is_empty, text, to_json, walk
from engine.haplo.outcome import StopError
from engine.haplo.preparation import Preparation, Step, word
from engine.haplo.use import NOTHING
from engine.haplo.values import make_conversion

_NO_RULE: Final = (
    "No simple rule for extracting username from records. There needs to be a field instruction at the top level "
    "(not inside conditionals or loops) for destination:user, name:username"
)
_USERNAME: Final = ("user/username",)


class Accounts:
    """Runs the instructions over account records."""

    def __init__(self, preparation: Preparation, instructions: Any, run: Step) -> None:
        self._batch: Batch = preparation.batch
        self._run = run
        self._seen: set[str] = set()
        self._username = _username_rule(preparation, instructions)
        if self._username is None:
            self._batch.report(None, _NO_RULE)

    @property
    def possible(self) -> bool:
        """Whether there is a rule for the user name; without one no record is read."""
        return self._username is not None

    def take(self, record: Any, number: int, save: Callable[[], None]) -> bool:
        """Interpret one record; whether its account is complete."""
        batch = self._batch
        batch.begin(number)
        assert self._username is not None
        username = self._username(record)
        if username is None:
            message = f"No username in record {number}: {to_json(record)}"
            batch.report(None, "No username in record", message, marked=False, refuses=True, about=_USERNAME)
            return False
        if username in self._seen:
            message = f"Duplicate username: {username} (ignoring record {number})"
            batch.report(None, "Duplicate username", message, marked=False, refuses=True, about=_USERNAME)
            return False
        self._seen.add(username)
        batch.begin(number, f", user {username}")
        for name in ("user", "profile"):
            batch.targets[name] = Target(batch.model.destinations[name])
        return self._interpret(record, username, save)

    def _interpret(self, record: Any, username: str, save: Callable[[], None]) -> bool:
        batch = self._batch
        try:
            self._run(record)
            if not batch.abandoned:
                batch.check_all()
            if batch.abandoned:
                return False
            save()
        except StopError as stop:
            fault = stop.message or stop.why
            batch.report(stop.path, f"Error: {fault}", f"({username}) Error: {fault}", marked=False, refuses=True)
            return False
        return True


def _username_rule(preparation: Preparation, instructions: Any) -> Callable[[Any], str | None] | None:
    """A function from a record to its user name, from the one `field` that sets it; None without one."""
    rules = [
        (index, given)
        for index, given in enumerate(walk(instructions))
        if isinstance(given, dict)
        and (action_of(given), given.get("destination"), given.get("name")) == ("field", "user", "username")
    ]
    if len(rules) != 1:
        return None
    index, given = rules[0]
    source = word(given, "source")
    convert = make_conversion("text", preparation.use(given, (index,), f"input field {source}", for_object=False))
    assert convert is not None, "text needs nothing to be prepared"

    def username(record: Any) -> str | None:
        value = preparation.field(record, source)
        made = NOTHING if is_empty(value) else convert(value)
        return None if made is NOTHING or is_empty(made) else text(made)

    return username
