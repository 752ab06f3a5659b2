"""`haplomap plan`: what a run would do."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from engine.cli.asked_text import data_text, learnt_facts, learnt_text
from engine.cli.bill_text import bill_facts, bill_text
from engine.cli.options import listener, project_option, sound_project, verbose_option
from engine.cli.show import Progress, table

if TYPE_CHECKING:
    from engine.run.asking import Learnt
    from engine.run.plan import Plan, Request
    from engine.spec.project import Project


@click.command("plan")
@click.argument("school")
@click.option("--only", multiple=True, metavar="ENTITY", help="Only this entity; may be given several times.")
@click.option("--run", "named", metavar="NAME", help="The run of this name in the school file.")
@click.option("--data", is_flag=True, help="Only the fields that are asked for, each with what it is for.")
@click.option(
    "--ask", is_flag=True, help="Ask the source: how the school stands, what is granted, how old its data are."
)
@click.option("--budget", type=click.IntRange(min=1), metavar="N", help="Show what so many requests would cover.")
@project_option
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "csv", "markdown"]),
    default="text",
    help="For people, or for programs; csv and markdown go with --data.",
)
@verbose_option
def command(
    school: str,
    only: tuple[str, ...],
    named: str | None,
    data: bool,
    ask: bool,
    budget: int | None,
    project_folder: Path,
    form: str,
    verbose: bool,
) -> None:
    """Show what a run of SCHOOL would do: requests, fields, steps. Asks nothing of anyone, unless with --ask.

    Of each endpoint it says whether it will be read in full, by what changed, or not at all, and why; how many requests
    that takes, known or estimated by what was read last; and how long they take at the source's limits. With --ask the
    source says, before any record is read, what it has granted: what is not is left alone in Haplo. With --data it
    prints the list of every field that leaves the school, the annex to an agreement on data sharing.

    \b
    Example:  haplomap plan waters-edge --project examples/demo
    Example:  haplomap plan waters-edge --ask
    Example:  haplomap plan waters-edge --budget 2000
    Example:  haplomap plan waters-edge --data --format markdown
    """
    from engine.run.named import select
    from engine.run.plan import make_plan

    if form in ("csv", "markdown") and not data:
        raise click.UsageError(f"--format {form} goes with --data: a plan has more than one table")
    project = sound_project(project_folder)
    chosen = select(project.school(school), named, only, None)
    plan = make_plan(project, school, chosen.entities)
    learnt = _ask(project, plan, Progress(verbose)) if ask else None
    plan = plan if learnt is None else learnt.plan
    if data:
        click.echo(data_text(plan, form), nl=False)
    elif learnt is not None:
        click.echo(
            json.dumps(learnt_facts(learnt), ensure_ascii=False, indent=2) if form == "json" else learnt_text(learnt)
        )
    else:
        click.echo(_planned(project, plan, chosen.reuse, Look(form, verbose, budget)))


def _ask(project: Project, plan: Plan, progress: Progress) -> Learnt:
    from engine.clock import Clock
    from engine.run.asking import learn

    today = Clock().now().astimezone(ZoneInfo(plan.school.time_zone)).date()
    try:
        return learn(project, plan, os.environ, today, listener(progress))
    finally:
        progress.close()


@dataclass(frozen=True)
class Look:
    """How a plan is shown: as `form`, with all purposes if `verbose`, and what a `budget` of requests would cover."""

    form: str
    verbose: bool
    budget: int | None


def _planned(project: Project, plan: Plan, reuse: timedelta | None, look: Look) -> str:
    from engine.clock import Clock
    from engine.run.outlook import outlook

    ahead = outlook(project, plan, Clock(), reuse)
    known = {name: str(way) for name, way in ahead.ways.items()}
    ways = {request.endpoint: known.get(request.endpoint, "not at all: not granted") for request in plan.requests}
    if look.form == "json":
        facts = {**_facts(plan, ways), "cost": bill_facts(ahead.bill, look.budget)}
        return json.dumps(facts, ensure_ascii=False, indent=2)
    return _text(plan, ways, bill_text(ahead.bill, look.budget), verbose=look.verbose)


def _facts(plan: Plan, ways: Mapping[str, str]) -> dict[str, object]:
    return {
        "school": plan.school.school,
        "source": plan.source.source,
        "entities": plan.entities,
        "requests": [
            {
                "endpoint": request.endpoint,
                "path": request.path,
                "method": request.method,
                "asked": [
                    {"key": share.key, "sets": list(share.sets), "methods": request.asked(plan.source, share)}
                    for share in request.shares
                ],
                "for": request.for_each,
                "options": request.options,
                "sets": request.sets,
                "read": ways[request.endpoint],
            }
            for request in plan.requests
        ],
        "fields": [
            {"set": name, "field": field_name, "for": plan.purposes(name, field_name)}
            for name, fields in plan.fields().items()
            for field_name in fields
        ],
        "deliver": _delivery(plan),
        "notes": [*plan.notes, *plan.said_off()],
    }


def _delivery(plan: Plan) -> str:
    deliver = plan.school.deliver
    if deliver is None:
        return "nowhere"
    return f"{deliver.kind}, {deliver.path if deliver.kind == 'folder' else deliver.mode}"


def _text(plan: Plan, ways: Mapping[str, str], cost: list[str], *, verbose: bool) -> str:
    requests = [
        (request.endpoint, _asked_at(request), ", ".join(request.options) or "–", sum(map(len, request.sets.values())))
        for request in plan.requests
    ]
    lines = [
        f"{plan.school.school} from {plan.source.title or plan.source.source}",
        "",
        "Requests (each as many pages as the source says; at most "
        f"{max(api.rates.connections for api in plan.source.apis.values())} at one time)",
        table(("endpoint", "path", "options", "fields read"), requests, (3,)),
        *_shares(plan),
        "",
        "How they are read, as things stand",
        table(("endpoint", "read"), list(ways.items())),
        *cost,
        "",
        "Fields that are read, and for what",
        *_fields(plan, verbose),
        "",
        f"Steps: extract, transform, emit, check, deliver ({_delivery(plan)})",
        f"Entities, in the order of their references: {', '.join(plan.entities)}",
        *(f"note: {note}" for note in (*plan.notes, *plan.said_off())),
    ]
    return "\n".join(lines)


def _asked_at(request: Request) -> str:
    return request.path if request.method == "GET" else f"{request.method} {request.path}"


def _shares(plan: Plan) -> list[str]:
    """Return what is asked for request by request, of endpoints that are asked with keys, by methods or for records."""
    rows: list[tuple[str, str, str, str]] = []
    for request in plan.requests:
        for share in request.shares:
            asked = request.asked(plan.source, share)
            if share.name or asked or request.for_each:
                head = (request.endpoint, share.name or "–", request.for_each or "–")
                first, *more = asked or [", ".join(share.sets)]
                rows += [(*head, first), *(("", "", "", each) for each in more)]
    if not rows:
        return []
    return ["", "What they ask for", table(("endpoint", "request", "once for", "asked for"), rows)]


def _fields(plan: Plan, verbose: bool) -> list[str]:
    rows = []
    for name, fields in plan.fields().items():
        for field_name in fields:
            purposes = plan.purposes(name, field_name) or ["keys, joins and filters"]
            said = ", ".join(purposes if verbose else purposes[:2]) + (
                " …" if len(purposes) > 2 and not verbose else ""
            )
            rows.append((name, field_name, said))
    return [table(("record set", "field", "for"), rows)]
