"""What `haplomap plan --ask` and `--data` show: what a source says of itself, and which fields are asked of it.

Next: `run/asking`.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from engine.cli.show import table

if TYPE_CHECKING:
    from engine.run.asking import Learnt
    from engine.run.inquiry import Told
    from engine.run.plan import Plan

_WHOLE = (
    "note: these send whole records: {}; whatever else is in them, declared or not, stands in the answers of a run's "
    "folder until it expires, and nowhere else"
)


def learnt_facts(learnt: Learnt) -> dict[str, Any]:
    """Return what was learnt as JSON has it."""
    granted = learnt.plan.granted
    return {
        "school": learnt.plan.school.school,
        "standing": learnt.standing or None,
        "scopes": {api: list(names) for api, names in learnt.granted.items()},
        "warnings": learnt.warnings,
        "entities": learnt.plan.entities,
        "left_alone": [asdict(each) for each in granted.left],
        "not_asked": [f"{name}.{each}" for name, fields in granted.withheld.items() for each in sorted(fields)],
        "data": [asdict(each) for each in learnt.status],
    }


def learnt_text(learnt: Learnt) -> str:
    """Return the same for people."""
    plan = learnt.plan
    lines = [f"{plan.school.school} at {plan.source.title or plan.source.source}", ""]
    lines.append(f"How the school stands: {learnt.standing or 'not asked (it may need more of config)'}")
    for api, names in learnt.granted.items():
        lines.append(
            f"Granted{f' by {api}' if len(learnt.granted) > 1 else ''}: {', '.join(sorted(names)) or 'nothing'}"
        )
    if not learnt.granted:
        lines.append("Granted: the source does not tell")
    lines += learnt.warnings
    if learnt.granted:
        lines += ["", *(_left(learnt) or ["Nothing is left alone: all that is mapped is granted"])]
    if learnt.status:
        rows = [row for each in learnt.status for row in _facts(each)]
        lines += ["", "How its data are, by its own account", table(("endpoint", "asked", "what", "answer"), rows)]
    return "\n".join(lines)


def _left(learnt: Learnt) -> list[str]:
    left = learnt.plan.granted.left
    rows = [
        (str(each), ", ".join(each.because) or "–", f"{each.scope}{' (taken back)' if each.lost else ''}")
        for each in left
    ]
    return ["Left alone in Haplo", table(("target", "made of", "needs"), rows)] if rows else []


def _facts(told: Told) -> list[tuple[str, ...]]:
    """Return the lines of one thing that a source was asked, a fact on each."""
    first, *more = told.facts.items() or [("–", told.failed)]
    return [(told.about or "all", told.name, *first), *(("", "", *fact) for fact in more)]


def data_text(plan: Plan, form: str) -> str:
    """Return the list of every field that is asked for, and of what comes along with them, in a form."""
    from engine.run.sharing import as_csv, as_markdown, facts_of

    if form == "csv":
        return as_csv(plan)
    if form == "markdown":
        return as_markdown(plan)
    if form == "json":
        return json.dumps(facts_of(plan), ensure_ascii=False, indent=2) + "\n"
    return _data_for_people(plan)


def _data_for_people(plan: Plan) -> str:
    from engine.run.sharing import shared_fields, whole_records

    fields, whole = shared_fields(plan), whole_records(plan)
    rows: list[tuple[str, ...]] = []
    for each in fields:
        first, *more = each.purposes
        rows += [
            (each.set, each.asked_as, each.pii or "–", each.scope or "–", first),
            *(("",) * 4 + (why,) for why in more),
        ]
    lines = [
        f"{plan.school.school}: what {plan.source.title or plan.source.source} is asked for, and what for",
        "",
        table(("record set", "field", "personal", "scope", "for"), rows),
        "",
        f"{len(fields):,} fields of {len({each.set for each in fields}):,} record sets",
        *_along(plan),
        *([_WHOLE.format(", ".join(whole))] if whole else []),
    ]
    return "\n".join(lines) + "\n"


def _along(plan: Plan) -> list[str]:
    """Return the lines of what comes along and is not read; none where nothing does."""
    from engine.run.sharing import ALONG_SAID, along_fields

    fields = along_fields(plan)
    rows = [(each.endpoint, each.set, each.asked_as, each.pii or "–", each.scope or "–") for each in fields]
    if not rows:
        return []
    head = ("endpoint", "record set", "field", "personal", "scope")
    count = f"{len(fields):,} fields of {len({each.set for each in fields}):,} record sets come along"
    return ["", ALONG_SAID, table(head, rows), "", count]
