"""`haplomap plan`: what a run would do."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.cli.options import format_option, project_option, sound_project, verbose_option
from engine.cli.show import table

if TYPE_CHECKING:
    from engine.run.plan import Plan, Request


@click.command("plan")
@click.argument("school")
@click.option("--only", multiple=True, metavar="ENTITY", help="Only this entity; may be given several times.")
@click.option("--run", "named", metavar="NAME", help="The run of this name in the school file.")
@project_option
@format_option
@verbose_option
def command(
    school: str, only: tuple[str, ...], named: str | None, project_folder: Path, form: str, verbose: bool
) -> None:
    """Show what a run of SCHOOL would do: requests, fields, steps. Asks nothing of anyone.

    Of each endpoint it says whether it will be read in full, by what changed, or not at all, and why.

    \b
    Example:  haplomap plan waters-edge --project examples/demo
    """
    from engine.clock import Clock
    from engine.run.named import select
    from engine.run.outlook import outlook
    from engine.run.plan import make_plan

    project = sound_project(project_folder)
    chosen = select(project.school(school), named, only, None)
    plan = make_plan(project, school, chosen.entities)
    ways = {name: str(way) for name, way in outlook(project, plan, Clock().now(), chosen.reuse).items()}
    facts = json.dumps(_facts(plan, ways), ensure_ascii=False, indent=2) if form == "json" else ""
    click.echo(facts or _text(plan, ways, verbose))


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


def _text(plan: Plan, ways: Mapping[str, str], verbose: bool) -> str:
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
