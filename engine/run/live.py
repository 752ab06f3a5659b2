"""A live delivery changes records in Haplo, so somebody confirms it before anything is read from the source.

Who is asked, and how, is the caller's affair; the runner refuses what was not confirmed. Next: `run/runner`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from engine.errors import EngineError
from engine.haplo.api import Mode
from engine.spec.school import Delivery, Folder, School, UserSync

_WAYS = {"standard": "the standard batch API", "batch": "the batch API", "user-sync": "the user sync API"}
_RECORDS = "Haplo makes and changes records there; nothing of it is taken back"
_ACCOUNTS = "Haplo makes and changes user accounts there, and blocks those that are not in the files"


class UnconfirmedError(EngineError):
    """A live run that nobody has confirmed."""

    exit_code = 2
    code = "live-unconfirmed"


@dataclass(frozen=True)
class Live:
    """What a live run is about to do: for whom, where to, by which way, with which entities, and what it means."""

    school: str
    host: str
    way: str
    entities: tuple[str, ...]
    meaning: str


def mode_of(delivery: Delivery | None, *, send: bool, dry_run: bool) -> Mode | None:
    """Return how files are delivered; None for not at all."""
    if not send or delivery is None:
        return None
    if dry_run or isinstance(delivery, Folder):
        return "dry-run"  # nothing is imported by leaving files
    return delivery.mode


def said_mode(delivery: Delivery | None, mode: Mode | None) -> str:
    """Return how files are delivered as a run tells of it: files that are left in a folder were not tried by Haplo."""
    return "folder" if mode is not None and isinstance(delivery, Folder) else mode or "none"


def live_delivery(school: School, entities: Sequence[str], mode: Mode | None) -> Live | None:
    """Return what a run of these entities would deliver live; None if it would not."""
    delivery = school.deliver
    if mode != "live" or delivery is None or isinstance(delivery, Folder):
        return None
    host = urlsplit(delivery.url).netloc.rpartition("@")[2]
    meaning = _ACCOUNTS if isinstance(delivery, UserSync) else _RECORDS
    return Live(school.school, host, _WAYS[delivery.kind], tuple(entities), meaning)


def require_confirmed(live: Live | None, *, confirmed: bool) -> None:
    """Refuse a live run that nobody has confirmed."""
    if live is not None and not confirmed:
        raise UnconfirmedError(
            f"'{live.school}' would be delivered live to {live.host}, and nobody has confirmed it",
            why=f"{live.meaning}; without a terminal nobody can be asked",
            fix="add --yes to deliver live, or --dry-run to send for a trial",
        )
