"""How a run would read each endpoint, as things stand, and what that costs: what `plan` says of it. Makes no state.

Next: `run/reading`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from engine.clock import Clock
from engine.run.choosing import Terms, Way, choose, with_keys
from engine.run.consent import Before, narrow
from engine.run.folder import STATE
from engine.run.history import known_state
from engine.run.plan import Plan
from engine.run.price import Bill, Pricing
from engine.spec.project import Project
from engine.stages.pace import Budget, OwnBudget
from engine.state import Consented, Mirror


@dataclass(frozen=True)
class Outlook:
    """The way of each endpoint that is asked for what was granted at the last run, and what they cost."""

    ways: dict[str, Way]
    bill: Bill


def outlook(project: Project, plan: Plan, clock: Clock, reuse: timedelta | None = None) -> Outlook:
    """Look ahead at a run of a plan."""
    school, mirrors, consents = plan.school, dict[str, Mirror](), dict[str, Consented]()
    with known_state(project.root) as state:
        if state is not None:
            mirrors, consents = state.mirrors(school.school), state.consents(school.school)
        home, zone, now = project.root / STATE / school.school, ZoneInfo(school.time_zone), clock.now()
        granted = {api: each.scopes for api, each in consents.items()}
        plan = narrow(project, plan, granted, Before(consents), now.astimezone(zone).date(), home, strict=False)
        terms = Terms(now, zone, reuse=reuse, settings=plan.settings)
        wants = [with_keys(plan.source, want) for want in plan.wants()]
        ways = {want.endpoint: choose(plan.source, school, want, mirrors, home, terms) for want in wants}
        budget: Budget = OwnBudget() if state is None else state.budget
        return Outlook(ways, Pricing(plan, ways, mirrors, home).bill(wants, budget, clock))
