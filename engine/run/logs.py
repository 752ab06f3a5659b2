"""What a school's runs sent as batches, and the logs of those where the application offers them.

The batches are known from the journals of the runs, which are read only. Next: `cli/commands/haplo_log`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.errors import DeliveryError
from engine.haplo.api import LogApi
from engine.haplo.job_log import JobLog, own_messages, read_log
from engine.journal import read_entries
from engine.problem_text import did_you_mean
from engine.run.folder import STATE, runs
from engine.run.secrets import Secrets
from engine.spec.project import NotFoundError
from engine.spec.school import Deliver, School
from engine.template import Template

_SENT = re.compile(r"deliver:([^:]+)(?::(dry-run))?:schedule")
_BY_HAND = {
    "batch": "Data import » Batch import » Batch import jobs",
    "standard": "Data import » Standard Batch APIs » Standard Batch API jobs",
}


@dataclass(frozen=True)
class Sent:
    """A batch that was asked to be carried out. One that was given by hand has no entity, run and mode."""

    batch: str
    entity: str = ""
    mode: str = ""
    run: str = ""
    control: Path | None = None


def by_hand(batch: str) -> list[Sent]:
    """Return a batch that nobody looks up."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{8,128}", batch):
        raise NotFoundError(f"'{batch}' is no identifier of a batch", fix="it has letters, digits, - and _")
    return [Sent(batch)]


def sent_batches(root: Path, school: str, entity: str | None, run: str | None) -> list[Sent]:
    """Return the batches of a run, of the latest that sent something if none is named; of one entity or of all."""
    folders = runs(root / STATE / school)
    names = [folder.name for folder in folders]
    if run is not None and run not in names:
        fix = did_you_mean(run, names) or (f"the latest is {names[-1]}" if names else "")
        raise NotFoundError(f"'{school}' has no run '{run}'", fix=fix)
    chosen = [folder for folder in reversed(folders) if run in (None, folder.name)]
    found = next(filter(None, (list(_of_run(folder)) for folder in chosen)), [])
    if not found:
        raise NotFoundError(f"run '{run}' of '{school}' sent no batch" if run else f"no run of '{school}' sent a batch")
    batches = [one for one in found if entity in (None, one.entity)]
    if not batches:
        known = [one.entity for one in found]
        fix = did_you_mean(str(entity), known) or f"it sent {', '.join(known)}"
        raise NotFoundError(f"run '{found[0].run}' of '{school}' sent no '{entity}'", fix=fix)
    return batches


def _of_run(folder: Path) -> Iterator[Sent]:
    for key, facts in read_entries(folder / "journal.jsonl").items():
        found = _SENT.fullmatch(key)
        if found and facts.get("state") in ("begun", "done") and "batch" in facts:
            control = folder / "files" / f"{found[1]}.control.json"
            yield Sent(str(facts["batch"]), found[1], found[2] or "live", folder.name, control)


def read_logs(school: School, batches: list[Sent], environ: Mapping[str, str]) -> Iterator[tuple[Sent, JobLog]]:
    """Yield each batch with its log; stop where the application offers none."""
    spec = school.deliver
    if not isinstance(spec, Deliver):
        raise DeliveryError(
            f"'{school.school}' delivers no batches, so there are no logs of batches to ask for",
            fix="look in the application for what became of its data" if spec is not None else "",
            code="log-not-offered",
        )
    if spec.log is None:
        listed = "\n".join(f"batch {one.batch}" + (f"  ({one.entity})" if one.entity else "") for one in batches)
        raise DeliveryError(
            "Haplo's batch APIs offer no log",
            why="the school file names no path for it either (deliver: log)",
            fix=f"look in the application: {_BY_HAND[spec.kind]}\n{listed}",
            code="log-not-offered",
        )
    path, key = Template.parse(spec.log), Secrets(environ).read(spec.api_key)
    with LogApi(spec.url, key, spec.key_header) as api:
        for one in batches:
            text = api.read(path.render({"batch": one.batch}), one.batch)
            yield one, read_log(text, _own(one.control))


def _own(control: Path | None) -> frozenset[str]:
    """Return the messages that a control file gives; none where it is no longer there."""
    try:
        return frozenset() if control is None else frozenset(own_messages(json.loads(control.read_bytes())))
    except (OSError, ValueError):
        return frozenset()
