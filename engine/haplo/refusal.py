"""What Haplo answers when it does not do what it was asked, in our words.

Nothing of an answer is repeated: its known texts are recognised. Errors with the code `delivery-unavailable` may
heal by themselves. Imports `errors`; httpx inside functions. Next: `api`.
"""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Final

from engine.errors import DeliveryError

KEY: Final = "delivery-key"
UNAVAILABLE: Final = "delivery-unavailable"
_AGAIN: Final = "give the same command again: it goes on where it stopped"
_NOT_KNOWN: Final = "whether it was done is not known"
_FIX_KEY: Final = "check the key, and that it was made for this API (deliver: kind) and this application"
_FIX_HOST: Final = "use the application's primary host name in deliver: url of the school file"


class NotUploadingError(DeliveryError):
    """The batch is past taking files: it was scheduled before."""


class UnknownBatchError(DeliveryError):
    """Haplo does not know the batch: its identifier did not come as it was sent, or somebody took it away."""


class AlreadyThereError(DeliveryError):
    """A user sync has a file of this name already."""


class NotReadyError(DeliveryError):
    """There is no user sync that could be started: files are missing, or it was started before."""


class NotReachedError(DeliveryError):
    """Nothing was asked: no connection could be made."""


class NotDueError(DeliveryError):
    """An answer that says nothing of what was asked; whether it was done is not known."""


def is_certain(error: DeliveryError) -> bool:
    """Whether nothing was done of what was asked; else that is not known."""
    return isinstance(error, NotReachedError) or not (error.code == UNAVAILABLE or isinstance(error, NotDueError))


_FIX_SYNC: Final = "have an administrator of Haplo finish or discard the last user sync, then begin a new run"
_OF_SYNCS: Final[tuple[tuple[str, type[DeliveryError], str, str], ...]] = (
    (
        "already been uploaded for this sync run",
        AlreadyThereError,
        "Haplo has a file of this name already",
        "an earlier user sync was begun and not finished",
    ),
    (
        "Last sync is not ready",
        NotReadyError,
        "Haplo has no user sync that could be started",
        "files are missing in it, or it was started before",
    ),
    (
        "Sync in unexpected state",
        DeliveryError,
        "Haplo is not ready for a user sync",
        "the last one is still under way, or waits for an administrator",
    ),
)
_KNOWN: Final[tuple[tuple[str, str, str], ...]] = (
    # the text to recognise, what it means, what to do
    ("Control file not found", "it does not know the control file", "begin a new run, which sends it again"),
    ("Uploaded file is not JSON", "it cannot read the control file as JSON", "write the files anew, then deliver"),
    (
        "Invalid control file",
        "the control file does not suit the application",
        "check the binding and the model's name",
    ),
    ("Control file was not valid JSON", "it cannot read the control file as JSON", "begin a new run"),
    ("File named _control is not a valid", "the control file does not suit the application", "check the binding"),
    ("model property in control file", "the control file is not one of user accounts", "check the binding's model"),
    ("Bad request (failed validation)", "a parameter is missing or wrong", "check deliver: kind and kinds"),
    ("A file was uploaded, but it was not expected", "it did not expect a file", "check deliver: kind"),
)


def refusal(status: int, body: str, doing: str) -> DeliveryError:
    """Return the error for an answer whose status is not 200."""
    if 300 <= status < 400:
        return DeliveryError(
            f"{doing}: Haplo redirected the request ({status})",
            why="the host name is not the application's own; what was sent is lost on such a way",
            fix=_FIX_HOST,
        )
    if status == HTTPStatus.FORBIDDEN:
        return _forbidden(body, doing)
    if status == HTTPStatus.BAD_REQUEST:
        return _bad_request(body, doing)
    if status == HTTPStatus.NOT_FOUND:
        return DeliveryError(
            f"{doing}: Haplo has no such address (404)",
            why="the host is not a Haplo application, or this batch API is not installed in it",
            fix="check deliver: url and kind of the school file",
        )
    if "Request size limit exceeded" in body:
        return DeliveryError(f"{doing}: Haplo finds the request too large", fix="send smaller files")
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= 500:
        return DeliveryError(f"{doing}: Haplo has a fault ({status})", fix=_AGAIN, code=UNAVAILABLE)
    return DeliveryError(f"{doing}: Haplo refused it ({status})", fix="check deliver: url of the school file")


