"""The log that Haplo keeps of a batch, read for people: how it began and ended, its messages put into groups.

A message holds values of records. Those whose form is known are grouped by what they say without the value; of all
others only the number is told. Stands on the standard library. Next: `run/logs`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

EXAMPLES: Final = 3
_RECORD: Final = re.compile(r"(?P<said>.*) \(record (?P<record>\d+)\)", re.DOTALL)
_STOP: Final = re.compile(r"EXCEPTION: (?:Error during import: )?(?P<said>.*?)(?:\. File: .*)?")
_W: Final = r"[^\s'\"]{1,120}"
_MESSAGES: Final = tuple(
    re.compile(rf"(?P<said>{said}){rest}")
    for said, rest in (
        (rf"Invalid [A-Za-z ]{{1,30}} for {_W}", r": .*"),
        (rf"Value in input data cannot be mapped for {_W}", r": .*"),
        ("Missing or invalid country code in postal address, must be two letter ISO code", r": .*"),
        ("Invalid postal address", r": .*"),
        (rf"Couldn't load destination: {_W}", ""),
        (rf"assert-destination failed: {_W}", ""),
        (rf'Destination "{_W}" needs be made ready with a "new" or "load" instruction', ".*"),
        (rf"Couldn't make destination \"{_W}\" available from dependency \"{_W}\"", ""),
        (rf"No data set in required destination {_W}", ""),
        (rf"Missing values in {_W}: {_W}(?:, {_W})*", ""),
        (rf"dc:attribute:title is not set in object {_W}", ""),
        (rf"Unknown destination in {_W}: {_W}", ""),
        (rf"Unknown name in {_W} {_W} for destination {_W}", ""),
        (rf"Unknown name in remove-values for destination {_W}", ""),
        (rf"Couldn't create value transformer for {_W} {_W}", ""),
        (rf"Invalid qualifier '{_W}' in {_W} {_W}", ""),
        (rf"Unknown structured value destination in field-structured: {_W}", ""),
        (rf"Can only use dependent destinations in assert-destination: {_W}", ""),
        (rf"Date format not specified for {_W}", ""),
        (rf"Unknown mapping: {_W}", ""),
        (rf"Mapping {_W} does not specify types", ""),
        (rf"Mapping {_W} refers to unknown type {_W}", ""),
        (rf"No types for mapping {_W}", ""),
        (rf"Mapping {_W} uses title mapping, but too many objects in store to use this method\.", ""),
        ("Too many errors in import batch, no further errors will be reported", ""),
    )
)
_STOPS: Final = tuple(
    re.compile(rf"(?P<said>{said}).*")
    for said in (
        rf"Could not find file specification in control file for file {_W}",
        rf"Unknown destination: {_W}\Z",
        rf"No destination when requesting target: {_W}\Z",
        rf"Delegate for {_W} does not implement commit\(\)",
        rf"Unknown behaviour: {_W}\Z",
        rf"no filter defined for name: {_W}\Z",
        "Errors in control file",
        "org.haplo.javascript.OAPIException: null and undefined cannot be appended to a StoreObject",
        "org.haplo.javascript.OAPIException: Uploaded data is too big to read into a String",
    )
)
UNTOLD: Final = "a fault whose words may hold values"


@dataclass
class Said:
    """A message without its value: how often it came, and at which records first."""

    summary: str
    times: int = 0
    records: list[int] = field(default_factory=list)


@dataclass
class JobLog:
    """A log. `began` and `ended` are Haplo's dates, empty where there is none; `stopped` is why it did not end well."""

    began: str = ""
    ended: str = ""
    stopped: str = ""
    said: list[Said] = field(default_factory=list)
    others: int = 0
    lines: list[str] = field(default_factory=list)


def read_log(text: str, own: Collection[str] = ()) -> JobLog:
    """Read a log; `own` are the messages that the control file gives, which hold no values."""
    log, said = JobLog(lines=text.splitlines()), dict[str, Said]()
    for line in log.lines:
        if not log.began and (date := _date(line, "START")):
            log.began = date
        elif date := _date(line, "END"):
            log.ended = date
        elif line.startswith("EXCEPTION: ") and (stop := _STOP.fullmatch(line)):
            log.stopped = _known(_STOPS, stop["said"]) or UNTOLD
        elif line.strip() and not _count(line, own, said):
            log.others += 1
    log.said = sorted(said.values(), key=lambda one: -one.times)
    return log


def _date(line: str, word: str) -> str:
    """Return the date of a line that begins or ends a log: letters, digits and what stands between them."""
    found = re.fullmatch(rf"{word}: ([\w :,.+()/-]{{1,80}})", line, re.ASCII)
    return found[1] if found else ""


def _count(line: str, own: Collection[str], said: dict[str, Said]) -> bool:
    """Count a message; return whether its form is known."""
    marked = _RECORD.fullmatch(line)
    message = marked["said"] if marked else line
    summary = message if message in own else _known(_MESSAGES, message)
    if not summary:
        return False
    one = said.setdefault(summary, Said(summary))
    one.times += 1
    if marked and len(one.records) < EXAMPLES:
        one.records.append(int(marked["record"]))
    return True


def _known(forms: Collection[re.Pattern[str]], text: str) -> str:
    matches = (form.fullmatch(text) for form in forms)
    return next((found["said"] for found in matches if found), "")


def own_messages(control: Any) -> Iterator[str]:
    """Yield the messages that a control file has Haplo report."""
    if isinstance(control, Mapping):
        if control.get("action") in ("abort-record", "log-error") and isinstance(control.get("message"), str):
            yield control["message"]
        for value in control.values():
            yield from own_messages(value)
    elif isinstance(control, list):
        for value in control:
            yield from own_messages(value)
