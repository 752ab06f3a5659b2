"""How a run would read each endpoint, as things stand: what `plan` says of it. Makes no state. Next: `run/reading`."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from engine.run.choosing import Terms, Way, choose, with_keys
from engine.run.consent import Before, narrow
from engine.run.folder import STATE
from engine.run.history import open_state, state_file
from engine.run.plan import Plan
from engine.spec.project import Project
from engine.state import Consented, Mirror


def outlook(project: Project, plan: Plan, now: datetime, reuse: timedelta | None = None) -> dict[str, Way]:
    """Return the way of each endpoint of a plan that is asked for what was granted at the last run."""
    school, mirrors, consents = plan.school, dict[str, Mirror](), dict[str, Consented]()
    if state_file(project.root).exists():
        with open_state(project.root) as state:
            mirrors, consents = state.mirrors(school.school), state.consents(school.school)
    home, zone = project.root / STATE / school.school, ZoneInfo(school.time_zone)
    granted = {api: each.scopes for api, each in consents.items()}
    plan = narrow(project, plan, granted, Before(consents), now.astimezone(zone).date(), home, strict=False)
    terms = Terms(now, zone, reuse=reuse, settings=plan.settings)
    wants = [with_keys(plan.source, want) for want in plan.wants()]
    return {want.endpoint: choose(plan.source, school, want, mirrors, home, terms) for want in wants}