def _forbidden(body: str, doing: str) -> DeliveryError:
    if "THROTTLE" in body:
        return DeliveryError(
            f"{doing}: Haplo takes no keys from this address for now",
            why="there were too many failed keys",
            fix="wait five minutes without any request, check the key, then give the same command again",
            code=UNAVAILABLE,
        )
    if "INVALID-API-KEY" in body:
        why = "the key is unknown, or was made for another path"
    elif "UNAUTHORISED" in body:
        why = "the user of the key is blocked"
    elif body.strip() == "Unauthorised":
        why = "no key arrived; something between may have taken the header away"
    else:
        why = "the key is unknown, made for another path, blocked, or held back after too many failures"
    return DeliveryError(f"{doing}: Haplo refused the key (403)", why=why, fix=_FIX_KEY, code=KEY)


def _bad_request(body: str, doing: str) -> DeliveryError:
    if "is not in the 'uploading' state" in body:
        return NotUploadingError(
            f"{doing}: Haplo has scheduled the batch already",
            why="a batch is scheduled once",
            fix="begin a new run, which makes a new batch",
        )
    if body.startswith("Batch not found"):
        why, fix = "it does not know the batch", "give the same command again: it makes a new batch"
        return UnknownBatchError(f"{doing}: Haplo refused it (400)", why=why, fix=fix)
    for known, error, what, why in _OF_SYNCS:
        if known in body:
            return error(f"{doing}: {what}", why=why, fix=_FIX_SYNC)
    for known, why, fix in _KNOWN:
        if body.startswith(known):
            return DeliveryError(f"{doing}: Haplo refused it (400)", why=why, fix=fix)
    return DeliveryError(
        f"{doing}: Haplo refused it (400)",
        why="its reason is not one that we know",
        fix="check that the kind exists in the application, and look at its import log",
    )


def unexpected(body: str, doing: str) -> DeliveryError:
    """Return the error for an answer with status 200 that is not the one that was due."""
    if "not permitted" in body:
        return DeliveryError(
            f"{doing}: the key's user may not import",
            why="Haplo answered with a page that says so, and status 200",
            fix="give the service user of the key the permission to import data",
            code=KEY,
        )
    page = "a page" if "<html" in body[:2000].lower() else "something else"
    return NotDueError(
        f"{doing}: Haplo did not give the answer that was due",
        why=f"it gave {page} with status 200; it is not taken for success",
        fix="check deliver: url of the school file, then give the same command again",
    )


def unreachable(error: Exception, doing: str) -> DeliveryError:
    """Return the error for one of httpx's; nothing of its message is kept."""
    import httpx

    if isinstance(error, httpx.ConnectTimeout | httpx.ConnectError | httpx.ProxyError):
        unsafe = any("certificate" in str(cause).lower() for cause in _causes(error))
        why = "its certificate is not accepted" if unsafe else "no connection could be made"
        return NotReachedError(f"{doing}: Haplo cannot be reached", why=why, fix=_AGAIN, code=UNAVAILABLE)
    if isinstance(error, httpx.TimeoutException):
        what = f"{doing}: Haplo did not answer in time"
    elif isinstance(error, httpx.TransportError):
        what = f"{doing}: the connection broke off"
    else:
        return NotDueError(f"{doing}: the exchange failed ({type(error).__name__})", fix=_AGAIN)
    return DeliveryError(what, why=_NOT_KNOWN, fix=_AGAIN, code=UNAVAILABLE)


def unread(error: DeliveryError) -> DeliveryError:
    """Return an error of an exchange that only reads: nothing was under way that could be half done."""
    if error.fix == _AGAIN:
        error.fix = "give the same command again later"
    if error.why == _NOT_KNOWN:
        error.why = ""
    return error


def no_log(doing: str, why: str, fix: str = "look at it in the application") -> DeliveryError:
    """Return the error for an answer that is not a log."""
    return DeliveryError(f"{doing}: Haplo gave no log that can be read", why=why, fix=fix, code="log-unreadable")


def _causes(error: BaseException) -> Iterator[BaseException]:
    at: BaseException | None = error
    while at is not None:
        yield at
        at = at.__cause__ or at.__context__
