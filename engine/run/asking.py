"""What `haplomap plan --ask` learns of a source before anything is read: standing, scopes, and how its data are.

Nothing is read of records, nothing is written but what the state may need to be opened. Next: `run/consulting`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from engine.clock import Clock
from engine.run.consent import Before, narrow, told
from engine.run.consulting import lost_since, saying_how_to_purge
from engine.run.history import known_state
from engine.run.inquiry import Inquiry, Told, apis_of
from engine.run.plan import Plan
from engine.run.secrets import Secrets
from engine.spec.project import Project
from engine.stages.events import Tell
from engine.state import Consented


@dataclass(frozen=True)
class Learnt:
    """What a source said of itself. `plan` is the one for what is granted; `standing` is '' where nobody tells."""

    plan: Plan
    standing: str
    granted: dict[str, tuple[str, ...]]
    warnings: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    status: list[Told] = field(default_factory=list)


def learn(
    project: Project, plan: Plan, environ: Mapping[str, str], today: date, tell: Tell, clock: Clock | None = None
) -> Learnt:
    """Ask a source about a plan; stops where the school is closed to us."""
    config = Secrets(environ).config(plan.source, plan.school)
    before = Before(_consents(project.root, plan.school.school))
    with (
        saying_how_to_purge(plan.school.school),
        Inquiry(plan.source, config, today, clock or Clock(), tell) as inquiry,
        TemporaryDirectory(prefix="haplomap-plan-") as folder,
    ):
        standing = inquiry.standing()
        granted = inquiry.granted(apis_of(plan))
        narrowed = narrow(project, plan, granted, before, today, Path(folder), strict=False)
        opened = narrowed.granted.requests
        status = list(inquiry.status(plan.requests if opened is None else opened))
    return Learnt(narrowed, standing, granted, lost_since(before, granted), told(narrowed.granted.left), status)


def _consents(root: Path, school: str) -> dict[str, Consented]:
    with known_state(root) as state:
        return {} if state is None else state.consents(school)
