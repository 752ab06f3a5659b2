"""What `haplomap plan` shows of what a run costs: requests, and the time that they take. Next: `run/price`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.cli.show import table, time_text

if TYPE_CHECKING:
    from engine.run.price import Bill, Price


def bill_facts(bill: Bill, budget: int | None) -> dict[str, Any]:
    """Return what a run costs as JSON has it."""
    from engine.run.price import within

    covered = within(bill, budget) if budget is not None else [None] * len(bill.prices)
    return {
        "requests": bill.requests,
        "more": bill.open,
        "seconds": None if bill.seconds is None else round(bill.seconds),
        "tokens": bill.tokens,
        "budget": budget,
        "endpoints": [
            {
                "endpoint": price.endpoint,
                "requests": None if price.basis == "unknown" else price.requests,
                "basis": price.basis,
                "left": price.left,
                "covered": own,
                "why": price.why,
            }
            for price, own in zip(bill.prices, covered, strict=True)
        ],
    }


def bill_text(bill: Bill, budget: int | None) -> list[str]:
    """Return the same for people, in lines."""
    from engine.run.price import within

    lines = ["", "What they cost", table(("endpoint", "requests"), [(p.endpoint, _said(p)) for p in bill.prices])]
    if budget is not None:
        covered = within(bill, budget)
        rows = [(p.endpoint, own, p.requests - own) for p, own in zip(bill.prices, covered, strict=True)]
        lines += ["", f"What {budget:,} requests would cover, in the order in which a run asks"]
        lines.append(table(("endpoint", "covered", "not covered"), rows, (1, 2)))
    tokens = f", of which {bill.tokens:,} for tokens" if bill.tokens else ""
    lines += ["", f"In all {'at least ' if bill.open else ''}{_many(bill.requests)}{tokens}{_time(bill)}"]
    return lines


def _time(bill: Bill) -> str:
    if bill.seconds is None:
        return "; the source declares no limit"
    least = "at least " if bill.open else ""
    return f": {least}{time_text(bill.seconds)} at the limits of the source, as much of them as is left now"


def _said(price: Price) -> str:
    if price.basis == "unknown":
        return f"not known yet: {price.why}"
    said = {"known": "", "estimated": "about ", "at least": "at least "}[price.basis] + f"{price.requests:,}"
    return f"{said}; {price.left:,} records are left for the next run" if price.left else said


def _many(requests: int) -> str:
    return f"{requests:,} request{'s' if requests != 1 else ''}"
