"""A batch: made, filled part by part, its digests compared, scheduled; what is done is not done again.

When the answer to scheduling was lost, asking again tells. Stands on `spec` and its siblings. Next: `stages/deliver`.
"""

from __future__ import annotations

from pathlib import Path

from engine.errors import DeliveryError
from engine.haplo.api import BatchApi, StandardApi
from engine.haplo.part import Emitted, Part
from engine.haplo.refusal import NotUploadingError, UnknownBatchError
from engine.haplo.steps import NAMELESS, Steps, Tell, compare, digest_of
from engine.spec.school import Deliver


def send_batch(
    api: StandardApi | BatchApi, spec: Deliver, emitted: Emitted, steps: Steps, comment: str, tell: Tell
) -> str:
    """Send an entity's files as a batch, have it imported, and return its identifier."""
    pending = steps.get("schedule", state="begun")
    if pending is not None:
        batch = str(pending["batch"])
        tell(f"{steps.entity}: asking again for what was not answered")
        _schedule(api, batch, steps, asked_before=True)
        return batch
    accepted = 0
    try:
        batch = _create(api, spec, emitted, steps, comment)
        for part in emitted.parts:
            _upload(api, batch, part, steps)
            accepted += 1
            tell(f"{steps.entity}: part {accepted} of {len(emitted.parts)} is there")
    except DeliveryError as error:
        parts = f"{accepted} of {len(emitted.parts)} parts of {steps.entity} were accepted"
        error.why = "; ".join(filter(None, (error.why, f"{parts}, nothing of it is scheduled")))
        _forget_unknown(error, steps)
        raise
    _schedule(api, batch, steps, asked_before=False)
    tell(f"{steps.entity}: scheduled{' (dry run)' if steps.mode == 'dry-run' else ''}")
    return batch


def _create(api: StandardApi | BatchApi, spec: Deliver, emitted: Emitted, steps: Steps, comment: str) -> str:
    """Make the batch, or find the one that was made before. One whose answer was lost stays in Haplo, and is told."""
    done = steps.done("create")
    if done is not None:
        return str(done["batch"])
    if isinstance(api, BatchApi):
        origin = _send_control(api, emitted.control, steps, comment)
    else:
        origin = spec.kinds.get(steps.entity, steps.entity)
    left = " ".join(steps.left())
    steps.begin("create", left=left)
    try:
        batch = api.create(origin, comment)
    except DeliveryError as error:
        steps.give_up("create", error, asked_before=False, left=left)
        raise
    steps.end("create", batch=batch, left=left)
    return batch


def _forget_unknown(error: DeliveryError, steps: Steps) -> None:
    """Have the batch made anew when Haplo does not know it: what it does not know it will not import."""
    if isinstance(error, UnknownBatchError):
        steps.refuse("create", left=" ".join((*steps.left(), NAMELESS)))


def _send_control(api: BatchApi, control: Path, steps: Steps, comment: str) -> str:
    own = digest_of(control)
    steps.begin("control", sha256=own)
    compare(api.control(control, comment), own, "the control file")
    steps.end("control", sha256=own)
    return own


def _upload(api: StandardApi | BatchApi, batch: str, part: Part, steps: Steps) -> None:
    """Send a part, unless it is there; sent twice under its name, the later counts."""
    facts = {"batch": batch, "sha256": part.sha256}
    if steps.done(f"part:{part.name}", **facts) is not None:
        return
    steps.begin(f"part:{part.name}", **facts)
    compare(api.upload(batch, part.name, part.path), part.sha256, part.name)
    steps.end(f"part:{part.name}", **facts)


def _schedule(api: StandardApi | BatchApi, batch: str, steps: Steps, *, asked_before: bool) -> None:
    """Schedule the batch. One that no longer takes files, and that we asked for before, was scheduled then."""
    steps.begin("schedule", batch=batch)
    try:
        api.schedule(batch, steps.mode)
    except NotUploadingError as error:
        if not asked_before:
            steps.give_up("schedule", error, asked_before=False, batch=batch)
            raise
    except UnknownBatchError as error:
        steps.refuse("schedule", batch=batch)
        _forget_unknown(error, steps)
        raise
    except DeliveryError as error:
        certain = steps.give_up("schedule", error, asked_before=asked_before, batch=batch)
        known = "it is not scheduled" if certain else "whether it is scheduled is not known yet"
        error.why = "; ".join(filter(None, (error.why, f"all parts of {steps.entity} were accepted, {known}")))
        raise
    steps.end("schedule", batch=batch)
