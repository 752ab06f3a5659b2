"""How iSAMS says no: a document that declares utf-16, of plain bytes, with the status that fits. Next: `batch`.

Texts and most statuses are known; those of throttling, of refused addresses and of dates are decided here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace

from engine.simulators.isams.node import escape
from engine.simulators.isams.setting import Setting
from engine.simulators.message import JSON, Answer

XML = "text/xml; charset=utf-8"
UNHANDLED = "UnhandledException"


@dataclass(eq=False)
class Refused(Exception):
    """A request that is refused. `kind` names the setting that decides its status, where there is one."""

    id: str
    title: str
    description: str
    status: int = 500
    kind: str = ""

    def answer(self, setting: Setting, *, as_json: bool = False) -> Answer:
        """The document, with its status."""
        status = setting.status(self.kind) if self.kind else self.status
        fields = {
            "MessageId": self.id,
            "MessageName": self.id,
            "Title": self.title,
            "Description": self.description,
        }
        if as_json:
            return Answer(status, (json.dumps({"Message": fields}).encode(),), JSON)
        lines = ['<?xml version="1.0" encoding="utf-16"?>', "<Message>"]
        lines += [f"  <{name}>{escape(text)}</{name}>" for name, text in fields.items()]
        text = "\n".join([*lines, "</Message>"])
        if setting.utf16:
            return Answer(status, (b"\xff\xfe" + text.encode("utf-16-le"),), "text/xml; charset=utf-16")
        return Answer(status, (text.encode("ascii", "xmlcharrefreplace"),), "text/xml")


INVALID_KEY = Refused(
    "InvalidApiKey", "Invalid API Key", "The API key is invalid.\nPlease contact your iSAMS administrator.", 401
)
MISSING_KEY = Refused(
    "MissingParameter",
    "Missing Field: apiKey",
    'A required field "apiKey" was not supplied or was in an incorrect format.',
    kind="missing-key",
)
BAD_ROOT = Refused(
    UNHANDLED, "Unknown Error", "Data at the root level is invalid. Line 1, position 1.", kind="bad-body"
)
DEADLOCK = Refused(
    UNHANDLED,
    "Unknown Error",
    "Transaction (Process ID 118) was deadlocked on lock resources with another process and has been chosen as "
    "the deadlock victim. Rerun the transaction.",
)
LOCK_TIMEOUT = Refused(
    UNHANDLED, "Unknown Error", "Lock request time out period exceeded.  The statement has been terminated."
)
THROTTLED = Refused(
    "RequestLimitExceeded",
    "Request Limit Exceeded",
    "The request limit of the API key has been exceeded.",
    kind="throttled",
)
NO_ADDRESS = Refused("AccessDenied", "Access Denied", "Requests from this address are not allowed.", kind="refused")
NO_SSL = Refused("SslRequired", "SSL Required", "The API key requires a secure connection.", kind="refused")
NO_TOKEN = Refused("Unauthorized", "Unauthorized", "A valid access token is required.", 401)

BY_NAME = {
    "deadlock": DEADLOCK,
    "lock": LOCK_TIMEOUT,
    "invalid-key": INVALID_KEY,
    "missing-key": MISSING_KEY,
    "bad-body": BAD_ROOT,
    "throttled": THROTTLED,
    "refused": NO_ADDRESS,
}
"""What the fault `error_body` may name; any other text is the description of an unknown error."""


def named(text: str) -> Refused:
    """The refusal of a name, or an unknown error with a text."""
    return BY_NAME.get(text) or Refused(UNHANDLED, "Unknown Error", text)


def fresh(refused: Refused) -> Refused:
    """A refusal to raise: an exception is raised once."""
    return replace(refused)


def not_allocated(names: Iterable[str]) -> Refused:
    """Methods that the key does not have."""
    text = "The following methods specified in the MethodsToRun filter are not allocated to the requested key: "
    found = text + ", ".join(name.lower() for name in names)
    return Refused("MethodsNotAllocatedToKeyException", "Methods Not Allocated To Key", found, 403)


def filters_required(method: str) -> Refused:
    """A method that does not run without a filter."""
    module, _, name = method.partition("_")
    text = f'Method "{module} - {name}" requires at least one filter. No filters have been supplied.'
    return Refused("FiltersRequiredException", "Filters Required", text, kind="filters")


def unreadable_date() -> Refused:
    """A date that is none."""
    return Refused(UNHANDLED, "Unknown Error", "String was not recognized as a valid DateTime.")
