"""Stand-ins for the systems we talk to: real HTTP servers on loopback, the same from a seed every time.

The only folder of the engine that names systems. Nothing else imports it, and it imports the standard library only,
so that a simulator can never agree with the engine by sharing its code. One exception: what Haplo does with a control
file is `engine.haplo`'s to know, which Haplo's own results judge; `importing` stands on it.

    python -m engine.simulators xporter --pupils 1000
    with XporterSimulator(pupils=1000, seed=1, faults=[...]) as sim: ...

They have a clock, `--today`. A simulated school of day D follows from its seed, size and first day, however D was
reached. Over HTTP, while one runs (in Python: `move_to`, `calendar.nights`, `calendar.life`, `change_sets`):

    GET, PUT /__control__/today    a day, or +1
    GET, PUT /__control__/nights   {"2026-03-05": "empty"}; the kinds are in `night`
    GET /__control__/events        what happened at the school up to today, with the ids it is about
    POST /__control__/expire-change-sets

Next: `message`, `fault`, `http`; then the systems: `xporter`, `isams`, `hubmis`, `haplo`, `replay`.
"""
